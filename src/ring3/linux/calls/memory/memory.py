"""The calls on an address space: brk, mmap and their relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, BufferOut, Int, Pointer, SizeT, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.fs.file import File
from ring3.kernel.functions import function
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.kernel.mm.mapping import ALL
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.vma import WRITE, Name
from ring3.linux.calls.memory.protection import check_change, check_new, implied
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened
from ring3.linux.files.sealed import may_map_writable
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

MAP_SHARED: Final = 0x01
MAP_PRIVATE: Final = 0x02
MAP_SHARED_VALIDATE: Final = 0x03
MAP_TYPE: Final = 0x0F
MAP_FIXED: Final = 0x10
MAP_ANONYMOUS: Final = 0x20
MAP_32BIT: Final = 0x40
MAP_GROWSDOWN: Final = 0x100
MAP_LOCKED: Final = 0x2000
MAP_NORESERVE: Final = 0x4000
MAP_POPULATE: Final = 0x8000
MAP_NONBLOCK: Final = 0x10000
MAP_HUGETLB: Final = 0x40000
MAP_FIXED_NOREPLACE: Final = 0x100000
LEGACY_FLAGS: Final = 0x7C07_F9F3
"""The flags that MAP_SHARED_VALIDATE lets pass (LEGACY_MAP_MASK of mm/mmap.c)."""
NO_PKEY: Final = -1
PROT_GROWSDOWN: Final = 0x0100_0000
PROT_GROWSUP: Final = 0x0200_0000
MREMAP_MAYMOVE: Final = 1
MREMAP_FIXED: Final = 2
MREMAP_DONTUNMAP: Final = 4


@syscall("full")
def sys_brk(task: LinuxTask, brk: Address) -> int:
    """Moves the end of the heap; returns where it is then."""
    return task.memory.set_brk(brk)


@function(
    "unsigned long ksys_mmap_pgoff(unsigned long addr, unsigned long len, unsigned long prot, "
    "unsigned long flags, unsigned long fd, unsigned long pgoff)",
    calls={"do_mmap"},
)
def ksys_mmap_pgoff(
    task: LinuxTask, address: int, length: int, prot: int, flags: int, fd: int, offset: int
) -> int:
    """Maps a file or anonymous memory; returns where."""
    kind = flags & MAP_TYPE
    file = None if flags & MAP_ANONYMOUS else opened(task, fd)
    kinds = (MAP_SHARED, MAP_PRIVATE) if file is None else (MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE)
    if not length or kind not in kinds:
        raise Errno(E.EINVAL)
    if flags & MAP_HUGETLB:
        raise Errno(E.EINVAL)  # no huge pages (CONFIG_HUGETLBFS)
    shared = kind != MAP_PRIVATE
    if kind == MAP_SHARED_VALIDATE and flags & ~LEGACY_FLAGS:
        raise Errno(E.EOPNOTSUPP)
    obj, may, name = (None, ALL, "") if file is None else _mapped(file, shared, prot)
    prot = implied(task, prot)
    check_new(task, prot)
    return task.memory.mmap(
        address,
        length,
        prot,
        obj=obj,
        offset=0 if obj is None else offset,
        shared=shared,
        fixed=bool(flags & MAP_FIXED),
        noreplace=bool(flags & MAP_FIXED_NOREPLACE),
        low32=bool(flags & MAP_32BIT),
        compat=task.in_ia32_syscall,
        growsdown=bool(flags & MAP_GROWSDOWN),
        locked=bool(flags & MAP_LOCKED),
        populate=bool(flags & MAP_POPULATE) and not flags & MAP_NONBLOCK,
        noreserve=bool(flags & MAP_NORESERVE),
        may=may,
        name=name,
    )


def _mapped(file: File, shared: bool, prot: int) -> tuple[MemoryObject | None, int, Name]:
    """What is mapped of a file, what mprotect(2) can allow later, and the name for /proc/PID/maps.

    Raises:
        Errno: EACCES, it cannot be read; ENODEV, it cannot be mapped; EPERM, it is sealed against writing.
    """
    if not file.readable or (shared and prot & WRITE and not file.writable):
        raise Errno(E.EACCES)
    obj = file.mapping(shared)
    may = ALL
    if shared and not file.writable:
        may &= ~WRITE
    elif shared and not may_map_writable(file.inode):
        if prot & WRITE:
            raise Errno(E.EPERM)
        may &= ~WRITE
    if obj is None:
        return None, may, ""
    return obj, may, file.path_text


@syscall("full")
def sys_mmap(
    task: LinuxTask,
    addr: Address,
    length: UnsignedLong,
    prot: UnsignedLong,
    flags: UnsignedLong,
    fd: UnsignedLong,
    off: UnsignedLong,
) -> int:
    """Maps memory; the offset is in bytes."""
    if off % 4096:
        raise Errno(E.EINVAL)
    return ksys_mmap_pgoff(task, addr, length, prot, flags, fd & 0xFFFF_FFFF, off)


@syscall("full")
def sys_mmap_pgoff(
    task: LinuxTask,
    addr: Address,
    length: UnsignedLong,
    prot: UnsignedLong,
    flags: UnsignedLong,
    fd: UnsignedLong,
    pgoff: UnsignedLong,
) -> int:
    """Maps memory; the offset is in pages (i386's mmap2)."""
    return ksys_mmap_pgoff(task, addr, length, prot, flags, fd & 0xFFFF_FFFF, pgoff << 12)


@syscall("full")
def compat_sys_ia32_mmap(task: LinuxTask, arg: Pointer) -> int:
    """i386's first mmap: all six arguments in memory."""
    raw = memoryview(task.memory.read(arg, 24)).cast("I")
    if raw[5] % 4096:
        raise Errno(E.EINVAL)
    return ksys_mmap_pgoff(task, raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@syscall("full")
def sys_munmap(task: LinuxTask, addr: Address, length: SizeT) -> int:
    """Removes mappings."""
    task.memory.munmap(addr, length)
    return 0


@syscall("full")
def sys_mprotect(task: LinuxTask, start: Address, length: SizeT, prot: UnsignedLong) -> int:
    """Changes what mappings allow."""
    return do_mprotect_pkey(task, start, length, prot)


def do_mprotect_pkey(task: LinuxTask, start: int, length: int, prot: int, pkey: int = NO_PKEY) -> int:
    """The same, also with a protection key: there are none, but they are looked at late."""
    if (prot & PROT_GROWSDOWN and prot & PROT_GROWSUP) or start % PAGE_SIZE:
        raise Errno(E.EINVAL)
    if not length:
        return 0  # before what it is to allow is looked at (do_mprotect_pkey)
    if start + -(-length // PAGE_SIZE) * PAGE_SIZE >> 64:
        raise Errno(E.ENOMEM)
    if prot & ~(PROT_GROWSDOWN | PROT_GROWSUP | 0xF):
        raise Errno(E.EINVAL)
    if pkey != NO_PKEY:
        raise Errno(E.EINVAL)
    prot = implied(task, prot)
    check_change(task, start, length, prot)
    if prot & PROT_GROWSUP and task.memory.vma_at(start) is not None:
        raise Errno(E.EINVAL)  # no stack grows up
    task.memory.mprotect(start, length, prot & 7, growsdown=bool(prot & PROT_GROWSDOWN))
    return 0


@syscall("full")
def sys_mremap(
    task: LinuxTask,
    addr: Address,
    old_len: UnsignedLong,
    new_len: UnsignedLong,
    flags: UnsignedLong,
    new_addr: Address,
) -> int:
    """Moves or resizes a mapping."""
    if flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP):
        raise Errno(E.EINVAL)
    moved = task.memory.mremap(
        addr,
        old_len,
        new_len,
        maymove=bool(flags & MREMAP_MAYMOVE),
        fixed=bool(flags & MREMAP_FIXED),
        dontunmap=bool(flags & MREMAP_DONTUNMAP),
        new_address=new_addr,
    )
    if addr <= task.landing_pad < addr + old_len:
        _move_landing_pad(task, moved - addr)
    return moved


def _move_landing_pad(task: LinuxTask, distance: int) -> None:
    """The 32-bit vDSO has moved: the fast doors come back there, this call too (vdso_fix_landing)."""
    if task.regs.ip == task.landing_pad:
        task.regs.ip += distance
    for thread in task.kernel.threads():
        if thread.mm is task.mm:
            thread.landing_pad += distance


@syscall("full")
def sys_madvise(task: LinuxTask, start: Address, length: SizeT, behavior: Int) -> int:
    """Advises on the use of memory."""
    task.memory.madvise(start, length, behavior)
    return 0


@syscall("full")
def sys_mincore(task: LinuxTask, start: Address, length: SizeT, vec: BufferOut) -> int:
    """Says which pages are in memory, a byte each."""
    if not start % PAGE_SIZE and start + length <= TASK_SIZE_64 < vec + length // PAGE_SIZE:
        raise Errno(E.EFAULT)  # access_ok, before any mapping is looked at
    for present in task.memory.mincore(start, length):
        task.memory.write(vec, present)  # also of what lies before a hole
        vec += len(present)
    return 0


@syscall("full")
def sys_mlock(task: LinuxTask, start: Address, length: SizeT) -> int:
    """Keeps pages in memory."""
    task.memory.mlock(start, length)
    return 0


@syscall("full")
def sys_munlock(task: LinuxTask, start: Address, length: SizeT) -> int:
    """Undoes mlock."""
    task.memory.munlock(start, length)
    return 0
