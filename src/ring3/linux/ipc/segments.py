"""Segments of shared memory: their pages, and who has them mapped (ipc/shm.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.kernel import ipc_memory
from ring3.kernel.ipc import Segment
from ring3.linux.ipc.permissions import seconds

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

SHM_DEST: Final = 0o1000
SHM_LOCKED: Final = 0o2000


class SegmentMemory(ipc_memory.SegmentMemory):
    """The pages of a segment."""

    __slots__ = ("_kernel",)

    def __init__(self, kernel: LinuxSystem, segment: Segment) -> None:
        name = f"/SYSV{segment.key & 0xFFFF_FFFF:08x} (deleted)"
        super().__init__(kernel.machine.ram, segment, name, (0, 1))
        self._kernel = kernel

    def seconds(self) -> int:
        """The time of day in seconds since 1970."""
        return self._kernel.wall_clock() // 10**9

    def caller(self) -> int | None:
        """The process that runs, None for none."""
        return None if self._kernel.current is None else self._kernel.running_task().tgid

    def left(self) -> None:
        """One that was removed ends with its last mapping."""
        if self.segment.mode & SHM_DEST or self._kernel.ipc.shm_rmid_forced:
            destroy(self._kernel, self.segment)


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
