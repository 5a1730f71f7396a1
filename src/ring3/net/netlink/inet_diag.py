"""sock_diag of the internet: TCP, UDP and raw sockets, by state, name and filter (net/ipv4/inet_diag.c)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET6, SO_MARK, State
from ring3.abi.linux.structs.netlink import INET_DIAG_MSG, INET_DIAG_REQ_V2
from ring3.net.caller import CAP_NET_ADMIN
from ring3.net.inet.address import Endpoint, wide
from ring3.net.inet.base import CLASSES, InetSocket
from ring3.net.inet.family import IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE
from ring3.net.inet.tcp import TcpSocket
from ring3.net.netlink.attributes import attribute, attributes_in
from ring3.net.netlink.diag_filter import Subject, check, holds
from ring3.net.options import memory_information

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network

SOCK_DIAG_BY_FAMILY: Final = 20
TCPDIAG_GETSOCK: Final = 18
IPPROTO_RAW: Final = 255
ANY_COOKIE: Final = 0xFFFF_FFFF
"""The half of a cookie that stands for any (INET_DIAG_NOCOOKIE)."""
REQ_BYTECODE: Final = 1
MEMINFO, INFO, CONG, TOS, TCLASS, SKMEMINFO, SHUTDOWN, SKV6ONLY, MARK = 1, 2, 4, 5, 6, 7, 8, 11, 15
"""Attributes of an answer (INET_DIAG_)."""
UNASKED: Final = (SHUTDOWN, SKV6ONLY, MARK)
"""Those that are told unasked; of the others a bit each says that they are wanted."""
TIMER_TIME_WAIT: Final = 3
MILLISECOND: Final = 1_000_000
BOUND_INACTIVE: Final = 13
"""The state that a socket of TCP with a port and nothing else is asked for by."""
OLD_REQUEST: Final = 64
"""Bytes of ``struct inet_diag_req``."""


def _sockets(network: Network, protocol: int) -> Iterable[InetSocket]:
    """The sockets of a protocol.

    Raises:
        Errno: ENOENT, nobody knows of such.
    """
    if protocol == IPPROTO_TCP:
        return network.tcp
    if protocol == IPPROTO_UDP:
        return network.udp
    if protocol == IPPROTO_UDPLITE:
        return network.udp_lite
    if protocol == IPPROTO_RAW:
        return network.raw
    raise Errno(E.ENOENT)


def _state(socket: InetSocket) -> int:
    bound = isinstance(socket, TcpSocket) and socket.state == State.CLOSE
    return BOUND_INACTIVE if bound else int(socket.state)


def _interface(socket: InetSocket) -> int:
    found = socket.network.interfaces.named(socket.device) if socket.device else None
    return found.number if found is not None else 0


def _subject(socket: InetSocket) -> Subject:
    target = socket.remote or Endpoint(socket.any_host, 0)
    mark = socket.value(SO_MARK)
    return Subject(socket.family, socket.local, target, _interface(socket), socket.chose_port, mark)


def answers(network: Network, body: bytes, dump: bool, caller: Caller) -> list[tuple[int, bytes]]:
    """The sockets of TCP, UDP or another protocol, or the one between two ends.

    Raises:
        Errno: EINVAL, too short a request, or a malformed filter; ENOENT, no such protocol or socket; ESTALE.
    """
    head = INET_DIAG_REQ_V2.size(64)
    if len(body) < head:
        raise Errno(E.EINVAL)
    family, protocol, extensions, states = struct.unpack_from("<BBBxI", body)
    known = _sockets(network, protocol)
    admin = caller.may(CAP_NET_ADMIN)
    if not dump:
        return [(SOCK_DIAG_BY_FAMILY, _told(_exact(known, family, body), extensions, admin))]
    program = attributes_in(body[head:]).get(REQ_BYTECODE, b"")
    check(program, admin)
    found = _chosen(known, family, states, body, program)
    return [(SOCK_DIAG_BY_FAMILY, _told(socket, extensions, admin)) for socket in found]


def answers_in_old_form(network: Network, kind: int, body: bytes, dump: bool) -> list[tuple[int, bytes]]:
    """What a request of the form before Linux 3.3 is answered, which knows TCP alone (inet_diag_rcv_msg_compat).

    Raises:
        Errno: EINVAL, too short a request; ENOENT, of another protocol; EOPNOTSUPP, one socket is asked for.
    """
    if len(body) < OLD_REQUEST:
        raise Errno(E.EINVAL)
    if kind != TCPDIAG_GETSOCK:
        raise Errno(E.ENOENT)
    if not dump:
        raise Errno(E.EOPNOTSUPP)
    program = attributes_in(body[OLD_REQUEST:]).get(REQ_BYTECODE, b"")
    check(program, may_mark=False)
    family, extensions = body[0], body[3]
    (states,) = struct.unpack_from("<I", body, 52)
    found = _chosen(network.tcp, family, states, bytes(8) + body[4:52], program)
    return [(kind, _told(socket, extensions, admin=False)) for socket in found]


def _chosen(
    known: Iterable[InetSocket], family: int, states: int, body: bytes, program: bytes
) -> list[InetSocket]:
    source, target = struct.unpack_from(">HH", body, 8)
    found = []
    for socket in known:
        if family not in (0, socket.family) or not states >> _state(socket) & 1:
            continue
        subject = _subject(socket)
        if source not in (0, subject.source.port) or target not in (0, subject.target.port):
            continue
        if not program or holds(program, subject):
            found.append(socket)
    return found


def _exact(known: Iterable[InetSocket], family: int, body: bytes) -> InetSocket:
    """The socket whose ends a request names, or who listens at the first of them.

    Raises:
        Errno: ENOENT, there is none; ESTALE, it is another than it was.
    """
    ports, cookie = struct.unpack_from(">HH", body, 8), struct.unpack_from("<II", body, 48)
    size = 16 if family == AF_INET6 else 4
    hosts = body[12 : 12 + size], body[28 : 28 + size]
    wide_hosts = tuple(map(wide, hosts)) if family == AF_INET6 else hosts
    of_family = [socket for socket in known if socket.family == family]
    for socket in of_family:
        subject = _subject(socket)
        ends = subject.source, subject.target
        shown = tuple(wide(end.host) if family == AF_INET6 else end.host for end in ends)
        if shown == wide_hosts and tuple(end.port for end in ends) == ports:
            break
    else:
        listening = [s for s in of_family if s.listens or s.remote is None]
        at_port = [
            s for s in listening if s.local.port == ports[0] and s.local.host in (hosts[0], s.any_host)
        ]
        if not at_port:
            raise Errno(E.ENOENT)
        socket = at_port[0]
    if ANY_COOKIE not in cookie and cookie != (socket.ino & 0xFFFF_FFFF, socket.ino >> 32):
        raise Errno(E.ESTALE)
    return socket


# -- one socket ----------------------------------------------------------------------------------------------------


def _reversed(port: int) -> int:
    """A port as two bytes of the network's order, read in the machine's."""
    return (port & 0xFF) << 8 | port >> 8


def _told(socket: InetSocket, extensions: int, admin: bool) -> bytes:
    """What is said of a socket: ``struct inet_diag_msg`` with the attributes that were asked for."""
    subject = _subject(socket)
    hosts = [
        wide(end.host) if socket.family == AF_INET6 else end.host.ljust(16, b"\0")
        for end in (subject.source, subject.target)
    ]
    expires = socket.expires if isinstance(socket, TcpSocket) else None
    left = 0 if expires is None else max(0, expires - socket.network.clocks().monotonic()) // MILLISECOND
    received, unsent = socket.queue_sizes()
    owned = bool(socket.refs) and expires is None
    head = INET_DIAG_MSG.pack(
        64, socket.family, _state(socket), 0 if expires is None else TIMER_TIME_WAIT, 0,
        _reversed(subject.source.port), _reversed(subject.target.port), *hosts, subject.interface,
        socket.ino & 0xFFFF_FFFF, socket.ino >> 32,
        left, received, unsent, 0 if expires is not None else socket.owner[0], socket.ino if owned else 0,
    )  # fmt: skip
    return head if expires is not None else head + _attributes(socket, extensions, admin)


def _attributes(socket: InetSocket, extensions: int, admin: bool) -> bytes:
    """The attributes of a socket, in the kernel's order (inet_diag_msg_attrs_fill, inet_sk_diag_fill)."""
    known = {SHUTDOWN: bytes([socket.shut]), TOS: bytes([socket.level_value(*CLASSES[0]) & 0xFF])}
    if socket.family == AF_INET6:
        known[TCLASS] = bytes([max(0, socket.level_value(*CLASSES[1])) & 0xFF])
        if socket.state in (State.LISTEN, State.CLOSE):
            known[SKV6ONLY] = bytes([socket.only6])
    if admin:
        known[MARK] = struct.pack("<I", socket.value(SO_MARK))
    received, unsent = (0, 0) if socket.listens else socket.queue_sizes()
    known[MEMINFO] = struct.pack("<4I", received, unsent, 0, unsent)
    known[SKMEMINFO] = memory_information(socket)
    if isinstance(socket, TcpSocket):
        known |= {INFO: socket.info(), CONG: socket.algorithm + b"\0"}
    asked = (kind for kind in known if kind in UNASKED or extensions >> kind - 1 & 1)
    return b"".join(attribute(kind, known[kind]) for kind in asked)
