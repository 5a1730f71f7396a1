"""The machine that a program runs on, for a tool that it runs there: who is traced, and what it writes."""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from ring3.kernel import points
from ring3.kernel.events import Exited
from ring3.kernel.observed import Call, CallObserver
from ring3.session.tools import Program
from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.machine import ending, facts
from ring3.trace.dtrace.machine.up import UpHost

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

    from ring3.kernel.probes import Attachment


_EXEC: Final = {"linux": "execve", "solaris": "exece"}
"""The call by which a process becomes another program."""


_FLUSH: Final = 100_000_000
"""Nanoseconds after which the program writes what there is: if each record were written at once, a script that traces
writes would trace its own without end."""
_IDENTITY: Final = ("pid", "ppid", "pgid", "sid", "uid", "euid", "gid", "egid", "taskid", "projid")


class _AtExec(CallObserver):
    """Tells of children of a process that have become another program."""

    def __init__(self, told: Callable[[Any], None], is_child: Callable[[Any], bool]) -> None:
        self._told = told
        self._is_child = is_child

    def returned(self, call: Call) -> None:
        """The call is over; if it has failed, the process is what it was."""
        failed = call.error is not None or (isinstance(call.value, int) and -4095 <= call.value < 0)
        if not failed and self._is_child(call.task):
            self._told(call.task)


class _Machine:
    """The machine, of which only the kernel is needed: programs are started by the program that asks."""

    def __init__(self, kernel: Any) -> None:  # noqa: ANN401 - either system's
        self.kernel = kernel


class GuestHost(UpHost):
    """The machine that the program runs on."""

    def __init__(self, program: Program, system: str) -> None:
        super().__init__(cast("Any", _Machine(program.kernel)), system)
        self._program = program
        self._facts = facts.SOLARIS if system == "solaris" else facts.LINUX
        self._wanted = False
        self._gone = False
        self._child: Any = None
        self._started = False
        self._attached: list[Attachment] = []

    def identity(self) -> dict[str, int]:
        """Those of the program."""
        task = self._program.task
        return {name: int(self._facts[name](task)) for name in _IDENTITY if name in self._facts}

    def variable(self, name: str) -> str | None:
        """One of the program; what a program of Solaris has in its environment is not looked at."""
        if self.system == "solaris":
            return None
        from ring3.linux.proc.process import environ  # noqa: PLC0415 - one system of two

        wanted = os.fsencode(name) + b"="
        found = (each for each in environ(self._program.task).split(b"\0") if each.startswith(wanted))
        return next((os.fsdecode(each.removeprefix(wanted)) for each in found), None)

    def start(self, command: str, changes: Mapping[str, str | None]) -> int:
        """As `start_program`, of a command line, with changes to its environment; None takes a name out of it."""
        for name, value in changes.items():
            self._program.tell("v", os.fsencode(name if value is None else f"{name}={value}"))
        return self.start_program(shlex.split(command))

    def start_program(self, words: Sequence[str]) -> int:
        """Have the program start another one, which stands still before its first instruction.

        Raises:
            DtraceError: It cannot be run.
        """
        holding = self._kernel.probes.attach(
            points.SystemCall(_EXEC[self.system]), _AtExec(self._holds, self._is_child)
        )
        try:
            number = int(self._program.ask("r", b"".join(os.fsencode(word) + b"\0" for word in words)))
            self._wait_for(lambda: self._child is not None)
        except OSError as error:
            raise DtraceError(f"failed to execute {words[0] if words else ''}: {error.strerror}") from None
        finally:
            holding.detach()
        self._task = self._child
        self._started = True
        self._attached.append(self._kernel.probes.attach(points.TaskExited(), self._exited))
        return number

    def grab(self, number: int) -> bool:
        """Have the session end with a process of the machine."""
        found = super().grab(number)
        if found:
            self._attached.append(self._kernel.probes.attach(points.TaskExited(), self._exited))
        return found

    @property
    def traced(self) -> Any:  # noqa: ANN401 - a task of either system
        """The task that was started, or that the session ends with."""
        return self._task

    def _is_child(self, task: Any) -> bool:  # noqa: ANN401 - a task of either system
        return self._facts["ppid"](task) == self.identity()["pid"]

    def _holds(self, task: Any) -> None:  # noqa: ANN401 - a task of either system
        """The child has become the program: it stops at the next instruction it would execute."""
        self._hold_at(task, task.regs.ip, self._held)

    def _held(self, task: Any) -> None:  # noqa: ANN401 - a task of either system
        self._child = task
        self._wake()

    def _run_to(self, address: int) -> None:
        """Let the child run until it is held at an address, or has ended."""
        task, self._child = self._child, None
        self._hold_at(task, address, self._held)
        self._kernel.let_go(task)
        self._wait_for(lambda: self._child is not None or task.program_ended)

    def _exited(self, event: Exited) -> None:
        if event.task is self._task:
            self._gone = True
            self._wake()

    def _wake(self) -> None:
        """Has the program answer, so that the tool goes on."""
        if not self._wanted:
            self._wanted = True
            self._program.tell("w")

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._program.wait()
            self._wanted = False

    def leave(self) -> None:
        """The session is over."""
        self._wake()

    def run(self, finished: Callable[[], bool], flush: Callable[[], None]) -> None:
        """Let the machine run until the session is over, or the program that was started."""
        if self._child is not None:
            self._kernel.let_go(self._child)
            self._child = None
        probes = self._kernel.probes
        with (
            probes.attach(points.Tick(_FLUSH), lambda _task: flush()),
            probes.attach(points.Tick(self.look_interval), lambda _task: self._wake()),
        ):
            self._wait_for(lambda: finished() or self._gone or self._gone_by_itself)
        if self._task is not None and (self._gone or self._task.program_ended):
            self.ended = ending.told(self._task, self.system)

    @property
    def _gone_by_itself(self) -> bool:
        return self._task is not None and bool(self._task.program_ended)

    def end_program(self) -> None:
        """End what was started and still runs: who creates a process to trace it takes it along (PR_KLC of proc(5))."""
        if self._started and self._child is None and not (self._gone or self._gone_by_itself):
            self._program.ask("k", str(self._task.tid).encode())

    def close(self) -> None:
        """Let go of what is watched; what was started and never ran ends."""
        for attachment in self._attached:
            attachment.detach()
        if self._child is not None:
            self._program.ask("k", str(self._child.tid).encode())
            self._kernel.let_go(self._child)


class Output(io.RawIOBase):
    """A stream of the program."""

    def __init__(self, program: Program, letter: str) -> None:
        super().__init__()
        self._program = program
        self._letter = letter

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Has the program write everything."""
        taken = bytes(data)
        self._program.tell(self._letter, taken)
        return len(taken)


def system_of(program: Program) -> str:
    """The system of the machine that a program runs on."""
    return "solaris" if type(program.kernel).__name__ == "SolarisKernel" else "linux"
