"""Machines go back to snapshots at random, and no program can tell: what it is made of is in them."""

from __future__ import annotations

import ctypes
import importlib
import pkgutil
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import ring3
from ring3.kernel.snapshot import graph
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.native import Finished, Run, repeated
from tests.support.toolchain import Bits, Toolchain

BITS: pytest.MarkDecorator = pytest.mark.parametrize("bits", [64, 32])


class Program(NamedTuple):
    """A program of the tests."""

    source: str
    arguments: tuple[str, ...] = ()


def turns(number: int, process: ring3.Process) -> Callable[[], bool]:
    """Whether so many turns of tasks are over, or the program is."""
    left = iter(range(number))
    return lambda: process.ended or next(left, None) is None


@BITS
@pytest.mark.parametrize(
    "program",
    [
        Program("files/inotify.c"),
        Program("files/mapping.c"),
        Program("files/pipes.c"),
        Program("files/waiting.c"),
        Program("ipc/mqueue.c"),
        Program("ipc/system_v.c"),
        Program("memory/shared.c"),
        Program("sockets/pairs.c"),
        Program("sockets/tcp.c"),
        Program("sockets/udp.c"),
        Program("tasks/processes.c"),
        Program("tasks/ptrace.c"),
        Program("tasks/signals.c"),
        Program("tasks/tracer.c"),
        Program("threads/sleeping.c"),
        Program("threads/stress.c"),
        Program("threads/timers.c"),
    ],
    ids=lambda program: program.source.replace("/", "-"),
)
def test_a_program_cannot_tell(
    toolchain: Toolchain, native: Run, tmp_path: Path, program: Program, bits: Bits
) -> None:
    built = toolchain.program(program.source, bits=bits)
    with ring3.Linux(seed=1, virtual_time=True) as machine:
        ours = there_and_back(machine, built, program.arguments)
    assert ours == repeated(ours, lambda: native(built, program.arguments, directory=tmp_path))


@NEEDS_HOST_CPU
@BITS
@pytest.mark.parametrize("source", ["memory/shared.c", "tasks/processes.c", "tasks/ptrace.c"])
def test_nor_can_one_on_the_hosts_processor(
    toolchain: Toolchain, native: Run, tmp_path: Path, source: str, bits: Bits
) -> None:
    built = toolchain.program(source, bits=bits)
    with ring3.Linux(cpu="host") as machine:
        ours = there_and_back(machine, built)
    assert ours == repeated(ours, lambda: native(built, directory=tmp_path))


def there_and_back(machine: ring3.Linux, built: Path, arguments: Sequence[str] = ()) -> Finished:
    """What comes of a program whose machine goes back at random to where it was some turns ago."""
    chance, taken = random.Random(7), 0
    machine.kernel.aslr = None
    process = machine.spawn([str(built), *arguments], stdin=b"", stdout=ring3.PIPE, stderr=ring3.PIPE)
    while not process.ended:
        try:
            snapshot = machine.snapshot()
        except ring3.UserError as error:
            assert "cannot be begun again" in str(error)  # noqa: PT017 -- anything else is a failure
        else:
            taken += 1
            machine.runner.run(turns(chance.randrange(8), process))
            snapshot.restore()
        machine.runner.run(turns(chance.randrange(1, 20), process))
    assert taken
    assert process.status is not None
    return Finished(process.stdout, process.stderr, process.status)


def test_every_class_of_state_can_be_recorded() -> None:
    """Each class is made of what has a record, or says that it is no state."""
    rooms = [
        importlib.import_module(f"ring3.{room}")
        for room in ("kernel", "fs", "net", "linux", "solaris", "loader")
    ]
    modules = [
        importlib.import_module(found.name)
        for room in rooms
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ]
    classes = [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type)
        and found.__module__ == module.__name__
        and not issubclass(found, BaseException | ctypes.Structure)
    ]
    assert len(classes) > 400
    assert [found for found in classes if graph.kind_of(found) is None] == []
