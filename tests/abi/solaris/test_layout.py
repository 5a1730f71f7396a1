"""Field tables refuse what no C structure can be."""

from __future__ import annotations

import pytest

from ring3.abi.solaris.layout import Field, fields, offset_of


def test_fields_keeps_rows_and_padding() -> None:
    table = fields(("a", 0, 1), ("b", 2, 2))
    assert table == (Field("a", 0, 1), Field("b", 2, 2))
    assert [field.end for field in table] == [1, 4]


def test_overlap_is_an_error() -> None:
    with pytest.raises(ValueError, match="'b' at 0x3 overlaps 'a'"):
        fields(("a", 0, 4), ("b", 3, 4))


def test_repeated_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="'a' appears twice"):
        fields(("a", 0, 4), ("a", 4, 4))


def test_offset_of_unknown_field() -> None:
    with pytest.raises(KeyError, match="sy_nope"):
        offset_of(fields(("sy_narg", 0, 1)), "sy_nope")
