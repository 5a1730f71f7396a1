"""Who a program is: getpid, getuid, getgid, each of which answers two questions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.solaris.definition import rvals, syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


@syscall("full")
def getpid(task: SolarisTask) -> int:
    """The process's number, and its parent's."""
    return rvals(task.pid, task.process.ppid)


@syscall("full")
def getuid(task: SolarisTask) -> int:
    """The real user, and the effective one."""
    return rvals(task.cred.ruid, task.cred.uid)


@syscall("full")
def getgid(task: SolarisTask) -> int:
    """The real group, and the effective one."""
    return rvals(task.cred.rgid, task.cred.gid)
