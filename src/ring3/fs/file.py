"""Open files.

A file's operations never block: they do what can be done now or raise `WouldBlock`. Whether to wait then, or to answer
EAGAIN, is decided by the calls above. What to wait for is the same for a blocked read, poll(2) and epoll(7):
`File.poll` says what the file is ready for, and `File.listen` calls back when that may have changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs.readiness import ALWAYS

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.inode import Entry, Inode
    from ring3.fs.locks import Locks
    from ring3.kernel.mm.objects import MemoryObject
    from ring3.kernel.wait import Listening

O_ACCMODE: Final = 3
O_RDONLY: Final = 0
O_WRONLY: Final = 1
O_RDWR: Final = 2
O_APPEND: Final = 0o2000
O_NONBLOCK: Final = 0o4000
O_DIRECT: Final = 0o40000
O_NOATIME: Final = 0o1000000
O_PATH: Final = 0o10000000

EVERY_RIGHT: Final = -1
"""`File.rights` of who has given up none."""

MAX_RW_COUNT: Final = 0x7FFF_F000
"""Bytes that one call transfers at most (read(2), NOTES)."""
SEEK_SET: Final = 0
SEEK_CUR: Final = 1
SEEK_END: Final = 2
SEEK_DATA: Final = 3
SEEK_HOLE: Final = 4


class WouldBlock(Exception):
    """Nothing can be done now.

    Attributes:
        file: The file that is not ready.
        events: For what: `READABLE` or `WRITABLE`.
        for_one: What comes may be enough for one of those who wait alone, and whoever finds the file ready can do what
            he wants: so one after the other is woken, as far as it goes.
    """

    always = False
    """Also who is not to block waits: somebody else decides whether this may be done."""

    def __init__(self, file: File, events: int, *, for_one: bool = False) -> None:
        super().__init__()
        self.file = file
        self.events = events
        self.for_one = for_one

    def watch(self, callback: Callable[[], object]) -> Listening:
        """Calls back when the file may have become ready, until that is cancelled."""
        return self.file.listen(callback, self.events)


class Stat(NamedTuple):
    """What stat(2) says of a file; times in nanoseconds since 1970, sizes in bytes."""

    dev: int
    ino: int
    mode: int
    nlink: int
    uid: int
    gid: int
    rdev: int
    size: int
    blksize: int
    blocks: int
    atime: int
    mtime: int
    ctime: int


class Never:
    """Listens to nothing: the file is always ready."""

    def cancel(self) -> None:
        """Nothing to end."""


NEVER: Final = Never()


class File:
    """An open file description (open(2)): what descriptors share after dup and fork.

    Attributes:
        flags: The access mode and status flags of open(2), Linux's values.
        refs: How many descriptors lead here.
        position: Where the next read or write starts, for files that have such a place.
        on_close: What to call when the last descriptor is gone.
    """

    created = False
    """Opening it made the file (FMODE_CREATED)."""
    hears_of_closing = False
    """Whether `descriptor_closed` is called for each descriptor of it (f_op->flush)."""
    is_socket = False
    """It is a socket."""
    requests = ""
    """Which requests of ioctl(2) it answers besides those of all files: the name of a family, "" for none."""
    discards = False
    """Whether nobody looks at what is written to it: it may be anywhere (write_null of drivers/char/mem.c)."""
    pollable = True
    """Whether epoll(7) takes it: regular files and directories are refused."""
    asks_host = False
    """Whether its readiness changes outside of the machine, where only `poll` can see it."""
    used = False
    """For such files: it was read or written since somebody last cleared this."""
    takes_whole_pages = False
    """Whether of data that a bad page cuts off it takes whole pages only (anon_pipe_write of fs/pipe.c)."""
    signalled: object = None
    """Who gets signals when it becomes ready, if somebody was ever named (fcntl(2), F_SETOWN)."""
    any_offset = False
    """Whether its offsets are addresses, of which the upper half is negative."""
    is_unheard = False
    """What is done with it is not told of to those who watch (FMODE_NONOTIFY)."""
    rights = EVERY_RIGHT
    """The rights to it that its opener had not given up (landlock(7))."""
    signals_broken_pipe = True
    """Writing where nobody reads raises SIGPIPE, not only EPIPE."""

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.refs = 0
        self.position = 0
        self.on_close: list[Callable[[], None]] = []

    @property
    def readable(self) -> bool:
        """Opened for reading."""
        return self.flags & (O_ACCMODE | O_PATH) in (O_RDONLY, O_RDWR)

    @property
    def writable(self) -> bool:
        """Opened for writing."""
        return self.flags & (O_ACCMODE | O_PATH) in (O_WRONLY, O_RDWR)

    @property
    def is_path(self) -> bool:
        """Only a place, not opened (O_PATH)."""
        return self.flags & O_PATH != 0

    @property
    def inode(self) -> Inode | None:
        """The inode behind it, None where there is none (pipes, events, descriptors of the host)."""
        return None

    @property
    def attributes(self) -> Inode:
        """What has mode, owner and times, to be changed.

        Raises:
            Errno: EPERM, nothing has that could be.
        """
        inode = self.inode
        if inode is None:
            raise Errno(E.EPERM)
        return inode

    @property
    def lockable(self) -> Inode | None:
        """What advisory locks of it are on, None if it can have none."""
        return self.inode

    @property
    def locks(self) -> Locks | None:
        """The advisory locks on what was opened, None if nobody has set one."""
        inode = self.inode
        return None if inode is None else inode.locks

    @property
    def dentry(self) -> Dentry | None:
        """The place it was opened at, None for what has no name in the tree."""
        return None

    # -- contents ------------------------------------------------------------------------------------------------

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes from the file's position; empty at the end.

        Raises:
            Errno: EINVAL here; subclasses read.
            WouldBlock: There is nothing yet.
        """
        raise Errno(E.EINVAL)

    @property
    def without_offsets(self) -> bool:
        """Whether there are no offsets in it, as in a pipe (FMODE_STREAM)."""
        return type(self).pread is File.pread

    def unread(self, data: bytes) -> None:
        """Takes back what `read` has just given and nobody could use."""

    def write(self, data: bytes | memoryview) -> int:
        """Writes at the file's position; returns how many bytes were taken.

        Raises:
            Errno: EINVAL here; subclasses write.
            WouldBlock: There is no room yet.
        """
        raise Errno(E.EINVAL)

    def discard(self, size: int) -> int:
        """Takes bytes of which `discards` says that nobody looks at them; returns how many.

        Raises:
            Errno: As `write`.
        """
        return size

    def pread(self, size: int, offset: int) -> bytes:
        """Up to ``size`` bytes from an offset; the position stays.

        Raises:
            Errno: ESPIPE, the file has no offsets; as `read`.
        """
        raise Errno(E.ESPIPE)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Writes at an offset; the position stays.

        Raises:
            Errno: ESPIPE, the file has no offsets; as `write`.
        """
        raise Errno(E.ESPIPE)

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position; returns the new one.

        Raises:
            Errno: ESPIPE, the file has none; EINVAL, before the start or no such ``whence``; ENXIO, SEEK_DATA or
                SEEK_HOLE beyond the end.
        """
        raise Errno(E.ESPIPE)

    def available(self) -> int:
        """Bytes that can be read at once (FIONREAD).

        Raises:
            Errno: ENOTTY, it cannot tell.
        """
        raise Errno(E.ENOTTY)

    def rest(self) -> list[Entry]:
        """What a directory lists from the position on (getdents(2)).

        Raises:
            Errno: ENOTDIR, it is none; ENOENT, it has been removed; as `Inode.entries`.
        """
        raise Errno(E.ENOTDIR)

    def truncate(self, size: int) -> None:
        """Changes the size of an open file.

        Raises:
            Errno: EINVAL, it is no regular file.
        """
        raise Errno(E.EINVAL)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Allocates or frees space (fallocate(2)).

        Raises:
            Errno: ENODEV, it is no regular file.
        """
        raise Errno(E.ENODEV)

    def sync(self) -> None:
        """Brings what was written to where it is kept.

        Raises:
            Errno: EINVAL, it is kept nowhere.
        """
        raise Errno(E.EINVAL)

    def mapping(self, shared: bool) -> MemoryObject | None:
        """What mmap(2) maps; None for fresh zeroed memory.

        Raises:
            Errno: ENODEV, it cannot be mapped.
        """
        raise Errno(E.ENODEV)

    # -- waiting -------------------------------------------------------------------------------------------------

    def poll(self) -> int:
        """What it is ready for, in the bits of `ring3.fs.readiness`."""
        return ALWAYS

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back whenever it may have become ready for one of these events, until that is cancelled."""
        return NEVER

    def patience(self, events: int) -> int | None:
        """For how many nanoseconds a call waits until it is ready for one of these events; None for any time."""
        return None

    # -- what it is ----------------------------------------------------------------------------------------------

    def stat(self) -> Stat:
        """The file's attributes.

        Raises:
            Errno: EBADF here.
        """
        raise Errno(E.EBADF)

    def path(self) -> bytes:
        """What /proc/PID/fd shows, such as a path or ``pipe:[7]``."""
        return b"anon_inode:[unknown]"

    def details(self) -> str:
        """The lines of /proc/PID/fdinfo that only files of its kind have."""
        return ""

    def path_text(self) -> str:
        """The same as text, for /proc/PID/maps."""
        return os.fsdecode(self.path()).replace("\n", "\\012")

    def reopen(self, flags: int) -> File:
        """Opens the same thing anew, as opening /proc/PID/fd/N does.

        Raises:
            Errno: ENXIO, that cannot be done; others as open(2).
        """
        raise Errno(E.ENXIO)

    def is_terminal(self) -> bool:
        """Whether it is a terminal."""
        return False

    # -- the end -------------------------------------------------------------------------------------------------

    def hold(self) -> File:
        """Adds a user: a descriptor, or a call in progress."""
        self.refs += 1
        return self

    def drop(self) -> None:
        """Takes a user away; the last one closes it."""
        self.refs -= 1
        if not self.refs:
            for callback in list(self.on_close):
                callback()
            locks = self.locks
            if locks is not None:
                locks.release(self)
                locks.unflock(self)
            self.close()

    def descriptor_closed(self, table: object) -> None:
        """A descriptor of it in that table is gone, perhaps not the last."""

    def close(self) -> None:
        """The last descriptor is gone."""
