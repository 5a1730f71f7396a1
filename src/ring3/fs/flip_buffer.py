"""What one end of a pseudoterminal has sent and the other has not taken yet (drivers/tty/tty_buffer.c).

Linux keeps it in pieces, and refuses more when these are too large together, not the bytes in them; how much a writer
gets rid of depends on that.
"""

from __future__ import annotations

from collections import deque
from typing import Final

LIMIT: Final = 8192
"""How large the pieces may be together for another one to be made (pty_common_install)."""
UNIT: Final = 256
"""Pieces are multiples of it (MIN_TTYB_SIZE)."""
AT_ONCE: Final = 1792
"""Bytes that are put in at a time (TTY_BUFFER_PAGE)."""


class _Piece:
    """A piece.

    Attributes:
        size: Half of the bytes that it holds: the rest could say which of them came with an error.
        data: What was put in.
        read: How many of these bytes were taken.
        seen: How many were looked at by who could not take them yet.
    """

    __slots__ = ("data", "read", "seen", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.read = self.seen = 0


class FlipBuffer:
    """All pieces of one direction.

    Attributes:
        waiting: Bytes in them that were not taken.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._pieces = deque([_Piece(0)])
        self._used = 0
        self._kept = 0  # small pieces that were given back, and are used again without asking

    @property
    def space(self) -> int:
        """Bytes that may be put in, as a writer is told (tty_buffer_space_avail)."""
        return max(LIMIT - self._used, 0)

    def insert(self, data: bytes) -> int:
        """Puts bytes in; returns how many there was room for (tty_insert_flip_string_fixed_flag)."""
        done = 0
        while done < len(data):
            goal = min(len(data) - done, AT_ONCE)
            count = self._room_for(goal)
            if not count:
                break
            self._pieces[-1].data += data[done : done + count]
            done += count
        self.waiting += done
        return done

    def _room_for(self, size: int) -> int:
        """Sees to it that the last piece has room for so many bytes; returns how many it has room for."""
        last = self._pieces[-1]
        left = 2 * last.size - len(last.data)
        if left >= size:
            return size
        rounded = (size + UNIT - 1) // UNIT * UNIT
        if rounded <= UNIT and self._kept:
            self._kept -= 1
        elif self._used > LIMIT:
            return left
        self._used += rounded
        self._pieces.append(_Piece(rounded))
        return size

    def pending(self) -> bytes:
        """What can be taken next, nothing if all was."""
        while True:
            first = self._pieces[0]
            if len(first.data) > first.read:
                return bytes(first.data[first.read :])
            if len(self._pieces) == 1:
                return b""
            self._drop_first()

    def take(self, count: int) -> None:
        """So many bytes of `pending` were taken."""
        self._pieces[0].read += count
        self.waiting -= count

    def unseen(self) -> bytes:
        """What waits and was not looked at by this (lookahead_bufs)."""
        found = bytearray()
        for piece in self._pieces:
            found += piece.data[max(piece.seen, piece.read) :]
            piece.seen = len(piece.data)
        return bytes(found)

    def flush(self) -> None:
        """Drops all (tty_buffer_flush)."""
        while len(self._pieces) > 1:
            self._drop_first()
        first = self._pieces[0]
        first.read = first.seen = len(first.data)
        self.waiting = 0

    def _drop_first(self) -> None:
        size = self._pieces.popleft().size
        self._used -= size
        self._kept += size == UNIT
