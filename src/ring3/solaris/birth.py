"""New lwps and processes: lwp_create, forksys, and what starts a program in a process.

Sources: usr/src/uts/common/os/fork.c, lwp.c, syscall/lwp_create.c of illumos-gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.tracing import PR_FORK
from ring3.errors import OutOfFrames
from ring3.image.solaris.boot import L
from ring3.kernel.regs import NAMES, UserRegs
from ring3.solaris import sendsig32
from ring3.solaris.definition import rvals, syscall
from ring3.solaris.process import Action, Process
from ring3.solaris.segments import GS, describe_lwp, set_private
from ring3.solaris.sendsig import context_size, restorecontext
from ring3.solaris.task import SolarisTask

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm

LWP_DETACHED: Final = 0x40
LWP_SUSPENDED: Final = 0x80
LWPID_SHIFT: Final = 16
"""The kernel's number of an lwp but a process's first is its pid and, this many bits up, its own."""
FORK_NOSIGCHLD: Final = 1
FORK_WAITPID: Final = 2


def _copy_registers(source: UserRegs, target: UserRegs) -> None:
    for name in NAMES:
        setattr(target, name, getattr(source, name))


def _begin(parent: SolarisTask, child: SolarisTask) -> None:
    """Puts a thread into the run queue that has its parent's state beyond the general registers: FPU and bases."""
    kernel = parent.kernel
    cpu = kernel.machine.cpu
    kept = cpu.save()
    try:
        if cpu.cpl == 3:
            kernel.enter_ring0(0, 0, L["KCS_SEL"], L["KDS_SEL"])
        saved = cpu.save()
    finally:
        cpu.load(kept)
    kernel.add(child, saved)


def _new_task(parent: SolarisTask, process: Process, tid: int, mm: Mm) -> SolarisTask:
    try:
        stack = parent.kernel.machine.ram.alloc()
    except OutOfFrames:
        raise Errno(SolarisE.EAGAIN) from None
    task = SolarisTask(parent.kernel, process, tid, parent.name, mm, stack)
    task.sigmask = parent.sigmask
    return task


@syscall("full")
def syslwp_create(task: SolarisTask, ucp: Address, flags: Int, new_lwp: Address) -> int:
    """Makes an lwp that begins where a context says; stores its number.

    In a 32-bit program the new lwp's GS is a segment at what the context has as ESP, where libc puts the address of
    the thread's data.
    """
    raw = task.memory.read(ucp, context_size(task))
    process = task.process
    tid = task.pid | process.next_lwpid << LWPID_SHIFT
    child = _new_task(task, process, tid, task.memory)
    _copy_registers(task.regs, child.frame)
    cpu = task.kernel.machine.cpu
    kept = cpu.save()
    task_regs, child.regs = task.regs, child.frame
    try:
        restorecontext(child, raw)
        if task.ilp32:
            set_private(child, GS, sendsig32.registers(raw)[sendsig32.ESP])
        child.detached = bool(flags & LWP_DETACHED)
        if new_lwp:
            task.memory.write_u32(new_lwp, child.lwpid)
        _begin(task, child)
    except Errno:
        del process.lwps[child.lwpid]
        task.kernel.machine.ram.release(child.stack)
        raise
    finally:
        task.regs = task_regs
        cpu.load(kept)
        describe_lwp(task)
    if flags & LWP_SUSPENDED:
        child.suspended = True
        task.kernel.suspend(child)
    return 0


def _fork(task: SolarisTask) -> int:
    kernel, process = task.kernel, task.process
    mm = task.memory.fork()
    pid = kernel.new_tid()
    child = Process(
        pid, process.pid, process.files.copy(), process.fs.copy(), process.cred, kernel.clocks.realtime()
    )
    if process.tracing is not None and process.tracing.modes & PR_FORK:
        child.tracing = process.tracing.inherited()
    child.ilp32, child.start = process.ilp32, process.start
    child.pgid, child.sid, child.exe, child.args = process.pgid, process.sid, process.exe, process.args
    child.comm, child.stack_prot = process.comm, process.stack_prot
    child.nice, child.project, child.task = process.nice, process.project, process.task
    child.shared_pages = dict(process.shared_pages)
    child.actions = {
        signal: Action(old.handler, old.flags, old.mask) for signal, old in process.actions.items()
    }
    try:
        thread = _new_task(task, child, pid, mm)
    except Errno:
        mm.destroy()
        child.files.close_all()
        raise
    thread.altstack, thread.oldcontext = task.altstack, task.oldcontext
    thread.private_bases, thread.private = set(task.private_bases), list(task.private)
    _copy_registers(task.regs, thread.frame)
    thread.frame.ax, thread.frame.dx = process.pid, 1
    thread.frame.flags &= ~1  # carry: it succeeded
    process.children[pid] = child
    kernel.enter(child)
    _begin(task, thread)
    if child.tracing is not None:
        from ring3.solaris.tracing import born  # noqa: PLC0415 -- most programs are not controlled

        born(thread, task.call_number)
    return pid


@syscall("partial", "the child has the calling lwp alone, with forkall too; flags of forkx have no effect")
def forksys(task: SolarisTask, subcode: Int, flags: Int) -> int:
    """Makes a child process: its number and 0; for the child, its parent's and 1."""
    if subcode not in (0, 1, 2) or flags & ~(FORK_NOSIGCHLD | FORK_WAITPID):
        raise Errno(SolarisE.EINVAL)
    return rvals(_fork(task), 0)


@syscall("full")
def vfork(task: SolarisTask) -> int:
    """The same as fork: the child has memory of its own."""
    return rvals(_fork(task), 0)
