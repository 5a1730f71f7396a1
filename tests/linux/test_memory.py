"""Calls on memory: the same program on Ring3 and natively, for both widths and on both paths.

The programs print no addresses: places inside a region of their own, faults, error numbers and contents.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

PROGRAMS = ["advice", "heap", "limits", "locking", "mapping", "moving", "protection", "shared"]


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
    program = toolchain.program(f"memory/{name}.c", bits=bits)
    if name == "locking" and os.geteuid():
        pytest.skip("the program becomes an ordinary user, for which it must be root")
    expected = native(program, directory=tmp_path)
    monkeypatch.chdir(tmp_path)
    before = guest.census(linux)
    outcome = guest.run(linux, program)
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected
    assert expected.stdout.count(b"status 0\n") >= 4
    assert guest.census(linux) == before


@pytest.mark.parametrize("bits", [64, 32])
def test_nodes(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("memory/policy.c", bits=bits)
    expected = native(program)
    if expected.stdout.startswith(b"at first: Function not implemented"):
        pytest.skip("the host's kernel knows nothing of nodes")
    assert guest.run(linux, program).finished == expected
