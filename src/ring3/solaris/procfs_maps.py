"""What /proc tells of an address space: map, rmap and xmap (usr/src/uts/common/fs/proc/prsubr.c, prgetmap)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.procfs import (
    MA_ANON,
    MA_BREAK,
    MA_EXEC,
    MA_NORESERVE,
    MA_READ,
    MA_SHARED,
    MA_STACK,
    MA_WRITE,
    PRMAP,
    PRNODEV,
    PRXMAP,
    PRXMAP_FILLER,
)
from ring3.kernel.mm.vma import NORESERVE, SHARED
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.objects import MemoryObject
    from ring3.kernel.mm.vma import Vma
    from ring3.solaris.process import Process

_PROTECTION: Final = ((Prot.READ, MA_READ), (Prot.WRITE, MA_WRITE), (Prot.EXEC, MA_EXEC))
_NOT_SHARED_MEMORY: Final = -1
_LARGEST: Final = {64: (1 << 64) - 1, 32: (1 << 32) - 1}


def _flags(mm: Mm, vma: Vma) -> int:
    found = sum(flag for prot, flag in _PROTECTION if vma.prot & prot)
    if vma.flags & SHARED:
        found |= MA_SHARED
    if vma.flags & NORESERVE:
        found |= MA_NORESERVE
    if vma.obj is None:
        found |= MA_ANON
    if mm.start_brk <= vma.start < mm.brk:
        found |= MA_BREAK
    if vma.start < mm.layout.stack_top <= vma.end:
        found |= MA_STACK
    return found


def object_name(process: Process, vma: Vma) -> bytes:
    """What a mapping's file is called in the folders ``object`` and ``path``: empty for memory without a file."""
    if vma.obj is None or not vma.obj.name.startswith("/"):
        return b""
    if _path(vma.obj) == process.exe:
        return b"a.out"
    return b"zfs.%d.%d.%d" % (*vma.obj.device, vma.obj.inode)


def _path(obj: MemoryObject) -> str:
    """The path of a mapped file in the machine: its own system lies elsewhere on the host."""
    from ring3.solaris.view import USERLAND  # noqa: PLC0415 -- it needs /proc

    return obj.name.removeprefix(USERLAND)


def object_paths(process: Process) -> dict[bytes, bytes]:
    """The paths of the files that are mapped, by their names."""
    return {
        object_name(process, vma): _path(vma.obj).encode("utf-8", "surrogateescape")
        for _, vma in _mappings(process)
        if vma.obj is not None and object_name(process, vma)
    }


def _mappings(process: Process) -> Iterator[tuple[Mm, Vma]]:
    lwp = next(iter(process.lwps.values()), None)
    if lwp is not None and lwp.mm is not None:
        for vma in lwp.mm.vmas:
            yield lwp.mm, vma


def _offset(vma: Vma) -> int:
    return 0 if vma.obj is None else vma.offset << PAGE_SHIFT


def prmap(process: Process, bits: int) -> bytes:
    """The ``prmap_t`` of all mappings, from the lowest address up."""
    return b"".join(
        PRMAP.make(
            bits,
            pr_vaddr=vma.start & _LARGEST[bits],
            pr_size=vma.end - vma.start,
            pr_mapname=object_name(process, vma),
            pr_offset=_offset(vma),
            pr_mflags=_flags(mm, vma),
            pr_pagesize=PAGE_SIZE,
            pr_shmid=_NOT_SHARED_MEMORY,
        )
        for mm, vma in _mappings(process)
    )


def prxmap(process: Process, bits: int) -> bytes:
    """The ``prxmap_t`` of all mappings: with what of each is in memory, in pages; of no device."""
    return b"".join(_extended(process, mm, vma, bits) for mm, vma in _mappings(process))


def _extended(process: Process, mm: Mm, vma: Vma, bits: int) -> bytes:
    pages = [address >> PAGE_SHIFT for address, _ in mm.pmap.mapped(vma.start, vma.end)]
    return PRXMAP.make(
        bits,
        pr_vaddr=vma.start & _LARGEST[bits],
        pr_size=vma.end - vma.start,
        pr_mapname=object_name(process, vma),
        pr_offset=_offset(vma),
        pr_mflags=_flags(mm, vma),
        pr_pagesize=PAGE_SIZE,
        pr_shmid=_NOT_SHARED_MEMORY,
        pr_rss=len(pages),
        pr_anon=sum(page in mm.anon for page in pages),
        pr_hatpagesize=PAGE_SIZE if pages else 0,
        pr_dev=_LARGEST[bits] & PRNODEV,
    ) + bytes(PRXMAP_FILLER[bits])
