"""Signals' system calls: sigaction, masks, waiting for signals, contexts, kill (usr/src/uts/common/syscall/sig*.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Pid, Signal, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import CANTMASK, NSIG, MaskHow
from ring3.kernel.wait import WaitQueue, wait_event
from ring3.solaris.definition import rvals, syscall
from ring3.solaris.lwps import timespec
from ring3.solaris.process import Action
from ring3.solaris.sendsig import SS_DISABLE, SS_ONSTACK, context_size, restorecontext, savecontext
from ring3.solaris.siginfo import SI_LWP, SI_QUEUE, SI_USER, Info
from ring3.solaris.signals import ALL_SIGNALS, UNBLOCKABLE, bit, is_ignored, set_mask, sigtoproc, tsignal

if TYPE_CHECKING:
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

SIGACTION_FORMS: Final = {False: struct.Struct("<i4xQ16s"), True: struct.Struct("<iI16s")}
_STACK: Final = {False: struct.Struct("<QQi4x"), True: struct.Struct("<IIi")}
"""What structs are in programs of 64 and (True) of 32 bits."""
_MINSTACK: Final = 2048


def _check(signal: int) -> None:
    if not 0 < signal < NSIG:
        raise Errno(SolarisE.EINVAL)


@syscall("full")
def sigaction(task: SolarisTask, sig: Signal, act: Address, oact: Address) -> int:
    """Asks and sets what the process does on a signal."""
    _check(sig)
    if act and sig in CANTMASK:
        raise Errno(SolarisE.EINVAL)
    process = task.process
    before, form = process.action(sig), SIGACTION_FORMS[task.ilp32]
    new = None
    if act:
        flags, handler, mask = form.unpack(task.memory.read(act, form.size))
        new = Action(handler, flags, int.from_bytes(mask, "little") & ~UNBLOCKABLE)
    if oact:
        task.memory.write(oact, form.pack(before.flags, before.handler, before.mask.to_bytes(16, "little")))
    if new is not None:
        process.actions[sig] = new
        if is_ignored(process, sig):
            for queue in (process.sigqueue, *(lwp.sigqueue for lwp in process.lwps.values())):
                for info in [info for info in queue if info.signo == sig]:
                    queue.remove(info)
    return 0


def _masked(before: int, how: int, mask: int) -> int:
    if how == MaskHow.SIG_BLOCK:
        return before | mask
    if how == MaskHow.SIG_UNBLOCK:
        return before & ~mask
    if how == MaskHow.SIG_SETMASK:
        return mask
    raise Errno(SolarisE.EINVAL)


@syscall("full")
def sigprocmask(task: SolarisTask, how: Int, setp: Address, osetp: Address) -> int:
    """Asks and changes which signals the thread blocks."""
    before = wanted = task.sigmask
    if setp:
        wanted = _masked(before, how, int.from_bytes(task.memory.read(setp, 16), "little"))
    if osetp:
        task.memory.write(osetp, before.to_bytes(16, "little"))
    if setp:
        set_mask(task, wanted)
    return 0


@syscall("full")
def lwp_sigmask(
    task: SolarisTask,
    how: Int,
    bits0: UnsignedInt,
    bits1: UnsignedInt,
    bits2: UnsignedInt,
    bits3: UnsignedInt,
) -> int:
    """The same with the mask in registers; returns the first two words of the one before."""
    before = task.sigmask
    set_mask(task, _masked(before, how, bits0 | bits1 << 32 | bits2 << 64 | bits3 << 96))
    return rvals(before & 0xFFFF_FFFF, before >> 32)


@syscall("full")
def sigpending(task: SolarisTask, flag: Int, setp: Address) -> int:
    """The signals that wait and are blocked (1), or all signals there are (2)."""
    if flag == 1:
        found = 0
        for info in (*task.sigqueue, *task.process.sigqueue):
            found |= bit(info.signo)
        found &= task.sigmask
    elif flag == 2:
        found = ALL_SIGNALS
    else:
        raise Errno(SolarisE.EINVAL)
    task.memory.write(setp, found.to_bytes(16, "little"))
    return 0


@syscall("full")
async def sigsuspend(task: SolarisTask, setp: Address) -> int:
    """Waits for a signal with another mask; EINTR when its handler is done."""
    mask = int.from_bytes(task.memory.read(setp, 16), "little")
    before = task.sigmask
    set_mask(task, mask)
    task.oldmask = before
    await wait_event(task, WaitQueue(), lambda: False)
    raise Errno(SolarisE.EINTR)


@syscall("full")
async def pause(task: SolarisTask) -> int:
    """Waits for a signal; EINTR."""
    await wait_event(task, WaitQueue(), lambda: False)
    raise Errno(SolarisE.EINTR)


@syscall("full")
async def sigtimedwait(task: SolarisTask, setp: Address, siginfop: Address, timeoutp: Address) -> int:
    """Takes one of some signals when it comes, without its handler; returns its number. EAGAIN after the time."""
    wanted = int.from_bytes(task.memory.read(setp, 16), "little") & ~UNBLOCKABLE
    deadline = None
    if timeoutp:
        deadline = task.kernel.clocks.monotonic() + timespec(task, timeoutp)

    def take() -> Info | None:
        for queue in (task.sigqueue, task.process.sigqueue):
            for info in queue:
                if wanted & bit(info.signo):
                    queue.remove(info)
                    return info
        return None

    found: list[Info] = []

    def has_come() -> bool:
        info = take()
        if info is not None:
            found.append(info)
        return bool(found)

    task.sigwait = wanted
    try:
        if not await wait_event(task, WaitQueue(), has_come, deadline):
            raise Errno(SolarisE.EAGAIN)
    finally:
        task.sigwait = 0
    if siginfop:
        task.memory.write(siginfop, found[0].pack(task.bits))
    return found[0].signo


@syscall("full")
def sigaltstack(task: SolarisTask, ssp: Address, oss: Address) -> int:
    """Asks and sets the stack of handlers with SA_ONSTACK."""
    before, form = task.altstack, _STACK[task.ilp32]
    if ssp:
        sp, size, flags = form.unpack(task.memory.read(ssp, form.size))
        if before[2] & SS_ONSTACK:
            raise Errno(SolarisE.EPERM)
        if flags & ~SS_DISABLE:
            raise Errno(SolarisE.EINVAL)
        if not flags & SS_DISABLE and size < _MINSTACK:
            raise Errno(SolarisE.ENOMEM)
        task.altstack = (0, 0, SS_DISABLE) if flags & SS_DISABLE else (sp, size, flags)
    if oss:
        task.memory.write(oss, form.pack(*before))
    return 0


@syscall("partial", "getcontext and setcontext; not the bounds of the stack (getustack, setustack): EINVAL")
def getsetcontext(task: SolarisTask, flag: Int, arg: Address) -> int:
    """Stores the thread's context (0), or makes it go on as one says (1)."""
    if flag == 0:
        task.memory.write(arg, savecontext(task, task.sigmask))
        return 0
    if flag != 1:
        raise Errno(SolarisE.EINVAL)
    if not arg:
        from ring3.solaris.exit import syslwp_exit  # noqa: PLC0415 -- it needs this module's neighbours

        syslwp_exit(task)
    restorecontext(task, task.memory.read(arg, context_size(task)))
    task.justreturn = True
    task.set_post_sys()
    return 0


# -- of 32-bit programs --------------------------------------------------------------------------------------------


@syscall("full")
def sigaction32(task: SolarisTask, sig: Signal, act: Address, oact: Address) -> int:
    """The same with structs of 32 bits."""
    return sigaction(task, sig, act, oact)


@syscall("full")
def sigaltstack32(task: SolarisTask, ssp: Address, oss: Address) -> int:
    """The same with structs of 32 bits."""
    return sigaltstack(task, ssp, oss)


@syscall("partial", "as getsetcontext")
def getsetcontext32(task: SolarisTask, flag: Int, arg: Address) -> int:
    """The same with contexts of 32 bits."""
    return getsetcontext(task, flag, arg)


# -- sending -----------------------------------------------------------------------------------------------------


def may_signal(task: SolarisTask, process: Process) -> bool:
    """Whether a process may send signals to another one."""
    ours, theirs = task.cred, process.cred
    return (
        ours.all_privileges or ours.uid in (theirs.ruid, theirs.uid) or ours.ruid in (theirs.ruid, theirs.uid)
    )


def _targets(task: SolarisTask, pid: int) -> list[Process]:
    processes = task.kernel.processes
    if pid > 0:
        found = processes.get(pid)
        return [] if found is None else [found]
    if pid == -1:
        return [process for process in processes.values() if process is not task.process]
    group = task.process.pgid if pid == 0 else -pid
    return [process for process in processes.values() if process.pgid == group]


@syscall("full")
def kill(task: SolarisTask, pid: Pid, sig: Signal) -> int:
    """Sends a signal to processes; with 0 only asks whether it could."""
    if not 0 <= sig < NSIG:
        raise Errno(SolarisE.EINVAL)
    targets = _targets(task, pid)
    if not targets:
        raise Errno(SolarisE.ESRCH)
    allowed = [process for process in targets if may_signal(task, process)]
    if not allowed:
        raise Errno(SolarisE.EPERM)
    for process in allowed:
        if sig:
            sigtoproc(process, Info(sig, SI_USER, task.pid, task.cred.ruid))
    return 0


@syscall("full")
def lwp_kill(task: SolarisTask, tid: Int, sig: Signal) -> int:
    """Sends a signal to an lwp of the process."""
    if not 0 <= sig < NSIG:
        raise Errno(SolarisE.EINVAL)
    lwp = task.process.lwps.get(tid)
    if lwp is None:
        raise Errno(SolarisE.ESRCH)
    if sig:
        tsignal(lwp, sig, Info(sig, SI_LWP, task.pid, task.cred.ruid))
    return 0


@syscall("full")
def sigqueue(task: SolarisTask, pid: Pid, signo: Signal, value: Address, si_code: Int, block: Int) -> int:
    """Sends a signal with a value to a process."""
    if not 0 <= signo < NSIG or si_code != SI_QUEUE:
        raise Errno(SolarisE.EINVAL)
    process = task.kernel.processes.get(pid)
    if process is None or pid <= 0:
        raise Errno(SolarisE.ESRCH)
    if not may_signal(task, process):
        raise Errno(SolarisE.EPERM)
    if signo:
        sigtoproc(process, Info(signo, si_code, task.pid, task.cred.ruid, value))
    return 0


@syscall("full")
def sigqueue32(
    task: SolarisTask, pid: Pid, signo: Signal, value: UnsignedInt, si_code: Int, block: Int
) -> int:
    """The same with a value of 32 bits."""
    return sigqueue(task, pid, signo, value, si_code, block)
