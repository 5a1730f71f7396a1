"""Asynchronous input and output: contexts, and the ring of each in the program's memory (fs/aio.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.linux.structs.aio import IO_EVENT
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm

MAGIC: Final = 0xA10A_10A1
HEADER: Final = 32
"""Bytes of ``struct aio_ring`` before its events: id, nr, head, tail, magic, two sets of features, its own length."""
_HEAD: Final = 8
_TAIL: Final = 12
EVENT: Final = IO_EVENT.size(64)


class AioContext:
    """One context: what io_setup(2) makes.

    Events wait in a ring in the program's memory, as Linux has it: a C library may take them out by itself.

    Attributes:
        address: Where the ring lies, which is the context's number.
        room: How many events the ring holds.
        changed: Woken when an event comes.
        polls: Requests that wait for a file, by the address of their ``struct iocb``.
    """

    def __init__(self, mm: Mm, address: int, room: int) -> None:
        self._mm = mm
        self.address = address
        self.room = room
        self.changed = WaitQueue()
        self.polls: dict[int, Listening] = {}
        words = (0, room, 0, 0, MAGIC, 1, 0, HEADER)
        mm.poke(address, b"".join(word.to_bytes(4, "little") for word in words))

    def _word(self, offset: int) -> int:
        return int.from_bytes(self._mm.peek(self.address + offset, 4), "little") % self.room

    @property
    def waiting(self) -> int:
        """How many events are in the ring."""
        return (self._word(_TAIL) - self._word(_HEAD)) % self.room

    @property
    def free(self) -> int:
        """How many more requests there may be."""
        return self.room - 1 - self.waiting - len(self.polls)

    def complete(self, data: int, iocb: int, result: int) -> None:
        """A request is done."""
        tail = self._word(_TAIL)
        self._mm.poke(self.address + HEADER + tail * EVENT, IO_EVENT.pack(64, data, iocb, result, 0))
        self._mm.poke(self.address + _TAIL, ((tail + 1) % self.room).to_bytes(4, "little"))
        self.changed.wake()

    def take(self, most: int) -> bytes:
        """So many events, or as many as there are, which are gone then."""
        head, parts = self._word(_HEAD), []
        for _ in range(min(most, self.waiting)):
            parts.append(self._mm.peek(self.address + HEADER + head * EVENT, EVENT))
            head = (head + 1) % self.room
        self._mm.poke(self.address + _HEAD, head.to_bytes(4, "little"))
        return b"".join(parts)

    def close(self) -> None:
        """Nobody waits for anything any more."""
        for listening in self.polls.values():
            listening.cancel()
        self.polls.clear()
        self.changed.wake()
