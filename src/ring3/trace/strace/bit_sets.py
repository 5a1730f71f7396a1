"""Sets of descriptors and processors in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.meaning import Meaning

Read = Callable[[int, int], bytes]
_MOST_DESCRIPTORS: Final = 1 << 20
"""Of a set of descriptors, no more are looked at."""
_MOST_BYTES: Final = 4096
"""Of a set that a program says is longer, no more is looked at."""


def members(raw: bytes, limit: int) -> list[int]:
    """The numbers below a limit whose bits are set."""
    bits = int.from_bytes(raw, "little")
    found = []
    while bits:
        low = (bits & -bits).bit_length() - 1
        if low >= limit:
            break
        found.append(low)
        bits &= bits - 1
    return found


def descriptors(read: Read, address: int, count: int | None, bits: int) -> list[int]:
    """The members of a set of select(2), of which `count` descriptors count.

    Raises:
        Errno: It cannot be read.
    """
    limit = min(max(_signed(count or 0), 0), _MOST_DESCRIPTORS)
    word = bits // 8
    raw = read(address, (limit + bits - 1) // bits * word)
    return members(raw, limit)


def _processors(read: Read, address: int, size: int | None, bits: int) -> list[int]:
    """The members of a set of processors of `size` bytes, of which whole words count."""
    size = (size or 0) & -(bits // 8) if (size or 0) >= bits // 8 else size or 0
    raw = read(address, min(size, _MOST_BYTES))
    return members(raw, len(raw) * 8)


def _signed(number: int) -> int:
    return (number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000


SETS: Final[Mapping[Meaning, Callable[[Read, int, int | None, int], list[int]]]] = {
    Meaning.FD_SET: descriptors,
    Meaning.CPU_SET: _processors,
}
"""By what they are sets of: gives the members."""
