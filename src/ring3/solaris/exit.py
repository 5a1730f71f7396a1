"""The end of lwps and processes: exit(2), lwp_exit, and what becomes of the family (usr/src/uts/common/os/exit.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.c_types import Int
from ring3.abi.solaris.signals import SIG_IGN, SolarisSig
from ring3.kernel.task import TaskExited
from ring3.solaris.definition import syscall
from ring3.solaris.job_control import leave_orphans
from ring3.solaris.process import INIT
from ring3.solaris.siginfo import CLD_EXITED, CLD_KILLED, Info
from ring3.solaris.signals import SA_NOCLDWAIT, sigtoproc
from ring3.solaris.structures import become_zombie

if TYPE_CHECKING:
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask


@syscall("full")
def rexit(task: SolarisTask, rval: Int) -> NoReturn:
    """Ends the process."""
    end(task, (rval & 0xFF) << 8)


@syscall("full")
def syslwp_exit(task: SolarisTask) -> NoReturn:
    """Ends the calling lwp; the last one ends its process."""
    process, kernel = task.process, task.kernel
    if len(process.lwps) == 1:
        end(task, 0)
    if task.serving is not None:
        from ring3.solaris.door_files import end_lwp  # noqa: PLC0415 -- few programs have doors

        end_lwp(task)
    process.lwps.pop(task.lwpid)
    process.cpu_time += kernel.cpu_time(task)
    if not task.detached:
        process.zombies[task.lwpid] = True
    task.mm = None
    kernel.end(task, 0)
    process.changed.wake()
    raise TaskExited


def end(task: SolarisTask, code: int) -> NoReturn:
    """Ends the running process.

    Args:
        task: One of its lwps, which runs.
        code: As wait(2) encodes it: the exit status times 256, or a signal's number.

    Raises:
        TaskExited: Always.
    """
    process, kernel = task.process, task.kernel
    end_others(task)
    process.cpu_time += kernel.cpu_time(task)
    process.lwps.clear()
    if process.posix_timers:
        from ring3.solaris.timers import end_timers  # noqa: PLC0415 -- most programs have none

        end_timers(process)
    if "ipc" in vars(kernel):
        from ring3.solaris.ipc.semaphores import undo_all  # noqa: PLC0415 -- few programs have semaphores

        undo_all(task, process)
    if "sleepers" in vars(kernel):
        kernel.sleepers.wake_all()  # who waits for a robust mutex of it
    if "terminals" in vars(kernel):
        from ring3.solaris.terminals import give_up  # noqa: PLC0415 -- few programs have pseudoterminals

        give_up(process, kernel, ended=True)
    process.files.close_all()
    if process.tracing is not None:
        process.tracing.changed.wake()
    task.leave_memory()
    process.exited, process.exit_code = True, code
    kernel.end(task, code)
    children = list(process.children.values())
    process.children.clear()
    for child in children:
        child.ppid = INIT
        if child.exited:
            kernel.forget(child)
    if children:
        leave_orphans(kernel, children)
    become_zombie(kernel, process)
    _tell_parent(task, process)
    raise TaskExited


def end_others(task: SolarisTask) -> None:
    """Ends all other lwps of a process, and its doors (exitlwps, door_exit)."""
    process, kernel = task.process, task.kernel
    if "doors" in vars(kernel):
        kernel.doors.end_process(process)
    for number, lwp in list(process.lwps.items()):
        if lwp is not task:
            del process.lwps[number]
            process.cpu_time += kernel.cpu_time(lwp)
            kernel.end(lwp, 0)
            lwp.mm = None
    process.zombies.clear()


def child_info(child: Process) -> Info:
    """What SIGCLD and waitid(2) tell of a child that has ended."""
    signal = child.exit_code & 0x7F
    status = signal or child.exit_code >> 8
    return Info(SolarisSig.SIGCLD, CLD_KILLED if signal else CLD_EXITED, child.pid, child.cred.ruid, status)


def _tell_parent(task: SolarisTask, process: Process) -> None:
    kernel = task.kernel
    parent = kernel.processes.get(process.ppid)
    if parent is None or parent.exited:
        kernel.forget(process)
        return
    action = parent.action(SolarisSig.SIGCLD)
    if action.handler == SIG_IGN or action.flags & SA_NOCLDWAIT:
        parent.children.pop(process.pid, None)
        kernel.forget(process)
    sigtoproc(parent, child_info(process))
    parent.changed.wake()
