"""Calls that wait are given up and made again at random, and no program can tell."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

import pytest

from ring3.computer import Linux
from ring3.kernel.core import Ending
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS: pytest.MarkDecorator = pytest.mark.parametrize("bits", [64, 32])


class Counted:
    """How many calls were given up."""

    number = 0


def give_up_at_random(linux: Linux, monkeypatch: pytest.MonkeyPatch, seed: int) -> Counted:
    """From now on calls that wait are given up: before a task is chosen, and where the kernel would sleep."""
    kernel, chance, counted = linux.kernel, random.Random(seed), Counted()
    next_task, idle = kernel.next_task, kernel._idle

    def give_up_one() -> bool:
        waiting = [task for task in kernel.threads() if task.pending is not None]
        given_up = bool(waiting) and kernel.give_up(chance.choice(waiting))
        counted.number += given_up
        return given_up

    def choose() -> object:
        if chance.random() < 0.3:
            give_up_one()
        return next_task()

    def sleep(until: Ending) -> None:
        if chance.random() < 0.3 or not give_up_one():
            idle(until)

    monkeypatch.setattr(kernel, "next_task", choose)
    monkeypatch.setattr(kernel, "_idle", sleep)
    return counted


class Program(NamedTuple):
    """A program of the tests that waits in many calls."""

    source: str
    arguments: tuple[str, ...] = ()


@BITS
@pytest.mark.parametrize(
    "program",
    [
        Program("tasks/children.c"),
        Program("tasks/signals.c"),
        Program("tasks/pidfd.c"),
        Program("tasks/processes.c"),
        Program("threads/sleeping.c"),
        Program("threads/signals_read.c"),
        Program("tasks/tracer.c"),
        Program("tasks/terminals.c"),
        Program("threads/stress.c"),
        Program("threads/mutexes.c", ("timed",)),
        Program("files/waiting.c"),
        Program("files/splicing.c"),
        Program("files/pipes.c"),
    ],
    ids=lambda program: program.source.replace("/", "-"),
)
def test_a_program_cannot_tell(
    linux: Linux,
    toolchain: Toolchain,
    native: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    program: Program,
    bits: Bits,
) -> None:
    built = toolchain.program(program.source, bits=bits)
    counted = give_up_at_random(linux, monkeypatch, seed=7)
    expected = native(built, program.arguments, directory=tmp_path)
    assert guest.run(linux, built, program.arguments).finished == expected
    assert counted.number
