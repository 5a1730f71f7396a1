"""Requests of ioctl(2) about network interfaces (netdevice(7), net/core/dev_ioctl.c, net/ipv4/devinet.c)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.sockets import AF_INET
from ring3.abi.linux.structs.interfaces import IFCONF
from ring3.linux.calls.sockets.ethtool import ethtool_ioctl
from ring3.net.inet.address import Endpoint, pack
from ring3.net.interfaces import IFF_UP, Interface, InterfaceAddress, Interfaces

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket


class InterfaceIoctl(IntEnum):
    """Requests (include/uapi/linux/sockios.h)."""

    SIOCGIFNAME = 0x8910
    SIOCGIFCONF = 0x8912
    SIOCGIFFLAGS = 0x8913
    SIOCSIFFLAGS = 0x8914
    SIOCGIFADDR = 0x8915
    SIOCGIFDSTADDR = 0x8917
    SIOCGIFBRDADDR = 0x8919
    SIOCGIFNETMASK = 0x891B
    SIOCGIFMETRIC = 0x891D
    SIOCGIFMTU = 0x8921
    SIOCGIFHWADDR = 0x8927
    SIOCGIFINDEX = 0x8933
    SIOCGIFTXQLEN = 0x8942
    SIOCETHTOOL = 0x8946


NAME_SIZE: Final = 16
"""Bytes of an interface's name (IFNAMSIZ)."""
IFREQ_OF: Final = {64: 40, 32: 32}
"""Bytes of a ``struct ifreq``, whose union is as long as its longest member, a ``struct ifmap``."""


def _ipv4(host: bytes) -> bytes:
    return pack(Endpoint(host, 0), AF_INET)


def _address(interface: Interface) -> InterfaceAddress:
    """Its first address of IPv4.

    Raises:
        Errno: EADDRNOTAVAIL, it has none.
    """
    for found in interface.addresses:
        if found.family == AF_INET:
            return found
    raise Errno(E.EADDRNOTAVAIL)


def _netmask(interface: Interface) -> bytes:
    return _ipv4((0xFFFF_FFFF << 32 - _address(interface).prefix & 0xFFFF_FFFF).to_bytes(4, "big"))


ANSWERS: Final[dict[int, Callable[[Interface], bytes]]] = {
    InterfaceIoctl.SIOCGIFFLAGS: lambda found: struct.pack("<H", found.flags & 0xFFFF),
    InterfaceIoctl.SIOCGIFADDR: lambda found: _ipv4(_address(found).host),
    InterfaceIoctl.SIOCGIFDSTADDR: lambda found: _ipv4(_address(found).host),
    InterfaceIoctl.SIOCGIFBRDADDR: lambda found: _ipv4(_address(found).broadcast),
    InterfaceIoctl.SIOCGIFNETMASK: _netmask,
    InterfaceIoctl.SIOCGIFMETRIC: lambda found: bytes(4),
    InterfaceIoctl.SIOCGIFMTU: lambda found: struct.pack("<i", found.mtu),
    InterfaceIoctl.SIOCGIFHWADDR: lambda found: struct.pack("<H14s", found.kind, found.hardware),
    InterfaceIoctl.SIOCGIFINDEX: lambda found: struct.pack("<i", found.number),
    InterfaceIoctl.SIOCGIFTXQLEN: lambda found: struct.pack("<i", found.queue_length),
}
"""What is stored behind the name, by request."""


def interface_ioctl(task: LinuxTask, socket: Socket, cmd: int, arg: int) -> int:
    """Answers a request about the interfaces of a socket's network.

    Raises:
        Errno: ENOTTY, it is none of these; ENODEV, no such interface; EPERM, it may not change them; EFAULT.
    """
    if cmd == InterfaceIoctl.SIOCGIFCONF:
        return _all(task, socket.network.interfaces, arg)
    if cmd == InterfaceIoctl.SIOCGIFNAME:
        return _name(task, socket.network.interfaces, arg)
    answer = ANSWERS.get(cmd)
    if answer is None and cmd not in (InterfaceIoctl.SIOCSIFFLAGS, InterfaceIoctl.SIOCETHTOOL):
        raise Errno(E.ENOTTY)
    interfaces = socket.network.interfaces
    found = interfaces.named(task.memory.read(arg, NAME_SIZE).partition(b"\0")[0])
    if found is None:
        raise Errno(E.ENODEV)
    if answer is not None:
        task.memory.write(arg + NAME_SIZE, answer(found))
    elif cmd == InterfaceIoctl.SIOCETHTOOL:
        ethtool_ioctl(task, found, arg)
    elif not task.credentials.ns_capable(task.namespaces.net.owner, Cap.NET_ADMIN):
        raise Errno(E.EPERM)
    else:
        interfaces.set_up(found, bool(task.memory.read_u32(arg + NAME_SIZE) & IFF_UP))
    return 0


def _name(task: LinuxTask, interfaces: Interfaces, arg: int) -> int:
    found = interfaces.numbered(task.memory.read_u32(arg + NAME_SIZE))
    if found is None:
        raise Errno(E.ENODEV)
    task.memory.write(arg, found.name.ljust(NAME_SIZE, b"\0"))
    return 0


def _all(task: LinuxTask, interfaces: Interfaces, arg: int) -> int:
    """Stores a ``struct ifreq`` for each interface with an IPv4 address, as far as there is room."""
    bits = 32 if task.in_ia32_syscall else 64
    entry = IFREQ_OF[bits]
    room, at = IFCONF.integers(task.memory, arg, bits)
    rows = [
        (found.name.ljust(NAME_SIZE, b"\0") + _ipv4(_address(found).host)).ljust(entry, b"\0")
        for found in interfaces.rows
        if any(one.family == AF_INET for one in found.addresses)
    ]
    if at:
        rows = rows[: max(0, room) // entry]
        task.memory.write(at, b"".join(rows))
    task.memory.write_u32(arg, len(rows) * entry)
    return 0
