"""The code that a process has mapped, kept beyond its end: for names of addresses that are printed later."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.vma import Vma


class KeptSpace:
    """Mappings of a process, the latest at each place."""

    def __init__(self, mm: Mm) -> None:
        """Keep what an address space has now."""
        self.task_size = mm.task_size
        self._vmas = list(mm.vmas)

    def add(self, vma: Vma) -> None:
        """Something more has been mapped."""
        self._vmas.append(vma)

    def vma_at(self, address: int) -> Vma | None:
        """The mapping that an address is or was in."""
        return next((vma for vma in reversed(self._vmas) if vma.start <= address < vma.end), None)
