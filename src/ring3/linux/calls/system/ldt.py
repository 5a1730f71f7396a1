"""modify_ldt(2): segments of a program's own, in a descriptor table of its own (arch/x86/kernel/ldt.c).

The table is made of frames of guest RAM, mapped for the kernel at an address of its own; it belongs to the address
space. While a task that has one runs, entry 10 of the GDT describes it and the CPU's LDTR holds it, so that the
program's own ``mov %ax, %fs``, and a far jump, read their descriptors there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.linux.cpu_context import load_user_segment
from ring3.linux.definition import syscall
from ring3.linux.x86.ldt import ENTRY_SIZE, LDT_ENTRIES, Ldt
from ring3.linux.x86.user_desc import SIZE, UserDesc
from ring3.machine.descriptors import TI_LDT
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

DEFAULT_SIZE: Final = 128
"""Bytes of the default table that function 2 reads: all zeros."""


def _refresh_segments(task: LinuxTask) -> None:
    """Loads DS and ES anew if they lie in the table (refresh_ldt_segments); FS and GS keep what they have."""
    cpu = task.kernel.machine.cpu
    for segment in (Seg.DS, Seg.ES):
        selector = cpu.selector(segment)
        if selector & TI_LDT:
            load_user_segment(task, segment, selector)


@function("int read_ldt(void __user *ptr, unsigned long bytecount)")
def read_ldt(task: LinuxTask, ptr: int, bytecount: int) -> int:
    """Stores the program's descriptor table; returns how many bytes."""
    ldt = task.mm_context.ldt
    if ldt is None:
        return 0
    size = min(bytecount, LDT_ENTRIES * ENTRY_SIZE)
    task.memory.write(ptr, ldt.raw()[:size].ljust(size, b"\0"))
    return size


@function("int read_default_ldt(void __user *ptr, unsigned long bytecount)")
def read_default_ldt(task: LinuxTask, ptr: int, bytecount: int) -> int:
    """Stores the descriptor table of a program that has none."""
    size = min(bytecount, DEFAULT_SIZE)
    task.memory.clear(ptr, size)
    return size


@function("int write_ldt(void __user *ptr, unsigned long bytecount, int oldmode)")
def write_ldt(task: LinuxTask, ptr: int, bytecount: int, old_mode: bool) -> int:
    """write_ldt: sets one entry; in the old mode there is no AVL bit, and zeros clear."""
    if bytecount != SIZE:
        raise Errno(E.EINVAL)
    desc = UserDesc.read(task.memory, ptr)
    if desc.entry_number >= LDT_ENTRIES:
        raise Errno(E.EINVAL)
    if desc.contents == 3 and (old_mode or not desc.seg_not_present):
        raise Errno(E.EINVAL)
    value = 0
    if not desc.is_empty and not (old_mode and not desc.base_addr and not desc.limit):
        segment = desc.segment(useable=desc.useable and not old_mode)
        value = int.from_bytes(segment.to_bytes(), "little")
    context = task.mm_context
    if context.ldt is None:
        context.ldt = Ldt(task.kernel.descriptors)
        task.kernel.has_settings = True
    context.ldt.grow(desc.entry_number + 1)
    context.ldt[desc.entry_number] = value
    task.kernel.descriptors.load(context.ldt)
    _refresh_segments(task)
    return 0


@syscall("full")
def sys_modify_ldt(task: LinuxTask, func: Int, ptr: Pointer, bytecount: UnsignedLong) -> int:
    """Reads or writes the program's descriptor table; results and errors come in 32 bits."""
    try:
        if func == 0:
            return read_ldt(task, ptr, bytecount)
        if func == 1:
            return write_ldt(task, ptr, bytecount, old_mode=True)
        if func == 2:
            return read_default_ldt(task, ptr, bytecount)
        if func == 0x11:
            return write_ldt(task, ptr, bytecount, old_mode=False)
    except Errno as error:
        return -error.number & 0xFFFF_FFFF
    return -E.ENOSYS & 0xFFFF_FFFF
