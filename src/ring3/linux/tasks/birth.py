"""How a task comes to be: the first one of a program, and the child of another (copy_process, copy_thread)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.image.linux.boot import L
from ring3.kernel.functions import function
from ring3.kernel.regs import NAMES, copy_regs
from ring3.linux.cpu_context import do_set_thread_area, load_data_segments, refresh_segments
from ring3.linux.model.process import Process
from ring3.linux.model.signal_state import Actions
from ring3.linux.model.task import LinuxTask
from ring3.linux.tasks.identity import set_credentials
from ring3.linux.tasks.memory import share_memory
from ring3.machine.registers import Flags

if TYPE_CHECKING:
    from ring3.fs.descriptors import FdTable
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.program import Start
    from ring3.linux.model.system import LinuxSystem


def spawn(
    kernel: LinuxSystem, start: Start, name: str, files: FdTable, credentials: Credentials
) -> LinuxTask:
    """Makes the first task of a process of its own that runs a prepared program.

    Args:
        kernel: The kernel.
        start: The program in memory.
        name: Its name; 15 bytes of it are kept.
        files: Its descriptors.
        credentials: Whom it runs as.

    Raises:
        OutOfFrames: There is no frame for its kernel stack.
    """
    tid = kernel.new_tid()
    task = LinuxTask(kernel, tid, name[:15], start.mm, kernel.machine.ram.alloc())
    share_memory(kernel, start.mm)
    task.mm_context.runs(start.file.inode)
    task.files = files
    set_credentials(task, credentials)
    task.program = start
    place = task.exe_place
    task.exe = "" if place is None else os.fsdecode(place.path())
    task.process = Process(tid, None, tid, tid, Actions())
    task.process.threads.append(task)
    task.process.started = kernel.clocks.monotonic()
    kernel.processes.add(task.process)
    start_thread(task.frame, start)
    task.landing_pad = start.landing_pad
    cpu = kernel.machine.cpu
    kept = cpu.save()
    cpu.load(kernel.newborn)
    load_data_segments(kernel, start.bits)
    saved = cpu.save()
    cpu.load(kept)
    kernel.add(task, saved)
    return task


@function("void start_thread(struct pt_regs *regs, unsigned long new_ip, unsigned long new_sp)")
def start_thread(regs: UserRegs, start: Start) -> None:
    """Sets the user registers to those of a program's first instruction: all zero but ip, sp and the selectors."""
    for name in NAMES:
        setattr(regs, name, 0)
    regs.ip, regs.sp = start.ip, start.sp
    regs.cs = L["USER_CS"] if start.bits == 64 else L["USER32_CS"]
    regs.ss = L["USER_DS"]
    regs.flags = Flags.IF | Flags.FIXED


@function("struct task_struct *dup_task_struct(struct task_struct *orig, int node)")
def dup_task_struct(parent: LinuxTask, mm: Mm, tid: int) -> LinuxTask:
    """A task that does not run yet, for clone(2), with a number that is free.

    Raises:
        Errno: ENOMEM, no frame is free.
    """
    kernel = parent.kernel
    context = None if mm is parent.mm else parent.mm_context.fork()
    try:
        task = LinuxTask(kernel, tid, parent.name, mm, kernel.machine.ram.alloc())
    except OutOfFrames:
        if context is not None:
            context.destroy()
        raise Errno(E.ENOMEM) from None
    share_memory(kernel, mm, context)
    return task


@function(
    "void wake_up_new_task(struct task_struct *p)",
    calls={"do_set_thread_area"},
)
def wake_up_new_task(parent: LinuxTask, child: LinuxTask, stack: int, tls: int | None) -> None:
    """Gives a new task its registers, those of its parent but for rax, and puts it into the run queue.

    Args:
        parent: The running task.
        child: The new one.
        stack: Its stack pointer, 0 for the parent's.
        tls: Its FS base, or the address of a ``struct user_desc`` for 32-bit callers; None for the parent's.
    """
    copy_regs(parent.regs, child.frame)
    child.frame.ax = 0
    if stack:
        child.frame.sp = stack
    kernel = parent.kernel
    cpu = kernel.machine.cpu
    kept = cpu.save()
    try:
        if cpu.cpl == 3:
            kernel.enter_ring0(0, 0, L["KERNEL_CS"], L["KERNEL_DS"])
        if tls is not None:
            if parent.in_ia32_syscall:
                do_set_thread_area(child, tls, allocate=False)
                refresh_segments(child)
            else:
                cpu.fs_base = tls
        saved = cpu.save()
    finally:
        cpu.load(kept)
    kernel.add(child, saved)


def unshare(task: LinuxTask, *, files: bool, fs: bool) -> None:
    """Gives a task copies of its own of what it shares."""
    if files:
        task.files.require_at_most(task.kernel.nr_open)
        shared, task.files = task.files, task.files.copy()
        shared.release()
    if fs:
        task.fs = task.fs.copy()
