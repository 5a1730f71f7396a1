"""Runs of one program, with a fault or without, each from the same beginning: what came of them, as values.

They are made in a process of their own, which boots a machine and loads the program once, takes a snapshot and goes
back to it for each run. The host ends that process when a run uses too much of the processor: the program hangs, and
the next run has another process.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

from ring3.confinement import confine_to
from ring3.errors import Deadlock, Ring3Error
from ring3.trace.faults.outcome import BROKEN, HUNG, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from ring3.computer import Linux
    from ring3.linux.model.task import LinuxTask
    from ring3.sandbox import Sandbox


class Trials:
    """What runs a program again and again, until the ``with`` block ends."""

    def __init__(self, path: str, arguments: Sequence[str], sandbox: Sandbox) -> None:
        """Is ready to.

        Args:
            path: The program.
            arguments: Its arguments.
            sandbox: What it has.
        """
        self._program = path, arguments, sandbox
        self._pid = 0
        self._asked: IO[str]
        self._told: IO[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._pid:
            self._reap()

    def attempt(self, rule: str, most_calls: int, seconds: int) -> Outcome:
        """Runs the program once.

        Args:
            rule: What is injected, as ``-e inject=`` has it; "" for nothing.
            most_calls: With more it hangs.
            seconds: Of the processor; with more it hangs.
        """
        if not self._pid:
            self._start()
        with suppress(BrokenPipeError):  # then it gives no answer, either
            self._asked.write(json.dumps([rule, most_calls, seconds]) + "\n")
            self._asked.flush()
        line = self._told.readline()
        if not line.endswith("\n"):
            return Outcome(-1, HUNG if os.WIFSIGNALED(self._reap()) else BROKEN, "", [], {}, 0)
        status, how, output, calls, files, left_open = json.loads(line)
        return Outcome(status, how, output, [(name, wrote) for name, wrote in calls], files, left_open)

    def _start(self) -> None:
        heard, asked = os.pipe()
        told, tells = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            os.close(asked)
            os.close(told)
            _serve(self._program, os.fdopen(heard), os.fdopen(tells, "w"))
        os.close(heard)
        os.close(tells)
        self._asked, self._told = os.fdopen(asked, "w"), os.fdopen(told)

    def _reap(self) -> int:
        """Ends the process, if it does not do so by itself; how it ended."""
        self._told.close()
        with suppress(BrokenPipeError):  # it has gone before it was asked
            self._asked.close()
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        return status


def _serve(program: tuple[str, Sequence[str], Sandbox], asked: IO[str], told: IO[str]) -> NoReturn:
    """Makes the runs that are asked for, and ends with who asks."""
    from ring3.computer import Linux  # noqa: PLC0415 -- the campaign itself has no machine
    from ring3.kernel.snapshot.machine import States  # noqa: PLC0415

    path, arguments, sandbox = program
    try:
        with tempfile.TemporaryFile() as output, open(os.devnull, "r+b", buffering=0) as null:
            for fd, file in enumerate((null, output, null)):
                os.dup2(file.fileno(), fd)
            with Linux(seed=0, sandbox=sandbox) as linux:
                linux.kernel.report = lambda _line: None
                task = linux.load(path, arguments)
                if not sandbox.no_confine:
                    confine_to(sandbox, linux.kernel.vfs)
                states = States(linux.kernel)
                beginning = states.take()
                for line in asked:
                    states.put(beginning)
                    os.ftruncate(1, 0)
                    told.write(json.dumps(_made(linux, task, *json.loads(line))) + "\n")
                    told.flush()
    finally:
        os._exit(0)  # whatever was wrong: who asked gets no answer, and knows


def _made(linux: Linux, task: LinuxTask, rule: str, most_calls: int, seconds: int) -> list[Any]:
    """The fields of a run's outcome."""
    from ring3.trace.faults.witness import Hung, Witness, digest  # noqa: PLC0415 -- imports a kernel
    from ring3.trace.inject.injector import Injector  # noqa: PLC0415
    from ring3.trace.inject.parse import parse  # noqa: PLC0415

    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    how, status = BROKEN, -1
    with linux.kernel.probes.for_a_while():
        witness = Witness(linux.kernel, task, most_calls)
        if rule:
            Injector(linux.kernel, [parse(rule)]).at_end()
        try:
            status, how = linux.run(task), ""
        except (Hung, Deadlock):
            how = HUNG
        except Ring3Error:
            pass
    written = os.pread(1, os.fstat(1).st_size, 0)
    return [status, how, digest(written), witness.calls, witness.files, witness.open]
