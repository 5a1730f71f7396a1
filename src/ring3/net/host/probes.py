"""What sockets of the host send and receive, as observers of packets are told of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import MSG_ERRQUEUE, MSG_OOB, MSG_PEEK, SEND_SHUTDOWN, SOCK_DGRAM, SOCK_STREAM
from ring3.net.host import calls
from ring3.net.host.socket import HostSocket
from ring3.net.inet.address import Endpoint, pack, parse
from ring3.net.inet.wire import ACK, FIN, IPPROTO_UDP, PSH, RST, SYN, URG
from ring3.net.tellers import AtEntry, AtReturn, Tcp, row_of

if TYPE_CHECKING:
    from ring3.kernel.events import Carried, End
    from ring3.kernel.observed import Call
    from ring3.net.tellers import Row

KINDS: Final = (SOCK_STREAM, SOCK_DGRAM)


class Outward:
    """What is told of the host's sockets: once only where both ends are the machine's, by the one that sends."""

    def __init__(self) -> None:
        self._ours: set[End] = set()
        self._sources: dict[bytes, bytes] = {}

    def rows(self) -> Iterator[Row]:
        """The functions that tell."""
        for function, kind, tell in (
            (HostSocket.connect, AtReturn, self._connected),
            (HostSocket.accept, AtReturn, self._accepted),
            (HostSocket.send, AtReturn, self._sent),
            (HostSocket.recv, AtReturn, self._received),
            (HostSocket.shutdown, AtEntry, self._shut),
            (HostSocket.close, AtEntry, self._closed),
        ):
            yield row_of((function, kind, tell))

    def _connection(self, call: Call, socket: HostSocket, address: bytes = b"") -> Tcp | None:
        """The ends of a socket; None if it has no other one, or is none of TCP and UDP."""
        if socket.kind not in KINDS:
            return None
        try:
            local = parse(socket.name(), socket.family)
            remote = parse(address or socket.peer_name(), socket.family)
            if local.is_any:
                local = local._replace(host=self._source_for(socket.family, remote))
        except Errno:
            return None
        return Tcp(call, local, remote)

    def _source_for(self, family: int, remote: Endpoint) -> bytes:
        """The address that the host sends from to another one, where a socket has none of its own.

        Raises:
            Errno: It cannot be reached.
        """
        found = self._sources.get(remote.host)
        if found is None:
            fd = calls.socket(family, SOCK_DGRAM, 0)
            try:
                calls.connect(fd, pack(remote, family))
                found = self._sources[remote.host] = parse(calls.name(fd), family).host
            finally:
                os.close(fd)
        return found

    def _connected(self, call: Call) -> Iterable[Carried]:
        socket, address, _ = call.arguments
        tcp = self._connection(call, socket, address) if socket.kind == SOCK_STREAM else None
        if tcp is None:
            return ()
        if call.error is None:
            self._ours.add(tcp.local)
            return tcp.sent(SYN), tcp.got(SYN | ACK), tcp.sent(ACK)
        refused = isinstance(call.error, Errno) and call.error.number is E.ECONNREFUSED
        return (tcp.sent(SYN), tcp.got(RST | ACK)) if refused else ()

    def _accepted(self, call: Call) -> Iterable[Carried]:
        tcp = self._connection(call, call.value) if call.error is None else None
        if tcp is None:
            return ()
        self._ours.add(tcp.local)
        if self._is_ours(call.value):
            return ()
        return tcp.got(SYN), tcp.sent(SYN | ACK), tcp.got(ACK)

    def _is_ours(self, made: HostSocket) -> bool:
        """Whether the other end of a new connection is a socket of the machine."""
        remote = made.peer_name()
        others = (other for other in made.network.sockets if isinstance(other, HostSocket) and other.refs)
        return any(other.name() == remote for other in others)

    def _sent(self, call: Call) -> Iterable[Carried]:
        socket, message, _ = call.arguments
        tcp = self._connection(call, socket, message.address) if call.error is None else None
        if tcp is None:
            return ()
        self._ours.add(tcp.local)
        urgent = URG if message.flags & MSG_OOB else 0
        return (_as_kind(socket, tcp.sent(PSH | ACK | urgent, message.data[: call.value])),)

    def _received(self, call: Call) -> Iterable[Carried]:
        socket, size, *rest = call.arguments
        flags = call.keywords.get("flags", rest[0] if rest else 0)
        reset = isinstance(call.error, Errno) and call.error.number is E.ECONNRESET
        if flags & (MSG_PEEK | MSG_ERRQUEUE) or (call.error is not None and not reset):
            return ()
        tcp = self._connection(call, socket, b"" if reset else call.value.address or b"")
        if tcp is None or tcp.remote in self._ours:
            return ()
        if reset:
            return (tcp.got(RST | ACK),)
        if socket.is_stream and not call.value.data:
            return (tcp.got(FIN | ACK),) if size else ()
        return (_as_kind(socket, tcp.got(PSH | ACK, call.value.data)),)

    def _closed(self, call: Call) -> Iterable[Carried]:
        socket = call.arguments[0]
        tcp = self._connection(call, socket) if socket.is_stream else None
        return () if tcp is None else (tcp.sent(FIN | ACK),)

    def _shut(self, call: Call) -> Iterable[Carried]:
        return self._closed(call) if call.arguments[1] & SEND_SHUTDOWN else ()


def _as_kind(socket: HostSocket, carried: Carried) -> Carried:
    return carried if socket.is_stream else carried._replace(protocol=IPPROTO_UDP, flags=0)
