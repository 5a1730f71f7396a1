"""Random sequences of calls that mostly succeed, compared call by call with a native run.

Each program of tests/programs/sequences has a domain: names and descriptors, mappings, channels, signals, processes.
What newer kernels than the one whose calls are here do otherwise is left out of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.fuzzing import seeds
from tests.support.native import Run, repeated
from tests.support.toolchain import Bits, Toolchain

STEPS = "200"


@pytest.mark.parametrize("seed", seeds(2))
@pytest.mark.parametrize("program", ["channels", "files", "memory", "signals"])
@pytest.mark.parametrize("bits", [64, 32])
def test_random_sequences(
    linux: Linux,
    toolchain: Toolchain,
    native: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    bits: Bits,
    seed: int,
) -> None:
    binary = toolchain.program(f"sequences/{program}.c", bits=bits)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    monkeypatch.chdir(ours)
    arguments = [str(seed), STEPS]
    expected = native(binary, arguments, directory=theirs)
    outcome = guest.run(linux, binary, arguments)
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected


@pytest.mark.parametrize("seed", seeds(2))
@pytest.mark.parametrize("bits", [64, 32])
def test_random_trees_of_processes(
    linux: Linux, toolchain: Toolchain, native: Run, bits: Bits, seed: int
) -> None:
    binary = toolchain.program("sequences/processes.c", bits=bits)
    arguments = [str(seed), STEPS]
    outcome = guest.run(linux, binary, arguments)
    expected = repeated(outcome.finished, lambda: native(binary, arguments))
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected
