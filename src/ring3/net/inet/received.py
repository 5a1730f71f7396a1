"""What a TCP socket has received: bytes in order, of which one may be out of band."""

from __future__ import annotations

from collections import deque

from ring3.abi.linux.sockets import MSG_PEEK


class ReceiveQueue:
    """Bytes that wait to be received.

    Attributes:
        has_urgent: A byte out of band has come that was neither received nor passed.
    """

    __slots__ = ("_chunks", "_read", "_size", "_taken", "_urgent", "has_urgent")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._read = 0
        self._urgent: int | None = None
        self._taken = False
        self.has_urgent = False

    def __len__(self) -> int:
        """How many bytes there are."""
        return self._size

    def put(self, data: bytes, urgent: bool) -> None:
        """Adds bytes, the last of them out of band if ``urgent``."""
        self._chunks.append(data)
        self._size += len(data)
        if urgent:
            self._urgent, self._taken, self.has_urgent = self._read + self._size - 1, False, True

    @property
    def at_mark(self) -> bool:
        """Whether the byte out of band is next."""
        return self._urgent == self._read

    def available(self, inline: bool) -> int:
        """Bytes that can be received at once; up to the one out of band, unless it is in line."""
        if self._urgent is None or inline:
            return self._size
        ahead = self._urgent - self._read
        return ahead if ahead > 0 else self._size - 1

    def take(self, size: int, flags: int, inline: bool) -> bytes | None:
        """Up to so many bytes from the front, which stay there with MSG_PEEK; None if there are none."""
        keep = flags & MSG_PEEK
        if self._urgent is not None:
            ahead = self._urgent - self._read
            if ahead > 0:
                size = min(size, ahead)
            elif inline:
                self._pass_urgent(keep)
            elif keep:
                return self._first(size + 1)[1:] if self._size > 1 else None
            else:
                self._pass_urgent(keep)
                self._remove(1)
        if not self._size:
            return None
        data = self._first(size)
        if not keep:
            self._remove(len(data))
        return data

    def _pass_urgent(self, keep: int) -> None:
        if not keep:
            self._urgent, self.has_urgent = None, False

    def _first(self, size: int) -> bytes:
        chunk = self._chunks[0]
        if len(chunk) >= size:
            return chunk if len(chunk) == size else chunk[:size]
        parts: list[bytes] = []
        for chunk in self._chunks:
            parts.append(chunk[:size])
            size -= len(parts[-1])
            if not size:
                break
        return b"".join(parts)

    def _remove(self, size: int) -> None:
        self._read += size
        self._size -= size
        while size:
            chunk = self._chunks.popleft()
            if len(chunk) > size:
                self._chunks.appendleft(chunk[size:])
                break
            size -= len(chunk)

    def take_urgent(self, flags: int) -> bytes | None:
        """The byte out of band; None if it was received before."""
        if self._urgent is None or self._taken:
            return None
        at = self._urgent - self._read
        if not flags & MSG_PEEK:
            self._taken = True
            self.has_urgent = False
        return self._first(at + 1)[at:]

    def give_back(self, data: bytes) -> None:
        """Puts bytes back to the front."""
        if data:
            self._chunks.appendleft(data)
            self._size += len(data)
            self._read -= len(data)
