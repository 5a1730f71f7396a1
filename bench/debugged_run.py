"""Runs a program under Ring3's debugger, as one who debugs in Python would: ``debugged_run.py MODE PROGRAM N``.

With ``breakpoint`` there is a breakpoint at the no-op of ``programs/met.c``, whose condition is never so; with ``step``
N instructions are executed one by one before the program runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import ring3
from ring3.debug import ProcessTarget
from ring3.debug.object_file import ObjectFile

MARK: Final = bytes.fromhex("0f1f80334d4554")


def breakpoint_never_taken(path: str, arguments: list[str]) -> int:
    """Runs the program with a breakpoint that is met again and again; returns its status."""
    raw = Path(path).read_bytes()
    with ring3.Linux() as linux:
        task = linux.load(path, arguments)
        target = ProcessTarget(linux.kernel)
        target.attach(task)
        stop = target.wait()
        assert stop is not None
        place = ObjectFile(path, raw).address_of(raw.index(MARK))
        assert place is not None
        target.breakpoints.add(place, task.mm, lambda _: False)
        target.resume(stop.thread)
        target.wait()
        return int(task.program_exit_code >> 8)


def steps(path: str, arguments: list[str]) -> int:
    """Executes so many instructions one by one, then the rest of the program; returns its status."""
    with ring3.Linux() as machine:
        process = machine.spawn([path, *arguments])
        for _ in range(int(arguments[0])):
            process.step()
        return process.run()


if __name__ == "__main__":
    run = {"breakpoint": breakpoint_never_taken, "step": steps}[sys.argv[1]]
    sys.exit(run(sys.argv[2], sys.argv[3:]))
