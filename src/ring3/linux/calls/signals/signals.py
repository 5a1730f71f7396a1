"""The calls about signals: actions, masks, sending, waiting for them, coming back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Int, Pid, Pointer, Signal, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.signals import OLD_SIGACTION, SIGACTION, SIGACTION32
from ring3.abi.signals import NSIG, SIG_DFL, SIG_IGN, SiCode, Sig, SigHow
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.kernel.task import GivenUp
from ring3.kernel.wait import UNTIL_READY, WaitQueue, deadline_after, wait_event
from ring3.linux.definition import syscall
from ring3.linux.model.process import INIT
from ring3.linux.model.siginfo import SIZE, SigInfo, unpack
from ring3.linux.model.signal_state import (
    IGNORED_BY_DEFAULT,
    SA_FLAGS,
    SA_IA32_ABI,
    UNBLOCKABLE,
    Action,
    bit,
    take_first,
)
from ring3.linux.signals import frame32, frame64
from ring3.linux.signals.kill import (
    check_kill_permission,
    check_signal,
    kill_pid_info,
    kill_something_info,
    signal_from,
)
from ring3.linux.signals.send import (
    do_send_specific,
    force_sig,
    recalc_sigpending,
    set_current_blocked,
)
from ring3.linux.timers.timespec import read_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Waiting = Coroutine[Any, Any, int]
SIGSET: Final = 8


def _check_size(size: int) -> None:
    if size != SIGSET:
        raise Errno(E.EINVAL)


# -- actions -----------------------------------------------------------------------------------------------------


@function("int do_sigaction(int sig, struct k_sigaction *act, struct k_sigaction *oact)")
def do_sigaction(task: LinuxTask, signal: int, new: Action | None) -> Action:
    """Replaces an action; returns the one before."""
    if not 1 <= signal <= NSIG or (new is not None and bit(signal) & UNBLOCKABLE):
        raise Errno(E.EINVAL)
    actions = task.process.actions
    before = actions[signal]
    if new is not None:
        actions[signal] = new._replace(
            flags=new.flags & SA_FLAGS | (SA_IA32_ABI if task.in_ia32_syscall else 0)
        )
        if new.handler == SIG_IGN or (new.handler == SIG_DFL and bit(signal) & IGNORED_BY_DEFAULT):
            task.process.pending.discard(bit(signal))
            for thread in task.process.threads:
                thread.signals.discard(bit(signal))
    return before._replace(flags=before.flags & SA_FLAGS)


@syscall("full", compat_sys_rt_sigaction=32)
def sys_rt_sigaction(
    task: LinuxTask, sig: Signal, act: Pointer, oact: Pointer, sigsetsize: SizeT, *, bits: int = 64
) -> int:
    """Sets and gets what is done with a signal."""
    _check_size(sigsetsize)
    row = SIGACTION32 if bits == 32 else SIGACTION
    new = None
    if act:
        handler, flags, restorer, mask = row.integers(task.memory, act, bits)
        new = Action(handler, flags, restorer, mask & ~UNBLOCKABLE)
    before = do_sigaction(task, sig, new)
    if oact:
        old = (before.handler, before.flags, before.restorer, before.mask)
        row.write(task.memory, oact, bits, *old)
    return 0


@syscall("full")
def compat_sys_sigaction(task: LinuxTask, sig: Signal, act: Pointer, oact: Pointer) -> int:
    """i386's first sigaction: a mask of 32 signals between handler and flags."""
    new = None
    if act:
        handler, mask, flags, restorer = OLD_SIGACTION.integers(task.memory, act, 32)
        new = Action(handler, flags, restorer, mask & ~UNBLOCKABLE)
    before = do_sigaction(task, sig, new)
    if oact:
        old = (before.handler, before.mask & 0xFFFF_FFFF, before.flags, before.restorer)
        OLD_SIGACTION.write(task.memory, oact, 32, *old)
    return 0


@syscall("full")
def sys_signal(task: LinuxTask, sig: Signal, handler: Pointer) -> int:
    """i386's signal: one shot, not blocked meanwhile."""
    return do_sigaction(task, sig, Action(handler, 0x8000_0000 | 0x4000_0000)).handler


# -- masks -------------------------------------------------------------------------------------------------------


@function(
    "int sigprocmask(int how, sigset_t *set, sigset_t *oldset)",
    calls={"set_current_blocked"},
)
def sigprocmask(task: LinuxTask, how: int, new: int | None) -> int:
    """Changes the mask of blocked signals."""
    before = task.blocked
    if new is not None:
        if how == SigHow.SIG_BLOCK:
            set_current_blocked(task, (before | new) & ~UNBLOCKABLE)
        elif how == SigHow.SIG_UNBLOCK:
            set_current_blocked(task, before & ~new)
        elif how == SigHow.SIG_SETMASK:
            set_current_blocked(task, new & ~UNBLOCKABLE)
        else:
            raise Errno(E.EINVAL)
    return before


@syscall("full", compat_sys_rt_sigprocmask=64)
def sys_rt_sigprocmask(task: LinuxTask, how: Int, nset: Pointer, oset: Pointer, sigsetsize: SizeT) -> int:
    """Sets and gets the mask of blocked signals."""
    _check_size(sigsetsize)
    before = sigprocmask(task, how, task.memory.read_u64(nset) if nset else None)
    if oset:
        task.memory.write_u64(oset, before)
    return 0


@syscall("full")
def compat_sys_sigprocmask(task: LinuxTask, how: Int, nset: Pointer, oset: Pointer) -> int:
    """i386's first sigprocmask: the first 32 signals."""
    new = task.memory.read_u32(nset) if nset else None
    if new is not None and how == SigHow.SIG_SETMASK:
        new |= task.blocked & ~0xFFFF_FFFF
    before = sigprocmask(task, how, new)
    if oset:
        task.memory.write_u32(oset, before & 0xFFFF_FFFF)
    return 0


def _pending(task: LinuxTask) -> int:
    return (task.signals.set | task.process.pending.set) & task.blocked


@syscall("full", compat_sys_rt_sigpending=64)
def sys_rt_sigpending(task: LinuxTask, uset: Pointer, sigsetsize: SizeT) -> int:
    """The blocked signals that wait."""
    if sigsetsize > SIGSET:
        raise Errno(E.EINVAL)
    task.memory.write(uset, _pending(task).to_bytes(SIGSET, "little")[:sigsetsize])
    return 0


@syscall("full")
def compat_sys_sigpending(task: LinuxTask, set32: Pointer) -> int:
    """i386's first sigpending."""
    task.memory.write_u32(set32, _pending(task) & 0xFFFF_FFFF)
    return 0


# -- sending -----------------------------------------------------------------------------------------------------


@syscall("full")
def sys_kill(task: LinuxTask, pid: Pid, sig: Signal) -> int:
    """Sends a signal to a process or a group of them."""
    info = signal_from(task, sig, int(SiCode.SI_USER))
    processes = task.kernel.processes
    if pid > 0:
        kill_pid_info(task, task.kernel.process_with(task.pid_ns.found(pid)), info)
    elif pid == -(1 << 31):
        raise Errno(E.ESRCH)
    elif pid == -1:
        others = [process for process in processes if process is not task.process]
        kill_something_info(task, [found for found in others if task.pid_ns.shown(found.pid) > INIT], info)
    else:
        kill_something_info(
            task, processes.group(task.pid_ns.found(-pid) if pid else task.process.pgid), info
        )
    return 0


@function(
    "int do_tkill(pid_t tgid, pid_t pid, int sig)",
    calls={"check_kill_permission", "do_send_specific"},
)
def do_tkill(task: LinuxTask, tgid: int | None, tid: int, info: SigInfo) -> int:
    """Sends a signal to one thread."""
    numbers = task.pid_ns
    target = task.kernel.unreaped(numbers.found(tid))
    if target is None or (tgid is not None and numbers.shown(target.tgid) != tgid):
        raise Errno(E.ESRCH)
    check_signal(info.signo)
    if not check_kill_permission(task, target.process, info.signo):
        raise Errno(E.EPERM)
    if info.signo and target.tid != INIT:
        do_send_specific(target, info)
    return 0


@syscall("full")
def sys_tkill(task: LinuxTask, pid: Pid, sig: Signal) -> int:
    """Sends a signal to a thread."""
    if pid <= 0:
        raise Errno(E.EINVAL)
    return do_tkill(task, None, pid, signal_from(task, sig, int(SiCode.SI_TKILL)))


@syscall("full")
def sys_tgkill(task: LinuxTask, tgid: Pid, pid: Pid, sig: Signal) -> int:
    """Sends a signal to a thread of a process."""
    if pid <= 0 or tgid <= 0:
        raise Errno(E.EINVAL)
    return do_tkill(task, tgid, pid, signal_from(task, sig, int(SiCode.SI_TKILL)))


def _queued(task: LinuxTask, found: SigInfo, receiver: int) -> SigInfo:
    """The siginfo that a program sends, checked: it cannot pretend to others that the kernel sent it."""
    if (found.code >= 0 or found.code == SiCode.SI_TKILL) and receiver != task.vtid:
        raise Errno(E.EPERM)
    return found


@syscall("full", compat_sys_rt_sigqueueinfo=32)
def sys_rt_sigqueueinfo(task: LinuxTask, pid: Pid, sig: Signal, uinfo: Pointer, *, bits: int = 64) -> int:
    """Sends a signal with data."""
    info = _queued(task, unpack(task.memory.read(uinfo, SIZE), bits, sig), pid)
    kill_pid_info(task, task.kernel.process_with(task.pid_ns.found(pid)), info)
    return 0


@syscall("full", compat_sys_rt_tgsigqueueinfo=32)
def sys_rt_tgsigqueueinfo(
    task: LinuxTask, tgid: Pid, pid: Pid, sig: Signal, uinfo: Pointer, *, bits: int = 64
) -> int:
    """Sends a signal with data to a thread."""
    info = unpack(task.memory.read(uinfo, SIZE), bits, sig)
    if pid <= 0 or tgid <= 0:
        raise Errno(E.EINVAL)
    return do_tkill(task, tgid, pid, _queued(task, info, pid))


# -- waiting -----------------------------------------------------------------------------------------------------


async def _never(task: LinuxTask, error: E) -> int:
    """Waits for a signal, whatever it is."""
    while not task.interrupted():
        await UNTIL_READY
    raise Errno(error)


@syscall("full")
def sys_pause(task: LinuxTask) -> Waiting:
    """Waits for a signal."""
    return _never(task, E.ERESTARTNOHAND)


@function(
    "int sigsuspend(sigset_t *set)",
    calls={"set_current_blocked"},
)
def sigsuspend(task: LinuxTask, mask: int) -> Waiting:
    """Waits for a signal with another mask."""
    if task.saved_mask is None:  # else the call is made again, and its mask is in force
        task.saved_mask = task.blocked
    set_current_blocked(task, mask & ~UNBLOCKABLE)
    return _never(task, E.ERESTARTNOHAND)


@syscall("full", compat_sys_rt_sigsuspend=64)
def sys_rt_sigsuspend(task: LinuxTask, unewset: Pointer, sigsetsize: SizeT) -> Waiting:
    """Waits for a signal with another mask."""
    _check_size(sigsetsize)
    return sigsuspend(task, task.memory.read_u64(unewset))


@syscall("full")
def sys_sigsuspend(task: LinuxTask, unused1: Int, unused2: Int, mask: UnsignedInt) -> Waiting:
    """i386's first sigsuspend: the first 32 signals."""
    return sigsuspend(task, mask)


@function(
    "int do_sigtimedwait(const sigset_t *which, kernel_siginfo_t *info, const struct timespec64 *ts)",
    calls={"recalc_sigpending"},
)
async def do_sigtimedwait(task: LinuxTask, wanted: int, uinfo: int, timeout: int | None) -> int:
    """Waits until one of some blocked signals comes, and takes it."""
    wanted &= ~UNBLOCKABLE

    def available() -> int:
        return (task.signals.set | task.process.pending.set) & wanted

    if not available():
        if timeout == 0:
            raise Errno(E.EAGAIN)
        deadline = None if timeout is None else deadline_after(task, timeout)
        task.waited_for = wanted
        try:
            if not await wait_event(task, WaitQueue(), lambda: bool(available()), deadline):
                raise Errno(E.EAGAIN)
        except Errno as error:
            raise Errno(E.EINTR if error.number is E.ERESTARTSYS else error.number) from None
        finally:
            task.waited_for = 0
    info = take_first(task.signals, task.process.pending, wanted)
    assert info is not None, "nothing ran since it was there"
    recalc_sigpending(task)
    if uinfo:
        task.memory.write(uinfo, info.pack(32 if task.in_ia32_syscall else 64))
    return info.signo


@syscall("full", compat_sys_rt_sigtimedwait_time64=64, compat_sys_rt_sigtimedwait_time32=32)
def sys_rt_sigtimedwait(
    task: LinuxTask, uthese: Pointer, uinfo: Pointer, uts: Pointer, sigsetsize: SizeT, *, bits: int = 64
) -> Waiting:
    """Takes a blocked signal, waiting for it."""
    _check_size(sigsetsize)
    timeout = read_timespec(task, uts, bits) if uts else None
    return do_sigtimedwait(task, task.memory.read_u64(uthese), uinfo, timeout)


# -- coming back -------------------------------------------------------------------------------------------------


def _return(task: LinuxTask, restore: Callable[[LinuxTask, UserRegs], int]) -> int:
    task.restart = None
    try:
        return restore(task, task.regs)
    except Errno:
        force_sig(task, Sig.SIGSEGV)
        return 0


@syscall("full")
def sys_rt_sigreturn(task: LinuxTask) -> int:
    """Comes back from a handler: the registers are those in the frame."""
    return _return(task, frame64.restore)


@syscall("full")
def compat_sys_rt_sigreturn(task: LinuxTask) -> int:
    """Comes back from a handler of a 32-bit program."""
    return _return(task, frame32.restore_rt)


@syscall("full")
def compat_sys_sigreturn(task: LinuxTask) -> int:
    """Comes back from a handler with i386's first frame."""
    return _return(task, frame32.restore)


@syscall("full")
def sys_restart_syscall(task: LinuxTask) -> int | Waiting:
    """Goes on with the call that a stop interrupted."""
    block = task.restart
    task.restart = None
    if block is None:
        raise Errno(E.EINTR)
    result = block()
    return result if isinstance(result, int) else _go_on(task, block, result)


async def _go_on(task: LinuxTask, block: Callable[[], int | Waiting], waiting: Waiting) -> int:
    """Waits on; given up, there is something to restart again."""
    try:
        return await waiting
    except GivenUp:
        task.restart = block
        raise
