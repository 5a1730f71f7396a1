"""What a thread asks of the scheduler, and when it lets others run (kernel/sched/syscalls.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.kernel.functions import function

if TYPE_CHECKING:
    from ring3.linux.model.scheduling import Scheduling
    from ring3.linux.model.task import LinuxTask


@function("void do_sched_yield(void)")
def do_sched_yield(task: LinuxTask) -> None:
    """Lets the other tasks run first."""
    if task.kernel.has_others():
        task.kernel.to_end(task)


def set_scheduling(task: LinuxTask, scheduling: Scheduling) -> None:
    """Replaces what a thread asks of the scheduler; others may come first from now on."""
    task.scheduling = scheduling
    task.kernel.ranks_changed(task)
