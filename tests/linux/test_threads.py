"""Threads that wait while others stop them, end, close and send: on both paths, for both widths, as natively."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.kernel.timers import Meter
from ring3.linux.model.limits import Resource
from tests.support import guest
from tests.support.fuzzing import seeds
from tests.support.native import Run
from tests.support.stop_clocks import StopClocks
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
FEW, ROUNDS, MANY = 100, 20, 10_000
MOST = 3
"""How many times as much one of many may cost; if each wakes all others it is a hundred times."""
LARGE_RAM = 3 << 30
"""Enough for a user's `MANY` threads by Linux's own limits."""
SHORT_TURN = 3000
"""Bytes of code after which the next thread runs: many switches at any place."""


@BITS
@pytest.mark.parametrize("name", ["stopping", "first_ends", "others_act", "in_turn"])
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


def test_one_of_many_that_sleep_costs_as_much_as_one_of_few(toolchain: Toolchain) -> None:
    """CPU time of threads that are made, sleep in many ways, are woken and end."""
    program = toolchain.program("threads/many.c")
    assert cost_of_sleeper(program, MANY, 1) < MOST * cost_of_sleeper(program, FEW, ROUNDS)


def cost_of_sleeper(program: Path, threads: int, rounds: int) -> float:
    with guest.boot(ram_bytes=LARGE_RAM) as linux:
        before = time.process_time_ns()
        assert linux.run(linux.load(str(program), [str(threads), str(rounds)])) == 0
        return (time.process_time_ns() - before) / (threads * rounds)


def test_the_most_memory_is_the_processs(linux: Linux, toolchain: Toolchain) -> None:
    """As natively from a small shell: a program that a larger one executes has the largest of both."""
    program = toolchain.program("threads/max_rss.c")
    assert guest.run(linux, program).stdout.decode().splitlines() == [
        "first: little",
        "of children, before: little",
        "of a process whose thread used it: much",
        "of another thread of that: much",
        "of children, after: much",
        "of their parent: little",
        "of another program: much",
    ]


def test_how_many_threads_there_may_be_follows_from_memory(toolchain: Toolchain) -> None:
    """By Linux's own rule (fork_init): 16 KiB of each take an eighth of it, and a user has half of them."""
    with guest.boot(ram_bytes=2 << 30) as linux:
        assert linux.kernel.max_tasks == 16384
        task = linux.load(str(toolchain.program("basic/hello.c")))
        assert task.rlimits[Resource.NPROC] == task.rlimits[Resource.SIGPENDING] == (8192, 8192)
