"""Job control: processes that a signal stops, and that go on when SIGCONT comes.

All lwps of a process stop at once: who is ready leaves the run queue, who waits in a call goes on waiting there, and
nobody of them runs before the process is continued. So a call that waits is not interrupted by a stop.

Source: usr/src/uts/common/os/sig.c (sigtoproc, isjobstop, stop, sigcld) of illumos-gate; termio(4I)
for orphaned groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SIG_DFL, Default, SolarisSig
from ring3.solaris.siginfo import CLD_CONTINUED, CLD_STOPPED, Info
from ring3.solaris.structures import set_stopped

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

SA_NOCLDSTOP: Final = 0x2_0000
STOPS: Final = frozenset(signal for signal in SolarisSig if signal.default is Default.STOP)


def is_orphaned(kernel: SolarisKernel, pgid: int) -> bool:
    """Whether nobody of a process group's session, but of another group, is parent of one in it, to continue it."""
    for process in kernel.processes.values():
        parent = kernel.processes.get(process.ppid)
        if (
            process.pgid == pgid
            and parent is not None
            and parent.sid == process.sid
            and parent.pgid != pgid
            and not process.exited
        ):
            return False
    return True


def session_group(task: SolarisTask, pgid: int) -> int:
    """The process group that a program wants to give its terminal to (TIOCSPGRP).

    Raises:
        Errno: EINVAL, it can be none; EPERM, it is none of the program's session.
    """
    if not 0 < pgid < 1 << 31:
        raise Errno(SolarisE.EINVAL)
    sid = task.process.sid
    if all(process.pgid != pgid or process.sid != sid for process in task.kernel.processes.values()):
        raise Errno(SolarisE.EPERM)
    return pgid


def discard(process: Process, signals: frozenset[SolarisSig]) -> None:
    """Forgets signals that wait: a stop and SIGCONT take each other back."""
    for queue in (process.sigqueue, *(lwp.sigqueue for lwp in process.lwps.values())):
        for info in [info for info in queue if info.signo in signals]:
            queue.remove(info)


def stop(kernel: SolarisKernel, process: Process, signal: int) -> None:
    """Stops a process by a signal whose default that is; one whose group is orphaned stops by SIGSTOP alone."""
    if process.stopped or process.exited:
        return
    if signal != SolarisSig.SIGSTOP and is_orphaned(kernel, process.pgid):
        return
    process.stopped = signal
    for lwp in process.lwps.values():
        kernel.suspend(lwp)
    set_stopped(kernel, process)
    _tell(kernel, process, CLD_STOPPED, signal)


def go_on(kernel: SolarisKernel, process: Process) -> None:
    """Lets the lwps of a process run that was stopped; without a word to its parent."""
    process.stopped = 0
    process.news = None
    set_stopped(kernel, process)
    for lwp in process.lwps.values():
        if lwp.sigqueue or process.sigqueue:
            lwp.set_sig_check()
        kernel.ready(lwp)


def continue_(kernel: SolarisKernel, process: Process) -> None:
    """SIGCONT has come: a process that was stopped goes on, whatever it does about the signal."""
    discard(process, STOPS)
    if process.stopped:
        go_on(kernel, process)
        _tell(kernel, process, CLD_CONTINUED, SolarisSig.SIGCONT)


def _tell(kernel: SolarisKernel, process: Process, code: int, signal: int) -> None:
    """Notes it for waitid(2), and sends SIGCLD to a parent that wants to know of stops."""
    from ring3.solaris.signals import sigtoproc  # noqa: PLC0415 -- it needs this module

    parent = kernel.processes.get(process.ppid)
    if parent is None or parent.exited:
        return
    process.news = Info(SolarisSig.SIGCLD, code, process.pid, process.cred.ruid, signal)
    action = parent.action(SolarisSig.SIGCLD)
    if action.handler != SIG_DFL and not action.flags & SA_NOCLDSTOP:
        sigtoproc(parent, process.news)
    parent.changed.wake()


def leave_orphans(kernel: SolarisKernel, children: list[Process]) -> None:
    """Their parent has ended: stopped ones in groups that are orphaned by that get SIGHUP and SIGCONT (pgdetach)."""
    from ring3.solaris.signals import sigtoproc  # noqa: PLC0415 -- it needs this module

    for pgid in {child.pgid for child in children if not child.exited}:
        members = [process for process in kernel.processes.values() if process.pgid == pgid]
        if any(process.stopped for process in members) and is_orphaned(kernel, pgid):
            for process in members:
                sigtoproc(process, Info(SolarisSig.SIGHUP))
                sigtoproc(process, Info(SolarisSig.SIGCONT))
