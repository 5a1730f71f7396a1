"""Which process group the terminal of a session serves (drivers/tty/tty_jobctrl.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def terminal_group(task: LinuxTask) -> int:
    """The process group that a task's terminal serves, as the task calls it."""
    sid = task.process.sid
    return task.pid_ns.shown(task.kernel.terminal_groups.get(sid, sid))


@function("int tiocspgrp(struct tty_struct *tty, struct tty_struct *real_tty, pid_t __user *p)")
def tiocspgrp(task: LinuxTask, pgid: int) -> None:
    """Gives a task's terminal to another process group of its session.

    Raises:
        Errno: EPERM, it is of another session; ESRCH, there is none; EINVAL, a negative number.
    """
    if pgid < 0:
        raise Errno(E.EINVAL)
    pgid = task.pid_ns.found(pgid)
    group = task.kernel.processes.group(pgid)
    if not group:
        raise Errno(E.ESRCH)
    if all(process.sid != task.process.sid for process in group):
        raise Errno(E.EPERM)
    task.kernel.terminal_groups[task.process.sid] = pgid
