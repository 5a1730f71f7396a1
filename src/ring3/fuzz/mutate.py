"""Making an input of another one: the changes that AFL calls havoc, and each value of each byte of a short input.

Source: "More about AFL", 3 (afl-fuzz's mutation strategies).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

LONGEST: Final = 1 << 16
"""Bytes of an input at most."""
_SHORT: Final = 8
"""Up to so many bytes, each value of each is tried."""
_INTERESTING: Final = (0, 1, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096, 32767, 32768, 65535, 65536,
                       0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)  # fmt: skip
"""Values that length checks and conversions go wrong with."""
_MOST_CHANGES: Final = 5
"""As a power of two."""


def each_byte(data: bytes) -> Iterator[bytes]:
    """A short input with each other value of each byte, and with each bit of a longer one turned."""
    for at, old in enumerate(data):
        values = range(256) if len(data) <= _SHORT else (old ^ 1 << bit for bit in range(8))
        for value in values:
            if value != old:
                yield data[:at] + bytes((value,)) + data[at + 1 :]


class Mutator:
    """Makes inputs at random."""

    def __init__(self, random: Random, tokens: Sequence[bytes] = ()) -> None:
        """Takes its chances from somewhere.

        Args:
            random: The source.
            tokens: What the program may look for, to be put into inputs as it is.
        """
        self._random = random
        self._tokens = tokens
        self._changes: list[Callable[[bytearray], None]] = [
            self._flip, self._set, self._add, self._put_number, self._delete, self._insert, self._copy,
        ]  # fmt: skip
        if tokens:
            self._changes += [self._put_token, self._insert_token]

    def havoc(self, data: bytes, other: bytes) -> bytes:
        """An input with several changes.

        Args:
            data: The input.
            other: Another one, of which a part may come in.
        """
        random, made = self._random, bytearray(data)
        if other and not random.randrange(8):
            cut = random.randrange(len(made) + 1)
            made[cut:] = other[random.randrange(len(other)) :]
        for _ in range(1 << random.randrange(_MOST_CHANGES)):
            change = random.choice(self._changes) if made else self._insert
            change(made)
        return bytes(made[:LONGEST])

    def _flip(self, data: bytearray) -> None:
        data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _set(self, data: bytearray) -> None:
        data[self._random.randrange(len(data))] = self._random.randrange(256)

    def _add(self, data: bytearray) -> None:
        at, size = self._place(data)
        order: Final = self._random.choice(("little", "big"))
        number = int.from_bytes(data[at : at + size], order) + self._random.randint(-35, 35)
        data[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, order)

    def _put_number(self, data: bytearray) -> None:
        at, size = self._place(data)
        number = self._random.choice(_INTERESTING) * self._random.choice((1, -1))
        data[at : at + size] = (number % (1 << 8 * size)).to_bytes(
            size, self._random.choice(("little", "big"))
        )

    def _delete(self, data: bytearray) -> None:
        at, end = self._part(data)
        del data[at:end]

    def _insert(self, data: bytearray) -> None:
        size = 1 << self._random.randrange(6)
        fill = self._random.randbytes(size) if self._random.randrange(2) else self._random.randbytes(1) * size
        at = self._random.randrange(len(data) + 1)
        data[at:at] = fill

    def _copy(self, data: bytearray) -> None:
        start, end = self._part(data)
        at, part = self._random.randrange(len(data)), data[start:end]
        data[at : at + (len(part) if self._random.randrange(2) else 0)] = part

    def _put_token(self, data: bytearray) -> None:
        token = self._random.choice(self._tokens)
        at = self._random.randrange(len(data))
        data[at : at + len(token)] = token

    def _insert_token(self, data: bytearray) -> None:
        at = self._random.randrange(len(data) + 1)
        data[at:at] = self._random.choice(self._tokens)

    def _place(self, data: bytearray) -> tuple[int, int]:
        size = min(self._random.choice((1, 2, 4)), len(data))
        return self._random.randrange(len(data) - size + 1), size

    def _part(self, data: bytearray) -> tuple[int, int]:
        start = self._random.randrange(len(data))
        return start, min(len(data), start + (1 << self._random.randrange(7)))
