"""Threads that wait while others stop them, end, close and send: on both paths, for both widths, as natively."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.kernel.timers import Meter
from tests.support import guest
from tests.support.fuzzing import seeds
from tests.support.native import Run
from tests.support.stop_clocks import StopClocks
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
SHORT_TURN = 3000
"""Bytes of code after which the next thread runs: many switches at any place."""


@BITS
@pytest.mark.parametrize("name", ["stopping", "first_ends", "others_act"])
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(f"threads/{name}.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    assert not linux.kernel.tasks


@BITS
@pytest.mark.parametrize("way", ["exit", "group", "signal", "exec"])
def test_a_machine_runs_until_the_whole_process_has_ended(
    linux: Linux, toolchain: Toolchain, native: Run, way: str, bits: Bits
) -> None:
    program = toolchain.program("threads/first_ends.c", bits=bits)
    assert guest.run(linux, program, [way]).finished == native(program, [way])


@BITS
@pytest.mark.parametrize("seed", seeds(3))
def test_is_stopped_and_continued_at_any_moment(
    linux: Linux, toolchain: Toolchain, seed: int, bits: Bits
) -> None:
    assert isinstance(linux.kernel.slices, Meter | StopClocks)
    linux.kernel.slices.tick = SHORT_TURN
    program = toolchain.program("threads/stopping.c", bits=bits)
    assert guest.run(linux, program, [str(seed), "12"]).stdout == b"ended 0\n"


def test_is_stopped_and_continued_at_any_moment_natively(toolchain: Toolchain, native: Run) -> None:
    assert native(toolchain.program("threads/stopping.c"), ["1", "12"]).stdout == b"ended 0\n"
