"""Values by the names of their sets, as strace joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Final

from ring3.abi.values import ValueSet
from ring3.trace.strace import families, tables
from ring3.trace.strace.scalars import permissions
from ring3.trace.strace.special import COMPOSED, REMARKED, SEPARATE, SPECIAL
from ring3.trace.strace.style import Names


def in_hex(number: int) -> str:
    """A value as it is where names are not wanted."""
    if number < 0:
        number &= (1 << 32) - 1
    return f"{number & (1 << 64) - 1:#x}" if number else "0"


_RAW: Final[Mapping[str, Callable[[int], str]]] = {
    "mode": permissions,
    "quotactl": lambda number: str(number & 0xFFFF_FFFF),
    "aio": str,
}
"""How values of sets are written where names are not wanted, if that is not in hexadecimal."""


def raw_of(of: str, number: int) -> str:
    """A value of a set as it is."""
    return _RAW.get(of, in_hex)(number)


def styled(how: Names, text: str, raw: str) -> str:
    """A value by its names, as it is, or both."""
    if how is Names.ABBREV:
        return text
    if how is Names.RAW:
        return raw
    return text if text.startswith(raw) else f"{raw} /* {text} */"


def named(of: ValueSet, number: int, bits: int = 64, how: Names = Names.ABBREV) -> str:
    """A value by the names of its set; what has none in hexadecimal, with a comment if nothing has.

    Of sets that are in `SEPARATE` fields are written one by one, and flags together behind them.
    """
    special = SPECIAL.get(of.name)
    if special is not None:
        inner_how = how if of.name in COMPOSED else Names.ABBREV
        own = special(number, lambda inner, part: named(inner, part, bits, inner_how))
        if own is not None:
            return own if of.name in COMPOSED else styled(how, own, raw_of(of.name, number))
    if how is not Names.ABBREV and of.name not in SEPARATE:
        return styled(how, named(of, number, bits), raw_of(of.name, number))
    if not of.flags and not of.fields:
        return of.by_value(bits).get(number) or _unknown(of, number)
    if number < 0:
        number &= 0xFFFF_FFFF
    return _together(of, number, bits, how)


def _together(of: ValueSet, number: int, bits: int, how: Names) -> str:
    """Flags and fields, joined by bars."""
    parts = of.split(number, bits)
    first: list[str] = []
    last: list[str] = []
    for field, value in parts.fields:
        number &= ~field.mask
        if field.number:
            last += [f"{value}<<{styled(how, field.of, str(field.shift))}"] if value else []
            continue
        inner = tables.sets()[field.of]
        if (
            field.of == "signal"
        ):  # what cannot be 0 is an addition to the flags, such as the signal of clone(2)
            last += [styled(how, inner.by_value(bits).get(value) or str(value), str(value))] if value else []
        elif value or 0 in inner.by_value(bits):
            first.append(named(inner, value, bits, how))
    rest = [f"{parts.rest:#x}"] if parts.rest else []
    is_alone = how is not Names.ABBREV or of.name in REMARKED or not (first or last)
    if rest and not parts.names and is_alone:
        rest = [_unknown(of, parts.rest)]
    flags = "|".join([*parts.names, *rest])
    return "|".join([*first, *([styled(how, flags, in_hex(number))] if flags else []), *last]) or "0"


def _unknown(of: ValueSet, number: int) -> str:
    """A value without a name, with what its names begin with as a comment."""
    shown = f"{number & 0xFFFF_FFFF_FFFF_FFFF if number >= 0 else number & 0xFFFF_FFFF:#x}" if number else "0"
    comment = tables.UNKNOWN.get(of.name, families.unknown(of.name))
    if comment is not None:
        return f"{shown} /* {comment} */" if comment and (number or not of.flags) else shown
    names = [value.name for value in of.values if value.value or not of.flags]
    alike = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    prefix = "".join(column[0] for column in alike)
    prefix = prefix[: prefix.rfind("_") + 1]
    return f"{shown} /* {prefix}??? */" if prefix else shown
