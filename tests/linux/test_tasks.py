"""Processes, signals and tracing: the same program on Ring3 and natively, for both widths and on both paths."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
@pytest.mark.parametrize(
    "name",
    [
        "actions",
        "children",
        "frames",
        "pidfd",
        "process_vm",
        "processes",
        "queued",
        "signals",
        "stepping",
        "terminals",
        "traced",
        "tracer",
        "unreaped",
        "vdso_moves",
        "zombies",
    ],
)
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(f"tasks/{name}.c", bits=bits)
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)


def test_cpu_time_is_limited(linux: Linux, toolchain: Toolchain, native: Run) -> None:
    program = toolchain.program("tasks/cpu_limit.c")
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)


@BITS
def test_a_tracer_sees_what_it_sees_natively(
    linux: Linux, toolchain: Toolchain, native: Run, bits: Bits
) -> None:
    program = toolchain.program("tasks/ptrace.c", bits=bits)
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)


@BITS
def test_nothing_is_left_behind(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    """A second run of the same program leaves as many frames in use as the first."""
    program = toolchain.program("tasks/processes.c", bits=bits)
    counts = []
    for _ in range(3):
        guest.run(linux, program)
        assert not linux.kernel.tasks
        assert not list(linux.kernel.processes)
        counts.append(linux.machine.ram.frames_in_use)
    assert counts[1] == counts[2]
