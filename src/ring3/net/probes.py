"""How observers see what sockets send and receive (`points.Packet`): by the functions that carry it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E
from ring3.abi.linux.sockets import State
from ring3.kernel.events import Carried
from ring3.kernel.observed import Call
from ring3.kernel.watched_functions import unwatch, watch
from ring3.net.host.probes import Outward
from ring3.net.inet.address import Endpoint, ends_of
from ring3.net.inet.raw import RawSocket
from ring3.net.inet.tcp import TcpSocket
from ring3.net.inet.udp import UdpSocket
from ring3.net.inet.wire import (
    ACK,
    FIN,
    IPPROTO_ICMP,
    IPPROTO_UDP,
    PSH,
    RST,
    SYN,
    URG,
    datagram,
    ip_packet,
    port_unreachable,
)
from ring3.net.tellers import AtEntry, Tcp, Watched, row_of

if TYPE_CHECKING:
    from ring3.kernel import points
    from ring3.kernel.core import Kernel

ENDS: Final = frozenset((State.ESTABLISHED, State.CLOSE_WAIT))
"""States in which an end of a connection can say that it sends nothing more."""


# -- inside ------------------------------------------------------------------------------------------------------------


def _of(call: Call) -> Tcp | None:
    socket: TcpSocket = call.arguments[0]
    return None if socket.remote is None else Tcp(call, socket.local, socket.remote)


def _established(call: Call) -> Iterable[Carried]:
    tcp = _of(call)
    return () if tcp is None else (tcp.sent(SYN), tcp.got(SYN | ACK), tcp.sent(ACK))


def _carried(call: Call) -> Iterable[Carried]:
    tcp, (_, data, urgent) = _of(call), call.arguments
    return () if tcp is None else (tcp.sent(PSH | ACK | (URG if urgent else 0), data),)


def _finished(call: Call) -> Iterable[Carried]:
    tcp, socket = _of(call), call.arguments[0]
    return () if tcp is None or socket.state not in ENDS else (tcp.sent(FIN | ACK),)


def _aborted(call: Call) -> Iterable[Carried]:
    tcp, socket = _of(call), call.arguments[0]
    return () if tcp is None or socket.other is None else (tcp.sent(RST | ACK),)


def _reset(call: Call) -> Iterable[Carried]:
    tcp, (socket, error) = _of(call), call.arguments
    if tcp is None:
        return ()
    if error is E.ECONNREFUSED:
        return tcp.sent(SYN), tcp.got(RST | ACK)
    return (tcp.got(RST | ACK),) if socket.other is None else ()


def _delivered(call: Call) -> Iterable[Carried]:
    socket, sent, port = call.arguments
    source, target = ends_of(sent.source, Endpoint(sent.target, port))
    return () if socket.is_lite else (Carried(call.task, IPPROTO_UDP, source, target, 0, sent.data),)


def _refused(call: Call) -> Iterable[Carried]:
    socket, sent, port = call.arguments
    if socket.is_lite:
        return ()
    source, target = ends_of(sent.source, Endpoint(sent.target, port))
    about = ip_packet(IPPROTO_UDP, source[0], target[0], datagram(source, target, sent.data))
    data = port_unreachable(target[0], source[0], about)
    return (Carried(call.task, IPPROTO_ICMP, (target[0], 0), (source[0], 0), 0, data),)


def _raw(call: Call) -> Iterable[Carried]:
    _, packet = call.arguments
    return (Carried(call.task, IPPROTO_ICMP, (packet.source, 0), (packet.target, 0), 0, packet.data),)


# -- attaching ---------------------------------------------------------------------------------------------------------


_WATCHED: Final[tuple[Watched, ...]] = (
    (TcpSocket.establish, AtEntry, _established),
    (TcpSocket.carry, AtEntry, _carried),
    (TcpSocket.finish_sending, AtEntry, _finished),
    (TcpSocket.abort, AtEntry, _aborted),
    (TcpSocket.reset, AtEntry, _reset),
    (UdpSocket.deliver, AtEntry, _delivered),
    (UdpSocket.refuse, AtEntry, _refused),
    (RawSocket.carry, AtEntry, _raw),
)
"""The functions, when they tell, and of what."""
_ROWS: Final = tuple(map(row_of, _WATCHED))


def at_packets(
    kernel: Kernel[Any], point: points.Packet, observer: Callable[[Carried], None]
) -> Callable[[], None]:
    """Puts an observer at all of them."""
    watching = [(row, kind(tell, observer)) for row, kind, tell in (*_ROWS, *Outward().rows())]
    for row, told in watching:
        watch(kernel, row, told)

    def leave() -> None:
        for row, told in watching:
            unwatch(kernel, row, told)

    return leave
