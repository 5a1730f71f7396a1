"""Random sequences of ptrace(2) requests and signals: what the tracer is told is what it is told natively."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.fuzzing import seeds
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

STEPS = "40"
HOST_RUNS = 5
"""How often the host may try again."""


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("seed", seeds(3))
def test_random_requests(linux: Linux, toolchain: Toolchain, native: Run, seed: int, bits: Bits) -> None:
    """A loaded host may be slow to stop a process, and tells of it late: what happens here must happen there too."""
    program = toolchain.program("tasks/traced.c", bits=bits)
    arguments = [str(seed), STEPS]
    ours = guest.run(linux, program, arguments).finished
    theirs = native(program, arguments)
    for _ in range(HOST_RUNS):
        if ours != theirs:
            theirs = native(program, arguments)
    assert ours == theirs
