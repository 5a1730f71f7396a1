"""What is done before ring 3 runs again: signals, stops, restartable sequences (kernel/entry/common.c of Linux 6.x).

It is imported when there is some for the first time; many programs never have any.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from ring3.abi.signals import SIG_DFL, SIG_IGN
from ring3.image.linux.boot import L
from ring3.kernel.regs import UserRegs
from ring3.kernel.wait import Rest
from ring3.linux.entry.deliver import arch_do_signal_or_restart, dequeue_signal, get_signal, settle
from ring3.linux.entry.traps import EXIT_WORK
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals import rseq
from ring3.linux.signals.send import is_fatal, kill_threads
from ring3.linux.tasks.exit import end_with_event, is_ending
from ring3.linux.tracing import stepping
from ring3.linux.tracing import stops as tracing

NEED_RESCHED: Final = 1 << L["TIF_NEED_RESCHED"]
_JOB: Final = "the group's stop"
_STEP: Final = "a step into a handler"
_Stop = SigInfo | str | None
"""Where a thread stops on its way: before a signal, or for one of these."""


def exit_work(task: LinuxTask, regs: UserRegs, argument: int) -> int | Coroutine[Any, Any, int]:
    """What is to be done before ring 3 runs again (exit_to_user_mode_loop): signals, stops."""
    q = task.kernel.machine.ram.q
    resched = 0
    while q[task.struct] & EXIT_WORK:
        if task.trace is not None or task.must_stop:
            return _exit_work_with_stops(task, regs)
        resched |= q[task.struct] & NEED_RESCHED
        q[task.struct] &= ~EXIT_WORK
        arch_do_signal_or_restart(task, regs)
        if task.rseq is not None:
            rseq.rseq_handle_notify_resume(task, regs, task.rseq)
    if resched:
        task.kernel.give_way(task)
    return 0


async def _exit_work_with_stops(task: LinuxTask, regs: UserRegs, at: _Stop = None) -> int:
    """The same for a thread that may have to stop on the way: with its process, or for its tracer.

    Args:
        task: The thread.
        regs: Its registers.
        at: The stop that it was in when this was given up, None to begin.
    """
    q = task.kernel.machine.ram.q
    while at is not None or q[task.struct] & EXIT_WORK:
        if at is None:
            q[task.struct] &= ~EXIT_WORK
        if not await _act_with_stops(task, regs, at):
            settle(task, regs)
        at = None
        if task.rseq is not None:
            rseq.rseq_handle_notify_resume(task, regs, task.rseq)
    return 0


async def _act_with_stops(task: LinuxTask, regs: UserRegs, at: _Stop) -> bool:
    """Stops, and acts on signals until none is left or a handler is to run; returns whether one is (get_signal)."""
    while True:
        is_shown = at is not None or task.trace is not None
        info = await _next(task) if at is None else at
        at = None
        if info is None:
            return False
        if info is _STEP:
            await _step_stop(task, regs)
            return True
        if is_shown or info is _JOB:
            info = await _stop(task, regs, info)
        if isinstance(info, SigInfo) and await _take(task, regs, info):
            return True


async def _next(task: LinuxTask) -> _Stop:
    """What comes first: the end of the thread, a stop, or a signal; None if nothing is left."""
    while True:
        trace = task.trace
        if is_ending(task):
            await end_with_event(task)
        elif trace is not None and (task.must_stop or trace.has_trap):
            return _JOB
        elif task.must_stop:
            task.set_flag(L["TIF_SIGPENDING"])  # it has not been done: given up here, it is to be made again
            await task.stopped.wait(task)
        else:
            if trace is not None:
                trace.of_process = not task.signals.set & ~task.blocked
            return dequeue_signal(task)


async def _stop(task: LinuxTask, regs: UserRegs, at: SigInfo | str) -> SigInfo | None:
    """Stops for the tracer, before a signal or with the group; returns the signal to act on."""
    with Rest(task, partial(_exit_work_with_stops, task, regs, at)):
        if isinstance(at, SigInfo):
            return await tracing.signal_stop(task, at)
        await tracing.job_stop(task)
        return None


async def _take(task: LinuxTask, regs: UserRegs, info: SigInfo) -> bool:
    """Acts on a signal; returns whether a handler is to run."""
    if is_fatal(task, info.signo):
        kill_threads(task.process, info.signo, but=task)
        return False
    return await _act_on(task, regs, info)


async def _step_stop(task: LinuxTask, regs: UserRegs) -> None:
    with Rest(task, partial(_exit_work_with_stops, task, regs, _STEP)):
        await tracing.step_stop(task)


async def _act_on(task: LinuxTask, regs: UserRegs, info: SigInfo) -> bool:
    """Does what a signal's action says; a thread that is stepped stops at its handler's first instruction."""
    handler = task.process.actions[info.signo].handler
    stepped = task.stepping and handler not in (SIG_IGN, SIG_DFL)
    if stepped:
        stepping.disable(task)
    handled = get_signal(task, regs, info)
    if stepped and regs.ip == handler:
        await _step_stop(task, regs)
    return handled
