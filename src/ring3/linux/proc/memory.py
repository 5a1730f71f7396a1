"""/proc/PID/mem and /proc/PID/pagemap: a program's memory, and where it lies, as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.inode import Inode
from ring3.fs.process_memory import ProcessMemory
from ring3.fs.pseudo import PseudoFile, PseudoFileSystem
from ring3.kernel.mm.mm import Mm
from ring3.machine.paging import PTE_ADDRESS, PTE_P
from ring3.machine.ram import PAGE_SHIFT

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class MemoryInode(PseudoFile):
    """/proc/PID/mem.

    Attributes:
        rights: Its permissions.
    """

    rights = 0o600

    def __init__(self, fs: PseudoFileSystem, key: bytes, task: LinuxTask, check: Callable[[], None]) -> None:
        owner = (task.credentials.euid, task.credentials.egid)
        super().__init__(fs, key, lambda: b"", mode=self.rights, owner=owner)
        self._task = task
        self._check = check

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens the memory that the program has now; it stays that one after an execve."""
        self._check()
        return MemoryOfTask(self, dentry, flags, self._task)


class PagemapInode(MemoryInode):
    """/proc/PID/pagemap: a word for each page."""

    rights = 0o400

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens that of the memory that the program has now."""
        self._check()
        shows_frames = self._task.kernel.running_task().credentials.capable(Cap.SYS_ADMIN)
        return PagemapOfTask(self, dentry, flags, self._task, shows_frames=shows_frames)


class MemoryOfTask(ProcessMemory):
    """A program's memory, open: the position is an address."""

    def __init__(self, inode: Inode, dentry: Dentry, flags: int, task: LinuxTask) -> None:
        super().__init__(inode, dentry, flags)
        self._task = task
        self._mm = task.mm

    def _memory(self) -> Mm | None:
        """The memory, None once the program has left it."""
        return self._mm if self._mm is self._task.mm else None


_WORD: Final = 8
_PRESENT: Final = 1 << 63
_OF_FILE: Final = 1 << 61
_EXCLUSIVE: Final = 1 << 56


class PagemapOfTask(MemoryOfTask):
    """Its pagemap: the position is eight times a page's number (Documentation/admin-guide/mm/pagemap.rst)."""

    def __init__(
        self, inode: Inode, dentry: Dentry, flags: int, task: LinuxTask, *, shows_frames: bool
    ) -> None:
        super().__init__(inode, dentry, flags, task)
        self._shows_frames = shows_frames

    def pread(self, size: int, offset: int) -> bytes:
        """The words of pages from one on.

        Raises:
            Errno: EINVAL, an offset or a size that is not a multiple of a word's.
        """
        if offset % _WORD or size % _WORD:
            raise Errno(E.EINVAL)
        mm = self._memory()
        if mm is None:
            return b""
        first = offset // _WORD
        last = min(first + size // _WORD, mm.task_size >> PAGE_SHIFT)
        return b"".join(self._word(mm, page).to_bytes(_WORD, "little") for page in range(first, last))

    def _word(self, mm: Mm, page: int) -> int:
        entry = mm.pmap.lookup(page << PAGE_SHIFT)
        if not entry & PTE_P:
            return 0
        frame = entry & PTE_ADDRESS
        word = _PRESENT | (frame >> PAGE_SHIFT if self._shows_frames else 0)
        if page not in mm.anon:
            word |= _OF_FILE
        return word | (_EXCLUSIVE if mm.ram.refs[frame >> PAGE_SHIFT] == 1 else 0)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Refused."""
        raise Errno(E.EINVAL)
