"""Rings of frames in memory that a program has mapped (PACKET_RX_RING, Documentation/networking/packet_mmap.rst).

In the first two versions the ring has frames of one size, each with a word that says whose it is. In the third it has
blocks, which are the program's when they are full, or when their time is over.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.errors import OutOfFrames
from ring3.kernel.mm.objects import FrameObject
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.kernel.timers import Timer
    from ring3.machine.ram import Ram
    from ring3.net.network import Network

TP_STATUS_USER: Final = 1
TP_STATUS_LOSING: Final = 4
TP_STATUS_BLK_TMO: Final = 0x20
TP_STATUS_TS_SOFTWARE: Final = 1 << 29
ALIGNMENT: Final = 16
ADDRESS: Final = 20
"""Bytes of ``struct sockaddr_ll``, which follows each header."""
VERSION3: Final = 2
HEADERS: Final = (
    struct.Struct("<QIIHHII4x"),
    struct.Struct("<IIIHHIIHH4x"),
    struct.Struct("<IIIIIIHHIIH2x8x"),
)
"""``struct tpacket_hdr``, ``tpacket2_hdr`` and ``tpacket3_hdr``, by version."""
BLOCK: Final = struct.Struct("<IIIIIIQIIII")
"""``struct tpacket_block_desc``."""
BLOCK_STATUS: Final = 8
DEFAULT_PATIENCE: Final = 8
"""Milliseconds for which a block waits to be full, where nobody says (DEFAULT_PRB_RETIRE_TOV)."""
LARGEST: Final = 1 << 30
"""Bytes of a ring at most: Linux has no such limit, but as much memory as it has."""


def aligned(size: int, to: int = ALIGNMENT) -> int:
    """A size rounded up."""
    return (size + to - 1) & -to


def header_room(version: int) -> int:
    """Bytes of a header with the address behind it (TPACKET_HDRLEN and its like)."""
    return aligned(HEADERS[version].size) + ADDRESS


class Shape(NamedTuple):
    """What is asked for (struct tpacket_req, tpacket_req3)."""

    block_size: int
    blocks: int
    frame_size: int
    frames: int
    patience: int = 0
    private: int = 0
    features: int = 0

    def check(self, version: int, reserve: int) -> None:
        """Whether there can be such a ring (packet_set_ring).

        Raises:
            Errno: EINVAL; ENOMEM, it is too large.
        """
        least = header_room(version) + reserve
        if not 0 < self.block_size < 1 << 31 or self.block_size % PAGE_SIZE:
            raise Errno(E.EINVAL)
        if version == VERSION3 and self.block_size < BLOCK.size + aligned(self.private, 8) + least:
            raise Errno(E.EINVAL)
        if self.frame_size < least or self.frame_size % ALIGNMENT or self.frame_size > self.block_size:
            raise Errno(E.EINVAL)
        if self.block_size // self.frame_size * self.blocks != self.frames:
            raise Errno(E.EINVAL)
        if self.block_size * self.blocks > LARGEST:
            raise Errno(E.ENOMEM)


class Filed(NamedTuple):
    """A frame as it goes into a ring: its bytes as far as they are wanted, how long it was, where the headers are."""

    data: bytes
    length: int
    mac: int
    net: int
    address: bytes
    arrived: int
    losing: bool


class Ring:
    """A ring, of the first or the second version.

    Attributes:
        memory: What is mapped.
    """

    def __init__(self, network: Network, version: int, shape: Shape) -> None:
        """Makes an empty one, in frames of RAM.

        Raises:
            Errno: ENOMEM, RAM is full.
        """
        ram = network.vfs.ram
        self.memory = FrameObject(ram, _frames(ram, shape.block_size * shape.blocks >> PAGE_SHIFT), "")
        for frame in self.memory.frames.values():
            ram.release(frame)  # the object has them now
        self._network = network
        self._version = version
        self._shape = shape
        self._head = 0

    def close(self) -> None:
        """Gives the memory back when nobody maps it any more."""
        self.memory.drop()

    @property
    def mapped(self) -> bool:
        """Whether a program has it mapped."""
        return bool(self.memory.vmas)

    def _place(self, number: int) -> int:
        per_block = self._shape.block_size // self._shape.frame_size
        return number // per_block * self._shape.block_size + number % per_block * self._shape.frame_size

    @property
    def is_ready(self) -> bool:
        """Whether the last frame filled is the program's."""
        return self.word(self._place((self._head - 1) % self._shape.frames)) != 0

    def room(self) -> int:
        """Bytes of a frame, header included."""
        return self._shape.frame_size

    def put(self, filed: Filed) -> bool:
        """Puts a frame there; False if the next place is still the program's."""
        place = self._place(self._head)
        if self.word(place):
            return False
        self._head = (self._head + 1) % self._shape.frames
        seconds, rest = divmod(filed.arrived, 10**9)
        status = TP_STATUS_USER | TP_STATUS_TS_SOFTWARE | (TP_STATUS_LOSING if filed.losing else 0)
        fields = (filed.length, len(filed.data), filed.mac, filed.net, seconds)
        rest_fields = (rest // 1000,) if self._version == 0 else (rest, 0, 0)
        header = HEADERS[self._version].pack(status, *fields, *rest_fields)
        self._store_frame(place, filed, header)
        return True

    def _store_frame(self, place: int, filed: Filed, header: bytes) -> None:
        self.store(place + filed.mac, filed.data)
        self.store(place, header.ljust(aligned(len(header)), b"\0") + filed.address)

    def word(self, place: int) -> int:
        """The word at a place."""
        frame = self.memory.frames[place >> PAGE_SHIFT] + place % PAGE_SIZE
        return int.from_bytes(self.memory.ram.bytes[frame : frame + 4], "little")

    def store(self, place: int, data: bytes) -> None:
        """Stores bytes."""
        while data:
            at = place % PAGE_SIZE
            piece = data[: PAGE_SIZE - at]
            self.memory.store(place >> PAGE_SHIFT, at, piece)
            place, data = place + len(piece), data[len(piece) :]


class BlockRing(Ring):
    """A ring of the third version.

    Attributes:
        freezes: How often the block that was next was still the program's.
        on_retired: Who is told when a block becomes the program's.
    """

    def __init__(self, network: Network, shape: Shape, on_retired: Callable[[], object]) -> None:
        super().__init__(network, VERSION3, shape)
        self.freezes = 0
        self.on_retired = on_retired
        self._first = BLOCK.size + aligned(shape.private, 8)
        self._sequence = 0
        self._timer: Timer | None = None
        self._last = self._next = self._count = self._began = 0
        self._is_open = False
        self._open()

    def take_freezes(self) -> int:
        """`freezes`, which are none afterwards."""
        count, self.freezes = self.freezes, 0
        return count

    def close(self) -> None:
        """Gives the memory back; no block becomes the program's any more."""
        self._stop_timer()
        super().close()

    @property
    def is_ready(self) -> bool:
        """Whether the last block filled is the program's."""
        return self.word(self._place((self._head - 1) % self._shape.blocks) + BLOCK_STATUS) != 0

    def _place(self, number: int) -> int:
        return number * self._shape.block_size

    def room(self) -> int:
        """Bytes of a block for a frame and its header."""
        return self._shape.block_size - self._first

    def _open(self) -> bool:
        """Begins the block that is next, unless it is still the program's (prb_dispatch_next_block)."""
        place = self._place(self._head)
        if self.word(place + BLOCK_STATUS):
            self.freezes += 1
            return False
        self._sequence += 1
        self._is_open = True
        self._last, self._next, self._count = 0, self._first, 0
        self._began = self._network.clocks().realtime()
        self._store_block(0, self._began)
        return True

    def _store_block(self, status: int, ended: int) -> None:
        head = (VERSION3, BLOCK.size, status, self._count, self._first, self._next, self._sequence)
        times = (*divmod(self._began, 10**9), *divmod(ended, 10**9))
        self.store(self._place(self._head), BLOCK.pack(*head, *times))

    def put(self, filed: Filed) -> bool:
        """Puts a frame into the block that is open, or into the next one."""
        size = aligned(filed.mac + len(filed.data), 8)
        if not self._is_open and not self._open():
            return False
        if self._next + size >= self._shape.block_size and self._count:
            self._retire(0)
            if not self._open():
                return False
        seconds, rest = divmod(filed.arrived, 10**9)
        status = TP_STATUS_USER | TP_STATUS_TS_SOFTWARE | (TP_STATUS_LOSING if filed.losing else 0)
        fields = (size, seconds, rest, len(filed.data), filed.length, status, filed.mac, filed.net)
        place = self._place(self._head) + self._next
        self._store_frame(place, filed, HEADERS[VERSION3].pack(*fields, 0, 0, 0))
        self._last, self._next, self._count = place, self._next + size, self._count + 1
        if self._timer is None:
            patience = (self._shape.patience or DEFAULT_PATIENCE) * 10**6
            self._timer = self._network.timers.add(
                self._network.clocks().monotonic() + patience, self._expire
            )
        return True

    def _expire(self) -> None:
        self._timer = None
        if self._is_open and self._count:
            self._retire(TP_STATUS_BLK_TMO)
            self._open()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _retire(self, why: int) -> None:
        """Gives the block to the program (prb_close_block)."""
        self._stop_timer()
        self.store(self._last, bytes(4))  # nothing follows
        self._store_block(TP_STATUS_USER | why, self._network.clocks().realtime())
        self._is_open = False
        self._head = (self._head + 1) % self._shape.blocks
        self.on_retired()


def _frames(ram: Ram, count: int) -> list[int]:
    """So many frames.

    Raises:
        Errno: ENOMEM, RAM is full.
    """
    found: list[int] = []
    try:
        for _ in range(count):
            found.append(ram.alloc())  # noqa: PERF401 - those that there are have to be given back
    except OutOfFrames:
        for frame in found:
            ram.release(frame)
        raise Errno(E.ENOMEM) from None
    return found
