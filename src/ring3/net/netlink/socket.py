"""Sockets of AF_NETLINK: requests go to the kernel, which answers at once."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    AF_NETLINK,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    SOL_NETLINK,
    State,
)
from ring3.abi.linux.structs.netlink import NLMSGHDR
from ring3.abi.linux.structs.socket_addresses import SOCKADDR_NL
from ring3.fs.readiness import POLLERR, READABLE, WRITABLE
from ring3.net.socket import Received, Socket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Message

Answer = tuple[int, bytes]
"""A message's type and what follows its header."""
FIRST: Final = 16
"""The first type that is a protocol's (NLMSG_MIN_TYPE)."""
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
NLM_F_REQUEST: Final = 0x1
NLM_F_MULTI: Final = 0x2
NLM_F_ACK: Final = 0x4
NLM_F_DUMP: Final = 0x300
NLM_F_CAPPED: Final = 0x100
SWITCHES: Final = frozenset({1, 2, 3, 4, 5, 10, 11, 12})
"""Options that are taken: groups, packet information, errors, strict checks (include/uapi/linux/netlink.h)."""
ADD_MEMBERSHIP: Final = 1
CAP_ACK: Final = 10
PAGE: Final = 8192
"""Bytes of a part of a long answer at most."""


class NetlinkSocket(Socket):
    """A socket of AF_NETLINK.

    Attributes:
        port: Its number, which stands for its address; 0 before it has one.
        groups: What it wants to be told of, a bit each; nothing ever changes.
        queue: Answers.
    """

    family = AF_NETLINK
    has_levels = True
    signals_broken_pipe = False

    def __init__(self, network: Network, kind: int, protocol: int, owner: tuple[int, int]) -> None:
        super().__init__(network, kind, protocol, owner)
        self.port = 0
        self.groups = 0
        self.queue: deque[bytes] = deque()
        self.levels: dict[int, int] = {}

    # -- addresses -------------------------------------------------------------------------------------------------

    def bind(self, address: bytes, caller: Caller) -> None:
        """Gives it a number, or with 0 one that is free."""
        port, groups = self._parse(address)
        if self.port and port != self.port:
            raise Errno(E.EINVAL)
        if port and not self.port:
            if port in self.network.netlink_ports:
                raise Errno(E.EADDRINUSE)
            self._take(port)
        self.groups = groups
        self._take_any(caller)

    def _parse(self, address: bytes) -> tuple[int, int]:
        """Number and groups in an address.

        Raises:
            Errno: EINVAL, too short, or of another family.
        """
        if len(address) < SOCKADDR_NL.size(64):
            raise Errno(E.EINVAL)
        family, _, port, groups = struct.unpack_from("<HHII", address)
        if family != AF_NETLINK:
            raise Errno(E.EINVAL)
        return port, groups

    def _take(self, port: int) -> None:
        self.port = port
        self.network.netlink_ports.add(port)

    def _take_any(self, caller: Caller) -> None:
        port = caller.real.pid
        while not self.port:
            if port not in self.network.netlink_ports:
                self._take(port)
            port = 0xFFFF_F000 + len(self.network.netlink_ports)

    def name(self) -> bytes:
        """Its number and groups."""
        return struct.pack("<HHII", AF_NETLINK, 0, self.port, self.groups)

    def peer_name(self) -> bytes:
        """The kernel."""
        return struct.pack("<HHII", AF_NETLINK, 0, 0, 0)

    def connect(self, address: bytes, caller: Caller) -> None:
        """Chooses the kernel, whom it talks to anyway."""
        if len(address) < 2:
            raise Errno(E.EINVAL)
        if address[:2] == bytes(2):
            self.state = State.CLOSE
            return
        port, _ = self._parse(address)
        self._take_any(caller)
        if port:
            raise Errno(E.ECONNREFUSED)
        self.state = State.ESTABLISHED

    # -- requests and answers --------------------------------------------------------------------------------------

    def send(self, message: Message, caller: Caller) -> int:
        """Sends requests, whose answers can be received then."""
        if message.flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        if message.address and self._parse(message.address)[0]:
            raise Errno(E.ECONNREFUSED)
        self._take_any(caller)
        if self.held_bytes() > self.receive_buffer:
            self.fail(E.ENOBUFS)  # the answers are lost (netlink_overrun)
            return len(message.data)
        data, at, head = message.data, 0, NLMSGHDR.size(64)
        while at + head <= len(data):
            size, kind, flags, sequence, _ = struct.unpack_from("<IHHII", data, at)
            if not head <= size <= len(data) - at:
                break
            self.handle(kind, flags, sequence, data[at : at + size], caller)
            at += (size + 3) & ~3
        return len(data)

    def handle(self, kind: int, flags: int, sequence: int, request: bytes, caller: Caller) -> None:
        """Answers one request (netlink_rcv_skb)."""
        if not flags & NLM_F_REQUEST or kind < FIRST:
            return
        dump = flags & NLM_F_DUMP != 0 and self.asks(kind)
        try:
            answers = self.answers(kind, request[NLMSGHDR.size(64) :], dump, caller)
        except Errno as error:
            self.answer_error(error.number, request, sequence)
            return
        self._answer(answers, NLM_F_MULTI if dump else 0, sequence)
        if dump:
            self.put(self._message(NLMSG_DONE, NLM_F_MULTI, sequence, bytes(4)))
        elif flags & NLM_F_ACK:
            self.answer_error(0, request, sequence)

    def asks(self, kind: int) -> bool:
        """Whether a request of a type only asks, so that it can ask for all there is."""
        return True

    def answers(self, kind: int, body: bytes, dump: bool, caller: Caller) -> list[Answer]:
        """Does what a request asks for; what is to be said of it.

        Args:
            kind: The request's type.
            body: What follows its header.
            dump: All that there is was asked for.
            caller: Who asks.

        Raises:
            Errno: As the protocol says.
        """
        raise NotImplementedError

    def _answer(self, answers: list[tuple[int, bytes]], flags: int, sequence: int) -> None:
        part = b""
        for kind, body in answers:
            message = self._message(kind, flags, sequence, body)
            if part and len(part) + len(message) > PAGE:
                self.put(part)
                part = b""
            part += message
        if part:
            self.put(part)

    def _message(self, kind: int, flags: int, sequence: int, body: bytes) -> bytes:
        head = NLMSGHDR.pack(64, NLMSGHDR.size(64) + len(body), kind, flags, sequence, self.port)
        return head + body + bytes(-len(body) % 4)

    def answer_error(self, error: int, request: bytes, sequence: int) -> None:
        """Says how a request ended, by an errno or 0."""
        capped = not error or self.levels.get(CAP_ACK)
        echoed = request[: NLMSGHDR.size(64)] if capped else request
        body = struct.pack("<i", -error) + echoed
        self.put(self._message(NLMSG_ERROR, NLM_F_CAPPED if capped else 0, sequence, body))

    def put(self, message: bytes) -> None:
        """Adds a message for who reads it, if its filter lets it."""
        kept = message if self.filter is None else self.filter.of_message(message)
        if kept is not None:
            self.queue.append(kept)
            self.waiters.wake(READABLE)

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next answer."""
        if flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        self.raise_error()
        if not self.queue:
            raise self.would_block(READABLE, for_one=not flags & MSG_PEEK)
        whole = self.queue[0] if flags & MSG_PEEK else self.queue.popleft()
        data = whole[:size]
        truncated = MSG_TRUNC if len(data) < len(whole) else 0
        return Received(data, len(whole), self.peer_name(), truncated)

    def held_bytes(self) -> int:
        """What waits to be received."""
        return sum(map(len, self.queue))

    def available(self) -> int:
        """Bytes of the next answer."""
        return len(self.queue[0]) if self.queue else 0

    def poll(self) -> int:
        """Readable with an answer."""
        found = WRITABLE | (READABLE if self.queue else 0)
        return found | POLLERR if self.error is not None else found

    # -- options ---------------------------------------------------------------------------------------------------

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of netlink."""
        if level != SOL_NETLINK or name not in SWITCHES:
            raise Errno(E.ENOPROTOOPT)
        if len(value) < 4:
            raise Errno(E.EINVAL)
        self.levels[name] = int.from_bytes(value[:4], "little")

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of netlink."""
        if level != SOL_NETLINK or name not in SWITCHES:
            raise Errno(E.ENOPROTOOPT)
        if size < 4:
            raise Errno(E.EINVAL)
        return struct.pack("<i", int(bool(self.levels.get(name))))

    def close(self) -> None:
        """Gives the number back."""
        self.network.netlink_ports.discard(self.port)
        self.queue.clear()
