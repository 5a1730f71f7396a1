"""Random sequences of calls that mostly succeed, compared call by call with a native run.

Each program of tests/programs/sequences has a domain: names and descriptors, mappings, channels, signals, timers,
semaphores, segments and queues, what watches files, processes, words that threads wait at, a child that is traced.
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
@pytest.mark.parametrize("program", ["channels", "files", "memory", "signals", "timers", "ipc", "watches"])
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
@pytest.mark.parametrize(("program", "steps"), [("processes", STEPS), ("futexes", "100"), ("traced", "60")])
@pytest.mark.parametrize("bits", [64, 32])
def test_random_sequences_of_several_processes(
    linux: Linux, toolchain: Toolchain, native: Run, bits: Bits, program: str, steps: str, seed: int
) -> None:
    """A loaded host may be slow to bring them to rest: what happens here must happen there too."""
    binary = toolchain.program(f"sequences/{program}.c", bits=bits)
    arguments = [str(seed), steps]
    outcome = guest.run(linux, binary, arguments)
    expected = repeated(outcome.finished, lambda: native(binary, arguments))
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected
