"""Thread-local storage: segment bases and the other x86 settings (arch_prctl), GDT entries (set_thread_area)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.image.linux.boot import GDT_TLS_MIN
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.linux.cpu_context import NO_SEGMENT, TLS_ENTRIES, do_set_thread_area, load_tls, refresh_segments
from ring3.linux.definition import syscall
from ring3.linux.x86.user_desc import UserDesc
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

ARCH_SET_GS: Final = 0x1001
ARCH_SET_FS: Final = 0x1002
ARCH_GET_FS: Final = 0x1003
ARCH_GET_GS: Final = 0x1004
ARCH_GET_CPUID: Final = 0x1011
ARCH_SET_CPUID: Final = 0x1012
ARCH_GET_XCOMP_SUPP: Final = 0x1021
ARCH_GET_XCOMP_PERM: Final = 0x1022
ARCH_REQ_XCOMP_PERM: Final = 0x1023
ARCH_GET_XCOMP_GUEST_PERM: Final = 0x1024
ARCH_REQ_XCOMP_GUEST_PERM: Final = 0x1025
ARCH_MAP_VDSO_32: Final = 0x2002
ARCH_MAP_VDSO_64: Final = 0x2003

FEATURES: Final = 3
"""The state components that programs may use: x87 and SSE (XSTATE_BV of CPUID leaf 13)."""
XTILE_DATA: Final = 18


# -- arch_prctl --------------------------------------------------------------------------------------------------


@syscall(
    "partial",
    "the CPU has no CPUID faulting and no AMX; address masking and shadow stacks are configured off",
)
def sys_arch_prctl(task: LinuxTask, option: Int, arg2: UnsignedLong) -> int:
    """Sets or gets what is x86's own about a thread; the bases of FS and GS only for 64-bit callers."""
    if option in (ARCH_GET_CPUID, ARCH_SET_CPUID):
        return _cpuid_mode(option)
    if ARCH_GET_XCOMP_SUPP <= option <= ARCH_REQ_XCOMP_GUEST_PERM:
        return _state_components(task, option, arg2)
    if task.in_ia32_syscall:
        raise Errno(E.EINVAL)
    if ARCH_SET_GS <= option <= ARCH_GET_GS:
        return _base(task, option, arg2)
    if option in (ARCH_MAP_VDSO_32, ARCH_MAP_VDSO_64):
        return _map_vdso(task, 32 if option == ARCH_MAP_VDSO_32 else 64, arg2)
    raise Errno(E.EINVAL)


def _base(task: LinuxTask, option: int, arg2: int) -> int:
    cpu = task.kernel.machine.cpu
    if option in (ARCH_SET_FS, ARCH_SET_GS):
        if arg2 >= TASK_SIZE_64:
            raise Errno(E.EPERM)
        segment = Seg.FS if option == ARCH_SET_FS else Seg.GS
        if cpu.selector(segment):
            task.kernel.load_user_segment(segment, 0, NO_SEGMENT)
        if option == ARCH_SET_FS:
            cpu.fs_base = arg2
        else:
            cpu.wrmsr(task.kernel.user_gs_msr(), arg2)
    else:
        base = cpu.fs_base if option == ARCH_GET_FS else cpu.rdmsr(task.kernel.user_gs_msr())
        task.memory.write_u64(arg2, base)
    return 0


def _cpuid_mode(option: int) -> int:
    """Whether ``cpuid`` may be used: always, and that cannot be changed."""
    if option == ARCH_SET_CPUID:
        raise Errno(E.ENODEV)
    return 1


def _state_components(task: LinuxTask, option: int, arg2: int) -> int:
    """The optional parts of the register state (fpu_xstate_prctl)."""
    if option in (ARCH_GET_XCOMP_SUPP, ARCH_GET_XCOMP_PERM, ARCH_GET_XCOMP_GUEST_PERM):
        task.memory.write_u64(arg2, FEATURES)
        return 0
    raise Errno(E.EINVAL if arg2 > XTILE_DATA else E.EOPNOTSUPP)


def _map_vdso(task: LinuxTask, bits: int, address: int) -> int:
    """Maps a vDSO for a program that has none; returns its size (prctl_map_vdso)."""
    kernel, memory = task.kernel, task.memory
    if any(memory.find_object(kernel.vdso(width).pages) for width in (32, 64)):
        raise Errno(E.EEXIST)
    vdso = kernel.vdso(bits)
    memory.mmap(address & -PAGE_SIZE, vdso.size, Prot.READ | Prot.EXEC, obj=vdso.pages)
    return vdso.size


# -- entries of the GDT ------------------------------------------------------------------------------------------


@syscall("full")
def sys_set_thread_area(task: LinuxTask, u_info: Pointer) -> int:
    """Sets one of three GDT entries; number -1 takes a free one and says which."""
    do_set_thread_area(task, u_info, allocate=True)
    load_tls(task)
    refresh_segments(task)
    return 0


@syscall("full")
def sys_get_thread_area(task: LinuxTask, u_info: Pointer) -> int:
    """Reads one of the three GDT entries back."""
    number = task.memory.read_u32(u_info)
    if not GDT_TLS_MIN <= number < GDT_TLS_MIN + TLS_ENTRIES:
        raise Errno(E.EINVAL)
    task.memory.write(u_info, UserDesc.of_entry(number, task.tls[number - GDT_TLS_MIN]).pack())
    return 0
