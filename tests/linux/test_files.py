"""Calls on files: the same program on Ring3 and natively, for both widths and on both paths."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

PROGRAMS = [
    "about_itself",
    "aio",
    "async",
    "attributes",
    "busy",
    "contents",
    "descriptors",
    "details",
    "directories",
    "directory_notice",
    "edges",
    "handles",
    "inotify",
    "leases",
    "locks_shown",
    "mapping",
    "names",
    "opening",
    "packets",
    "pipes",
    "processes",
    "requests",
    "running",
    "splicing",
    "transfers",
    "types",
    "unnamed",
    "waiting",
    "xattrs",
]


def compare(linux: Linux, native: Run, program: Path, folder: Path) -> None:
    """Runs a program in two directories of the same contents; on Ring3 they stay as they were."""
    ours, theirs = folder / "ours", folder / "theirs"
    before = contents(ours)
    expected = native(program, directory=theirs)
    os.chdir(ours)
    outcome = guest.run(linux, program)
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected
    assert contents(ours) == before


def contents(folder: Path) -> list[tuple[str, int, int]]:
    """Every name below a directory, with its mode and size."""
    found = ((path, path.lstat()) for path in sorted(folder.rglob("*")))
    return [(str(path), info.st_mode, info.st_size) for path, info in found]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two empty directories; the test may go to them and is back afterwards."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("name", PROGRAMS)
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, folder: Path, name: str, bits: Bits
) -> None:
    compare(linux, native, toolchain.program(f"files/{name}.c", bits=bits), folder)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "directories"])
def test_does_so_with_files_that_the_host_has(
    linux: Linux, toolchain: Toolchain, native: Run, folder: Path, name: str
) -> None:
    """What a first run left lies below copy-on-write; only the order in which it is listed may differ."""
    program = toolchain.program(f"files/{name}.c")
    native(program, directory=folder / "theirs")
    subprocess.run(["cp", "--archive", "--no-target-directory", "theirs", "ours"], cwd=folder, check=True)
    compare(linux, native, program, folder)


def test_i386_has_calls_of_its_own(linux: Linux, toolchain: Toolchain, native: Run, folder: Path) -> None:
    compare(linux, native, toolchain.program("files/narrow.c", bits=32), folder)
