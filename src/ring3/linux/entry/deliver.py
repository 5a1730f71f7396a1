"""Delivering signals: the exit work that chooses one, acts on it, and restarts interrupted calls.

Follows get_signal (kernel/signal.c), arch_do_signal_or_restart and handle_signal (arch/x86/kernel/signal.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E
from ring3.abi.signals import SIG_DFL, SIG_IGN, SaFlags, Sig
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.linux.model.limits import Resource
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import (
    IGNORED_BY_DEFAULT,
    STOPPING,
    UNBLOCKABLE,
    Action,
    bit,
    take_first,
)
from ring3.linux.signals import frames, rseq
from ring3.linux.signals.send import (
    do_signal_stop,
    force_sig,
    is_unwanted,
    recalc_sigpending,
    set_current_blocked,
)
from ring3.linux.tasks.exit import do_group_exit, end, is_ending

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_RESETHAND: Final = int(SaFlags.SA_RESETHAND)  # an IntFlag would cost a microsecond each time
_NODEFER: Final = int(SaFlags.SA_NODEFER)
_M32: Final = (1 << 32) - 1
_M64: Final = (1 << 64) - 1
_FIRST_ERROR: Final = -4095 & _M32
"""The lower half of the least result that is an errno (IS_ERR_VALUE of include/linux/err.h)."""
_RESTART: Final = {-E.ERESTARTSYS & _M64, -E.ERESTARTNOINTR & _M64, -E.ERESTARTNOHAND & _M64}
_RESTART_BLOCK: Final = -E.ERESTART_RESTARTBLOCK & _M64
NR_RESTART_SYSCALL: Final = {64: 219, 32: 0}


@function(
    "void arch_do_signal_or_restart(struct pt_regs *regs)",
    calls={"dequeue_signal", "get_signal", "set_current_blocked"},
)
def arch_do_signal_or_restart(task: LinuxTask, regs: UserRegs) -> None:
    """Handles what is pending: ends or sets up a handler; then repairs the interrupted call.

    A thread that is to stop does so before it looks at another signal: the rest is done when it goes on.
    """
    while (info := dequeue_signal(task)) is not None:
        if get_signal(task, regs, info) or task.must_stop:
            return
    settle(task, regs)


@function(
    "int dequeue_signal(sigset_t *mask, kernel_siginfo_t *info, enum pid_type *type)",
    calls={"do_exit", "do_group_exit", "recalc_sigpending"},
)
def dequeue_signal(task: LinuxTask) -> SigInfo | None:
    """The next signal to deliver, removed from its queue; None if there is none. A thread that is to end does."""
    if is_ending(task):
        end(task)
    info = take_first(task.signals, task.process.pending, ~task.blocked)
    if info is not None:
        task.may_stop = True
    recalc_sigpending(task)
    return info


@function(
    "bool get_signal(struct ksignal *ksig)",
    calls={"do_coredump", "do_group_exit", "do_signal_stop", "handle_signal"},
)
def get_signal(task: LinuxTask, regs: UserRegs, info: SigInfo) -> bool:
    """Does what a signal's action says; False if that was nothing, so that the next one is to be looked at."""
    process, signal = task.process, info.signo
    action = process.actions[signal]
    if action.handler == SIG_IGN:
        return False
    if action.handler != SIG_DFL:
        if action.flags & _RESETHAND:
            process.actions[signal] = Action(SIG_DFL, action.flags, action.restorer, action.mask)
        if _in_call(regs):
            _settle_interrupted(task, regs, action)
        handle_signal(task, regs, info, action)
        return True
    if bit(signal) & IGNORED_BY_DEFAULT or is_unwanted(process, signal):
        return False
    if bit(signal) & STOPPING:
        if not task.may_stop:
            return False
        if signal != Sig.SIGSTOP and task.kernel.processes.is_orphaned(process.pgid):
            return False
        do_signal_stop(process, signal)
        return False
    task.kernel.dying(task, regs, info)
    return do_group_exit(task, signal | _dump(task, regs, info))


def _dump(task: LinuxTask, regs: UserRegs, info: SigInfo) -> int:
    """Leaves a core file where the signal and the limits ask for one: the bit of the status that says so, or 0."""
    if not task.rlimits[Resource.CORE][0]:
        return 0
    from ring3.linux.tasks import core_file  # noqa: PLC0415 -- few programs die so

    return (
        core_file.DUMPED if info.signo in core_file.DUMPING and core_file.do_coredump(task, regs, info) else 0
    )


def settle(task: LinuxTask, regs: UserRegs) -> None:
    """No handler runs: an interrupted call is made again, and the mask of sigsuspend(2) is undone."""
    if _in_call(regs):
        result = result_of(task, regs)
        if result in _RESTART:
            regs.ax = regs.orig_ax
            regs.ip -= 2
        elif result == _RESTART_BLOCK:
            regs.ax = NR_RESTART_SYSCALL[32 if task.in_ia32_syscall else 64]
            regs.ip -= 2
    if task.saved_mask is not None:
        set_current_blocked(task, task.saved_mask)
        task.saved_mask = None


def _in_call(regs: UserRegs) -> bool:
    """Whether the kernel was entered for a call; an exception has -1 for the number."""
    return regs.orig_ax & 0xFFFF_FFFF != 0xFFFF_FFFF


def result_of(task: LinuxTask, regs: UserRegs) -> int:
    """What the call gave; a 32-bit tracer may have written it back without its upper half (syscall_get_error)."""
    result = regs.ax
    if task.in_ia32_syscall and result & 0x8000_0000:
        return result | _M64 ^ 0xFFFF_FFFF
    return result


def _settle_interrupted(task: LinuxTask, regs: UserRegs, action: Action) -> None:
    """What becomes of the call that a handler interrupts: made again, or EINTR."""
    if regs.ax & _M32 < _FIRST_ERROR:
        return
    result = result_of(task, regs)
    if result == -E.ERESTARTNOINTR & _M64 or (
        result == -E.ERESTARTSYS & _M64 and action.flags & SaFlags.SA_RESTART
    ):
        regs.ax = regs.orig_ax
        regs.ip -= 2
    elif result in _RESTART or result == _RESTART_BLOCK:
        regs.ax = -E.EINTR & _M64


@function(
    "void handle_signal(struct ksignal *ksig, struct pt_regs *regs)",
    calls={"do_group_exit", "force_sig", "rseq_signal_deliver", "set_current_blocked", "setup_rt_frame"},
)
def handle_signal(task: LinuxTask, regs: UserRegs, info: SigInfo, action: Action) -> None:
    """Sets up the handler's frame and the mask in which it runs."""
    mask = task.blocked if task.saved_mask is None else task.saved_mask
    if task.rseq is not None:
        rseq.rseq_signal_deliver(task, regs, task.rseq, info.signo)
    if not frames.setup_rt_frame(task, regs, info, action, mask):
        force_sig(task, Sig.SIGSEGV)
        if info.signo == Sig.SIGSEGV:
            do_group_exit(task, int(Sig.SIGSEGV))
        return
    task.saved_mask = None
    blocked = task.blocked | action.mask
    if not action.flags & _NODEFER:
        blocked |= bit(info.signo)
    set_current_blocked(task, blocked & ~UNBLOCKABLE)
