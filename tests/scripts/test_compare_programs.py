"""Real programs do what the host has them do; the page about them names all of them."""

from __future__ import annotations

import pytest

from tests.cli.command import ROOT
from tests.support.real_programs import Case, Run, cases, difference, native, ring3

CASES = cases()


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_slow], ids=lambda case: case.name)
def test_it_is_the_same(case: Case) -> None:
    if case.missing:
        pytest.skip(f"the host has no {', '.join(case.missing)}")
    theirs = native(case)
    assert theirs.output
    assert difference(theirs, ring3(case)) == ""


@pytest.mark.parametrize(
    ("ours", "what"),
    [
        (Run(0, "a\nb\n"), ""),
        (Run(1, "a\nb\n"), "status 1 instead of 0"),
        (Run(0, "a\nc\n"), "line 2: 'c' instead of 'b'"),
        (Run(0, "a\nb"), "fewer or more lines"),
        (Run(None, ""), "does not end within 900 s"),
    ],
)
def test_what_differs_is_said(ours: Run, what: str) -> None:
    assert difference(Run(0, "a\nb\n"), ours) == what


def test_the_page_has_a_row_for_each() -> None:
    page = (ROOT / "docs" / "programs.md").read_text()
    assert [case.name for case in CASES if f"\n| {case.name} |" not in page] == []
