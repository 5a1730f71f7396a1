"""Sockets of AF_PACKET: frames of an interface, received one by one or by a ring in memory."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import (
    AF_PACKET,
    MSG_CMSG_COMPAT,
    MSG_DONTWAIT,
    MSG_ERRQUEUE,
    MSG_PEEK,
    MSG_TRUNC,
    SOCK_RAW,
    SOL_PACKET,
)
from ring3.fs.readiness import POLLERR, READABLE, WRITABLE
from ring3.net.inet.wire import ETHERNET_HEADER
from ring3.net.packet import options
from ring3.net.packet.ring import Filed, aligned, header_room
from ring3.net.packet.tap import PACKET_HOST, PACKET_OUTGOING
from ring3.net.socket import Received, Socket

if TYPE_CHECKING:
    from ring3.kernel.mm.objects import MemoryObject
    from ring3.net.caller import Caller
    from ring3.net.interfaces import Interface
    from ring3.net.network import Network
    from ring3.net.packet.ring import Ring
    from ring3.net.socket import Message

ADDRESS: Final = 20
LEAST: Final = 12
"""Bytes of ``struct sockaddr_ll``, and of it without a hardware address."""
ETH_P_ALL: Final = 3
HARDWARE: Final = 6
OVERHEAD: Final = 768
"""What a short frame counts of the receiver's buffer beside its bytes."""
LARGEST: Final = 65536 + ETHERNET_HEADER.size
TAKEN: Final = MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_COMPAT | MSG_ERRQUEUE


def address_of(protocol: int, interface: int, kind: int, packet: int, hardware: bytes) -> bytes:
    """A ``struct sockaddr_ll``."""
    head = struct.pack("<H", AF_PACKET) + struct.pack(">H", protocol)
    return head + struct.pack("<iHBB8s", interface, kind, packet, len(hardware), hardware)


class Frame(NamedTuple):
    """A frame that waits to be received: what is left of it, and how long it was."""

    data: bytes
    length: int
    address: bytes
    arrived: int


class PacketSocket(Socket):
    """A socket of AF_PACKET.

    Attributes:
        ether: What it wants to hear (ETH_P_ALL and the like), 0 for nothing.
        interface: The number of the interface that it is bound to, 0 for all.
        queue: What can be received.
        held: What that counts.
        packets: How many it has got since somebody asked ...
        drops: ... and how many there was no room for.
        ring: Where frames go instead; None for no such memory.
        settings: Options that are numbers.
    """

    family = AF_PACKET
    has_levels = True
    signals_broken_pipe = False
    questions = frozenset(((SOL_PACKET, options.HDRLEN),))

    def __init__(self, network: Network, kind: int, protocol: int, owner: tuple[int, int]) -> None:
        super().__init__(network, kind, 0, owner)
        self.ether = int.from_bytes((protocol & 0xFFFF).to_bytes(2, "little"), "big")
        self.interface = 0
        self.queue: deque[Frame] = deque()
        self.held = 0
        self.packets = self.drops = 0
        self.ring: Ring | None = None
        self.settings: dict[int, int] = {}
        self._listen_to()

    def _listen_to(self) -> None:
        if self.ether:
            self.network.tap.open(self)

    # -- addresses -------------------------------------------------------------------------------------------------

    def _bound(self) -> Interface | None:
        return self.network.interfaces.numbered(self.interface) if self.interface else None

    def bind(self, address: bytes, caller: Caller) -> None:
        """Binds it to an interface, or all, and a protocol; 0 leaves that as it is."""
        if len(address) < ADDRESS or struct.unpack_from("<H", address)[0] != AF_PACKET:
            raise Errno(E.EINVAL)
        protocol = struct.unpack_from(">H", address, 2)[0]
        number = struct.unpack_from("<i", address, 4)[0]
        found = self.network.interfaces.numbered(number)
        if number and found is None:
            raise Errno(E.ENODEV)
        self.interface, self.ether = number, protocol or self.ether
        if found is not None and not found.is_up:
            self.fail(E.ENETDOWN)
        self._listen_to()

    def name(self) -> bytes:
        """Protocol and interface."""
        found = self._bound()
        if found is None:
            return address_of(self.ether, self.interface, 0, 0, b"")[:LEAST]
        return address_of(self.ether, self.interface, found.kind, 0, found.hardware)[: LEAST + HARDWARE]

    def peer_name(self) -> bytes:
        """There is none."""
        raise Errno(E.EOPNOTSUPP)

    # -- what goes by ----------------------------------------------------------------------------------------------

    def hear(self, frame: bytes, kind: int) -> None:
        """Takes a frame of the loopback interface, if it is one that it wants."""
        protocol = int.from_bytes(frame[12:14], "big")
        wanted = self.ether == ETH_P_ALL or (self.ether == protocol and kind == PACKET_HOST)
        lo = self.network.interfaces.loopback
        if not wanted or self.interface not in (0, lo.number):
            return
        if kind == PACKET_OUTGOING and self.settings.get(options.IGNORE_OUTGOING):
            return
        start = 0 if self.kind == SOCK_RAW else ETHERNET_HEADER.size
        kept = len(frame) - start
        if self.filter is not None:
            passed = self.filter.of_frame(frame, start, protocol, kind)
            if passed is None:
                return
            kept = passed
        address = address_of(protocol, lo.number, lo.kind, kind, lo.hardware)
        data = frame[start : start + kept]
        if self._put(Frame(data, len(frame) - start, address, self.network.clocks().realtime())):
            self.packets += 1
        else:
            self.drops += 1

    def _put(self, frame: Frame) -> bool:
        if self.ring is not None:
            return self._file(self.ring, frame)
        if self.held >= self.receive_buffer or not self.network.vfs.room.has(len(frame.data) + OVERHEAD):
            return False
        self.queue.append(frame)
        self.held += len(frame.data) + OVERHEAD
        self.waiters.wake(READABLE)
        return True

    def _file(self, ring: Ring, frame: Frame) -> bool:
        """Puts a frame into the ring (tpacket_rcv)."""
        room = header_room(self.settings.get(options.VERSION, 0))
        reserve = self.settings.get(options.RESERVE, 0)
        if self.kind == SOCK_RAW:
            net = aligned(room + max(ETHERNET_HEADER.size, 16)) + reserve
            mac = net - ETHERNET_HEADER.size
        else:
            mac = net = aligned(room) + 16 + reserve
        data = frame.data[: max(0, ring.room() - mac)]
        filed = Filed(
            data, frame.length, min(mac, ring.room()), net, frame.address, frame.arrived, self.drops > 0
        )
        if not ring.put(filed):
            return False
        if ring.is_ready:
            self.waiters.wake(READABLE)
        return True

    def tell_readers(self) -> None:
        """There is something in the ring."""
        self.waiters.wake(READABLE)

    # -- sending ---------------------------------------------------------------------------------------------------

    def check_size(self, size: int) -> None:
        """A frame has to fit."""
        if size > LARGEST:
            raise Errno(E.EMSGSIZE)

    def send(self, message: Message, caller: Caller) -> int:
        """Sends a frame, which other sockets of its kind hear (packet_snd)."""
        protocol, number = self.ether, self.interface
        if message.address:
            if len(message.address) < LEAST or struct.unpack_from("<H", message.address)[0] != AF_PACKET:
                raise Errno(E.EINVAL)
            protocol = struct.unpack_from(">H", message.address, 2)[0]
            number = struct.unpack_from("<i", message.address, 4)[0]
        found = self.network.interfaces.numbered(number) if number else None
        if found is None:
            raise Errno(E.ENXIO)
        if not found.is_up:
            raise Errno(E.ENETDOWN)
        data = message.data
        if self.kind != SOCK_RAW:
            target = message.address[12:18].ljust(HARDWARE, b"\0")
            data = ETHERNET_HEADER.pack(target, found.hardware, protocol) + data
        elif len(data) < ETHERNET_HEADER.size:
            raise Errno(E.EINVAL)
        if len(data) > found.mtu + ETHERNET_HEADER.size:
            raise Errno(E.EMSGSIZE)
        self.network.tap.bring(data, self)
        return len(message.data)

    # -- receiving -------------------------------------------------------------------------------------------------

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next frame."""
        if flags & ~TAKEN:
            raise Errno(E.EINVAL)
        if flags & MSG_ERRQUEUE:
            raise Errno(E.EAGAIN)
        self.network.tap.listen()
        self.raise_error()
        if not self.queue:
            raise self.would_block(READABLE)
        frame = self.queue[0] if flags & MSG_PEEK else self.queue.popleft()
        if not flags & MSG_PEEK:
            self.held -= len(frame.data) + OVERHEAD
        data = frame.data[:size]
        truncated = MSG_TRUNC if len(data) < len(frame.data) else 0
        control = self.stamp(frame.arrived)
        if self.settings.get(options.AUXDATA):
            control += (options.auxiliary(frame.length, len(frame.data), self.kind == SOCK_RAW),)
        return Received(data, len(frame.data), frame.address, truncated, (), control)

    def held_bytes(self) -> int:
        """What waits to be received."""
        return self.held

    def available(self) -> int:
        """Bytes of the next frame."""
        return len(self.queue[0].data) if self.queue else 0

    def unsent(self) -> int:
        """Nothing: what is sent has arrived."""
        return 0

    def poll(self) -> int:
        """Events (packet_poll): there is always room to send."""
        self.network.tap.listen()
        found = WRITABLE
        if self.queue or (self.ring is not None and self.ring.is_ready):
            found |= READABLE
        return found | POLLERR if self.error is not None else found

    def mapping(self, shared: bool) -> MemoryObject:
        """The ring (packet_mmap).

        Raises:
            Errno: EINVAL, it has none.
        """
        if self.ring is None:
            raise Errno(E.EINVAL)
        return self.ring.memory

    # -- options ---------------------------------------------------------------------------------------------------

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of packet sockets."""
        if level != SOL_PACKET:
            raise Errno(E.ENOPROTOOPT)
        options.set_option(self, name, value)

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of packet sockets."""
        if level != SOL_PACKET:
            raise Errno(E.ENOPROTOOPT)
        return options.get_option(self, name)

    def answer(self, level: int, name: int, question: bytes) -> bytes:
        """How long the header of a version is."""
        return options.header_length(question)

    def close(self) -> None:
        """It hears nothing any more."""
        self.network.tap.close(self)
        self.queue.clear()
        self.held = 0
        if self.ring is not None:
            self.ring.close()
            self.ring = None
