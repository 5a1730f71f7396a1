"""Thread-local storage: segment bases and the other x86 settings (arch_prctl), GDT entries (set_thread_area)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.image.linux.boot import GDT_TLS_MIN
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.linux.definition import syscall
from ring3.linux.x86.user_desc import SEG_32BIT, UserDesc
from ring3.machine.descriptors import Segment
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
TLS_ENTRIES: Final = 3
_NO_SEGMENT: Final = Segment(0, 0, 0, 0)


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
            task.kernel.load_user_segment(segment, 0, _NO_SEGMENT)
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


def set_tls(task: LinuxTask, u_info: int, allocate: bool) -> None:
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


@syscall("full")
def sys_set_thread_area(task: LinuxTask, u_info: Pointer) -> int:
    """Sets one of three GDT entries; number -1 takes a free one and says which."""
    set_tls(task, u_info, allocate=True)
    task.load_tls()
    task.refresh_segments()
    return 0


@syscall("full")
def sys_get_thread_area(task: LinuxTask, u_info: Pointer) -> int:
    """Reads one of the three GDT entries back."""
    number = task.memory.read_u32(u_info)
    if not GDT_TLS_MIN <= number < GDT_TLS_MIN + TLS_ENTRIES:
        raise Errno(E.EINVAL)
    task.memory.write(u_info, UserDesc.of_entry(number, task.tls[number - GDT_TLS_MIN]).pack())
    return 0
