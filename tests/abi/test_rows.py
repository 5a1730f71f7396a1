"""Files of rows: what is refused, and what one row takes from another."""

from __future__ import annotations

import pytest

from ring3.abi.meaning import Meaning
from ring3.abi.rows import Rows
from ring3.abi.values import parse

SETS = parse("enum kind <linux/x.h>\n    ONE 1 TWO 2 WIDE/32 3 WIDE/64 4\n")
TEXT = """
# A comment.
sys_one(int kind: enum kind, unsigned long arg: by kind): by kind
    ONE (arg: fd): fd
    WIDE (arg: size)
    =7 ()
    * (arg: address): number
sys_two like sys_one with unsigned long arg=int arg
    TWO (arg: pid)
sys_three(unsigned int first: fd, int kind: enum kind, unsigned long arg: by kind)
    from sys_one
"""


def rows(text: str) -> Rows:
    return Rows([text], lambda: SETS)


def test_commands_decide_arguments_and_results() -> None:
    one = rows(TEXT)["sys_one"]
    assert [one.arguments((n, 0), SETS)[1].arg.meaning for n in (1, 4, 7, 9)] == [
        Meaning.FD,
        Meaning.SIZE,
        Meaning.UNUSED,
        Meaning.ADDRESS,
    ]
    assert [one.result_of((n, 0), SETS).meaning for n in (1, 4, 9)] == [
        Meaning.FD,
        Meaning.ERROR,
        Meaning.NUMBER,
    ]


def test_rows_are_made_of_others() -> None:
    every = rows(TEXT)
    two = every["sys_two"]
    assert two.parameters[1].arg.type.name == "int"
    assert two.arguments((2, 0), SETS)[1].arg.meaning is Meaning.PID
    assert two.arguments((1, 0), SETS)[1].arg.meaning is Meaning.FD
    assert every["sys_three"].arguments((0, 1, 0), SETS)[2].arg.meaning is Meaning.FD
    narrow = every["compat_sys_one"]
    assert (narrow.bits, narrow.parameters[1].arg.type.name) == (32, "compat_ulong_t")
    assert narrow.arguments((3, 0), SETS)[1].arg.meaning is Meaning.SIZE
    assert "compat_sys_four" not in every


@pytest.mark.parametrize(
    "text",
    [
        "sys_one(int a",
        "sys_one(int a)\nsys_one(int b)",
        "sys_one(int a: nonsense)",
        "sys_one(int kind: enum kind, int b: by kind)\n    NONE (b: fd)",
        "sys_one(int kind: enum kind, int b: by kind)\n    ONE (c: fd)",
        "sys_one(int kind: enum kind, int b: by kind)\n    ONE b: fd",
        "sys_one(int kind: number, int b: by kind)\n    ONE (b: fd)",
    ],
)
def test_what_is_no_row_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        _ = rows(text)["sys_one"]
