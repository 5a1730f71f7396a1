"""The calls that lock, write back, seal or colour memory: mlock2, mlockall, msync, mseal, pkey_* and their like."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Address, Int, SizeT, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.kernel.mm.vma import SHARED
from ring3.linux.calls.memory.memory import do_mprotect_pkey
from ring3.linux.definition import syscall
from ring3.machine.ram import PAGE_MASK, PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Waiting = Coroutine[Any, Any, int]


class Mcl(IntFlag):
    """Flags of mlockall(2)."""

    CURRENT = 1
    FUTURE = 2
    ONFAULT = 4


class Ms(IntFlag):
    """Flags of msync(2)."""

    ASYNC = 1
    INVALIDATE = 2
    SYNC = 4


MLOCK_ONFAULT: Final = 1
PKEY_ACCESS_MASK: Final = 3


@syscall("full")
def sys_mlock2(task: LinuxTask, start: UnsignedLong, length: SizeT, flags: Int) -> int:
    """Keeps pages in memory, with MLOCK_ONFAULT from when they are first used."""
    if flags & ~MLOCK_ONFAULT:
        raise Errno(E.EINVAL)
    task.memory.mlock(start, length, onfault=bool(flags))
    return 0


@syscall("full")
def sys_mlockall(task: LinuxTask, flags: Int) -> int:
    """Keeps all pages in memory that are mapped now, or from now on."""
    if not flags or flags & ~sum(Mcl) or flags == Mcl.ONFAULT:
        raise Errno(E.EINVAL)
    task.memory.mlockall(
        current=bool(flags & Mcl.CURRENT), future=bool(flags & Mcl.FUTURE), onfault=bool(flags & Mcl.ONFAULT)
    )
    return 0


@syscall("full")
def sys_munlockall(task: LinuxTask) -> int:
    """Undoes mlock and mlockall."""
    task.memory.munlockall()
    return 0


@syscall("full")
def sys_msync(task: LinuxTask, start: Address, length: SizeT, flags: Int) -> int:
    """Writes changed pages of files back."""
    if flags & ~sum(Ms) or start % PAGE_SIZE or (flags & Ms.ASYNC and flags & Ms.SYNC):
        raise Errno(E.EINVAL)
    if length > (1 << 64) - PAGE_SIZE:
        return 0  # rounded up to pages it is 0
    task.memory.msync(start, length, sync=bool(flags & Ms.SYNC), invalidate=bool(flags & Ms.INVALIDATE))
    return 0


@syscall("full")
def sys_mseal(task: LinuxTask, start: Address, length: SizeT, flags: UnsignedLong) -> int:
    """Makes mappings stay as they are until the program ends."""
    if flags or length > (1 << 64) - PAGE_SIZE:
        raise Errno(E.EINVAL)
    task.memory.seal(start, length)
    return 0


@syscall("full")
def sys_remap_file_pages(
    task: LinuxTask,
    start: Address,
    size: UnsignedLong,
    prot: UnsignedLong,
    pgoff: UnsignedLong,
    flags: UnsignedLong,
) -> int:
    """Shows other pages of a shared object in part of its mapping, by mapping them anew."""
    memory = task.memory
    start, size = start & PAGE_MASK, size & PAGE_MASK
    if prot or start + size >= 1 << 64 or start + size <= start or pgoff + (size >> PAGE_SHIFT) >= 1 << 64:
        raise Errno(E.EINVAL)
    parts = memory.overlapping(start, start + size)
    if not parts or parts[0].start > start or not parts[0].flags & SHARED or parts[0].obj is None:
        raise Errno(E.EINVAL)
    first = parts[0]
    end = start
    for part in parts:
        if (
            part.start > end
            or part.obj is not first.obj
            or part.flags != first.flags
            or part.prot != first.prot
        ):
            break
        end = part.end
    if end < start + size:
        raise Errno(E.EINVAL)
    memory.mmap(
        start,
        size,
        first.prot,
        obj=first.obj,
        offset=pgoff << PAGE_SHIFT,
        shared=True,
        fixed=True,
        populate=True,
    )
    return 0


# -- protection keys, which the CPU has not ----------------------------------------------------------------------


@syscall("full")
def sys_pkey_alloc(task: LinuxTask, flags: UnsignedLong, init_val: UnsignedLong) -> int:
    """Takes a protection key; there is none.

    Linux hands out the one key that every CPU has, fails to set it up (EINVAL) and keeps it (ENOSPC from then on).
    """
    context = task.mm_context
    if flags or init_val & ~PKEY_ACCESS_MASK:
        raise Errno(E.EINVAL)
    if context.key_taken:
        raise Errno(E.ENOSPC)
    context.key_taken = True
    raise Errno(E.EINVAL)


@syscall("full")
def sys_pkey_free(task: LinuxTask, pkey: Int) -> int:
    """Gives a protection key back; nobody has one."""
    raise Errno(E.EINVAL)


@syscall("full")
def sys_pkey_mprotect(task: LinuxTask, start: Address, length: SizeT, prot: UnsignedLong, pkey: Int) -> int:
    """As mprotect with key -1; every other key is unknown."""
    return do_mprotect_pkey(task, start, length, prot, pkey)
