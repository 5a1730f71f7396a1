"""The pages of System V segments: who maps one is attached to it, whichever way the mapping came about."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.shared import SharedObject

if TYPE_CHECKING:
    from ring3.kernel.ipc import Segment
    from ring3.kernel.mm.objects import Mapper
    from ring3.kernel.mm.vma import Vma
    from ring3.machine.ram import Ram


class SegmentMemory(SharedObject):
    """The pages of a segment: each mapping counts as attached."""

    __slots__ = ("segment",)

    def __init__(self, ram: Ram, segment: Segment, name: str, device: tuple[int, int]) -> None:
        super().__init__(ram, round_up(segment.size), name, device, segment.id)
        self.mergeable = False
        self.segment = segment

    @abstractmethod
    def seconds(self) -> int:
        """The time of day in seconds since 1970."""

    @abstractmethod
    def caller(self) -> int | None:
        """The process that runs, None for none."""

    @abstractmethod
    def left(self) -> None:
        """Nobody has it attached any more."""

    def attach(self, vma: Vma, mapper: Mapper) -> None:
        """A mapping more: by shmat(2), by fork(2), or because one was split."""
        super().attach(vma, mapper)
        self.segment.attached += 1
        self.segment.atime = self._note()

    def detach(self, vma: Vma) -> None:
        """A mapping less."""
        self.segment.attached -= 1
        self.segment.dtime = self._note()
        super().detach(vma)
        if not self.segment.attached:
            self.left()

    def _note(self) -> int:
        who = self.caller()
        if who is not None:
            self.segment.last = who
        return self.seconds()
