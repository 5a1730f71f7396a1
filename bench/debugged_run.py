"""Runs a program under Ring3's debugger, as one who debugs in Python would: ``debugged_run.py MODE PROGRAM N``.

With ``breakpoint`` there is a breakpoint at the no-op of ``programs/met.c``, whose condition is never so; with
``unmet`` there are breakpoints at 4096 places that it does not come to, with ``attached`` none; with ``step`` N
instructions are executed one by one before the program runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import ring3
from ring3.debug import ProcessTarget
from ring3.debug.object_file import ObjectFile
from ring3.linux.model.task import LinuxTask

MARK: Final = bytes.fromhex("0f1f80334d4554")
UNMET: Final = bytes.fromhex("0f1f804e455645")
PLACES: Final = 4096


def debugged(path: str, arguments: list[str], prepare: Callable[[ProcessTarget, LinuxTask], None]) -> int:
    """Runs the program with a debugger, from what has been prepared; returns its status."""
    with ring3.Linux() as linux:
        task = linux.load(path, arguments)
        target = ProcessTarget(linux.kernel)
        target.attach(task)
        stop = target.wait()
        assert stop is not None
        prepare(target, task)
        target.resume(stop.thread)
        target.wait()
        return int(task.program_exit_code >> 8)


def place_of(path: str, mark: bytes) -> int:
    """The address of some bytes of a program's file."""
    raw = Path(path).read_bytes()
    place = ObjectFile(path, raw).address_of(raw.index(mark))
    assert place is not None
    return place


def attached(path: str, arguments: list[str]) -> int:
    """Runs the program with a debugger that wants nothing; returns its status."""
    return debugged(path, arguments, lambda _target, _task: None)


def breakpoint_never_taken(path: str, arguments: list[str]) -> int:
    """Runs the program with a breakpoint that is met again and again; returns its status."""
    place = place_of(path, MARK)

    def prepare(target: ProcessTarget, task: LinuxTask) -> None:
        target.breakpoints.add(place, task.mm, lambda _: False)

    return debugged(path, arguments, prepare)


def breakpoints_not_met(path: str, arguments: list[str]) -> int:
    """Runs the program with breakpoints that it does not come to; returns its status."""
    first = place_of(path, UNMET)

    def prepare(target: ProcessTarget, task: LinuxTask) -> None:
        for place in range(first, first + PLACES):
            target.breakpoints.add(place, task.mm)

    return debugged(path, arguments, prepare)


def steps(path: str, arguments: list[str]) -> int:
    """Executes so many instructions one by one, then the rest of the program; returns its status."""
    with ring3.Linux() as machine:
        process = machine.spawn([path, *arguments])
        for _ in range(int(arguments[0])):
            process.step()
        return process.run()


MODES: Final = {
    "attached": attached, "breakpoint": breakpoint_never_taken, "step": steps, "unmet": breakpoints_not_met
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(MODES[sys.argv[1]](sys.argv[2], sys.argv[3:]))
