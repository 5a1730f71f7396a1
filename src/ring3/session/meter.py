"""Counts what happens on a machine while somebody wants to know: calls, faults, and where programs compute.

A machine pays for it only then: the counters are attached by the first question and detached when none has come for a
while, both by the machine's thread. They are read by the server's.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ring3.debug.registers import UserRegisters
from ring3.kernel import points
from ring3.kernel.mm.report import row
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import name_of
from ring3.trace.user_symbols import UserSymbols

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Faulted
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task
    from ring3.session.shared import SharedMachine

PERIOD: Final = 10_000_000
"""Nanoseconds between looks at where the program on the CPU is."""
LINGER: Final = 10.0
"""Seconds without a question after which nothing is counted any more."""


class Meter(CallObserver):
    """The counters of a machine.

    Attributes:
        calls: System calls of each process.
        faults: Page faults of each process.
        all_faults: Those of processes that have ended too.
        names: System calls by name.
        functions: Looks that found a program in a function.
    """

    def __init__(self, kernel: Kernel[Any]) -> None:
        self.calls: Counter[int] = Counter()
        self.faults: Counter[int] = Counter()
        self.all_faults = 0
        self.names: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self._kernel = kernel
        self._symbols = UserSymbols(kernel)
        self._attachments: list[Attachment] = []

    def attach(self) -> None:
        """Begins to count, in the machine's thread."""
        if self._attachments:
            return
        attach = self._kernel.probes.attach
        for point, observer in (
            (points.SystemCall(), self),
            (points.PageFault(), self._faulted),
            (points.Tick(PERIOD), self._look),
        ):
            with suppress(KeyError):  # not every system has every point
                self._attachments.append(attach(point, observer))

    def detach(self) -> None:
        """Counts no more, in the machine's thread."""
        while self._attachments:
            self._attachments.pop().detach()

    def forget_all_but(self, pids: set[int]) -> None:
        """Forgets processes that have ended, in whatever thread: counts that come late are of no use."""
        for counter in (self.calls, self.faults):
            for pid in list(counter):
                if pid not in pids:
                    counter.pop(pid, None)

    def entry(self, call: Call) -> None:
        """A system call begins."""
        assert isinstance(call, StubCall)
        self.names[name_of(call)] += 1
        if call.task is not None:
            self.calls[process_of(call.task)] += 1

    def _faulted(self, fault: Faulted) -> None:
        self.all_faults += 1
        if fault.task is not None:
            self.faults[process_of(fault.task)] += 1

    def _look(self, task: Task | None) -> None:
        if task is None or task.mm is None:
            return
        address = UserRegisters(self._kernel, task)["rip"]
        symbol = self._symbols.describe(task.mm, address).partition("+")[0]
        if not symbol:
            vma = task.mm.vma_at(address)
            symbol = (os.path.basename(row(task.mm, vma).name) if vma is not None else "") or "?"
        self.functions[f"{task.name}`{symbol}"] += 1


class Metering:
    """A meter that is attached while it is asked for."""

    def __init__(self, shared: SharedMachine, loop: asyncio.AbstractEventLoop) -> None:
        self._shared = shared
        self._loop = loop
        self._meter: Meter | None = None
        self._timer: asyncio.TimerHandle | None = None

    def asked(self) -> Meter:
        """The meter, which goes on for a while; in the server's thread."""
        meter = self._meter
        if meter is None:
            meter = self._meter = Meter(self._shared.computer.kernel)
            self._shared.post(meter.attach)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(LINGER, self._tire)
        return meter

    def _tire(self) -> None:
        meter, self._meter = self._meter, None
        if meter is not None:
            self._shared.post(meter.detach)


def process_of(task: Task) -> int:
    """The number of a thread's process."""
    return int(getattr(task, "tgid", task.tid))
