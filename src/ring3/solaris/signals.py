"""Signals: sent, blocked, taken.

A signal waits at its thread or at its process until a thread takes it on its way to ring 3: it calls the handler, or
the signal ends the process. Signals that stop and continue act when they are sent (`job_control`).
Not here: core files.

Source: usr/src/uts/common/os/sig.c (sigtoproc, eat_signal, issig, psig) of illumos-gate.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.signals import CANTMASK, NSIG, SIG_DFL, SIG_IGN, SIGRTMIN, Default, SolarisSig
from ring3.solaris.process import Action
from ring3.solaris.siginfo import Info

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

SA_ONSTACK: Final = 0x1
SA_RESETHAND: Final = 0x2
SA_RESTART: Final = 0x4
SA_SIGINFO: Final = 0x8
SA_NODEFER: Final = 0x10
SA_NOCLDWAIT: Final = 0x1_0000


def bit(signal: int) -> int:
    """A signal in a set."""
    return 1 << (signal - 1)


UNBLOCKABLE: Final = sum(bit(signal) for signal in CANTMASK)
JOB_SIGNALS: Final = frozenset(
    {
        SolarisSig.SIGSTOP, SolarisSig.SIGTSTP, SolarisSig.SIGTTIN, SolarisSig.SIGTTOU,
        SolarisSig.SIGCONT, SolarisSig.SIGKILL,
    }
)  # fmt: skip
"""Signals that do something to a job when they are sent, before anybody takes them."""
_FIRST: Final[dict[int, int]] = {SolarisSig.SIGKILL: -2, SolarisSig.SIGPROF: -1}
"""Signals that are taken before others, which go by their numbers."""
ALL_SIGNALS: Final = (1 << (NSIG - 1)) - 1


def default_of(signal: int) -> Default:
    """What a signal does to a process that does nothing about it."""
    return Default.TERMINATE if signal >= SIGRTMIN else SolarisSig(signal).default


def is_ignored(process: Process, signal: int) -> bool:
    """Whether a signal has no effect on a process (p_ignore)."""
    handler = process.action(signal).handler
    return handler == SIG_IGN or (handler == SIG_DFL and default_of(signal) is Default.IGNORE)


def sigtoproc(process: Process, info: Info) -> None:
    """Sends a signal to a process: a thread that does not block it takes it."""
    if process.exited or not process.lwps or _controls(process, info.signo, process.lwps.values()):
        return
    if is_ignored(process, info.signo):
        return
    if info.signo < SIGRTMIN and any(waiting.signo == info.signo for waiting in process.sigqueue):
        return
    process.sigqueue.append(info)
    for lwp in list(process.lwps.values()):
        if not lwp.sigmask & bit(info.signo) or info.signo in CANTMASK or lwp.sigwait & bit(info.signo):
            _eat_signal(lwp)
            return


def tsignal(task: SolarisTask, signal: int, info: Info | None = None) -> None:
    """Sends a signal to a thread: it takes it before ring 3 runs again, unless it ignores or blocks it."""
    if task.process.exited or _controls(task.process, signal, (task,)) or is_ignored(task.process, signal):
        return
    task.sigqueue.append(info or Info(signal))
    if not task.sigmask & bit(signal) or signal in CANTMASK or task.sigwait & bit(signal):
        _eat_signal(task)


def _controls(process: Process, signal: int, lwps: Iterable[SolarisTask]) -> bool:
    """What a signal does to a job when it is sent; whether that is all it does: the process has stopped."""
    if signal not in JOB_SIGNALS:
        return False
    from ring3.solaris import job_control  # noqa: PLC0415 -- most programs are not stopped

    lwps = list(lwps)
    kernel = lwps[0].kernel
    if signal == SolarisSig.SIGCONT:
        job_control.continue_(kernel, process)
    elif signal == SolarisSig.SIGKILL:
        if process.stopped:
            job_control.go_on(kernel, process)
        if process.tracing is not None:
            from ring3.solaris import tracing  # noqa: PLC0415 -- most programs are not controlled

            tracing.release(process)
    else:
        job_control.discard(process, frozenset({SolarisSig.SIGCONT}))
        free = signal in CANTMASK or any(not lwp.sigmask & bit(signal) for lwp in lwps)
        if process.action(signal).handler == SIG_DFL and free:
            job_control.stop(kernel, process, signal)
            return True
    return False


def _eat_signal(task: SolarisTask) -> None:
    task.set_sig_check()
    task.kernel.ready(task)


def trapsig(task: SolarisTask, signal: SolarisSig, address: int = 0, code: int = 0) -> None:
    """Sends the signal of a fault; blocking or ignoring it does not help: the instruction would fault again at once."""
    action = task.process.action(signal)
    if action.handler == SIG_IGN or task.sigmask & bit(signal):
        task.process.actions[signal] = Action()
        task.sigmask &= ~bit(signal)
    task.sigqueue.appendleft(Info(signal, code, address=address))
    task.set_sig_check()


def next_signal(task: SolarisTask, *, take: bool = True) -> Info | None:
    """The signal that a thread would take now, None if it would take none."""
    for queue in (task.sigqueue, task.process.sigqueue):
        found = _first(task, queue)
        if found is not None:
            if take:
                queue.remove(found)
            return found
    return None


def _first(task: SolarisTask, queue: deque[Info]) -> Info | None:
    """The signal of a queue that comes first: SIGKILL, SIGPROF, then the lowest number (fsig)."""
    if not queue:
        return None
    blocked = task.sigmask & ~UNBLOCKABLE
    found: Info | None = None
    for info in list(queue):
        if blocked & bit(info.signo):
            continue
        if is_ignored(task.process, info.signo):
            queue.remove(info)
        elif found is None or _rank(info) < _rank(found):
            found = info
    return found


def _rank(info: Info) -> int:
    return _FIRST.get(info.signo, info.signo)


def set_mask(task: SolarisTask, mask: int) -> None:
    """Blocks other signals than before; what waited and is free now is taken before ring 3 runs again."""
    task.sigmask = mask & ~UNBLOCKABLE & ALL_SIGNALS
    if next_signal(task, take=False) is not None:
        task.set_sig_check()


def psig(task: SolarisTask, info: Info) -> None:
    """Does what a signal that a thread takes is to do: calls its handler, or ends the process.

    Raises:
        TaskExited: It has ended the process.
    """
    action = task.process.action(info.signo)
    if action.handler == SIG_DFL and default_of(info.signo) is Default.STOP:
        from ring3.solaris.job_control import stop  # noqa: PLC0415 -- it needs this module

        stop(task.kernel, task.process, info.signo)
        return
    if action.handler == SIG_DFL:
        from ring3.solaris.exit import end  # noqa: PLC0415 -- it needs this module

        end(task, info.signo)
    from ring3.solaris.sendsig import sendsig  # noqa: PLC0415 -- most programs get no signal

    if not sendsig(task, info, action):
        task.process.actions[SolarisSig.SIGSEGV] = Action()
        task.sigmask &= ~bit(SolarisSig.SIGSEGV)
        task.sigqueue.appendleft(Info(SolarisSig.SIGSEGV))


def issig(task: SolarisTask) -> None:
    """Takes the signals that wait, on the way to ring 3: the registers are in `SolarisTask.regs`.

    Raises:
        TaskExited: One has ended the process.
    """
    if task.process.tracing is not None:
        from ring3.solaris import tracing  # noqa: PLC0415 -- most programs are not controlled

        tracing.issig(task)
    else:
        while not task.process.stopped:
            info = next_signal(task)
            if info is None:
                break
            psig(task, info)
    restore_mask(task)


def restore_mask(task: SolarisTask) -> None:
    """What a call has blocked for its own time is free again, and the other way round (sigsuspend)."""
    if task.oldmask is not None:
        mask, task.oldmask = task.oldmask, None
        set_mask(task, mask)
