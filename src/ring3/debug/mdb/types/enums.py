"""Names of values: of an enumeration, and of one whose values are bits.

Source: enum_is_p2 and enum_value_print_p2 of mdb_print.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.mdb.numbers import signed, with_base

if TYPE_CHECKING:
    from ring3.trace.dtrace.types import Enum


def enum_name(kind: Enum, value: int) -> str | None:
    """What an enumeration calls a value, None for nothing."""
    number = signed(value, 4)
    return next((name for name, each in kind.values.items() if each == number), None)


def is_of_bits(kind: Enum) -> bool:
    """Whether each value is a bit, or 0."""
    values = [value & 0xFFFF_FFFF for value in kind.values.values()]
    return any(values) and not any(value & (value - 1) for value in values)


def common_prefix(kind: Enum) -> str:
    """What all names begin with; each has something behind it."""
    names = list(kind.values)
    first, last = min(names, default=""), max(names, default="")
    size = next(
        (n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first)
    )
    return first[: size - 1] if size == len(first) else first[:size]


def bit_names(kind: Enum, value: int, *, elide: bool = False) -> str:
    """The names of a value's bits, ``PREFIX_{ONE|TWO}``, and as a number those that have none.

    Args:
        kind: The enumeration.
        value: The value.
        elide: Leaves out what the names have in common.
    """
    prefix = common_prefix(kind)
    named: dict[int, str] = {}
    for name, each in kind.values.items():
        if value & each and each not in named:
            named[each] = name.removeprefix(prefix) if elide else name
    names = list(named.values())
    rest = value & ~sum(each & 0xFFFF_FFFF for each in {*kind.values.values()})
    text = "|".join(names)
    if len(names) > 1 and prefix and not elide:
        text = f"{prefix}{{{'|'.join(name.removeprefix(prefix) for name in names)}}}"
    return "|".join(part for part in (text, with_base(rest) if rest or not names else "") if part)
