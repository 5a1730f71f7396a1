"""cachestat(2): how much of a file is in memory (mm/filemap.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ring3.abi.c_types import POINTER, FdArg, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.memory import CACHESTAT, CACHESTAT_RANGE
from ring3.fs.regular import RegularFile
from ring3.linux.definition import syscall
from ring3.machine.ram import PAGE_SHIFT

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Pointer = Annotated[int, POINTER]


@syscall("full")
def sys_cachestat(
    task: LinuxTask, fd: FdArg, cstat_range: Pointer, cstat: Pointer, flags: UnsignedInt
) -> int:
    """Counts the pages of a range of a file that are in memory, and those of them that were changed."""
    file = task.files[fd]
    offset, length = CACHESTAT_RANGE.integers(task.memory, cstat_range, 64)
    if flags:
        raise Errno(E.EINVAL)
    present = dirty = 0
    if isinstance(file, RegularFile):
        first = offset >> PAGE_SHIFT
        last = (offset + length - 1) >> PAGE_SHIFT if length else 1 << 64
        pages = file.inode.pages
        within = [page for page in pages.frames if first <= page <= last]
        present = len(within)
        dirty = sum(page in pages.dirty for page in within) if pages.writeback else 0
    CACHESTAT.write(task.memory, cstat, 64, present, dirty, 0, 0, 0)
    return 0
