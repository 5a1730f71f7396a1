"""`Mm`: an address space with everything that system calls do to it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ring3.kernel.mm import mapping, report
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.usercopy import UserMemory

if TYPE_CHECKING:
    from ring3.kernel.mm import advise, lock, remap


class _Late:
    """A method whose module is imported when it is first asked for, and which is put in the place of this then."""

    def __init__(self, module: str, function: str) -> None:
        self._module = module
        self._function = function

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Mm | None, owner: type) -> Any:  # noqa: ANN401 -- mypy sees the function itself
        function = getattr(import_module(f"ring3.kernel.mm.{self._module}"), self._function)
        setattr(Mm, self._name, function)
        return function.__get__(instance, owner)


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
    maps = report.maps
    smaps = report.smaps
    rss = report.rss
    peak_rss = report.peak_rss
    if TYPE_CHECKING:
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
    else:
        mremap = _Late("remap", "do_mremap")
        madvise = _Late("advise", "do_madvise")
        mincore = _Late("advise", "do_mincore")
        msync = _Late("advise", "msync")
        seal = _Late("advise", "do_mseal")
        name_anonymous = _Late("advise", "name_anonymous")
        mlock = _Late("lock", "do_mlock")
        munlock = _Late("lock", "munlock")
        mlockall = _Late("lock", "mlockall")
        munlockall = _Late("lock", "munlockall")

    def fork(self) -> Mm:
        """An address space with the same contents; stores in one are not seen in the other.

        Raises:
            Errno: ENOMEM, there is no frame for a page table.
        """
        from ring3.kernel.mm import fork  # noqa: PLC0415 -- many programs do not

        child = Mm(self.ram, self._kernel, self.layout, self.limits, self.objects)
        fork.dup_mmap(self, child)
        return child

    def find_object(self, obj: MemoryObject) -> int:
        """Where an object is mapped (the vDSO may be moved by mremap), 0 if it is not."""
        return next((vma.start for vma in self.vmas if vma.obj is obj), 0)
