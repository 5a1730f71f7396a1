from __future__ import annotations

import pytest

from tests.support.floating_point import differences

REAL = "addsd 3 00003ff0000000000000 20 0000"


@pytest.mark.parametrize(
    ("mine", "real"),
    [
        (REAL, REAL),
        ("addsd 3 00003ff0000000000000 22 0000", REAL),
        ("addsd 3 00007ff8000000000001 01 0000", "addsd 3 0000fff8000000000002 01 0000"),
        ("divss 9 0000000000007fc00001 01 0000", "divss 9 000000000000ffc00001 01 0000"),
        ("rcpss 3 0000000000003f800000 00 0000", "rcpss 3 0000000000003f800800 00 0000"),
        ("fadd 3 3fff8000000000000000 20 0200", "fadd 3 3fff8000000000000000 20 0000"),
    ],
)
def test_what_may_differ_agrees(mine: str, real: str) -> None:
    assert not list(differences(mine, real))


@pytest.mark.parametrize(
    ("mine", "real"),
    [
        ("addsd 3 00003ff0000000000001 20 0000", REAL),
        ("addsd 3 00003ff0000000000000 00 0000", REAL),
        ("addsd 3 00007ff0000000000000 20 0000", REAL),
        ("addsd 4 00003ff0000000000000 20 0000", REAL),
        ("addsd 3 00007ff0000000000000 00 0000", "addsd 3 00007ff8000000000000 00 0000"),
        ("fprem 3 3fff8000000000000000 00 0000", "fprem 3 3fff8000000000000000 00 0200"),
        ("fprem 3 3fff8000000000000000 00 0000", "fprem 3 3fff8000000000000000 00 0400"),
        ("fadd 3 3fff8000000000000000 22 0000", "fadd 3 3fff8000000000000000 20 0000"),
        ("", REAL),
        ("rcpss 3 0000000000003f800000 00 0000", "rcpss 3 0000000000003f880000 00 0000"),
    ],
)
def test_anything_else_does_not(mine: str, real: str) -> None:
    assert len(list(differences(mine, real))) == 1
