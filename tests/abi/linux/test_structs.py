"""Linux's structs: layouts as the C compiler's for both widths, and there and back."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring3.abi.linux import structs
from ring3.abi.linux.structs.time import ITIMERVAL
from ring3.abi.structs import CODES, Field, Struct, Value, fields
from tests.support.headers import constants
from tests.support.toolchain import Bits

ROWS = structs.every()
WIDTHS: tuple[Bits, ...] = (64, 32)


def of_headers() -> dict[str, list[Struct]]:
    """The structs that a header has, by header."""
    found: defaultdict[str, list[Struct]] = defaultdict(list)
    for row in ROWS.values():
        if row.header:
            found[row.header].append(row)
    return found


@pytest.mark.guest
@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("header", sorted(of_headers()))
def test_sizes_and_offsets_are_the_compilers(header: str, bits: Bits) -> None:
    rows = [row for row in of_headers()[header] if bits in row.widths]
    ours: dict[str, int] = {}
    for row in rows:
        layout = row.layout(bits)
        ours[f"sizeof({row.c})"] = layout.size
        for place in layout.places:
            if not place.field.meaning.startswith("unused") and (row.name, place.field.name) not in OTHERWISE:
                ours[f"offsetof({row.c}, {place.field.name})"] = place.offset
    asked = list(ours)
    before = ["time.h"] if header == "linux/errqueue.h" else []
    assert dict(zip(asked, constants([*before, header], asked, bits), strict=True)) == ours


OTHERWISE = {("user_desc", "bits")}
"""Fields that the headers have as bit fields."""


@pytest.mark.parametrize("name", sorted(ROWS))
@settings(max_examples=20)
@given(data=st.data())
def test_what_is_packed_is_unpacked(name: str, data: st.DataObject) -> None:
    row = ROWS[name]
    for bits in row.widths:
        values = data.draw(scalars(row, bits))
        raw = row.pack(bits, *values)
        assert len(raw) == row.size(bits)
        assert row.unpack(bits, raw) == values
        assert row.unpack(bits, raw + b"more") == values


def scalars(row: Struct, bits: int) -> st.SearchStrategy[tuple[Value, ...]]:
    """Values for each scalar of a struct."""
    strategies: list[st.SearchStrategy[Value]] = []
    for field in fields(row.text):
        if isinstance(field, Field):
            strategies += scalar(row, field, bits)
    return st.tuples(*strategies)


def scalar(row: Struct, field: Field, bits: int) -> list[st.SearchStrategy[Value]]:
    """Values for the scalars of one field."""
    times = 1 if field.length is None else field.length
    if field.pointer:
        return [st.integers(0, (1 << bits) - 1)] * times
    if field.type.startswith("struct "):
        inner = row.embedded[field.type.removeprefix("struct ")]
        parts = [part for f in fields(inner.text) if isinstance(f, Field) for part in scalar(inner, f, bits)]
        return parts * times
    if field.length is not None and field.type in {"char", "u8", "unsigned char"}:
        return [st.binary(min_size=times, max_size=times)]
    size = row.layout(bits).places
    width = 8 * next(place.size for place in size if place.field is field) // max(times, 1)
    signed = CODES[field.type].islower()
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    return [st.integers(low, high)] * times


def test_a_field_has_a_place_and_a_value_by_its_name() -> None:
    raw = ITIMERVAL.pack(32, 1, 2, 3, 4)
    assert ITIMERVAL.offset("it_value", 32) == 8
    assert ITIMERVAL.values(32, raw) == {"it_interval": (1, 2), "it_value": (3, 4)}
    with pytest.raises(KeyError):
        ITIMERVAL.offset("it_values", 32)
