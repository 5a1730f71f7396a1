"""Thread-local storage: segment bases (arch_prctl) and GDT entries (set_thread_area)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.image.linux.boot import GDT_TLS_MIN
from ring3.linux.definition import syscall
from ring3.machine.descriptors import Segment

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

ARCH_SET_GS: Final = 0x1001
ARCH_SET_FS: Final = 0x1002
ARCH_GET_FS: Final = 0x1003
ARCH_GET_GS: Final = 0x1004
TLS_ENTRIES: Final = 3

# struct user_desc, the bits of its last word (arch/x86/include/uapi/asm/ldt.h)
SEG_32BIT: Final = 1 << 0
CONTENTS: Final = 3 << 1
READ_EXEC_ONLY: Final = 1 << 3
LIMIT_IN_PAGES: Final = 1 << 4
SEG_NOT_PRESENT: Final = 1 << 5
USEABLE: Final = 1 << 6
_EMPTY: Final = READ_EXEC_ONLY | SEG_NOT_PRESENT


@syscall("partial", "the segment bases; not ARCH_CPUID, ARCH_MAP_VDSO_*, shadow stacks or tagged addresses")
def sys_arch_prctl(task: LinuxTask, option: Int, arg2: UnsignedLong) -> int:
    """Sets or gets the base of FS or GS."""
    cpu = task.kernel.machine.cpu
    if task.in_ia32_syscall:
        raise Errno(E.EINVAL)
    if option in (ARCH_SET_FS, ARCH_SET_GS):
        if arg2 >= (1 << 47) - 4096:
            raise Errno(E.EPERM)
        if option == ARCH_SET_FS:
            cpu.fs_base = arg2
        else:
            cpu.wrmsr(task.kernel.user_gs_msr(), arg2)
    elif option == ARCH_GET_FS:
        task.memory.write_u64(arg2, cpu.fs_base)
    elif option == ARCH_GET_GS:
        task.memory.write_u64(arg2, cpu.rdmsr(task.kernel.user_gs_msr()))
    else:
        raise Errno(E.EINVAL)
    return 0


def _descriptor(base: int, limit: int, bits: int) -> Segment:
    """The GDT entry that a ``struct user_desc`` asks for (fill_ldt)."""
    writable = 0 if bits & READ_EXEC_ONLY else 2
    access = 0x61 | 0x10 | writable | (bits & CONTENTS) << 1 | (0 if bits & SEG_NOT_PRESENT else 0x80)
    flags = (bits & SEG_32BIT) << 2 | (8 if bits & LIMIT_IN_PAGES else 0) | (1 if bits & USEABLE else 0)
    return Segment(base, limit << 12 | 0xFFF if bits & LIMIT_IN_PAGES else limit, access, flags)


def set_tls(task: LinuxTask, u_info: int, allocate: bool) -> None:
    """Sets one of a task's three GDT entries from a ``struct user_desc`` (do_set_thread_area).

    Args:
        task: Whose entry; not loaded into the GDT here.
        u_info: Address of the struct, in the running task's memory.
        allocate: Number -1 takes a free entry and is written back.

    Raises:
        Errno: EINVAL, no such entry or not a segment for this; ESRCH, none is free; EFAULT.
    """
    number, base, limit, bits = struct.unpack("<iIII", task.memory.read(u_info, 16))
    empty = bits & 0x7F == _EMPTY and not base and not limit
    if not empty and not _is_acceptable(bits):
        raise Errno(E.EINVAL)
    if number == -1 and allocate:
        number = next((GDT_TLS_MIN + slot for slot in range(TLS_ENTRIES) if not task.tls[slot]), -1)
        if number < 0:
            raise Errno(E.ESRCH)
        task.memory.write_u32(u_info, number)
    if not GDT_TLS_MIN <= number < GDT_TLS_MIN + TLS_ENTRIES:
        raise Errno(E.EINVAL)
    raw = b"" if empty else _descriptor(base, limit & 0xF_FFFF, bits).to_bytes()
    task.tls[number - GDT_TLS_MIN] = int.from_bytes(raw, "little")


@syscall("full")
def sys_set_thread_area(task: LinuxTask, u_info: Pointer) -> int:
    """Sets one of three GDT entries; number -1 takes a free one and says which."""
    set_tls(task, u_info, allocate=True)
    task.load_tls()
    task.refresh_segments()
    return 0


def _is_acceptable(bits: int) -> bool:
    """Whether Linux allows such a segment (tls_desc_okay): 32-bit data, present."""
    return bool(bits & SEG_32BIT) and (bits & CONTENTS) >> 1 <= 1 and not bits & SEG_NOT_PRESENT


@syscall("full")
def sys_get_thread_area(task: LinuxTask, u_info: Pointer) -> int:
    """Reads one of the three GDT entries back."""
    (number,) = struct.unpack("<i", task.memory.read(u_info, 4))
    if not GDT_TLS_MIN <= number < GDT_TLS_MIN + TLS_ENTRIES:
        raise Errno(E.EINVAL)
    value = task.tls[number - GDT_TLS_MIN]
    if not value:
        task.memory.write(u_info, struct.pack("<iIII", number, 0, 0, _EMPTY))
        return 0
    segment = Segment.from_bytes(value.to_bytes(8, "little"))
    bits = (
        (SEG_32BIT if segment.flags & 4 else 0)
        | (segment.access >> 2 & 3) << 1
        | (0 if segment.access & 2 else READ_EXEC_ONLY)
        | (LIMIT_IN_PAGES if segment.flags & 8 else 0)
        | (0 if segment.present else SEG_NOT_PRESENT)
        | (USEABLE if segment.flags & 1 else 0)
    )
    limit = segment.limit >> 12 if segment.flags & 8 else segment.limit
    task.memory.write(u_info, struct.pack("<iIII", number, segment.base, limit, bits))
    return 0
