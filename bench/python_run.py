"""Does with a program what one does in Python, N times: ``python_run.py MODE PROGRAM N``; the status is the program's.

``callback`` has a hook at each of its system calls. ``snapshot`` takes a snapshot where it reads and goes back to it.
``target`` runs it with an input from where it reads, as `ring3 fuzz` does.
"""

from __future__ import annotations

import sys
from typing import Final

import ring3
from ring3.fuzz.target import Target

INPUTS: Final = (b"key=value\n", b"nothing\n", b"=\n", b"")


def callback(path: str, number: int) -> int:
    """Runs the program, which makes N calls."""
    with ring3.Linux() as machine:
        seen: list[int] = []

        @machine.on_syscall("getpid")
        def called(call: ring3.SystemCall) -> None:
            seen.append(call.number)

        return machine.spawn([path, str(number)]).run()


def snapshot(path: str, number: int) -> int:
    """Takes N snapshots and goes back to each."""
    with ring3.Linux() as machine:
        process = machine.spawn([path], stdin=b"")
        process.run_until(ring3.Call("read"))
        for _ in range(number):
            machine.snapshot().restore()
        return process.run()


def target(path: str, number: int) -> int:
    """Makes N runs."""
    with ring3.Linux(seed=1, virtual_time=True) as machine:
        program = Target(machine, [path])
        return max(program.run(INPUTS[at % len(INPUTS)]).status for at in range(number))


if __name__ == "__main__":
    run = {"callback": callback, "snapshot": snapshot, "target": target}[sys.argv[1]]
    sys.exit(run(sys.argv[2], int(sys.argv[3])))
