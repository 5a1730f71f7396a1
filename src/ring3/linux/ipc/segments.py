"""Segments of shared memory: their pages, and who has them mapped (ipc/shm.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.shared import SharedObject
from ring3.linux.ipc.permissions import seconds
from ring3.linux.model.ipc import Segment

if TYPE_CHECKING:
    from ring3.kernel.mm.objects import Mapper
    from ring3.kernel.mm.vma import Vma
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

SHM_DEST: Final = 0o1000
SHM_LOCKED: Final = 0o2000


class SegmentMemory(SharedObject):
    """The pages of a segment: each mapping counts as attached."""

    __slots__ = ("_kernel", "segment")

    def __init__(self, kernel: LinuxSystem, segment: Segment) -> None:
        size = round_up(segment.size)
        super().__init__(
            kernel.machine.ram, size, f"/SYSV{segment.key & 0xFFFF_FFFF:08x} (deleted)", (0, 1), segment.id
        )
        self.mergeable = False
        self._kernel = kernel
        self.segment = segment

    def attach(self, vma: Vma, mapper: Mapper) -> None:
        """A mapping more: by shmat(2), by fork(2), or because one was split."""
        super().attach(vma, mapper)
        segment = self.segment
        segment.attached += 1
        self._note(segment)
        segment.atime = self._kernel.wall_clock() // 10**9

    def detach(self, vma: Vma) -> None:
        """A mapping less; the last of a segment that was removed ends it."""
        segment = self.segment
        segment.attached -= 1
        self._note(segment)
        segment.dtime = self._kernel.wall_clock() // 10**9
        super().detach(vma)
        if not segment.attached and (segment.mode & SHM_DEST or self._kernel.ipc.shm_rmid_forced):
            destroy(self._kernel, segment)

    def _note(self, segment: Segment) -> None:
        if self._kernel.current is not None:
            segment.last = self._kernel.running_task().tgid


def make(task: LinuxTask, key: int, mode: int, owner: tuple[int, int], size: int) -> Segment:
    """A new segment, of zeros."""
    segment = Segment(key, mode, owner, seconds(task), size)
    segment.maker = task.tgid
    segment.memory = SegmentMemory(task.kernel, segment)
    return segment


def destroy(kernel: LinuxSystem, segment: Segment) -> None:
    """Nobody has it attached, and it was removed."""
    if not segment.deleted:
        kernel.ipc.segments.remove(segment)
        assert segment.memory is not None
        segment.memory.drop()


def remove(kernel: LinuxSystem, segment: Segment) -> None:
    """IPC_RMID: it goes when nobody has it attached any more (``do_shm_rmid``)."""
    if segment.attached:
        segment.mode |= SHM_DEST
        kernel.ipc.segments.hide(segment)
    else:
        destroy(kernel, segment)
