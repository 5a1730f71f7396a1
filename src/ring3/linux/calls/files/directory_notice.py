"""F_NOTIFY of fcntl(2): a signal when something happens in a directory (fs/notify/dnotify/dnotify.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs import notify
from ring3.kernel.functions import function
from ring3.linux.files.watching import follow_open_files
from ring3.linux.signals.sigio import POLL_MSG, OwnerKind, owner_of

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.linux.model.task import LinuxTask


class Dn(IntFlag):
    """What can be asked for (include/uapi/linux/fcntl.h)."""

    ACCESS = 0x1
    MODIFY = 0x2
    CREATE = 0x4
    DELETE = 0x8
    RENAME = 0x10
    ATTRIB = 0x20
    MULTISHOT = 0x8000_0000


_EVENTS: Final = {
    Dn.ACCESS: notify.ACCESS,
    Dn.MODIFY: notify.MODIFY,
    Dn.CREATE: notify.CREATE | notify.MOVED_TO,
    Dn.DELETE: notify.DELETE | notify.MOVED_FROM,
    Dn.ATTRIB: notify.ATTRIB,
}


class Notice:
    """What one open directory is to tell of.

    Attributes:
        file: The directory.
        wanted: `Dn` bits.
        fd: The descriptor by which it was asked.
    """

    def __init__(self, task: LinuxTask, inode: Inode, file: File) -> None:
        self._task = task
        self._inode = inode
        self.file = file
        self.wanted = 0
        self.fd = -1
        self._left: int | None = None
        notify.add(inode, self)
        file.on_close.append(self.end)

    def tell(self, mask: int, name: bytes, cookie: int, *, gone: bool) -> None:
        """Sends the signal, once or each time; a name that stays in the directory is renamed."""
        if mask & notify.MOVED_FROM:
            self._left = cookie
        is_renamed = self.wanted & Dn.RENAME and mask & notify.MOVED_TO and cookie == self._left
        if is_renamed or any(mask & events for bit, events in _EVENTS.items() if self.wanted & bit):
            owner_of(self.file).notify(self._task, self.fd, POLL_MSG)
            if not self.wanted & Dn.MULTISHOT:
                self.end()

    def ended(self) -> None:
        """The directory is no more."""
        self.end()

    def end(self) -> None:
        """Nothing more is told."""
        notify.remove(self._inode, self)
        if self.end in self.file.on_close:
            self.file.on_close.remove(self.end)


@function("int fcntl_dirnotify(int fd, struct file *filp, unsigned int arg)")
def fcntl_dirnotify(task: LinuxTask, fd: int, file: File, wanted: int) -> int:
    """Asks for a signal, for more of them, or for none any more.

    Raises:
        Errno: ENOTDIR.
    """
    inode = file.inode
    marks = inode.fs.watches.marks.get(inode.ino, []) if inode is not None and inode.fs.watches else []
    found = next((mark for mark in marks if isinstance(mark, Notice) and mark.file is file), None)
    if not wanted & ~Dn.MULTISHOT:
        if found is not None:
            found.end()
        return 0
    if inode is None or not inode.is_directory:
        raise Errno(E.ENOTDIR)
    notice = found or Notice(task, inode, file)
    notice.wanted |= wanted
    notice.fd = fd
    follow_open_files(task.kernel)
    owner = owner_of(file)
    if not owner.number:
        owner.set(task, OwnerKind.F_OWNER_PID, task.vtgid)
    return 0
