"""Events of fanotify(7) as they are kept and read: metadata, and what says which files they are about.

A file is told of by a descriptor for it, or by its handle (name_to_handle_at(2)), that of its directory, and its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.linux.structs.files import FANOTIFY_EVENT, FILE_HANDLE
from ring3.fs import names
from ring3.fs.file import O_ACCMODE, O_RDONLY
from ring3.fs.opening import O_CLOEXEC
from ring3.linux.calls.files.fanotify.values import (
    FAN_NOFD,
    OF_NAMES,
    ONDIR,
    PERMISSIONS,
    Q_OVERFLOW,
    RENAME,
    Init,
)
from ring3.linux.tasks.pid_file import install

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.inode import Inode
    from ring3.fs.notify import Event
    from ring3.linux.calls.files.fanotify.group import Group
    from ring3.linux.model.task import LinuxTask

VERSION: Final = 3
FID: Final = 1
DFID_NAME: Final = 2
DFID: Final = 3
PIDFD: Final = 4
OLD_DFID_NAME: Final = 10
NEW_DFID_NAME: Final = 12
HANDLE: Final = 8
FILEID_INO32_GEN: Final = 1
NO_PIDFD: Final = -1


class About:
    """A file that is told of by its handle, perhaps with a name in it.

    Attributes:
        kind: What it is to the event.
        inode: The file.
        name: The name, None for none.
    """

    __slots__ = ("inode", "kind", "name")

    def __init__(self, kind: int, inode: Inode, name: bytes | None = None) -> None:
        self.kind = kind
        self.inode = inode
        self.name = name

    @property
    def size(self) -> int:
        """Bytes of it."""
        named = 0 if self.name is None else len(self.name) + 1
        return -(-(12 + FILE_HANDLE.size(64) + HANDLE + named) // 4) * 4

    def same(self, other: About) -> bool:
        """Whether another one says the same."""
        mine, theirs = self.inode, other.inode
        return (self.kind, self.name, mine.ino) == (
            other.kind,
            other.name,
            theirs.ino,
        ) and mine.fs is theirs.fs

    def pack(self) -> bytes:
        """``struct fanotify_event_info_fid``, with the handle and the name behind it."""
        fs = self.inode.fs
        fsid = (fs.dev & 0x7FFF_FFFF).to_bytes(8, "little")
        handle = FILE_HANDLE.pack(64, HANDLE, FILEID_INO32_GEN, b"") + self.inode.ino.to_bytes(
            HANDLE, "little"
        )
        text = bytes([self.kind, 0]) + self.size.to_bytes(2, "little") + fsid + handle
        return (text + (b"" if self.name is None else self.name)).ljust(self.size, b"\0")


class Record:
    """One event.

    Attributes:
        mask: What has happened.
        inode: To what; None if events were lost.
        place: Where it is, None for what is told of by handle.
        pid: Who did it: a thread's number, or its process's.
        task: That one, None if nobody.
        about: The files, by their handles.
        fd: The reader's descriptor, for questions.
    """

    __slots__ = ("about", "fd", "inode", "mask", "pid", "place", "task")

    def __init__(
        self, mask: int, inode: Inode | None, place: Dentry | None, task: LinuxTask | None, pid: int
    ) -> None:
        self.mask = mask
        self.inode = inode
        self.place = place
        self.task = task
        self.pid = pid
        self.about: list[About] = []
        self.fd: int | None = None

    @classmethod
    def overflow(cls) -> Record:
        """Events were lost."""
        return cls(Q_OVERFLOW, None, None, None, 0)

    @classmethod
    def of(cls, task: LinuxTask, told: int, mask: int, event: Event) -> Record:
        """What a group is told of an event."""
        pid = task.tid if told & Init.REPORT_TID else task.tgid
        by_handle = told & (Init.REPORT_FID | Init.REPORT_DIR_FID)
        if by_handle:
            _remember(event)
        made = cls(mask, event.inode, None if by_handle else event.place, task, pid)
        if by_handle:
            made.about = _about(told, mask, event)
        return made

    @property
    def is_question(self) -> bool:
        """Whether somebody waits for a permission."""
        return bool(self.mask & PERMISSIONS)

    def merges(self, other: Record) -> bool:
        """Whether another one is about the same (fanotify_should_merge)."""
        if self.pid != other.pid or self.is_question or (self.mask ^ other.mask) & (ONDIR | RENAME):
            return False
        if self.inode is None or other.inode is None or self.place is not other.place:
            return False
        if self.place is not None:
            return True
        pairs = zip(self.about, other.about, strict=False)
        return len(self.about) == len(other.about) and all(mine.same(theirs) for mine, theirs in pairs)

    def size(self, told: int) -> int:
        """Bytes that it takes."""
        pidfd = 8 if told & Init.REPORT_PIDFD else 0
        return FANOTIFY_EVENT.size(64) + sum(about.size for about in self.about) + pidfd


def _remember(event: Event) -> None:
    """Keeps where files are, so that their handles can be opened."""
    child = None if event.directory is None else event.directory.known(event.name)
    for place in (event.directory, event.place or child):
        if place is not None and not place.deleted:
            place.fs.handles[place.inode.ino] = place


def _about(told: int, mask: int, event: Event) -> list[About]:
    """The handles that an event carries (fanotify_alloc_event and copy_info_records_to_user)."""
    of_names, directory = bool(mask & OF_NAMES), event.directory
    inode, names = event.inode, bool(told & Init.REPORT_NAME)
    if mask & RENAME:
        found = [] if directory is None else [About(OLD_DFID_NAME, directory.inode, event.name)]
        if event.moved_to is not None:
            there, name = event.moved_to
            found.append(About(NEW_DFID_NAME, there.inode, name))
    elif not told & Init.REPORT_DIR_FID:
        target = (
            inode if not of_names or directory is None or told & Init.REPORT_TARGET_FID else directory.inode
        )
        return [About(FID, target)]
    elif of_names and directory is not None:
        found = [About(DFID_NAME, directory.inode, event.name) if names else About(DFID, directory.inode)]
    elif inode.is_directory:
        return [About(DFID_NAME, inode, b".") if names else About(DFID, inode)]
    elif directory is not None:
        found = [About(DFID_NAME, directory.inode, event.name) if names else About(DFID, directory.inode)]
    else:
        return [About(FID, inode)]
    if told & Init.REPORT_FID and (not of_names or told & Init.REPORT_TARGET_FID):
        found.append(About(FID, inode))
    return found


def pack(task: LinuxTask, group: Group, record: Record) -> bytes:
    """An event as read(2) gives it.

    Raises:
        Errno: The file cannot be opened for the reader.
    """
    fd = FAN_NOFD
    if record.place is not None:
        if group.event_flags & O_ACCMODE != O_RDONLY:
            names.writable(record.place)
        file = record.place.inode.open(record.place, group.event_flags)
        file.is_unheard = True
        fd = task.files.install(file, cloexec=bool(group.event_flags & O_CLOEXEC))
        if record.is_question:
            record.fd = fd
    pid = task.pid_ns.shown(record.pid)
    if group.is_plain and record.pid != task.tgid:
        pid = 0
    text = b"".join(about.pack() for about in record.about)
    if group.told & Init.REPORT_PIDFD:
        number = NO_PIDFD
        if record.task is not None:
            try:
                number = install(task, record.task.process, None, 0)
            except Errno:
                number = NO_PIDFD
        text += bytes([PIDFD, 0, 8, 0]) + number.to_bytes(4, "little", signed=True)
    size = FANOTIFY_EVENT.size(64)
    return FANOTIFY_EVENT.pack(64, size + len(text), VERSION, 0, size, record.mask, fd, pid) + text
