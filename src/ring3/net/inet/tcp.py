"""TCP between sockets of one machine (tcp(7), net/ipv4/tcp.c): states, and what the other end makes of them.

The two ends of a connection know each other, and what one does reaches the other at once: an acknowledgement is never
outstanding. So FIN_WAIT1, CLOSING and SYN_RECV pass unseen. What is sent lies with the receiver, who has room for its
own buffer and the sender's (`ring3.net.inet.tcp_stream`). TIME_WAIT lasts a minute of the machine's clock and keeps the
port.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    AF_INET6,
    AF_UNSPEC,
    RCV_SHUTDOWN,
    SEND_SHUTDOWN,
    SHUTDOWN_MASK,
    SOMAXCONN,
    State,
)
from ring3.fs.file import O_NONBLOCK
from ring3.fs.readiness import POLLERR, POLLHUP, POLLPRI, POLLRDHUP, READABLE, WRITABLE
from ring3.net.inet.address import Endpoint, destination, family_in, source_for
from ring3.net.inet.tcp_stream import TcpStream
from ring3.net.inet.wire import SYN
from ring3.net.socket import Socket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.packet_filter import PacketFilter

SEND_BUFFER: Final = 16384
RECEIVE_BUFFER: Final = 131072
"""Bytes of a new socket's buffers (net.ipv4.tcp_wmem, tcp_rmem)."""
CONNECTED_SEND_BUFFER: Final = 2626560
"""What the former grows to on the loopback interface, whose packets are large."""
TIME_WAIT: Final = 60 * 10**9
"""Nanoseconds that an end which closed first keeps its port (TCP_TIMEWAIT_LEN)."""


class TcpSocket(TcpStream):
    """A socket of TCP.

    Attributes:
        pending: Connections that nobody has accepted.
        knocking: Sockets that wait for room among those.
        backlog: How many may be pending, less one.
        expires: When TIME_WAIT is over.
        connecting: A connect(2) that was not to wait has yet to be told how it went.
        leaver: The other end, which was closed and waits until this one has nothing more to say.
    """

    other: TcpSocket | None

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, family, kind, protocol, owner)
        self.ports = network.tcp
        self.send_buffer = SEND_BUFFER
        self.receive_buffer = RECEIVE_BUFFER
        self.pending: deque[TcpSocket] = deque()
        self.knocking: deque[TcpSocket] = deque()
        self.backlog = 0
        self.expires: int | None = None
        self.connecting = False
        self.leaver: TcpSocket | None = None

    @property
    def is_stream(self) -> bool:
        """It is."""
        return True

    def has_expired(self) -> bool:
        """Whether its TIME_WAIT is over."""
        return self.expires is not None and self.network.clocks().monotonic() >= self.expires

    # -- connections -----------------------------------------------------------------------------------------------

    def listen_for(self, backlog: int, caller: Caller) -> None:
        """Accepts connections from now on."""
        if self.state not in (State.CLOSE, State.LISTEN) or self.remote is not None:
            raise Errno(E.EINVAL)
        self.bind_automatically()
        if self.state == State.CLOSE:
            self.state = State.LISTEN
            if any(
                self.ports.conflict(self, self.local.host, user) for user in self.ports.at(self.local.port)
            ):
                self.state = State.CLOSE
                raise Errno(E.EADDRINUSE)
        self.backlog = min(backlog & 0xFFFF_FFFF, SOMAXCONN)

    def accept(self) -> Socket:
        """The next connection."""
        if self.state != State.LISTEN:
            raise Errno(E.EINVAL)
        if not self.pending:
            raise self.would_block(READABLE, for_one=True)
        made = self.pending.popleft()
        self._let_in_more()
        return made

    def _let_in_more(self) -> None:
        """Connects who waits, as far as there is room and the filter lets them."""
        for _ in range(len(self.knocking)):
            knocker = self.knocking.popleft()
            if knocker.state == State.SYN_SENT and not self.let_in(knocker):
                self.knocking.append(knocker)

    def let_in(self, other: TcpSocket) -> bool:
        """Connects one who wants it, if that can be now."""
        if len(self.pending) > self.backlog or not self.takes(other, SYN):
            return False
        other.establish(self)
        return True

    def set_filter(self, wanted: PacketFilter | None) -> None:
        """Gives it another filter; what the last one kept out is sent again."""
        super().set_filter(wanted)
        if self.listens:
            self._let_in_more()
        elif self.other is not None:
            self.other.send_again()

    def peer_name(self) -> bytes:
        """The other end."""
        if self.state in (State.CLOSE, State.SYN_SENT, State.LISTEN, State.TIME_WAIT):
            raise Errno(E.ENOTCONN)
        return super().peer_name()

    def connect(self, address: bytes, caller: Caller) -> None:
        """Connects it; with O_NONBLOCK how that went is told later, even though it is known."""
        family = family_in(address)
        if family == AF_UNSPEC:
            self._disconnect()
            return
        if self.connecting or self.state == State.SYN_SENT:
            self._finish_connecting()
            return
        if self.state != State.CLOSE:
            raise Errno(E.EISCONN)
        wanted = self.destination_in(address)
        host = destination(wanted.host)
        self.network.check_reachable(host)
        self.bind_automatically()
        if self.local.is_any:
            self.local = self.local._replace(host=source_for(host))
        self.remote = Endpoint(host, wanted.port)
        self.state, self.connecting = State.SYN_SENT, True
        self.error, self.shut = None, 0
        listener = self._listener(self.remote)
        if listener is None:
            self.reset(E.ECONNREFUSED)
        elif not listener.let_in(self):
            listener.knocking.append(self)
        if self.flags & O_NONBLOCK:
            raise Errno(E.EINPROGRESS)
        self._finish_connecting()

    def _finish_connecting(self) -> None:
        """Tells how connecting went.

        Raises:
            Errno: ECONNREFUSED and the like; EALREADY, nothing is known yet and it is not to wait.
            WouldBlock: Nothing is known yet.
        """
        if self.state == State.SYN_SENT:
            if self.flags & O_NONBLOCK:
                raise Errno(E.EALREADY)
            raise self.would_block(WRITABLE)
        self.connecting = False
        if self.state == State.CLOSE:
            error = self.take_error()
            self._disconnect()
            self.shut = 0
            raise Errno(error or E.ECONNABORTED)

    def _disconnect(self) -> None:
        if self.state == State.LISTEN:
            self._stop_listening()
        elif self.other is not None:
            self.abort()
        self.state, self.remote, self.connecting = State.CLOSE, None, False
        if not self.bound_host:
            self.local = self.local._replace(host=self.any_host)

    def _listener(self, target: Endpoint) -> TcpSocket | None:
        """Who listens where a connection is wanted; of several with SO_REUSEPORT one by the caller's port."""
        found = [
            user
            for user in self.ports.at(target.port)
            if isinstance(user, TcpSocket) and user.state == State.LISTEN and user.hears(target.host)
        ]
        close = [user for user in found if not user.local.is_any] or found
        exact = [user for user in close if len(user.local.host) == len(target.host)] or close
        return exact[self.local.port % len(exact)] if exact else None

    def hears(self, host: bytes) -> bool:
        """Whether what comes to an address is for it."""
        if self.local.is_any:
            return len(self.local.host) == len(host) or (
                len(host) == 4 and self.family == AF_INET6 and not self.only6
            )
        return self.local.host == host

    def establish(self, listener: TcpSocket) -> None:
        """Connects it with a new socket that the listener has to accept."""
        assert self.remote is not None
        made = TcpSocket(self.network, listener.family, listener.kind, listener.protocol, listener.owner)
        made.inherit(listener)
        made.local, made.remote = self.remote, self.local
        made.bound_host = made.chose_port = True
        self.ports.add(made, made.local.port)
        for one, other in ((self, made), (made, self)):
            one.other, one.state, one.was_connected = other, State.ESTABLISHED, True
            one.since = self.network.clocks().monotonic()
            one.expand_send_buffer(CONNECTED_SEND_BUFFER)
        listener.pending.append(made)
        listener.waiters.wake(READABLE)
        self.waiters.wake()

    def queue_sizes(self) -> tuple[int, int]:
        """Bytes, or connections to be accepted, and how many may be."""
        return (len(self.pending), self.backlog) if self.listens else (len(self.received), self.unsent())

    # -- the end ---------------------------------------------------------------------------------------------------

    def reset(self, error: E) -> None:
        """The other end refuses to hear, or is gone (tcp_reset)."""
        self._dismiss_leaver()
        self.error = error
        self.other = None
        self.state = State.CLOSE
        self.shut = SHUTDOWN_MASK
        self.leave_port()
        self.waiters.wake()

    def abort(self) -> None:
        """Ends the connection without more ado; the other end is told."""
        self.cork.empty()
        self._dismiss_leaver()
        other, self.other = self.other, None
        self.state = State.CLOSE
        if other is not None:
            other.reset(E.EPIPE if other.state == State.CLOSE_WAIT else E.ECONNRESET)

    def _dismiss_leaver(self) -> None:
        """The connection is cut off, so that the end that was closed need not wait any longer."""
        leaver, self.leaver = self.leaver, None
        if leaver is not None:
            leaver.state, leaver.expires = State.CLOSE, None
            leaver.leave_port()

    def finish_sending(self) -> None:
        """Says that nothing more will be sent (FIN)."""
        other = self.other
        if self.state == State.ESTABLISHED:
            self.state = State.FIN_WAIT2
            if other is not None:
                other.hear_end(State.CLOSE_WAIT)
        elif self.state == State.CLOSE_WAIT:
            self.state = State.CLOSE
            self.other = None
            self.leave_port()
            other, self.leaver = other or self.leaver, None
            if other is not None and other.state == State.FIN_WAIT2:
                other.hear_end(State.TIME_WAIT)

    def hear_end(self, state: State) -> None:
        """The other end will send nothing more."""
        self.state = state
        self.shut |= RCV_SHUTDOWN
        if state == State.TIME_WAIT:
            self._expire_later()
            self.other = None
            self.shut = SHUTDOWN_MASK
        self.waiters.wake()

    def shutdown(self, directions: int) -> None:
        """Ends one direction or both (inet_shutdown)."""
        if self.state == State.LISTEN:
            if directions & RCV_SHUTDOWN:
                self._stop_listening()
                self.waiters.wake()
            return
        unconnected = self.state == State.CLOSE
        self.shut |= directions
        if directions & SEND_SHUTDOWN:
            self.uncork()
            self.finish_sending()
        self.waiters.wake()
        if unconnected:
            raise Errno(E.ENOTCONN)

    def _stop_listening(self) -> None:
        self.state = State.CLOSE
        while self.pending:
            made = self.pending.popleft()
            made.abort()
            made.close()
        while self.knocking:
            self.knocking.popleft().reset(E.ECONNREFUSED)

    def close(self) -> None:
        """The last descriptor is gone: the connection is ended, or cut off if something was not received."""
        if self.state == State.LISTEN:
            self._stop_listening()
        elif self.other is not None and (len(self.received) or self.linger == 0):
            self.abort()
        else:
            self.uncork()
            self.finish_sending()
        self.shut = SHUTDOWN_MASK
        self._stop_hearing()
        self.leave_port()

    def _stop_hearing(self) -> None:
        """What the other end sends from now on is refused; its own end may still come."""
        if self.state == State.FIN_WAIT2 and self.other is not None:
            self.other.other, self.other.leaver = None, self
            self._expire_later()

    def _expire_later(self) -> None:
        self.expires = self.network.clocks().monotonic() + TIME_WAIT
        self.ports.keep_for_a_time(self)

    def forget(self) -> None:
        """Its time is over: TIME_WAIT, or that in which the other end should have ended, too."""
        if self.expires is not None:
            self.state, self.expires = State.CLOSE, None
            self.leave_port()

    def leave_port(self) -> None:
        """Gives the port back, unless TIME_WAIT keeps it or a descriptor still has it."""
        if self.expires is None and (not self.refs or not self.chose_port):
            self.last_port = self.local.port or self.last_port
            self.ports.release(self, self.local.port)
            self.local = self.local._replace(port=0)

    # -- what it is ready for --------------------------------------------------------------------------------------

    def poll(self) -> int:
        """Events (tcp_poll)."""
        if self.state == State.LISTEN:
            return READABLE if self.pending else 0
        found = 0
        if self.shut == SHUTDOWN_MASK or self.state == State.CLOSE:
            found |= POLLHUP
        if self.hears_no_more:
            found |= READABLE | POLLRDHUP
        if self.state != State.SYN_SENT:
            if self.received.available(self.inline) >= self.low_water:
                found |= READABLE
            if self.says_no_more or self._is_writable():
                found |= WRITABLE
            if self.received.has_urgent:
                found |= POLLPRI
        if self.error is not None:
            found |= POLLERR
        return found

    def _is_writable(self) -> bool:
        """Whether there is room for more than a little (sk_stream_is_writeable)."""
        used = self.unsent()
        return self.send_buffer - used >= used >> 1
