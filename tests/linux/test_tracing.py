"""ptrace(2): random sequences of requests and signals, and debug registers, as natively."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.fuzzing import seeds
from tests.support.native import Run, repeated
from tests.support.toolchain import Bits, Toolchain

STEPS = "40"


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("seed", seeds(3))
def test_random_requests(linux: Linux, toolchain: Toolchain, native: Run, seed: int, bits: Bits) -> None:
    """A loaded host may be slow to stop a process, and tells of it late: what happens here must happen there too."""
    program = toolchain.program("tasks/traced.c", bits=bits)
    arguments = [str(seed), STEPS]
    ours = guest.run(linux, program, arguments).finished
    assert ours == repeated(ours, lambda: native(program, arguments))


@pytest.mark.parametrize("bits", [64, 32])
def test_debug_registers(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    """Breakpoints and watchpoints of the processor, as gdb(1) sets them."""
    program = toolchain.program("tasks/debug_registers.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    assert not any(task.debug_registers for task in linux.kernel.tasks.values())


def test_the_tracer_waits_before_the_parent(linux: Linux, toolchain: Toolchain, native: Run) -> None:
    program = toolchain.program("tasks/seen_first.c")
    assert guest.run(linux, program).finished == native(program)
