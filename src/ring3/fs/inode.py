"""Inodes: files, directories, links and devices apart from their names.

`Inode` says what every kind of file can be asked; what a kind cannot do fails as Linux's VFS does when a file system
has no such operation. Checks of permission and of read-only mounts are not made here: `ring3.fs.names` and
`ring3.fs.opening` make them once for all file systems.
"""

from __future__ import annotations

import stat
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs.file import Stat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ring3.fs.acl import Acl
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.leases import Leases
    from ring3.fs.locks import Locks
    from ring3.fs.notify import Watches
    from ring3.fs.permission import Who

NAME_MAX: Final = 255
"""Bytes of a name in a directory."""
IMMUTABLE: Final = 0x10
APPEND: Final = 0x20
NODUMP: Final = 0x40
NOATIME: Final = 0x80
"""Flags that files may have (FS_IMMUTABLE_FL and its like, ioctl_iflags(2))."""
FIXED: Final = IMMUTABLE | APPEND
"""With one of these, names, owner and mode of a file stay."""
RECENT: Final = 256
"""Dentries that a file system keeps although nobody uses them."""


class Entry(NamedTuple):
    """A name in a directory, as getdents(2) lists it.

    Attributes:
        name: The name.
        ino: Inode number.
        kind: The file type bits of the mode, 0 if unknown.
    """

    name: bytes
    ino: int
    kind: int


class StatFs(NamedTuple):
    """What statfs(2) says of a file system; sizes in blocks of ``bsize`` bytes."""

    magic: int
    bsize: int = 4096
    blocks: int = 0
    bfree: int = 0
    bavail: int = 0
    files: int = 0
    ffree: int = 0
    namelen: int = NAME_MAX


class FileSystem:
    """A file system: where inodes come from.

    Attributes:
        name: Its type, as /proc/mounts shows it.
        source: What is mounted, as /proc/mounts shows it.
        dev: Its device number.
        readonly: It is mounted read-only.
        handles: Where the files are that have handles (name_to_handle_at(2)), by inode number.
        recent: The dentries made last.
        options: What was said of it when it was mounted, as /proc/mounts shows that.
        watches: Who is told of what happens to its files, by inode number; None if nobody is.
        root: Where it starts; set when it is made.
        host_path: What it shows of the host; "" for nothing.
    """

    root: Dentry
    watches: Watches | None = None
    host_path = b""

    def __init__(self, name: str, dev: int, *, source: str = "none", readonly: bool = False) -> None:
        self.name = name
        self.source = source
        self.dev = dev
        self.readonly = readonly
        self.options = ""
        self.handles: dict[int, Dentry] = {}
        self.recent: deque[Dentry] = deque(maxlen=RECENT)

    def statfs(self) -> StatFs:
        """Its size and what is free of it."""
        raise NotImplementedError

    def set_readonly(self, readonly: bool) -> None:
        """Changes whether it can be written, where that is for programs to say.

        Raises:
            Errno: EROFS, it can never be.
        """
        if self.readonly and not readonly:
            raise Errno(E.EROFS)

    def sync(self) -> None:
        """Brings everything written to where it is kept; nothing to do for file systems in memory."""

    def close(self) -> None:
        """Gives back what it holds of the host."""


class Inode:
    """A file of any kind.

    Attributes:
        fs: The file system it belongs to.
        ino: Its number there.
        mode: File type and permission bits.
        uid: Owner.
        gid: Group.
        locks: Its advisory locks, None if there never was one.
    """

    __slots__ = ("__weakref__", "fs", "gid", "ino", "locks", "mode", "uid")

    leases: Leases | None = None
    """Its leases, None if there never was one."""
    opens = 0
    """Open file descriptions of it, where they are counted."""
    acl: Acl | None = None
    """Who may do what, where its mode does not say all of that."""
    default_acl: Acl | None = None
    """What is made in this directory inherits that."""
    fs_flags = 0
    """Its flags, of those that `settable_flags` names and others that its file system has."""
    settable_flags = 0
    """Flags that programs may set; 0 where there are none at all."""
    programs = 0
    """How many address spaces have it for their program: it cannot be opened for writing meanwhile."""

    def __init__(self, fs: FileSystem, ino: int, mode: int, uid: int, gid: int) -> None:
        self.fs = fs
        self.ino = ino
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.locks: Locks | None = None

    @property
    def kind(self) -> int:
        """The file type bits of the mode."""
        return stat.S_IFMT(self.mode)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_regular(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)

    @property
    def is_device(self) -> bool:
        """Whether it is a character or block device."""
        return stat.S_IFMT(self.mode) in (stat.S_IFCHR, stat.S_IFBLK)

    def stat(self) -> Stat:
        """All attributes.

        Raises:
            Errno: The host says so.
        """
        raise NotImplementedError

    # -- directories ---------------------------------------------------------------------------------------------

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name.

        Raises:
            Errno: ENOENT, there is none; ENAMETOOLONG; ENOTDIR, this is no directory.
        """
        raise Errno(E.ENOTDIR)

    def entries(self) -> list[Entry]:
        """All names but ``.`` and ``..``.

        Raises:
            Errno: ENOTDIR, this is no directory.
        """
        raise Errno(E.ENOTDIR)

    def create(self, name: bytes, mode: int, who: Who, rdev: int = 0) -> Inode:
        """Makes a file of the type in ``mode`` under a name that is free.

        Raises:
            Errno: EPERM, the file system cannot; ENOSPC.
        """
        raise Errno(E.EPERM)

    def create_unnamed(self, mode: int, who: Who) -> Inode:
        """Makes a regular file without a name (O_TMPFILE).

        Raises:
            Errno: EOPNOTSUPP, the file system cannot.
        """
        raise Errno(E.EOPNOTSUPP)

    def symlink(self, name: bytes, target: bytes, who: Who) -> Inode:
        """Makes a symbolic link under a name that is free.

        Raises:
            Errno: EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def link(self, name: bytes, inode: Inode) -> None:
        """Gives an inode one more name.

        Raises:
            Errno: EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def unlink(self, name: bytes) -> None:
        """Takes away the name of something that is no directory.

        Raises:
            Errno: EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def rmdir(self, name: bytes) -> None:
        """Removes an empty directory.

        Raises:
            Errno: ENOTEMPTY; EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def move(self, name: bytes, to: Inode, new_name: bytes, exchange: bool) -> None:
        """Moves a name to another directory of the same file system, in place of what has the name there.

        Args:
            name: The name here.
            to: The directory it moves to.
            new_name: The name there.
            exchange: Both exist and change places.

        Raises:
            Errno: ENOTEMPTY, a directory would be lost; EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    # -- extended attributes -------------------------------------------------------------------------------------

    def xattrs(self) -> Mapping[bytes, bytes]:
        """Its extended attributes.

        Raises:
            Errno: EOPNOTSUPP, the file system keeps none.
        """
        raise Errno(E.EOPNOTSUPP)

    def set_xattrs(self, values: Mapping[bytes, bytes]) -> None:
        """Sets all of them.

        Raises:
            Errno: EOPNOTSUPP, the file system keeps none.
        """
        raise Errno(E.EOPNOTSUPP)

    def set_acls(self, access: Acl | None, default: Acl | None) -> None:
        """Sets who may do what, and what new files in a directory inherit.

        Raises:
            Errno: EOPNOTSUPP, the file system keeps no such lists.
        """
        raise Errno(E.EOPNOTSUPP)

    # -- links ---------------------------------------------------------------------------------------------------

    def follow(self) -> bytes | Dentry:
        """Where a symbolic link leads: a path, or for the links of /proc the place itself.

        Raises:
            Errno: EINVAL, this is no link.
        """
        raise Errno(E.EINVAL)

    def readlink(self) -> bytes:
        """The text of a symbolic link.

        Raises:
            Errno: EINVAL, this is no link.
        """
        raise Errno(E.EINVAL)

    # -- contents and attributes ---------------------------------------------------------------------------------

    def open(self, dentry: Dentry, flags: int) -> File:
        """A new open file description.

        Raises:
            Errno: ENXIO, nothing is behind it; what the host says.
        """
        raise Errno(E.ENXIO)

    def truncate(self, size: int) -> None:
        """Changes the size of a regular file.

        Raises:
            Errno: EINVAL, it is none; ENOSPC; EFBIG.
        """
        raise Errno(E.EINVAL)

    def set_owner(self, uid: int, gid: int) -> None:
        """Changes user and group.

        Raises:
            Errno: EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def set_flags(self, flags: int) -> None:
        """Sets its flags; others than `settable_flags` are as they were.

        Raises:
            Errno: ENOTTY, it has none.
        """
        raise Errno(E.ENOTTY)

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits.

        Raises:
            Errno: EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Changes times, in nanoseconds since 1970; None leaves one as it is.

        Raises:
            Errno: EPERM, the file system cannot.
        """
        raise Errno(E.EPERM)

    def accessed(self) -> None:
        """Contents were read, by who does not mind that the time is noted."""

    def sync(self) -> None:
        """Brings the contents to where they are kept."""
