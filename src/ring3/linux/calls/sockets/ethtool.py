"""What SIOCETHTOOL tells of an interface, as far as the loopback one has it (loopback_ethtool_ops)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.interfaces import Interface

POINTER: Final = 16
"""Where a ``struct ifreq`` has the address of what is asked."""
SOFTWARE: Final = 0x2 | 0x8 | 0x10
"""SOF_TIMESTAMPING_TX_SOFTWARE, RX_SOFTWARE and SOFTWARE: times are taken by the kernel."""


class Ethtool(IntEnum):
    """What may be asked (include/uapi/linux/ethtool.h)."""

    ETHTOOL_GLINK = 0xA
    ETHTOOL_GET_TS_INFO = 0x41


def ethtool_ioctl(task: LinuxTask, interface: Interface, arg: int) -> None:
    """Answers.

    Raises:
        Errno: EOPNOTSUPP, the interface does not have what is asked for; EFAULT.
    """
    narrow = task.in_ia32_syscall
    at = int.from_bytes(task.memory.read(arg + POINTER, 4 if narrow else 8), "little")
    command = task.memory.read_u32(at)
    if command == Ethtool.ETHTOOL_GLINK:
        answer = struct.pack("<II", command, int(interface.is_up))
    elif command == Ethtool.ETHTOOL_GET_TS_INFO:
        answer = struct.pack("<IIi32x", command, SOFTWARE, -1)
    else:
        raise Errno(E.EOPNOTSUPP)
    task.memory.write(at, answer)
