"""Sets of values: how they are read, and how values are taken apart."""

from __future__ import annotations

import pytest

from ring3.abi.values import parse

TEXT = """
# A comment.
enum kind <a.h>
    NONE 0 FIRST 1
flags bits <b.h c.h> 0x3:kind 0xf0>>4:*COUNT
    ALL 0x300 LOW 0x100 HIGH 0x200
    NARROW/32 0x400 WIDE/64 0x400
enum kind <d.h>
    SECOND 2
enum taken
    from module RLIMIT_
"""
SETS = parse(TEXT, lambda _: {"RLIMIT_CPU": 0, "OTHER": 1})


def test_a_set_is_continued_and_knows_its_headers() -> None:
    assert [(v.name, v.headers) for v in SETS["kind"].values] == [
        ("NONE", ("a.h",)),
        ("FIRST", ("a.h",)),
        ("SECOND", ("d.h",)),
    ]
    assert SETS["taken"].by_value() == {0: "RLIMIT_CPU"}


def test_flags_are_fields_then_names_of_several_bits_then_of_one() -> None:
    parts = SETS["bits"].split(0xB52)
    assert [value for _, value in parts.fields] == [2, 5]
    assert (parts.names, parts.rest) == (("ALL",), 0x800)
    assert SETS["bits"].split(0x500, 32).names == ("LOW", "NARROW")
    assert SETS["bits"].split(0x500, 64).names == ("LOW", "WIDE")


def test_the_command_is_the_first_field_with_names() -> None:
    assert SETS["bits"].command(0xB52) == 2
    assert SETS["kind"].command(7) == 7


def test_names_are_found_for_a_width() -> None:
    assert SETS["bits"]["WIDE"] == 0x400
    with pytest.raises(KeyError):
        SETS["bits"].value("WIDE", 32)


@pytest.mark.parametrize(
    "text",
    [
        "enum",
        "enum a\n    ONE",
        "enum a\n    ONE x",
        "flags a 0x3",
        "flags a 3:\n",
        "enum a\n    A 1\nflags a\n    B 1",
    ],
)
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)
