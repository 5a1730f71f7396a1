"""brk, mmap, munmap and mprotect (usr/src/uts/common/os/grow.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, OffT, SizeT, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.solaris.errno import SolarisE
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE
from ring3.solaris.definition import syscall
from ring3.solaris.layout import choose_addr, is_user_range

if TYPE_CHECKING:
    from ring3.kernel.mm.objects import MemoryObject
    from ring3.solaris.task import SolarisTask


class Map(IntFlag):
    """Flags of mmap (usr/src/uts/common/sys/mman.h)."""

    MAP_SHARED = 1
    MAP_PRIVATE = 2
    MAP_FIXED = 0x10
    MAP_NORESERVE = 0x40
    MAP_LOW32 = 0x80
    MAP_ANON = 0x100
    MAP_ALIGN = 0x200
    MAP_TEXT = 0x400
    MAP_INITDATA = 0x800
    MAP_NEW = 0x8000_0000
    """What libc adds: without it a program of the first days gets 0 for success."""


_KNOWN: Final = sum(Map)
_TYPE: Final = 0xF
_PROT: Final = 7
_LOW32_LIMIT: Final = 1 << 32


@syscall("full")
def brk(task: SolarisTask, nva: Address) -> int:
    """Moves the end of the heap; 0 asks where it is."""
    mm = task.memory
    if not nva:
        return mm.brk
    if mm.set_brk(nva) != nva:
        raise Errno(SolarisE.ENOMEM)
    return 0


@syscall("partial", "not MAP_ALIGN with large pages; every mapping has pages of 4 KiB")
def smmap64(
    task: SolarisTask, addr: Address, length: SizeT, prot: Int, flags: Int, fd: Int, off: OffT
) -> int:
    """Maps memory or a file."""
    kind = flags & _TYPE
    _check_flags(addr, prot, flags & 0xFFFF_FFFF)
    if not length or off % PAGE_SIZE:
        raise Errno(SolarisE.EINVAL)
    if flags & Map.MAP_FIXED:
        if addr % PAGE_SIZE:
            raise Errno(SolarisE.EINVAL)
        _check_range(task, addr, length, prot)
    obj, may = _mapped_object(task, prot, flags, fd, off, length)
    place = addr if flags & Map.MAP_FIXED else _place(task, addr, length, flags, off)
    reserves = kind == Map.MAP_PRIVATE and prot & 2 and not flags & Map.MAP_NORESERVE
    if reserves and length > task.kernel.machine.ram.size:
        raise Errno(SolarisE.EAGAIN)  # no swap space for it
    return task.memory.mmap(
        place,
        length,
        prot & _PROT,
        obj=obj,
        offset=off if obj is not None else 0,
        shared=kind == Map.MAP_SHARED,
        fixed=True,
        noreserve=bool(flags & Map.MAP_NORESERVE),
        may=may,
    )


@syscall("partial", "as smmap64")
def smmap32(
    task: SolarisTask, addr: Address, length: UnsignedInt, prot: Int, flags: Int, fd: Int, off: UnsignedInt
) -> int:
    """The same for 32-bit programs."""
    return smmap64(task, addr, length, prot, flags, fd, off)


@syscall("partial", "as smmap64")
def smmaplf32(task: SolarisTask, uap: Address) -> int:
    """The same with an offset of 64 bits; the arguments, which are seven, lie in the kernel."""
    addr, length, prot, flags, fd, low, high = memoryview(task.kernel.load(uap, 7 * 8)).cast("Q")
    offset = low | high << 32
    return smmap64(task, addr, length, prot, flags, fd - (fd >> 31 << 32), offset - (offset >> 63 << 64))


def _check_flags(addr: int, prot: int, flags: int) -> None:
    if flags & ~_KNOWN or flags & _TYPE not in (Map.MAP_SHARED, Map.MAP_PRIVATE):
        raise Errno(SolarisE.EINVAL)
    if flags & Map.MAP_TEXT and (not prot & 4 or flags & Map.MAP_INITDATA):
        raise Errno(SolarisE.EINVAL)
    if flags & Map.MAP_ALIGN:
        fits = not addr or (addr >= PAGE_SIZE and not addr & (addr - 1))
        if flags & Map.MAP_FIXED or not fits:
            raise Errno(SolarisE.EINVAL)


def _check_range(task: SolarisTask, addr: int, length: int, prot: int) -> None:
    if prot & ~_PROT:
        raise Errno(SolarisE.ENOTSUP)
    if not is_user_range(task.memory, addr, length):
        raise Errno(SolarisE.ENOMEM)


def _place(task: SolarisTask, addr: int, length: int, flags: int, off: int) -> int:
    align, hint = (addr, 0) if flags & Map.MAP_ALIGN else (0, addr)
    place = choose_addr(task.memory, hint, length, off if not flags & Map.MAP_ANON else 0, align)
    if flags & Map.MAP_LOW32 and place + length > _LOW32_LIMIT:
        raise Errno(SolarisE.ENOMEM)
    return place


def _mapped_object(
    task: SolarisTask, prot: int, flags: int, fd: int, off: int, length: int
) -> tuple[MemoryObject | None, int]:
    """What is mapped, None for anonymous memory, and what mprotect may allow on it later."""
    if flags & Map.MAP_ANON:
        if fd != -1:
            raise Errno(SolarisE.EINVAL)
        if prot & ~0xF:
            raise Errno(SolarisE.EACCES)
        return None, _PROT
    file = task.files[fd]
    if off < 0:
        raise Errno(SolarisE.ENXIO)
    if off + length > 1 << 63:
        raise Errno(SolarisE.EOVERFLOW)
    shared = flags & _TYPE == Map.MAP_SHARED
    if not file.readable or (shared and prot & 2 and not file.writable):
        raise Errno(SolarisE.EACCES)
    may = _PROT if not shared or file.writable else _PROT & ~2
    return file.mapping(shared), may


@syscall("full")
def munmap(task: SolarisTask, addr: Address, length: SizeT) -> int:
    """Removes mappings; holes are no error."""
    if addr % PAGE_SIZE or not length or not is_user_range(task.memory, addr, length):
        raise Errno(SolarisE.EINVAL)
    task.memory.munmap(addr, length)
    return 0


@syscall("full")
def mprotect(task: SolarisTask, addr: Address, length: SizeT, prot: Int) -> int:
    """Changes what mappings allow."""
    if addr % PAGE_SIZE or not length:
        raise Errno(SolarisE.EINVAL)
    _check_range(task, addr, (length + PAGE_SIZE - 1) & PAGE_MASK, prot)
    task.memory.mprotect(addr, length, prot & _PROT)
    return 0


@syscall("full")
def mincore(task: SolarisTask, addr: Address, length: SizeT, vecp: Address) -> int:
    """Says of each page whether it is in memory."""
    if addr % PAGE_SIZE or not length:
        raise Errno(SolarisE.EINVAL)
    if not is_user_range(task.memory, addr, length):
        raise Errno(SolarisE.ENOMEM)
    task.memory.write(vecp, b"".join(task.memory.mincore(addr, length)))
    return 0


class MemCntl(IntEnum):
    """Commands of memcntl (sys/mman.h)."""

    MC_SYNC = 1
    MC_LOCK = 2
    MC_UNLOCK = 3
    MC_ADVISE = 4
    MC_LOCKAS = 5
    MC_UNLOCKAS = 6


_MADV_FREE: Final = 5
_MADV_PURGE: Final = 9
_CORE_DONTNEED: Final = 4


@syscall(
    "partial",
    "MC_ADVISE; MC_SYNC and the locks have no effect: what is written is there, and nothing is paged out",
)
def memcntl(
    task: SolarisTask, addr: Address, length: SizeT, cmd: Int, arg: Address, attr: Int, mask: Int
) -> int:
    """Controls how memory is kept: advice that it is not needed frees it."""
    if cmd in (MemCntl.MC_LOCKAS, MemCntl.MC_UNLOCKAS):
        return 0
    if addr % PAGE_SIZE or attr or mask or not MemCntl.MC_SYNC <= cmd <= MemCntl.MC_ADVISE:
        raise Errno(SolarisE.EINVAL)
    if not is_user_range(task.memory, addr, length):
        raise Errno(SolarisE.ENOMEM)
    advice = arg & 0xFFFF_FFFF
    if cmd == MemCntl.MC_ADVISE and advice in (_MADV_FREE, _MADV_PURGE):
        task.memory.madvise(addr, (length + PAGE_SIZE - 1) & PAGE_MASK, _CORE_DONTNEED)
    elif cmd == MemCntl.MC_ADVISE and advice > _MADV_PURGE:
        raise Errno(SolarisE.EINVAL)
    return 0
