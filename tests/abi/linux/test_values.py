"""Linux's sets of values: as the headers have them, for both widths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from ring3.abi.linux import values
from ring3.abi.values import Value
from tests.support.headers import constants
from tests.support.toolchain import Bits

SETS = values.every()
WIDTHS: tuple[Bits, ...] = (64, 32)


def by_headers() -> dict[tuple[str, ...], list[Value]]:
    """The values that headers define, by these."""
    found: defaultdict[tuple[str, ...], list[Value]] = defaultdict(list)
    for one in SETS.values():
        for value in one.values:
            if value.headers:
                found[value.headers].append(value)
    return found


@pytest.mark.guest
@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("headers", sorted(by_headers()), ids=",".join)
def test_values_are_those_of_the_headers(headers: tuple[str, ...], bits: Bits) -> None:
    ours = {v.name: v.value for v in by_headers()[headers] if v.bits in (None, bits)}
    theirs = constants(headers, list(ours), bits)
    differ = {
        name: (value, their)
        for (name, value), their in zip(ours.items(), theirs, strict=True)
        if their != value and (their ^ value) & 0xFFFF_FFFF
    }
    assert differ == {}


def fields() -> Iterator[tuple[str, str]]:
    """The sets that fields of sets are of."""
    for one in SETS.values():
        yield from ((one.name, field.of) for field in one.fields if not field.number)


def test_every_field_is_of_a_set() -> None:
    assert [(name, of) for name, of in fields() if of not in SETS] == []


def test_no_name_stands_twice_in_a_set() -> None:
    for one in SETS.values():
        for bits in WIDTHS:
            names = [value.name for value in one.values if value.bits in (None, bits)]
            assert len(names) == len(set(names)), one.name


@pytest.mark.parametrize(
    ("name", "value", "names", "rest"),
    [
        ("prot", 3, ("PROT_READ", "PROT_WRITE"), 0),
        ("prot", 0, ("PROT_NONE",), 0),
        ("open", 0x101000, ("O_SYNC",), 0),
        ("whence", 2, ("SEEK_END",), 0),
        ("whence", 9, (), 9),
        ("poll", 0x8001, ("POLLIN",), 0x8000),
    ],
)
def test_a_value_is_taken_apart(name: str, value: int, names: tuple[str, ...], rest: int) -> None:
    parts = SETS[name].split(value)
    assert (parts.names, parts.rest) == (names, rest)
