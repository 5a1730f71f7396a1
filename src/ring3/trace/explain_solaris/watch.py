"""Lets programs run as ever until the wanted call; the one door that is explained is ``syscall`` from 64-bit code."""

from __future__ import annotations

from typing import cast

from ring3.abi.solaris.sysent import NSYSCALL
from ring3.kernel.task import Task
from ring3.machine.cpu import Event, Stop
from ring3.machine.registers import Gpr
from ring3.solaris.kernel import SolarisKernel
from ring3.solaris.task import SolarisTask
from ring3.trace.explain.watch import Watcher
from ring3.trace.explain_solaris.call import Call, call_names
from ring3.trace.explain_solaris.collector import Collector
from ring3.trace.explain_solaris.model import Explanation


class Explainer(Watcher[Call, Explanation]):
    """Explains one call of the programs on a Solaris kernel."""

    _kernel: SolarisKernel

    def call_at(self, stop: Stop) -> Call | None:
        """The system call that a stop of the CPU stands for."""
        cpu = self._kernel.machine.cpu
        if stop is not Event.SYSCALL or cpu.cpl != 3:
            return None
        number = cpu.gpr(Gpr.RAX) & 0xFFFF_FFFF
        names = call_names(self._kernel.solaris.flavour) if number < NSYSCALL else {}
        return Call(number, names.get(number, ""))

    def follow(self, task: Task, call: Call) -> None:
        """Follows it."""
        Collector(self._kernel, cast(SolarisTask, task), call, self.calls, self.over)
