"""Options of SOL_SOCKET, which sockets of all families have (sk_setsockopt and sk_getsockopt in net/core/sock.c).

Times and what else differs between 32-bit and 64-bit programs is not here: the calls take those apart.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux import sockets as so
from ring3.net.caller import CAP_NET_ADMIN, CAP_NET_RAW

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.socket import Socket

MOST: Final = 212992
"""What a program may ask for (net.core.rmem_max, wmem_max)."""
AD_MAX: Final = 64
"""How many bytes of extensions of packet filters there are (SKF_AD_MAX)."""
LEAST_SEND: Final = 4608
LEAST_RECEIVE: Final = 2304
"""Bytes of a buffer at least (SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF)."""
INT_MAX: Final = (1 << 31) - 1

Setter = Callable[["Socket", int, "Caller"], None]
Getter = Callable[["Socket"], int]

SWITCHES: Final = frozenset(
    {
        so.SO_REUSEADDR, so.SO_REUSEPORT, so.SO_DONTROUTE, so.SO_BROADCAST, so.SO_KEEPALIVE, so.SO_OOBINLINE,
        so.SO_NO_CHECK, so.SO_RXQ_OVFL, so.SO_WIFI_STATUS, so.SO_NOFCS,
        so.SO_SELECT_ERR_QUEUE,
    }
)  # fmt: skip
"""Options that are on or off."""
STAMPS: Final = {
    so.SO_TIMESTAMP_OLD: 1000, so.SO_TIMESTAMP_NEW: 1000, so.SO_TIMESTAMPNS_OLD: 1, so.SO_TIMESTAMPNS_NEW: 1,
}  # fmt: skip
"""Options by which messages tell when they came, of which one is in force, with the nanoseconds that they count by."""


def _set_send_buffer(socket: Socket, value: int, caller: Caller) -> None:
    socket.set_send_buffer(max(2 * min(value & 0xFFFF_FFFF, MOST), LEAST_SEND))


def _set_receive_buffer(socket: Socket, value: int, caller: Caller) -> None:
    socket.set_receive_buffer(max(2 * min(value & 0xFFFF_FFFF, MOST), LEAST_RECEIVE))


def _force_send_buffer(socket: Socket, value: int, caller: Caller) -> None:
    _require_admin(caller)
    socket.set_send_buffer(max(2 * min(max(value, 0), INT_MAX // 2), LEAST_SEND))


def _force_receive_buffer(socket: Socket, value: int, caller: Caller) -> None:
    _require_admin(caller)
    socket.set_receive_buffer(max(2 * min(max(value, 0), INT_MAX // 2), LEAST_RECEIVE))


def _require_admin(caller: Caller) -> None:
    if not caller.may(CAP_NET_ADMIN):
        raise Errno(E.EPERM)


def _set_debug(socket: Socket, value: int, caller: Caller) -> None:
    if value and not caller.may(CAP_NET_ADMIN):
        raise Errno(E.EACCES)
    socket.options[so.SO_DEBUG] = int(value != 0)


def _set_priority(socket: Socket, value: int, caller: Caller) -> None:
    if not 0 <= value <= 6 and not (caller.may(CAP_NET_RAW) or caller.may(CAP_NET_ADMIN)):
        raise Errno(E.EPERM)
    socket.options[so.SO_PRIORITY] = value


def _set_low_water(socket: Socket, value: int, caller: Caller) -> None:
    socket.low_water = (INT_MAX if value < 0 else value) or 1
    socket.waiters.wake()


def _set_mark(socket: Socket, value: int, caller: Caller) -> None:
    if not (caller.may(CAP_NET_RAW) or caller.may(CAP_NET_ADMIN)):
        raise Errno(E.EPERM)
    socket.options[so.SO_MARK] = value


def _set_busy_poll(socket: Socket, value: int, caller: Caller) -> None:
    if value < 0:
        raise Errno(E.EINVAL)
    socket.options[so.SO_BUSY_POLL] = value


def _set_incoming_cpu(socket: Socket, value: int, caller: Caller) -> None:
    socket.options[so.SO_INCOMING_CPU] = value


def _do_nothing(socket: Socket, value: int, caller: Caller) -> None:
    """What Linux takes and makes nothing of where there are no packets."""


def _set_passcred(socket: Socket, value: int, caller: Caller) -> None:
    if not socket.passes_rights:
        raise Errno(E.EOPNOTSUPP)
    socket.options[so.SO_PASSCRED] = int(value != 0)


def _set_peek_offset(socket: Socket, value: int, caller: Caller) -> None:
    if not socket.has_peek_offset:
        raise Errno(E.EOPNOTSUPP)
    socket.peek_offset = value


def _detach_filter(socket: Socket, value: int, caller: Caller) -> None:
    socket.set_filter(None)


def _lock_filter(socket: Socket, value: int, caller: Caller) -> None:
    if socket.filter_is_locked and not value:
        raise Errno(E.EPERM)
    socket.filter_is_locked = value != 0


SETTERS: Final[dict[int, Setter]] = {
    so.SO_DEBUG: _set_debug,
    so.SO_SNDBUF: _set_send_buffer,
    so.SO_RCVBUF: _set_receive_buffer,
    so.SO_SNDBUFFORCE: _force_send_buffer,
    so.SO_RCVBUFFORCE: _force_receive_buffer,
    so.SO_PRIORITY: _set_priority,
    so.SO_RCVLOWAT: _set_low_water,
    so.SO_MARK: _set_mark,
    so.SO_PASSCRED: _set_passcred,
    so.SO_PEEK_OFF: _set_peek_offset,
    so.SO_BUSY_POLL: _set_busy_poll,
    so.SO_INCOMING_CPU: _set_incoming_cpu,
    so.SO_BSDCOMPAT: _do_nothing,
    so.SO_CNX_ADVICE: _do_nothing,
    so.SO_DETACH_FILTER: _detach_filter,
    so.SO_LOCK_FILTER: _lock_filter,
}


def set_option(socket: Socket, name: int, value: bytes, caller: Caller) -> None:
    """Sets an option.

    Raises:
        Errno: EINVAL, too short a value; ENOPROTOOPT, no such option; EPERM; EACCES; EOPNOTSUPP.
    """
    if name == so.SO_BINDTODEVICE:
        socket.bind_to_device(value.partition(b"\0")[0], caller)
        return
    if len(value) < 4:
        raise Errno(E.EINVAL)
    (number,) = struct.unpack_from("<i", value)
    if name == so.SO_LINGER:
        _set_linger(socket, value)
    elif name == so.SO_MAX_PACING_RATE:
        wide = len(value) >= 8
        socket.options[name] = int.from_bytes(value[: 8 if wide else 4], "little")
    elif name in STAMPS:
        socket.stamping = name if number else 0
    elif name in SWITCHES:
        if name == so.SO_REUSEPORT and number and not socket.shares_ports:
            raise Errno(E.EOPNOTSUPP)
        socket.options[name] = int(number != 0)
    else:
        setter = SETTERS.get(name)
        if setter is None:
            raise Errno(E.ENOPROTOOPT)
        setter(socket, number, caller)


def _set_linger(socket: Socket, value: bytes) -> None:
    if len(value) < 8:
        raise Errno(E.EINVAL)
    on, seconds = struct.unpack_from("<ii", value)
    socket.linger = seconds & 0xFFFF_FFFF if on else None


def _error(socket: Socket) -> int:
    error = socket.take_error()
    return 0 if error is None else int(error)


GETTERS: Final[dict[int, Getter]] = {
    so.SO_TYPE: lambda socket: socket.kind,
    so.SO_ERROR: _error,
    so.SO_SNDBUF: lambda socket: socket.send_buffer,
    so.SO_RCVBUF: lambda socket: socket.receive_buffer,
    so.SO_RCVLOWAT: lambda socket: socket.low_water,
    so.SO_SNDLOWAT: lambda socket: 1,
    so.SO_ACCEPTCONN: lambda socket: int(socket.listens),
    so.SO_PROTOCOL: lambda socket: socket.protocol,
    so.SO_DOMAIN: lambda socket: socket.family,
    so.SO_DEBUG: lambda socket: socket.value(so.SO_DEBUG),
    so.SO_PRIORITY: lambda socket: socket.value(so.SO_PRIORITY),
    so.SO_MARK: lambda socket: socket.value(so.SO_MARK),
    so.SO_INCOMING_CPU: lambda socket: socket.options.get(so.SO_INCOMING_CPU, -1),
    so.SO_BUSY_POLL: lambda socket: socket.value(so.SO_BUSY_POLL),
    so.SO_BSDCOMPAT: lambda socket: 0,
    so.SO_INCOMING_NAPI_ID: lambda socket: 0,
    so.SO_LOCK_FILTER: lambda socket: int(socket.filter_is_locked),
    so.SO_BPF_EXTENSIONS: lambda socket: AD_MAX,
}


def stamp(name: int, arrived: int) -> tuple[int, int, bytes]:
    """The control message that tells when something came, in nanoseconds since 1970 (__sock_recv_timestamp)."""
    seconds, rest = divmod(arrived, 10**9)
    return so.SOL_SOCKET, name, struct.pack("<qq", seconds, rest // STAMPS[name])


def memory_information(socket: Socket) -> bytes:
    """What a socket has of memory and may have, as SK_MEMINFO_ numbers it; what no call can tell is 0."""
    return struct.pack("<9I", 0, socket.receive_buffer, 0, socket.send_buffer, *bytes(5))


def get_option(socket: Socket, name: int) -> bytes:
    """The value of an option.

    Raises:
        Errno: ENOPROTOOPT, no such option; others as the option says.
    """
    if name in STAMPS:
        both = (name, socket.stamping) == (
            so.SO_TIMESTAMP_NEW,
            so.SO_TIMESTAMPNS_NEW,
        )  # as sk_getsockopt says
        return struct.pack("<i", int(both or socket.stamping == name))
    if name in SWITCHES:
        return struct.pack("<i", socket.value(name))
    getter = GETTERS.get(name)
    if getter is not None:
        return struct.pack("<i", getter(socket))
    special = SPECIAL.get(name)
    if special is None:
        raise Errno(E.ENOPROTOOPT)
    return special(socket)


def _linger(socket: Socket) -> bytes:
    return struct.pack("<iI", int(socket.linger is not None), socket.linger or 0)


def _passcred(socket: Socket) -> bytes:
    if not socket.passes_rights:
        raise Errno(E.EOPNOTSUPP)
    return struct.pack("<i", socket.value(so.SO_PASSCRED))


def _peek_offset(socket: Socket) -> bytes:
    if not socket.has_peek_offset:
        raise Errno(E.EOPNOTSUPP)
    return struct.pack("<i", socket.peek_offset)


def _peer_credentials(socket: Socket) -> bytes:
    known = socket.peer_credentials()
    return struct.pack("<iii", 0, -1, -1) if known is None else struct.pack("<iII", *known[0])


def _peer_groups(socket: Socket) -> bytes:
    known = socket.peer_credentials()
    if known is None:
        raise Errno(E.ENODATA)
    return struct.pack(f"<{len(known[1])}I", *known[1])


SPECIAL: Final[dict[int, Callable[[Socket], bytes]]] = {
    so.SO_LINGER: _linger,
    so.SO_PASSCRED: _passcred,
    so.SO_PEEK_OFF: _peek_offset,
    so.SO_PEERCRED: _peer_credentials,
    so.SO_PEERGROUPS: _peer_groups,
    so.SO_PEERNAME: lambda socket: socket.peer_name(),
    so.SO_MAX_PACING_RATE: lambda socket: struct.pack(
        "<Q", socket.options.get(so.SO_MAX_PACING_RATE, (1 << 64) - 1)
    ),
    so.SO_MEMINFO: memory_information,
    so.SO_COOKIE: lambda socket: struct.pack("<Q", socket.ino),
    so.SO_BINDTODEVICE: lambda socket: socket.device + b"\0" if socket.device else b"",
}
"""Options whose values are no plain numbers."""
