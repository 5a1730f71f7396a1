"""What was typed and not read yet, and where its lines end (drivers/tty/n_tty.c)."""

from __future__ import annotations

from collections import deque
from typing import Final

SIZE: Final = 4096
"""Characters that wait at most (N_TTY_BUF_SIZE)."""
END_OF_FILE: Final = 0
"""What stands at the end of a line that a typed EOF has ended; it is not read."""


class InputBuffer:
    """The input of one terminal. Positions count from its first character on; those that were read lie before `tail`.

    Attributes:
        data: What was not read.
        tail: How many characters were read.
        lines: Up to where there are whole lines (canon_head).
        readable: Up to where a reader may go who takes no lines (commit_head).
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.tail = self.lines = self.readable = 0
        self._ends: deque[int] = deque()  # where lines end (read_flags)
        self._took_end = b""

    @property
    def head(self) -> int:
        """Where the next character goes."""
        return self.tail + len(self.data)

    @property
    def is_editing(self) -> bool:
        """Whether there is a line that is not whole."""
        return self.lines != self.tail + len(self.data)

    @property
    def line(self) -> bytes:
        """The line that is edited."""
        return bytes(self.data[self.lines - self.tail :])

    def cut(self, at: int) -> bytes:
        """Takes the line that is edited off from there on; returns what that was."""
        place = self.lines - self.tail + at
        gone = bytes(self.data[place:])
        del self.data[place:]
        return gone

    def end_line(self, end: int) -> None:
        """The line that is edited is whole, with this at its end."""
        self._ends.append(self.head)
        self.data.append(end)
        self.lines = self.head

    def take_line(self, size: int) -> bytes:
        """A line or the first of it; an EOF right behind goes with it (canon_copy_from_read_buf)."""
        count = min(size, self.lines - self.tail)
        self._took_end = b""
        if self._ends and self._ends[0] < self.tail + count:
            line = self._remove(self._ends.popleft() + 1 - self.tail)
            self._took_end = line[-1:]
            return line[:-1] if line[-1] == END_OF_FILE else line
        data = self._remove(count)
        if count and self._ends and self._ends[0] == self.tail and self.data[0] == END_OF_FILE:
            self._ends.popleft()
            self._took_end = self._remove(1)
        return data

    def take(self, size: int) -> bytes:
        """Characters, whatever lines they are in (copy_from_read_buf)."""
        self._took_end = b""
        return self._remove(min(size, self.readable - self.tail))

    def _remove(self, count: int) -> bytes:
        data = bytes(self.data[:count])
        del self.data[:count]
        self.tail += count
        return data

    def give_back(self, data: bytes) -> None:
        """Takes back the end of what was taken last."""
        if self._took_end:
            data += self._took_end if self._took_end[0] == END_OF_FILE else b""
            self._ends.appendleft(self.tail - 1)
            self._took_end = b""
        self.data[:0] = data
        self.tail -= len(data)

    @property
    def in_lines(self) -> int:
        """Characters of whole lines (inq_canon); in a buffer that is full the EOFs count, as they do on Linux."""
        count = self.lines - self.tail
        if count == SIZE:
            return count
        return count - sum(self.data[end - self.tail] == END_OF_FILE for end in self._ends)

    def regroup(self, by_lines: bool) -> None:
        """What is there is one line from now on, or none (n_tty_set_termios)."""
        self._ends.clear()
        self.lines = self.tail
        if by_lines and self.data:
            self._ends.append(self.head - 1)
            self.lines = self.head
        self.readable = self.head

    def clear(self) -> None:
        """Drops all (reset_buffer_flags)."""
        self.data.clear()
        self._ends.clear()
        self.tail = self.lines = self.readable = 0
