"""Lines as truss writes them: calls with their results, signals and faults."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.trace.truss.text import address, shown

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.trace.strace.lines import Output
    from ring3.trace.truss.command_line import Asked
    from ring3.trace.truss.systems import Arrived, System

_COLUMN: Final = 48
"""Where results stand, if there is room."""
_TAB: Final = 8
_ROW: Final = 32
"""Bytes of a buffer in a line."""
_TICKS: Final = 10_000
"""Parts of a second in time stamps."""


class Lines:
    """The writer of truss's lines to one output."""

    def __init__(
        self, asked: Asked, output: Output, system: System, clock: Callable[[], float] = time.time
    ) -> None:
        """Begins.

        Args:
            asked: What is shown before each line.
            output: Where lines go.
            system: Whose programs are traced.
            clock: The time in seconds.
        """
        self._output = output
        self._system = system
        self._counts = asked.counts
        self._clock = clock
        self._began = self._last = clock()
        if "d" in self._counts or "D" in self._counts:
            day = time.strftime("%a %b %e %H:%M:%S %Z %Y", time.localtime(self._began))
            kind = "Base" if "d" in self._counts else "Delta"
            if kind == "Base":
                self._output.write(f"Base time stamp:  {self._began:.4f}  [ {day} ]\n")

    def line(self, task: Task, text: str) -> None:
        """Writes a line about a task."""
        self._output.write(self.prefix(task) + text + "\n")
        if self._output.at_once:
            self._output.flush()

    def call(self, task: Task, text: str, result: str) -> None:
        """Writes a call with its result, which stands in a column of its own where there is room."""
        tabs = (_COLUMN - len(text) + _TAB - 1) // _TAB
        self.line(task, text + ("\t" * tabs if tabs > 0 else " ") * bool(result) + result)

    def buffer(self, task: Task, raw: bytes) -> None:
        """Writes all bytes of a buffer (``-r``, ``-w``)."""
        for at in range(0, len(raw), _ROW):
            self.line(task, f"  {shown(raw[at : at + _ROW])}")

    def signal(self, task: Task, arrived: Arrived, call: str) -> None:
        """Writes a signal that a process takes, in the call that it interrupts if any."""
        inside = f", in {call}()" if call else ""
        self.line(
            task, f"    Received signal #{arrived.number}, {arrived.name}{inside} [{arrived.disposition}]"
        )
        self._siginfo(task, arrived)

    def fault(self, task: Task, arrived: Arrived) -> None:
        """Writes the fault that a signal stands for."""
        assert arrived.fault is not None
        number, name = arrived.fault
        self.line(task, f"    Incurred fault #{number}, {name}  %pc = {address(task.regs.ip)}")
        self._siginfo(task, arrived)

    def _siginfo(self, task: Task, arrived: Arrived) -> None:
        text = f"      siginfo: {arrived.name}"
        if arrived.address is not None:
            self.line(task, f"{text} {_code(arrived)} addr={address(arrived.address)}")
        elif arrived.name in ("SIGCLD", "SIGCHLD") and arrived.code > 0:
            self.line(
                task, f"{text} {_code(arrived)} pid={arrived.pid} status=0x{arrived.status & 0xFFFF:04X}"
            )
        elif arrived.pid:
            code = f" code={arrived.code}" if arrived.code else ""
            self.line(task, f"{text} pid={arrived.pid} uid={arrived.uid}{code}")

    def flush(self) -> None:
        """Has everything seen."""
        self._output.flush()

    def prefix(self, task: Task) -> str:
        """What stands before a line: the process and the lwp where there are several, times."""
        lwps = self._system.lwps(task) > 1 or "l" in self._counts
        lwp = f"/{self._system.lwp(task)}" if lwps else ""
        pid = str(self._system.pid(task)) if "f" in self._counts else ""
        stamps = ""
        now = self._clock()
        for letter, since in (("d", self._began), ("D", self._last)):
            if letter in self._counts:
                passed = int((now - since) * _TICKS)
                stamps += f"{passed // _TICKS:2}.{passed % _TICKS:04}\t"
        self._last = now
        return (f"{pid}{lwp}:\t" if pid or lwp else "") + stamps


_CODES: Final = {
    "SIGSEGV": ("SEGV_MAPERR", "SEGV_ACCERR"), "SIGBUS": ("BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"),
    "SIGILL": ("ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG"),
    "SIGFPE": ("FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV"),
    "SIGTRAP": ("TRAP_BRKPT", "TRAP_TRACE"),
    **dict.fromkeys(
        ("SIGCLD", "SIGCHLD"),
        ("CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"),
    ),
}  # fmt: skip
"""The codes of signals from 1 on (sys/siginfo.h)."""


def _code(arrived: Arrived) -> str:
    names = _CODES.get(arrived.name, ())
    return names[arrived.code - 1] if 0 < arrived.code <= len(names) else f"code={arrived.code}"
