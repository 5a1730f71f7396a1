"""A socket of a program that is one of the host: what the program asks of it, the host is asked."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    MSG_TRUNC,
    SO_LINGER,
    SOCK_RAW,
    SOCK_STREAM,
    SOL_SOCKET,
    State,
)
from ring3.errors import UserError
from ring3.fs.file import O_NONBLOCK
from ring3.fs.host import HostListening, host_poll
from ring3.fs.readiness import ALWAYS, POLLPRI, POLLRDBAND, POLLRDHUP, POLLWRBAND, READABLE, WRITABLE
from ring3.net.caller import CAP_NET_BIND_SERVICE
from ring3.net.host import calls
from ring3.net.host.options import KEPT, PASSED
from ring3.net.inet.address import SIZE4, family_in
from ring3.net.inet.ports import UNPRIVILEGED
from ring3.net.socket import Received, Socket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Message

PIECE: Final = 1 << 18
"""Bytes that are received at once at most: the host is given a buffer of that size."""
LARGEST: Final = 1 << 16
"""Bytes of a message at most; no protocol has larger ones."""
POLLED: Final = ALWAYS | POLLPRI | POLLRDBAND | POLLWRBAND | POLLRDHUP
FIONREAD: Final = 0x541B
OPTION_ROOM: Final = 128
"""Bytes of an option of SOL_SOCKET at most."""
SIOCOUTQ: Final = 0x5411
SIOCATMARK: Final = 0x8905


class HostSocket(Socket):
    """A socket of AF_INET or AF_INET6 that the host has.

    Attributes:
        fd: The host's number of it.
    """

    asks_host = True
    has_levels = True
    takes_filters = False
    shares_ports = True
    has_peek_offset = True

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int], fd: int
    ) -> None:
        super().__init__(network, kind, protocol, owner)
        self.family = family
        self.fd = fd
        self.ino = os.fstat(fd).st_ino
        self.waits_to_peek = self.discards_truncated = self.signals_broken_pipe = self.is_stream

    @property
    def is_stream(self) -> bool:
        """Whether it is one of TCP."""
        return self.kind == SOCK_STREAM

    def _done(self, events: int, call: Callable[[], int]) -> int:
        """What a call of the host gives.

        Raises:
            Errno: As the call.
            WouldBlock: The host would block.
        """
        self.used = True
        try:
            return call()
        except Errno as error:
            if error.number is E.EAGAIN:
                raise self.would_block(events) from None
            raise

    # -- names and connections -------------------------------------------------------------------------------------

    def bind(self, address: bytes, caller: Caller) -> None:
        """Gives it an address and a port of the host."""
        if len(address) >= SIZE4 and self.kind != SOCK_RAW:
            port = int.from_bytes(address[2:4], "big")
            if 0 < port < UNPRIVILEGED and not caller.may(CAP_NET_BIND_SERVICE):
                raise Errno(E.EACCES)
        calls.bind(self.fd, address)

    def listen_for(self, backlog: int, caller: Caller) -> None:
        """Accepts connections of the host's clients."""
        calls.listen(self.fd, backlog)
        self.state = State.LISTEN

    def accept(self) -> HostSocket:
        """The next connection."""
        fd = self._done(READABLE, partial(calls.accept, self.fd))
        made = HostSocket(self.network, self.family, self.kind, self.protocol, self.owner, fd)
        made.state = State.ESTABLISHED
        return made

    def connect(self, address: bytes, caller: Caller) -> None:
        """Connects it; the host answers EINPROGRESS and EALREADY until that is done, as a program's own call would."""
        self.used = True
        try:
            calls.connect(self.fd, address)
        except Errno as error:
            if error.number in (E.EINPROGRESS, E.EALREADY) and not self.flags & O_NONBLOCK:
                raise self.would_block(WRITABLE) from None
            raise
        self.state = State.ESTABLISHED if family_in(address) else State.CLOSE

    def name(self) -> bytes:
        """Its own end."""
        return calls.name(self.fd)

    def peer_name(self) -> bytes:
        """The other end."""
        return calls.peer_name(self.fd)

    # -- messages --------------------------------------------------------------------------------------------------

    def check_size(self, size: int) -> None:
        """A message has to fit into one packet."""
        if size > LARGEST:
            raise Errno(E.EMSGSIZE)

    def send(self, message: Message, caller: Caller) -> int:
        """Sends what the host takes now."""
        calls.refuse_descriptors(message.control)
        return self._done(
            WRITABLE,
            partial(calls.send, self.fd, message.data, message.flags, message.address, message.control),
        )

    def recv(self, size: int, flags: int = 0) -> Received:
        """What the host has."""
        self.used = True
        try:
            got = calls.receive(self.fd, min(size, PIECE), flags)
        except Errno as error:
            if error.number is E.EAGAIN:
                raise self.would_block(READABLE) from None
            raise
        address = None if self.is_stream else got.address
        if flags & MSG_TRUNC and self.is_stream:
            return Received(bytes(got.size), got.size, address, got.flags, (), got.control)
        return Received(got.data, got.size, address, got.flags, (), got.control)

    def available(self) -> int:
        """Bytes that can be received."""
        return calls.ask_number(self.fd, FIONREAD)

    def unsent(self) -> int:
        """Bytes that are on their way."""
        return calls.ask_number(self.fd, SIOCOUTQ)

    def at_mark(self) -> bool:
        """Whether the byte out of band is next."""
        return bool(calls.ask_number(self.fd, SIOCATMARK))

    def shutdown(self, directions: int) -> None:
        """Ends one direction or both."""
        calls.shutdown(self.fd, directions - 1)
        self.shut |= directions
        if self.state == State.LISTEN and directions - 1 != 1:
            self.state = State.CLOSE

    # -- options ---------------------------------------------------------------------------------------------------

    def set_socket_option(self, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of SOL_SOCKET, here and at the host."""
        super().set_socket_option(name, value, caller)
        if name not in KEPT:
            calls.set_option(self.fd, SOL_SOCKET, name, value)
        elif name == SO_LINGER:
            at_once = self.linger == 0
            calls.set_option(self.fd, SOL_SOCKET, SO_LINGER, struct.pack("<ii", at_once, 0))

    def get_socket_option(self, name: int) -> bytes:
        """An option of SOL_SOCKET; the host is asked those that it has set or knows of."""
        own = super().get_socket_option(name)
        return own if name in KEPT else calls.get_option(self.fd, SOL_SOCKET, name, OPTION_ROOM)

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of another level, if it is one that the host may hear of."""
        calls.set_option(self.fd, level, self._passed(level, name), value)

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of another level."""
        return calls.get_option(self.fd, level, self._passed(level, name), size)

    def _passed(self, level: int, name: int) -> int:
        if name not in PASSED.get(level, ()):
            raise Errno(E.ENOPROTOOPT)
        return name

    # -- what its file does ----------------------------------------------------------------------------------------

    def poll(self) -> int:
        """What the host says it is ready for."""
        return host_poll(self.fd, POLLED)

    def listen(self, callback: Callable[[], object], events: int = -1) -> HostListening:
        """Calls back when the host says that it is ready."""
        return HostListening(self.network.events, self.fd, events, callback)

    def outside(self) -> None:
        """Refused: who is at the other end does not go back in time.

        Raises:
            UserError: Always.
        """
        raise UserError("no snapshot now: a program has a socket of the host, whose other end cannot be kept")

    def check_outside(self, then: None) -> None:
        """There is no snapshot with one."""

    def put_outside(self, then: None) -> None:
        """There is no snapshot with one."""

    def close(self) -> None:
        """Closes it on the host."""
        os.close(self.fd)
