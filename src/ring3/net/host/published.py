"""Ports of the machine that clients of the host reach: `--publish`.

For each there is a socket of the host that waits for clients. What a client sends goes on to the program that listens
at the port inside, through a socket of the machine's own that stands for the client, and what comes back goes to the
client; nothing waits for either side. A client of TCP keeps its own address inside; one of UDP cannot, for what is sent
to it there has to find its way back.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM
from ring3.errors import UserError
from ring3.fs.file import WouldBlock
from ring3.fs.readiness import POLLIN, POLLOUT
from ring3.net.inet.address import LOOPBACK4, LOOPBACK6, Endpoint, pack
from ring3.net.inet.tcp import TcpSocket
from ring3.net.inet.udp import UdpSocket
from ring3.net.socket import Message

if TYPE_CHECKING:
    from ring3.kernel.host_events import HostWatch
    from ring3.kernel.reach import Port
    from ring3.net.caller import Caller
    from ring3.net.network import Network

PIECE: Final = 1 << 16
BACKLOG: Final = 128
MOST_CLIENTS: Final = 256
"""Clients of UDP that have a socket at a time; the one that was heard longest ago makes room."""


_Kind = TypeVar("_Kind", TcpSocket, UdpSocket)


class _Bystander:
    """Who makes the calls of sockets that stand for clients: nobody with any rights."""

    def may(self, capability: int) -> bool:
        """None."""
        return False


BYSTANDER: Final[Caller] = _Bystander()  # type: ignore[assignment]  # all that TCP and UDP ask


def publish(network: Network, port: Port) -> Published:
    """Publishes a port.

    Raises:
        UserError: The host does not let it.
    """
    try:
        outside = _listening(port)
    except OSError as error:
        raise UserError(f"{port.address} port {port.outside} of the host: {error.strerror}") from None
    made = _Streams if port.protocol == "tcp" else _Datagrams
    return made(network, outside, port.inside)


def _listening(port: Port) -> socket.socket:
    """A socket of the host at the port outside.

    Raises:
        OSError: As socket(2), which a process that has confined itself may not make, bind(2) and listen(2).
    """
    kind = socket.SOCK_STREAM if port.protocol == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    made = socket.socket(family, kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        if port.protocol == "tcp":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((port.address, port.outside))
        if port.protocol == "tcp":
            made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


class Published:
    """A port that is published."""

    def __init__(self, network: Network, outside: socket.socket, inside: int) -> None:
        self._network = network
        self._socket = outside
        self._inside = inside
        self._watch()

    @property
    def outside(self) -> tuple[str, int]:
        """The host's address and port."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    def _watch(self) -> None:
        self._network.events.watch(self._socket.fileno(), POLLIN, self._come)

    def _come(self) -> None:
        self._watch()
        self.take()

    def take(self) -> None:
        """Deals with what has come."""


class _Streams(Published):
    """A port of TCP."""

    def take(self) -> None:
        """Takes the clients that have come."""
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                client.setblocking(False)
                _Bridge(self._network, client, self._inside)


class _Bridge:
    """A client's connection: the host's socket, and the machine's own that stands for it."""

    def __init__(self, network: Network, client: socket.socket, port: int) -> None:
        self._events = network.events
        self._client = client
        self._inner = inner = _stand_in(network, TcpSocket, SOCK_STREAM)
        self._to_client = self._to_inner = b""
        self._client_ended = self._inner_ended = self._is_pumping = False
        self._watched: HostWatch | None = None
        inner.local = _endpoint(client.getpeername())
        try:
            _connect(inner, port)
        except Errno:
            self._break()
            return
        self._listening = inner.listen(self._pump)
        self._pump()

    def _pump(self) -> None:
        """Moves what can be moved, both ways."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            self._outward()
            self._inward()
        except (OSError, Errno):
            self._listening.cancel()
            self._break()
            return
        finally:
            self._is_pumping = False
        if self._client_ended and self._inner_ended and not self._to_client and not self._to_inner:
            self._end()
        else:
            self._watch()

    def _outward(self) -> None:
        while not self._inner_ended or self._to_client:
            try:
                if not self._to_client:
                    self._to_client = self._inner.recv(PIECE).data
                    if not self._to_client:
                        self._inner_ended = True
                        self._client.shutdown(socket.SHUT_WR)
                        return
                done = self._client.send(self._to_client)
                self._to_client = self._to_client[done:]
            except (WouldBlock, BlockingIOError):
                return

    def _inward(self) -> None:
        while not self._client_ended or self._to_inner:
            try:
                if not self._to_inner:
                    self._to_inner = self._client.recv(PIECE)
                    if not self._to_inner:
                        self._client_ended = True
                        self._inner.finish_sending()
                        return
                done = self._inner.send(Message(self._to_inner), BYSTANDER)
                self._to_inner = self._to_inner[done:]
            except (WouldBlock, BlockingIOError):
                return

    def _watch(self) -> None:
        """Has the host tell when there is something to be moved again."""
        events = POLLOUT if self._to_client else 0
        if not self._client_ended and not self._to_inner:
            events |= POLLIN
        if self._watched is not None:
            self._watched.cancel()
        self._watched = self._events.watch(self._client.fileno(), events, self._pump) if events else None

    def _break(self) -> None:
        """Cuts the connection off on both sides."""
        with suppress(OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._inner.abort()
        self._end()

    def _end(self) -> None:
        if self._watched is not None:
            self._watched.cancel()
        self._client.close()
        self._inner.drop()


class _Datagrams(Published):
    """A port of UDP."""

    def __init__(self, network: Network, outside: socket.socket, inside: int) -> None:
        super().__init__(network, outside, inside)
        self._clients: dict[object, UdpSocket] = {}

    def take(self) -> None:
        """Passes on what clients have sent."""
        with suppress(OSError):
            while True:
                data, client = self._socket.recvfrom(PIECE)
                with suppress(Errno):
                    self._inner_of(client).send(Message(data), BYSTANDER)

    def _inner_of(self, client: object) -> UdpSocket:
        """The socket that stands for a client."""
        found = self._clients.pop(client, None)
        if found is None:
            if len(self._clients) >= MOST_CLIENTS:
                self._clients.pop(next(iter(self._clients))).drop()
            found = _stand_in(self._network, UdpSocket, SOCK_DGRAM)
            found.connect(pack(Endpoint(LOOPBACK4, self._inside), AF_INET), BYSTANDER)
            inner = found
            inner.listen(lambda: self._answer(inner, client))
        self._clients[client] = found
        return found

    def _answer(self, inner: UdpSocket, client: object) -> None:
        with suppress(WouldBlock, Errno, OSError):
            while True:
                self._socket.sendto(inner.recv(PIECE).data, client)  # type: ignore[call-overload]


def _stand_in(network: Network, made: type[_Kind], kind: int) -> _Kind:
    """A socket of the machine's own that no program has."""
    found = made(network, AF_INET, kind, 0, (os.getuid(), os.getgid()))
    found.hold()
    return found


def _connect(inner: TcpSocket, port: int) -> None:
    """Connects with who listens at a port, by IPv4 or else by IPv6.

    Raises:
        Errno: ECONNREFUSED, nobody does.
    """
    with suppress(WouldBlock):
        try:
            inner.connect(pack(Endpoint(LOOPBACK4, port), AF_INET), BYSTANDER)
        except Errno as error:
            if error.number is not E.ECONNREFUSED:
                raise
            inner.family = AF_INET6
            inner.connect(pack(Endpoint(LOOPBACK6, port), AF_INET6), BYSTANDER)


def _endpoint(name: tuple[str, int]) -> Endpoint:
    family = socket.AF_INET6 if ":" in name[0] else socket.AF_INET
    host = socket.inet_pton(family, name[0].partition("%")[0])
    return Endpoint(host, name[1])
