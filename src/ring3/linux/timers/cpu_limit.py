"""RLIMIT_CPU: SIGXCPU for each second of CPU time from the soft limit on, SIGKILL at the hard one.

Source: setrlimit(2); check_process_timers in kernel/time/posix-cpu-timers.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.signals import SiCode, Sig
from ring3.linux.model.limits import RLIM_INFINITY, Resource
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import group_send_sig_info
from ring3.linux.timers.clocks import process_cpu_time
from ring3.linux.timers.timespec import SECOND

if TYPE_CHECKING:
    from ring3.kernel.timers import CpuTimer
    from ring3.linux.model.task import LinuxTask


class CpuLimit:
    """What watches over the limit of a process."""

    def __init__(self, task: LinuxTask) -> None:
        """Watches from now on; ``task`` is any thread of the process."""
        self._kernel = task.kernel
        self._process = task.process
        self._rlimits = task.rlimits
        self._timer: CpuTimer | None = None
        self._start()

    def stop(self) -> None:
        """Ends it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        seconds = min(self._rlimits[Resource.CPU])
        if seconds != RLIM_INFINITY:
            clock = lambda: process_cpu_time(self._process)  # noqa: E731
            self._timer = self._kernel.cpu_timers.add(clock, seconds * SECOND, self._expire)

    def _expire(self) -> None:
        self._timer = None
        soft, hard = self._rlimits[Resource.CPU]
        if process_cpu_time(self._process) >= hard * SECOND:
            group_send_sig_info(self._process, SigInfo(int(Sig.SIGKILL), int(SiCode.SI_KERNEL)))
            return
        group_send_sig_info(self._process, SigInfo(int(Sig.SIGXCPU), int(SiCode.SI_KERNEL)))
        self._rlimits[Resource.CPU] = (soft + 1, hard)
        self._start()


def watch(task: LinuxTask) -> None:
    """Watches the limit of a process that is new, or that has a new limit."""
    if task.process.cpu_limit is not None:
        task.process.cpu_limit.stop()
    task.process.cpu_limit = CpuLimit(task)
