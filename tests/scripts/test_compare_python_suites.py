"""Python's own suites: a program finds and runs their classes by a Python of theirs; what differs has its reason."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.command import ROOT
from tests.support.reasons import Reasons

PROGRAM = ROOT / "tests" / "support" / "python_class.py"
PYTHON = "/usr/bin/python3"


def say(folder: Path, *words: str) -> list[str]:
    """What the program says; its own suite is a folder `test` beside it."""
    done = subprocess.run(
        [PYTHON, str(folder / PROGRAM.name), *words], capture_output=True, text=True, check=True, cwd=folder
    )
    return done.stdout.splitlines()


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with the program and a suite that has a test of each kind."""
    if not Path(PYTHON).exists():
        pytest.skip(f"the host has no {PYTHON}")
    (tmp_path / PROGRAM.name).write_bytes(PROGRAM.read_bytes())
    (tmp_path / "test" / "support").mkdir(parents=True)
    for name in ("test", "test/support"):
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "test" / "test_some.py").write_text(
        "import os, unittest\n"
        "class Some(unittest.TestCase):\n"
        "    def test_a(self): print('said by the test')\n"
        "    def test_b(self): self.fail('wrong')\n"
        "    def test_c(self): self.skipTest('not here')\n"
        "    def test_d(self):\n"
        "        with self.subTest(1): self.fail('in part')\n"
        "class Ends(unittest.TestCase):\n"
        "    def test_e(self): pass\n"
        "    def test_f(self): os._exit(0)\n"
    )
    return tmp_path


def test_classes_are_listed(suite: Path) -> None:
    assert say(suite, "list", "test_some") == ["test_some.Ends", "test_some.Some"]


def test_each_test_has_a_line(suite: Path) -> None:
    assert say(suite, "run", "test_some.Some") == [
        "test_a passes",
        "test_b fails AssertionError: wrong",
        "test_c skipped",
        "test_d fails AssertionError: in part",
    ]


def test_what_does_not_end_is_seen(suite: Path) -> None:
    assert say(suite, "run", "test_some.Ends") == ["test_e passes", "test_f "]


def test_the_first_reason_that_fits_counts(tmp_path: Path) -> None:
    reasons = tmp_path / "reasons"
    reasons.write_text("# why\na1 b*: the first\na*: the second\nz: nobody's\n")
    assert Reasons(reasons).of(["a1", "a2", "b1", "c"]) == (
        {"the first": ["a1", "b1"], "the second": ["a2"]},
        ["c"],
    )


def test_reasons_of_the_pages_can_be_read() -> None:
    for name in ("ltp-reasons", "python-suites-reasons"):
        assert Reasons(ROOT / "scripts" / name).of([]) == ({}, [])
