"""A caller's machine as debuggers and tracers use it: programs that are loaded for the caller, and a console."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ring3.computer import Solaris

if TYPE_CHECKING:
    from ring3.cli.caller import Caller
    from ring3.computer import Linux
    from ring3.kernel.task import Task
    from ring3.line_editing import Candidates


class CallersPrograms:
    """A machine that others use too, and the programs that a caller has loaded there.

    Attributes:
        kernel: The machine's.
        system: ``linux`` or ``solaris``.
    """

    def __init__(self, caller: Caller, computer: Linux | Solaris) -> None:
        self.kernel: Any = computer.kernel
        self.system = "solaris" if isinstance(computer, Solaris) else "linux"
        self._caller = caller
        self._computer = computer
        self._task: Task | None = None

    def environment(self, _inherited: Mapping[str, str]) -> dict[str, str]:
        """That of the caller."""
        return dict(self._caller.environment)

    def load(
        self, path: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Task:
        """Loads a program, which has the caller's descriptors, and his environment unless another is given."""
        from ring3.sandbox import Sandbox  # noqa: PLC0415 - imports a part of a system

        given = self._caller.environment if environment is None else environment
        self._task = self._caller.load(self._computer, path, arguments, given, Sandbox())
        return self._task

    def run(self, task: Task) -> int:
        """Runs until a program has ended; returns its status."""
        return self._computer.run(task)

    def running(self, interrupt: Callable[[], None]) -> AbstractContextManager[None]:
        """While the program runs: it has the caller's terminal; Ctrl-C is KeyboardInterrupt in who waits."""
        del interrupt
        task = self._task
        return nullcontext() if task is None else self._caller.surround(self._computer, task, None)

    def kill(self, task: Task) -> None:
        """Ends a program."""
        process: Any = getattr(task, "process")  # noqa: B009 - tasks of both systems have one
        if self.system == "linux":
            from ring3.abi.signals import Sig  # noqa: PLC0415 - what this machine does not run is not imported
            from ring3.linux.model.siginfo import SigInfo  # noqa: PLC0415
            from ring3.linux.signals.send import group_send_sig_info  # noqa: PLC0415

            group_send_sig_info(process, SigInfo(int(Sig.SIGKILL)))
            return
        from ring3.abi.solaris.signals import SolarisSig  # noqa: PLC0415
        from ring3.solaris.siginfo import Info  # noqa: PLC0415
        from ring3.solaris.signals import sigtoproc  # noqa: PLC0415

        sigtoproc(process, Info(int(SolarisSig.SIGKILL)))

    def close(self) -> None:
        """The machine stays; the program that was loaded ends."""
        task, self._task = self._task, None
        if task is not None and not task.program_ended:
            self.kill(task)


class CallersConsole:
    """A caller at a debugger.

    Attributes:
        interactive: A person types.
    """

    def __init__(self, caller: Caller, meanwhile: Callable[[], AbstractContextManager[None]]) -> None:
        """Takes the caller's streams.

        Args:
            caller: Who has called.
            meanwhile: What lasts while a line is waited for.
        """
        self._caller = caller
        self._meanwhile = meanwhile
        self.interactive = caller.stdin.isatty()

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line, with its end; None where there are no more."""
        line = ""
        with self._meanwhile():  # which may end the waiting
            line = self._caller.line(prompt, candidates) or ""
        return line or None

    def write(self, text: str) -> None:
        """Shows text."""
        self._caller.stdout.write(text)

    def complain(self, text: str) -> None:
        """Shows what went wrong, behind what was shown before."""
        self.flush()
        self._caller.stderr.write(text)

    def flush(self) -> None:
        """Has what was written appear."""
        self._caller.stdout.flush()
