"""Setting resource limits, and telling those who enforce them (do_prlimit of kernel/sys.c)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from ring3.linux.model.limits import Resource

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


_MM_LIMITS: Final = {
    Resource.DATA: "data",
    Resource.STACK: "stack",
    Resource.MEMLOCK: "memlock",
    Resource.AS: "address_space",
}


def set_rlimit(task: LinuxTask, resource: int, soft: int, hard: int) -> None:
    """Sets a limit of a task's process."""
    task.rlimits[resource] = (soft, hard)
    if resource == Resource.NOFILE:
        task.files.limit = soft
    elif resource == Resource.CPU:
        watch_cpu_time(task)
    name = _MM_LIMITS.get(Resource(resource))
    if name is not None:
        limits = task.memory.limits = copy(task.memory.limits)
        setattr(limits, name, soft)


def watch_cpu_time(task: LinuxTask) -> None:
    """Has RLIMIT_CPU of a task's process watched."""
    from ring3.linux.timers import cpu_limit  # noqa: PLC0415 -- few programs ever need it

    cpu_limit.watch(task)
