"""With a seed and virtual time a whole run repeats exactly: scheduling, addresses, times."""

from __future__ import annotations

from typing import Any

import pytest

from ring3.computer import Linux
from ring3.kernel import points
from ring3.kernel.task import Task
from ring3.kernel.timers import Meter
from ring3.kernel.watched_cpu import CpuObserver
from ring3.machine.cpu import Stop
from tests.support import guest
from tests.support.guest import PathThrough
from tests.support.native import Finished
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
THREADS = ("threads/stress.c", ["12", "8"])
TIMERS = ("threads/timers.c", ["descriptors"])

Trace = list[tuple[int, Stop, tuple[int, ...]]]


def traced(
    toolchain: Toolchain, path: PathThrough, bits: Bits, what: tuple[str, list[str]], seed: int
) -> tuple[Trace, Finished, int]:
    """Each stop of each task with its registers, what was printed, and the time at the end."""
    trace: Trace = []
    with Linux(full_path=path == "full", ram_bytes=guest.RAM, seed=seed, virtual_time=True) as linux:
        kernel, cpu = linux.kernel, linux.machine.cpu
        assert isinstance(kernel.slices, Meter)
        kernel.slices.tick = 5000

        class Noting(CpuObserver):
            def after(self, task: Task, stop: Stop) -> None:
                trace.append((task.tid, stop, (*map(cpu.gpr, range(16)), cpu.rip, cpu.rflags)))

        kernel.probes.attach(points.CpuRun(), Noting())
        name, arguments = what
        finished = guest.run(linux, toolchain.program(name, bits=bits), arguments).finished
        return trace, finished, kernel.clocks.monotonic()


@BITS
@pytest.mark.parametrize("what", [THREADS, TIMERS], ids=["threads", "timers"])
def test_a_run_repeats(
    toolchain: Toolchain, path: PathThrough, bits: Bits, what: tuple[str, list[str]]
) -> None:
    first, second = (traced(toolchain, path, bits, what, seed=5) for _ in range(2))
    assert first == second
    assert len(first[0]) > 100


@BITS
def test_another_seed_is_another_run(toolchain: Toolchain, bits: Bits) -> None:
    first, second = (traced(toolchain, "short", bits, THREADS, seed) for seed in (1, 2))
    assert first[0] != second[0]
    assert first[1] == second[1]


@BITS
@pytest.mark.parametrize("what", [THREADS, TIMERS], ids=["threads", "timers"])
def test_time_is_the_same_on_both_paths(
    toolchain: Toolchain, bits: Bits, what: tuple[str, list[str]]
) -> None:
    """Ring 0's code takes no time, so that a program cannot tell the paths apart."""
    short, full = (traced(toolchain, path, bits, what, seed=3) for path in _PATHS)
    assert short[1:] == full[1:]
    threads: Any = [tid for tid, _, _ in short[0]]
    assert len(set(threads)) == len({tid for tid, _, _ in full[0]})


@BITS
def test_instructions_give_the_same(toolchain: Toolchain, path: PathThrough, bits: Bits) -> None:
    """The time-stamp counter follows virtual time, and programs are told that there are no random numbers to be had."""
    program = toolchain.program("basic/tsc.c", bits=bits)
    outputs = []
    for _ in range(2):
        with Linux(full_path=path == "full", ram_bytes=guest.RAM, seed=1, virtual_time=True) as linux:
            outputs.append(guest.run(linux, program).stdout)
    assert outputs[0] == outputs[1]
    assert outputs[0].splitlines()[-1] == b"rises 1 rdrand 0 sse2 1"


_PATHS: tuple[PathThrough, PathThrough] = ("short", "full")


def test_sleeping_costs_nothing(toolchain: Toolchain) -> None:
    """A program that sleeps for a day, in no time."""
    with Linux(ram_bytes=guest.RAM, virtual_time=True) as linux:
        program = toolchain.program("threads/sleep_long.c")
        outcome = guest.run(linux, program, seconds=10)
        assert outcome.finished == Finished(b"a day has passed\n", b"", 0)
