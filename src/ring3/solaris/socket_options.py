"""Options of sockets: getsockopt and setsockopt (sys/socket.h, netinet/tcp.h, netinet/in.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import E, Errno
from ring3.abi.linux import sockets as core
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import syscall
from ring3.solaris.lwps import pack_pair
from ring3.solaris.socket_addresses import FAMILIES, KINDS
from ring3.solaris.socket_caller import TaskCaller, socket_of

if TYPE_CHECKING:
    from ring3.net.socket import Socket
    from ring3.solaris.task import SolarisTask

SOL_SOCKET: Final = 0xFFFF
SO_OPTIONS: Final = {
    0x1: core.SO_DEBUG,
    0x4: core.SO_REUSEADDR,
    0x8: core.SO_KEEPALIVE,
    0x10: core.SO_DONTROUTE,
    0x20: core.SO_BROADCAST,
    0x80: core.SO_LINGER,
    0x100: core.SO_OOBINLINE,
    0x1001: core.SO_SNDBUF,
    0x1002: core.SO_RCVBUF,
    0x1004: core.SO_RCVLOWAT,
    0x1007: core.SO_ERROR,
    0x1008: core.SO_TYPE,
    0x1014: core.SO_PROTOCOL,
    0x1009: core.SO_ACCEPTCONN,
    0x100C: core.SO_DOMAIN,
    0x100E: core.SO_REUSEPORT,
}
"""Options of SOL_SOCKET (sys/socket.h)."""
SO_SNDTIMEO: Final = 0x1005
SO_RCVTIMEO: Final = 0x1006
_IPPROTO_IP: Final = 0
_IPPROTO_TCP: Final = 6
_IPPROTO_IPV6: Final = 41
LEVEL_OPTIONS: Final = {
    (_IPPROTO_TCP, 1): 1,  # TCP_NODELAY
    (_IPPROTO_TCP, 2): 2,  # TCP_MAXSEG
    (_IPPROTO_TCP, 0x22): 4,  # TCP_KEEPIDLE
    (_IPPROTO_TCP, 0x23): 6,  # TCP_KEEPCNT
    (_IPPROTO_TCP, 0x24): 5,  # TCP_KEEPINTVL
    (_IPPROTO_IP, 0x3): 1,  # IP_TOS
    (_IPPROTO_IP, 0x4): 2,  # IP_TTL
    (_IPPROTO_IP, 0x10): 32,  # IP_MULTICAST_IF
    (_IPPROTO_IP, 0x11): 33,  # IP_MULTICAST_TTL
    (_IPPROTO_IP, 0x12): 34,  # IP_MULTICAST_LOOP
    (_IPPROTO_IP, 0x13): 35,  # IP_ADD_MEMBERSHIP
    (_IPPROTO_IP, 0x14): 36,  # IP_DROP_MEMBERSHIP
    (_IPPROTO_IPV6, 0x5): 16,  # IPV6_UNICAST_HOPS
    (_IPPROTO_IPV6, 0x6): 17,  # IPV6_MULTICAST_IF
    (_IPPROTO_IPV6, 0x7): 18,  # IPV6_MULTICAST_HOPS
    (_IPPROTO_IPV6, 0x8): 19,  # IPV6_MULTICAST_LOOP
    (_IPPROTO_IPV6, 0x9): 20,  # IPV6_JOIN_GROUP
    (_IPPROTO_IPV6, 0xA): 21,  # IPV6_LEAVE_GROUP
    (_IPPROTO_IPV6, 0x26): 67,  # IPV6_TCLASS
    (_IPPROTO_IPV6, 0x27): 26,  # IPV6_V6ONLY
}
"""Options of other levels that the core has, with its numbers (netinet/tcp.h, netinet/in.h)."""
_NANOSECONDS: Final = 10**9


@syscall(
    "partial",
    "options of SOL_SOCKET, TCP_NODELAY and keeping alive, of IP those of packets and groups; others: ENOPROTOOPT",
)
def setsockopt(
    task: SolarisTask,
    sock: Int,
    level: Int,
    option_name: Int,
    option_value: Address,
    option_len: Int,
    version: Int,
) -> int:
    """Sets an option of a socket."""
    socket = socket_of(task, sock)
    value = task.memory.read(option_value, option_len & 0xFFF)
    if level != SOL_SOCKET:
        theirs = LEVEL_OPTIONS.get((level, option_name))
        if theirs is None:
            raise Errno(E.ENOPROTOOPT)
        socket.set_option(level, theirs, value, TaskCaller(task))
    elif option_name in (SO_SNDTIMEO, SO_RCVTIMEO):
        _set_time(task, socket, option_name, value)
    elif option_name in SO_OPTIONS:
        socket.set_socket_option(SO_OPTIONS[option_name], value, TaskCaller(task))
    else:
        raise Errno(E.ENOPROTOOPT)
    return 0


def _set_time(task: SolarisTask, socket: Socket, name: int, value: bytes) -> None:
    if len(value) < task.bits // 4:
        raise Errno(SolarisE.EINVAL)
    seconds, microseconds = struct.unpack_from("<ii" if task.ilp32 else "<qq", value)
    time = seconds * _NANOSECONDS + microseconds * 1000 or None
    if name == SO_RCVTIMEO:
        socket.receive_timeout = time
    else:
        socket.send_timeout = time


def _own_number(error: int) -> int:
    """An error of the core as Solaris numbers it."""
    return int(SolarisE[E(error).name]) if error else 0


@syscall("partial", "as setsockopt")
def getsockopt(
    task: SolarisTask,
    sock: Int,
    level: Int,
    option_name: Int,
    option_value: Address,
    option_lenp: Address,
    version: Int,
) -> int:
    """An option of a socket."""
    socket = socket_of(task, sock)
    room = task.memory.read_u32(option_lenp)
    if level != SOL_SOCKET:
        theirs = LEVEL_OPTIONS.get((level, option_name))
        if theirs is None:
            raise Errno(E.ENOPROTOOPT)
        value = socket.get_option(level, theirs, room, TaskCaller(task))
    elif option_name in (SO_SNDTIMEO, SO_RCVTIMEO):
        time = socket.receive_timeout if option_name == SO_RCVTIMEO else socket.send_timeout
        value = pack_pair(task, divmod((time or 0) // 1000, 10**6))
    elif option_name in SO_OPTIONS:
        value = socket.get_socket_option(SO_OPTIONS[option_name])
        number = int.from_bytes(value[:4], "little")
        if SO_OPTIONS[option_name] == core.SO_ERROR:
            value = _own_number(number).to_bytes(4, "little")
        elif SO_OPTIONS[option_name] == core.SO_TYPE:
            value = next(ours for ours, kind in KINDS.items() if kind == number).to_bytes(4, "little")
        elif SO_OPTIONS[option_name] == core.SO_DOMAIN:
            value = next(ours for ours, found in FAMILIES.items() if found == number).to_bytes(4, "little")
    else:
        raise Errno(E.ENOPROTOOPT)
    task.memory.write(option_value, value[:room])
    task.memory.write_u32(option_lenp, min(len(value), room))
    return 0
