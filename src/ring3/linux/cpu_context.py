"""What the CPU holds of a thread besides its registers: GDT entries, LDT, segments, the TSC.

The entries of set_thread_area(2) lie in the GDT while their thread runs (arch/x86/kernel/tls.c, process_64.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.image.linux.boot import GDT_ENTRIES, GDT_TLS_MIN, GDT_USER_DS, L
from ring3.kernel.functions import function
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.linux.x86.user_desc import SEG_32BIT, UserDesc
from ring3.machine.descriptors import TI_LDT, Segment
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


TLS_ENTRIES: Final = 3
CR4_TSD: Final = 1 << 2
"""Only ring 0 may read the time-stamp counter (SDM 3A, 2.5)."""
NO_SEGMENT: Final = Segment(0, 0, 0, 0)


def check_clone(task: LinuxTask, tls: int) -> None:
    """Refuses thread-local storage that a new thread cannot get (copy_thread).

    Args:
        task: The thread that makes it.
        tls: Its FS base, or the address of a ``struct user_desc`` for 32-bit callers.

    Raises:
        Errno: EPERM, the base lies beyond user memory; as `set_tls`.
    """
    if task.in_ia32_syscall:
        _entry(task, tls, allocate=False)
    elif tls >= TASK_SIZE_64:
        raise Errno(E.EPERM)


@function(
    "int do_set_thread_area(struct task_struct *p, int idx, struct user_desc __user *u_info, "
    "int can_allocate)",
)
def do_set_thread_area(task: LinuxTask, u_info: int, allocate: bool) -> None:
    """Sets one of a task's three GDT entries from a ``struct user_desc`` (do_set_thread_area).

    Args:
        task: Whose entry; not loaded into the GDT here.
        u_info: Address of the struct, in the running task's memory.
        allocate: Number -1 takes a free entry and is written back.

    Raises:
        Errno: As `_entry`.
    """
    slot, value = _entry(task, u_info, allocate)
    task.tls[slot] = value


def _entry(task: LinuxTask, u_info: int, allocate: bool) -> tuple[int, int]:
    """Which of the three entries a ``struct user_desc`` means, and what is to be in it.

    Raises:
        Errno: EINVAL, no such entry or not a segment for this; ESRCH, none is free; EFAULT.
    """
    desc = UserDesc.read(task.memory, u_info)
    clear = desc.is_empty or desc.is_zero
    if not clear and not _is_acceptable(desc):
        raise Errno(E.EINVAL)
    number = desc.entry_number
    if number == 0xFFFF_FFFF and allocate:
        number = next((GDT_TLS_MIN + slot for slot in range(TLS_ENTRIES) if not task.tls[slot]), 0)
        if not number:
            raise Errno(E.ESRCH)
        task.memory.write_u32(u_info, number)
    if not GDT_TLS_MIN <= number < GDT_TLS_MIN + TLS_ENTRIES:
        raise Errno(E.EINVAL)
    raw = b"" if clear else desc.segment(useable=desc.useable).to_bytes()
    return number - GDT_TLS_MIN, int.from_bytes(raw, "little")


def _is_acceptable(desc: UserDesc) -> bool:
    """Whether Linux allows such a segment (tls_desc_okay): 32-bit data, present."""
    return bool(desc.bits & SEG_32BIT) and desc.contents <= 1 and not desc.seg_not_present


def load_tls(task: LinuxTask) -> None:
    """Puts the task's GDT entries into the GDT."""
    kernel = task.kernel
    at = (kernel.linux.gdt >> 3) + GDT_TLS_MIN
    q = kernel.machine.ram.q
    q[at], q[at + 1], q[at + 2] = task.tls


def load_user_segment(task: LinuxTask, segment: Seg, selector: int) -> None:
    """Loads DS, ES, FS or GS as the instruction does; what cannot be loaded becomes the null selector."""
    load = task.kernel.load_user_segment
    index = selector >> 3
    if selector & TI_LDT:
        ldt = task.mm_context.ldt
        found = None if ldt is None else ldt.segment(selector)
        load(segment, selector | 3 if found else 0, found or NO_SEGMENT)
    elif selector | 3 == L["USER_DS"]:
        load(segment, selector | 3, GDT_USER_DS)
    elif GDT_TLS_MIN <= index < GDT_TLS_MIN + TLS_ENTRIES and task.tls[index - GDT_TLS_MIN]:
        descriptor = Segment.from_bytes(task.tls[index - GDT_TLS_MIN].to_bytes(8, "little"))
        load(segment, selector | 3, descriptor)
    else:
        load(segment, 0, NO_SEGMENT)


def load_data_segments(kernel: LinuxSystem, bits: int) -> None:
    """Sets DS, ES, FS and GS as a program finds them (ELF_PLAT_INIT, start_thread_ia32)."""
    load = kernel.load_user_segment
    for segment in (Seg.FS, Seg.GS):
        load(segment, 0, NO_SEGMENT)
    for segment in (Seg.DS, Seg.ES):
        if bits == 32:
            load(segment, L["USER_DS"], GDT_USER_DS)
        else:
            load(segment, 0, NO_SEGMENT)


def descriptor(task: LinuxTask, selector: int) -> Segment | None:
    """What a selector names in the GDT or the program's own table, None for nothing."""
    index = selector >> 3
    if selector & TI_LDT:
        ldt = task.mm_context.ldt
        raw = ldt[index] if ldt is not None and index < ldt.entries else 0
    else:
        kernel = task.kernel
        raw = kernel.machine.ram.q[(kernel.linux.gdt >> 3) + index] if index < GDT_ENTRIES else 0
    return Segment.from_bytes(raw.to_bytes(8, "little")) if raw else None


def refresh_segments(task: LinuxTask) -> None:
    """Loads anew those segment registers that point at a TLS entry that has changed."""
    cpu = task.kernel.machine.cpu
    for segment in (Seg.DS, Seg.ES, Seg.FS, Seg.GS):
        selector = cpu.selector(segment)
        if not selector & TI_LDT and GDT_TLS_MIN <= selector >> 3 < GDT_TLS_MIN + TLS_ENTRIES:
            load_user_segment(task, segment, selector)


def apply_settings(task: LinuxTask) -> None:
    """Makes the CPU what a thread wants it to be: its descriptor table, whether it may read the TSC."""
    kernel = task.kernel
    ldt, tables = task.mm_context.ldt, kernel.descriptors
    if ldt is not None and ldt is not tables.loaded:
        tables.load(ldt)
    elif ldt is None and tables.loaded is not None:
        tables.unload()
    cpu = kernel.machine.cpu
    cr4 = cpu.control(4)
    if bool(cr4 & CR4_TSD) != task.settings.no_tsc:
        cpu.set_control(4, cr4 ^ CR4_TSD)


def set_no_tsc(task: LinuxTask, on: bool) -> None:
    """Forbids a thread to read the time-stamp counter (CR4.TSD), or allows that again."""
    task.settings.no_tsc = on
    task.kernel.has_settings |= on
    if task is task.kernel.current:
        apply_settings(task)


def reset_user_state(kernel: LinuxSystem) -> None:
    """Gives the running task a program's initial floating-point state and segment bases."""
    cpu = kernel.machine.cpu
    kernel.fpu.clear()
    cpu.fs_base = 0
    cpu.wrmsr(kernel.user_gs_msr(), 0)
