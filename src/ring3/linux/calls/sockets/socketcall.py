"""socketcall(2): all calls on sockets behind one number, for 32-bit programs (net/socket.c, net/compat.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.kernel.signature import Result
    from ring3.linux.model.task import LinuxTask

CALLS: Final = (
    ("sys_socket", 3),
    ("sys_bind", 3),
    ("sys_connect", 3),
    ("sys_listen", 2),
    ("sys_accept", 3),
    ("sys_getsockname", 3),
    ("sys_getpeername", 3),
    ("sys_socketpair", 4),
    ("sys_send", 4),
    ("compat_sys_recv", 4),
    ("sys_sendto", 6),
    ("compat_sys_recvfrom", 6),
    ("sys_shutdown", 2),
    ("sys_setsockopt", 5),
    ("sys_getsockopt", 5),
    ("compat_sys_sendmsg", 3),
    ("compat_sys_recvmsg", 3),
    ("sys_accept4", 4),
    ("compat_sys_recvmmsg_time32", 5),
    ("compat_sys_sendmmsg", 4),
)
"""The calls from number 1 on, and how many arguments each has (include/uapi/linux/net.h)."""
WITHOUT_ADDRESS: Final = {"sys_send": "sys_sendto", "compat_sys_recv": "compat_sys_recvfrom"}
"""Calls that are others without an address."""


@syscall("full")
def compat_sys_socketcall(task: LinuxTask, call: Int, args: Pointer) -> Result:
    """Makes one of the calls on sockets with the arguments in memory."""
    if not 1 <= call <= len(CALLS):
        raise Errno(E.EINVAL)
    name, count = CALLS[call - 1]
    values = list(struct.unpack(f"<{count}I", task.memory.read(args, 4 * count)))
    if name in WITHOUT_ADDRESS:
        name = WITHOUT_ADDRESS[name]
        values += [0, 0]
    return task.kernel.call(name).cast_and_call(task, values)
