"""Inodes in memory: their attributes, and those that have nothing but attributes (links, devices, FIFOs, sockets)."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.file import File, Stat
from ring3.fs.inode import APPEND, IMMUTABLE, NAME_MAX, NOATIME, NODUMP, FileSystem, Inode
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.acl import Acl
    from ring3.fs.dentry import Dentry
    from ring3.fs.pipe import Pipe
    from ring3.fs.vfs import Epoch, Vfs

DAY: Final = 24 * 3600 * 10**9
INODE: Final = 1024
"""Bytes of this process that an inode takes, about."""


class Attributes:
    """The attributes of an inode in memory, and what follows from changing them.

    Attributes:
        vfs: The machine's files.
        nlink: How many names it has; for a directory 2 and its subdirectories.
        atime: When it was last read, in nanoseconds since 1970.
        mtime: When its contents changed.
        ctime: When anything changed.
        linkable: It has no name yet.
        extended: Its extended attributes.
        settable_flags: Flags that programs may set (SHMEM_FL_USER_MODIFIABLE).
        acl: Who may do what, where the mode does not say all of that.
        default_acl: What new files in it inherit.
        charged: What it has taken of the machine's ledger.
        epoch: When it was charged first.
    """

    charged = 0
    epoch: Epoch | None = None
    vfs: Vfs
    fs: FileSystem
    ino: int
    mode: int
    uid: int
    gid: int
    nlink: int
    atime: int
    mtime: int
    ctime: int
    linkable = False
    settable_flags = IMMUTABLE | APPEND | NODUMP | NOATIME
    fs_flags: int
    acl: Acl | None = None
    default_acl: Acl | None = None
    extended: Mapping[bytes, bytes] = MappingProxyType({})

    def charge(self, size: int) -> None:
        """Has the machine pay for more that is remembered of it, until it is gone; less than nothing is given back.

        Raises:
            Errno: ENOSPC.
        """
        if size > 0:
            self.vfs.ledger.charge(size)
        else:
            self.vfs.ledger.refund(-size)
        self.charged += size
        if self.epoch is None:
            self.epoch = self.vfs.ledger.epoch

    def __del__(self) -> None:
        if self.charged and self.vfs.ledger.counts(self.epoch):
            self.vfs.ledger.refund(self.charged)

    def start_times(self) -> None:
        """All times are now."""
        self.atime = self.mtime = self.ctime = self.vfs.now()

    def pin(self) -> None:
        """It is about to be changed; nothing to do for what has no other home than memory."""

    def note_change(self) -> None:
        """Some of it are others now; nothing to do for what has no other home than memory."""

    def touch(self) -> None:
        """Contents have changed."""
        self.pin()
        self.mtime = self.ctime = self.vfs.now()
        self.note_change()

    def accessed(self) -> None:
        """Contents were read: the time is kept as ``relatime`` does."""
        if self.fs_flags & NOATIME:
            return
        now = self.vfs.now()
        if self.atime <= self.mtime or self.atime <= self.ctime or now - self.atime >= DAY:
            self.atime = now
            self.note_change()

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits."""
        self.pin()
        self.mode = stat.S_IFMT(self.mode) | mode
        if self.acl is not None:
            from ring3.fs.acl import with_mode  # noqa: PLC0415 - few files have one

            self.acl = with_mode(self.acl, mode)
        self.ctime = self.vfs.now()
        self.note_change()

    def set_flags(self, flags: int) -> None:
        """Sets its flags."""
        self.pin()
        self.fs_flags = flags
        self.ctime = self.vfs.now()
        self.note_change()

    def set_owner(self, uid: int, gid: int) -> None:
        """Changes user and group."""
        self.pin()
        self.uid, self.gid = uid, gid
        self.ctime = self.vfs.now()
        self.note_change()

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Changes times."""
        self.pin()
        self.ctime = self.vfs.now()
        if atime is not None:
            self.atime = atime
        if mtime is not None:
            self.mtime = mtime
        self.note_change()

    def xattrs(self) -> Mapping[bytes, bytes]:
        """Its extended attributes."""
        return self.extended

    def set_xattrs(self, values: Mapping[bytes, bytes]) -> None:
        """Sets all of them."""
        self.pin()
        before, after = (sum(map(len, (*some, *some.values()))) for some in (self.extended, values))
        self.charge(after - before)
        self.extended = values
        self.ctime = self.vfs.now()

    def set_acls(self, access: Acl | None, default: Acl | None) -> None:
        """Sets who may do what, and what new files in it inherit."""
        self.pin()
        self.acl, self.default_acl = access, default
        self.ctime = self.vfs.now()
        self.note_change()

    def inherit_acl(self, from_above: Acl) -> None:
        """It was made in a directory with a default list (posix_acl_create)."""
        if stat.S_ISDIR(self.mode):
            self.default_acl = from_above
        from ring3.fs.acl import inherited, is_mode, mode_of  # noqa: PLC0415 - few files have one

        made = inherited(from_above, self.mode)
        self.mode = self.mode & ~0o777 | mode_of(made)
        self.acl = None if is_mode(made) else made

    def check_name(self, name: bytes) -> None:
        """Refuses a new name in this directory that is too long, and any if it was removed.

        Raises:
            Errno: ENAMETOOLONG; ENOENT.
        """
        if len(name) > NAME_MAX:
            raise Errno(E.ENAMETOOLONG)
        if not self.nlink:
            raise Errno(E.ENOENT)

    def add_name(self) -> None:
        """It has one more name.

        Raises:
            Errno: ENOENT, it had lost its last one; only O_TMPFILE makes a file that may get its first one later.
        """
        if not self.nlink and not self.linkable:
            raise Errno(E.ENOENT)
        self.linkable = False
        self.pin()
        self.nlink += 1
        self.ctime = self.vfs.now()
        self.note_change()

    def lose_name(self) -> None:
        """It has one name less; without any it goes with its last user."""
        self.pin()
        self.nlink -= 1
        self.ctime = self.vfs.now()
        self.note_change()
        self.forget_if_unused()

    def forget_if_unused(self) -> None:
        """Gives back what it holds if nothing leads here any more."""

    def as_stat(self, size: int, blocks: int, rdev: int = 0) -> Stat:
        """All attributes."""
        return Stat(
            self.fs.dev, self.ino, self.mode, self.nlink, self.uid, self.gid, rdev, size, PAGE_SIZE, blocks,
            self.atime, self.mtime, self.ctime,
        )  # fmt: skip


class MemoryNode(Attributes, Inode):
    """An inode in memory without contents.

    Attributes:
        target: Text of a symbolic link.
        rdev: Number of a device.
        pipe: What a FIFO leads to, once it was opened.
    """

    def __init__(
        self,
        vfs: Vfs,
        fs: FileSystem,
        ino: int,
        mode: int,
        uid: int,
        gid: int,
        *,
        target: bytes = b"",
        rdev: int = 0,
    ) -> None:
        super().__init__(fs, ino, mode, uid, gid)
        self.vfs = vfs
        self.target = target
        self.rdev = rdev
        self.nlink = 1
        self.pipe: Pipe | None = None
        self.start_times()

    def stat(self) -> Stat:
        """All attributes."""
        return self.as_stat(len(self.target), 0, self.rdev)

    def readlink(self) -> bytes:
        """The text of a symbolic link."""
        if not self.is_link:
            raise Errno(E.EINVAL)
        return self.target

    def follow(self) -> bytes:
        """The same."""
        return self.readlink()

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens a FIFO, or a device that there is a driver for."""
        if not stat.S_ISFIFO(self.mode):
            if not self.is_device:
                raise Errno(E.ENXIO)
            return self.vfs.open_device(self, dentry, flags)
        from ring3.fs.fifo import open_fifo  # noqa: PLC0415 -- few programs have one
        from ring3.fs.pipe import Pipe  # noqa: PLC0415

        if self.pipe is None:
            self.pipe = Pipe(self.vfs)
        return open_fifo(self.pipe, self, dentry, flags)
