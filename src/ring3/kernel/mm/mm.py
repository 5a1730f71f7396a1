"""`Mm`: an address space with everything that system calls do to it."""

from __future__ import annotations

from ring3.kernel.mm import advise, fork, lock, mapping, remap, report
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.usercopy import UserMemory


class Mm(UserMemory):
    """The memory of a program: what fork copies, exec replaces and threads share.

    It is made of layers, each in its own module: `Space` (mappings and pages), `FaultingSpace` (demand paging),
    `UserMemory` (the kernel's access), and the calls below, whose functions take the address space as ``mm``.
    Who uses an address space is counted elsewhere; the last one calls `destroy`.
    """

    __slots__ = ()

    mmap = mapping.do_mmap
    munmap = mapping.do_munmap
    mprotect = mapping.do_mprotect_pkey
    set_brk = mapping.brk
    mremap = remap.do_mremap
    madvise = advise.do_madvise
    mincore = advise.do_mincore
    msync = advise.msync
    seal = advise.do_mseal
    name_anonymous = advise.name_anonymous
    mlock = lock.do_mlock
    munlock = lock.munlock
    mlockall = lock.mlockall
    munlockall = lock.munlockall
    maps = report.maps
    smaps = report.smaps
    rss = report.rss
    peak_rss = report.peak_rss

    def fork(self) -> Mm:
        """An address space with the same contents; stores in one are not seen in the other.

        Raises:
            Errno: ENOMEM, there is no frame for a page table.
        """
        child = Mm(self.ram, self._kernel, self.layout, self.limits, self.objects)
        fork.dup_mmap(self, child)
        return child

    def find_object(self, obj: MemoryObject) -> int:
        """Where an object is mapped (the vDSO may be moved by mremap), 0 if it is not."""
        return next((vma.start for vma in self.vmas if vma.obj is obj), 0)
