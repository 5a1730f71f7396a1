"""::typedef: what can be made, and what cannot."""

from __future__ import annotations

import pytest

from tests.debug.mdb.session import Typed


def test_a_struct_of_ones_own() -> None:
    typed = Typed()
    typed('::typedef -c LP64\n::typedef "struct pair { char first; long second[2]; void *third; }" pair_t')
    assert typed("::sizeof pair_t") == "sizeof (pair_t) = 0x20\n"
    assert typed("::sizeof struct pair | ::map .") == "20\n"
    assert typed("::offsetof pair third") == "offsetof (pair, third) = 0x18, sizeof (...->third) = 8\n"
    assert typed("::print -at pair_t") == (
        "0 pair_t {\n    0 char first \n    8 long [2] second \n    18 void *third \n}\n"
    )
    assert "pair_t" in typed("::typedef -l").splitlines()
    assert typed("::typedef -d\n::typedef -l") == ""


@pytest.mark.parametrize(
    "definition",
    [
        "uint8_t",
        "uint8_t 42name",
        "uint8_t one two",
        "nosuch name",
        "int int",
        '"struct { int a; int a; }" name',
        '"struct { int a[-1]; }" name',
        '"struct { int a[]; int b; }" name',
        '"struct { int a[]; }" name',
        '"union { int a; int b[]; }" name',
        '"struct { int a }" name',
        '"struct { nosuch a; }" name',
        '"struct { int 4a; }" name',
        '"struct { int a; " name',
        '"struct int a; }" name',
        '"{ int a; }" name',
        '"struct { }" name',
    ],
)
def test_what_is_refused(definition: str) -> None:
    typed = Typed()
    typed("::typedef -c LP64")
    before = typed("::typedef -l")
    assert not typed.session.run(f"::typedef {definition}")
    assert typed("::typedef -l") == before


def test_a_model_is_made_once() -> None:
    typed = Typed()
    assert typed.session.run("::typedef -c ilp32")
    assert typed("::sizeof long") == "sizeof (long) = 4\n"
    assert not typed.session.run("::typedef -c lp64")
    assert not typed.session.run("::typedef -c nosuch")
