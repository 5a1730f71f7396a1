"""Compares what ``floating_point/operations.c`` prints on two processors.

What may differ is what docs/cpus.md says of the emulated CPU: which NaN is chosen where both operands are NaNs, the
flag DE after SSE operations, and the condition code C1 where an x87 instruction has rounded. Approximations may be as
wrong as the manual allows: 1.5 times 2 to the -12th (SDM volume 2, RCPSS), which is three times that between two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

DE: Final = 0x02
C1: Final = 0x0200
_ROUNDS: Final = frozenset(
    [
        "fadd",
        "faddp",
        "fsub",
        "fsubrp",
        "fmul",
        "fdiv",
        "fdivr",
        "fdivp",
        "fdivrp",
        "fistpl",
        "fistpll",
        "fstps",
        "fstpl",
    ]
)
_APART: Final = 3 << 12
"""Units in the last place of a single-precision number that two approximations may be apart."""


class Line(NamedTuple):
    """One operation: its name and number, the result's bits, flags and condition codes."""

    name: str
    number: int
    result: int
    flags: int
    codes: int

    @classmethod
    def of(cls, text: str) -> Line:
        """Reads a line."""
        *name, number, result, flags, codes = text.split()
        return cls(" ".join(name), int(number), int(result, 16), int(flags, 16), int(codes, 16))

    def is_nan(self) -> bool:
        """Whether the result, or its lowest part, is a NaN of any format."""
        return any(
            self.result >> shift & mask == mask and self.result & (1 << shift) - 1 & ~(1 << 63)
            for shift, mask in ((23, 0xFF), (52, 0x7FF), (64, 0x7FFF))
        )

    def agrees(self, other: Line) -> bool:
        """Whether this is what the other processor gave, but for what may differ."""
        c1 = C1 if self.name in _ROUNDS else 0
        apart = _APART if self.name in ("rcpss", "rsqrtss") else 0
        de = 0 if self.name.startswith("f") else DE
        return (
            self[:2] == other[:2]
            and (abs(self.result - other.result) <= apart or (self.is_nan() and other.is_nan()))
            and not (self.flags ^ other.flags) & ~de
            and not (self.codes ^ other.codes) & ~c1
        )


def differences(mine: str, real: str) -> Iterator[str]:
    """Each line that does not agree, both ways; and one more if there are not as many."""
    ours, theirs = mine.splitlines(), real.splitlines()
    for one, other in zip(ours, theirs, strict=False):
        if one != other and not Line.of(one).agrees(Line.of(other)):
            yield f"{one}, natively {other}"
    if len(ours) != len(theirs):
        yield f"{len(ours)} lines, natively {len(theirs)}"
