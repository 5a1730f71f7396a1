"""Calls on files: the same program on Ring3 and natively, for both widths and on both paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.api import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

PROGRAMS = [
    "attributes",
    "contents",
    "descriptors",
    "directories",
    "mapping",
    "names",
    "opening",
    "pipes",
    "processes",
    "transfers",
    "waiting",
]


def compare(linux: Linux, native: Run, program: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a program in two empty directories, and on Ring3 nothing is left in its own."""
    ours, theirs = folder / "ours", folder / "theirs"
    ours.mkdir()
    theirs.mkdir()
    expected = native(program, directory=theirs)
    monkeypatch.chdir(ours)
    outcome = guest.run(linux, program)
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected
    assert not list(ours.iterdir())


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("name", PROGRAMS)
def test_does_what_it_does_natively(
    linux: Linux,
    toolchain: Toolchain,
    native: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    bits: Bits,
) -> None:
    compare(linux, native, toolchain.program(f"files/{name}.c", bits=bits), tmp_path, monkeypatch)


def test_i386_has_calls_of_its_own(
    linux: Linux, toolchain: Toolchain, native: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(linux, native, toolchain.program("files/narrow.c", bits=32), tmp_path, monkeypatch)
