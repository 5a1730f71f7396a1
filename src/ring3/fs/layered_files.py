"""Files of an overlay: what stands for one of its layers' inodes until that is copied up (fs/overlayfs/copy_up.c)."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.file import Stat
from ring3.fs.inode import FileSystem, Inode
from ring3.fs.permission import KERNEL
from ring3.fs.regular import RegularFile, RegularInode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ring3.fs.acl import Acl
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.layered import LayeredDirectory, LayeredFileSystem
    from ring3.kernel.mm.objects import MemoryObject

PRIVATE: Final = (b"trusted.overlay.", b"user.overlay.")
"""What the names of extended attributes begin with that are the overlay's own."""
OPAQUE: Final = tuple(prefix + b"opaque" for prefix in PRIVATE)
PIECE: Final = 1 << 18
"""Bytes that are copied at a time."""


def copy_attributes(source: Inode, made: Inode) -> None:
    """Gives a copy the owner, mode, extended attributes and times of the original."""
    found = source.stat()
    made.set_owner(found.uid, found.gid)
    if not made.is_link:
        made.set_mode(found.mode & 0o7777)
    try:
        extended = dict(source.xattrs())
    except Errno:
        extended = {}
    if (
        source.acl is not None
        or source.default_acl is not None
        or made.acl is not None
        or made.default_acl is not None
    ):
        made.set_acls(source.acl, source.default_acl)
    if extended:
        made.set_xattrs({name: value for name, value in extended.items() if not name.startswith(PRIVATE)})
    made.set_times(found.atime, found.mtime)


class Layered:
    """What all files of an overlay have in common.

    Attributes:
        above: The directory it was found in; None for the root.
        name: Its name there.
        upper: The inode in the upper layer, None until it is copied up.
        real: The inode that is seen: that one, or the uppermost of the others.
        gone: It has no name any more.
    """

    fs: FileSystem
    ino: int
    mode: int
    uid: int
    gid: int
    acl: Acl | None
    default_acl: Acl | None
    above: LayeredDirectory | None
    name: bytes
    upper: Inode | None
    real: Inode
    gone: bool

    def begin(self, above: LayeredDirectory | None, name: bytes, upper: Inode | None, real: Inode) -> None:
        """Sets all of them."""
        self.above, self.name, self.upper, self.real, self.gone = above, name, upper, real, False
        self.note()

    @property
    def overlay(self) -> LayeredFileSystem:
        """The file system."""
        return self.fs  # type: ignore[return-value]  # that it was made with

    def refresh(self, above: LayeredDirectory, name: bytes, lowers: list[Inode]) -> None:
        """Notes where it is found now, and its attributes."""
        self.above, self.name = above, name
        self.note()

    def note(self) -> None:
        """Notes the attributes of what is seen."""
        self.mode, self.uid, self.gid = self.real.mode, self.real.uid, self.real.gid
        self.acl, self.default_acl = self.real.acl, self.real.default_acl

    def stat(self) -> Stat:
        """The attributes of what is seen, as a file of this file system."""
        found = self.real.stat()
        self.note()
        return found._replace(dev=self.fs.dev, ino=self.ino)

    # -- copying up ------------------------------------------------------------------------------------------------

    def copy_up(self) -> Inode:
        """The inode in the upper layer, which is made if it is not there.

        Raises:
            Errno: EROFS, there is no upper layer; what its file system says.
        """
        if self.upper is None:
            if self.above is None:
                raise Errno(E.EROFS)
            self.upper = self.copy(self.above.copy_up())
            self.real = self.upper
            self.overlay.was_copied(self, self.upper)  # type: ignore[arg-type]  # one of the three kinds
        return self.upper

    def copy(self, into: Inode) -> Inode:
        """Makes it anew in a directory of the upper layer."""
        raise NotImplementedError

    # -- changes: of the copy --------------------------------------------------------------------------------------

    def set_owner(self, uid: int, gid: int) -> None:
        """Changes user and group."""
        self.copy_up().set_owner(uid, gid)
        self.note()

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits."""
        self.copy_up().set_mode(mode)
        self.note()

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Changes times."""
        self.copy_up().set_times(atime, mtime)

    def xattrs(self) -> Mapping[bytes, bytes]:
        """Its extended attributes."""
        return self.real.xattrs()

    def set_xattrs(self, values: Mapping[bytes, bytes]) -> None:
        """Sets all of them; those that are the overlay's stay."""
        upper = self.copy_up()
        kept = {name: value for name, value in upper.xattrs().items() if name.startswith(PRIVATE)}
        upper.set_xattrs({**kept, **values})

    def set_acls(self, access: Acl | None, default: Acl | None) -> None:
        """Sets who may do what."""
        self.copy_up().set_acls(access, default)
        self.note()

    def sync(self) -> None:
        """Brings the contents to where they are kept."""
        self.real.sync()


class LayeredNode(Layered, Inode):
    """A link, device, FIFO or socket."""

    def __init__(
        self, fs: LayeredFileSystem, above: LayeredDirectory, name: bytes, upper: Inode | None, real: Inode
    ) -> None:
        Inode.__init__(self, fs, fs.number(real.fs, real.ino), real.mode, real.uid, real.gid)
        self.begin(above, name, upper, real)

    def copy(self, into: Inode) -> Inode:
        """Makes it anew in the upper layer."""
        if self.is_link:
            made = into.symlink(self.name, self.real.readlink(), KERNEL)
        else:
            made = into.create(self.name, self.mode, KERNEL, self.real.stat().rdev)
        copy_attributes(self.real, made)
        return made

    def readlink(self) -> bytes:
        """The text of a symbolic link."""
        return self.real.readlink()

    def follow(self) -> bytes | Dentry:
        """Where it leads."""
        return self.real.follow()

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens what is behind it: a FIFO of the upper layer alone, so that who reads and who writes meet."""
        return (self.copy_up() if stat.S_ISFIFO(self.mode) else self.real).open(dentry, flags)


class LayeredFile(Layered, RegularInode):
    """A regular file."""

    real: RegularInode

    def __init__(
        self,
        fs: LayeredFileSystem,
        above: LayeredDirectory,
        name: bytes,
        upper: Inode | None,
        lower: Inode | None,
    ) -> None:
        real = upper or lower
        assert isinstance(real, RegularInode)
        super().__init__(fs, fs.number(real.fs, real.ino), real.mode, real.uid, real.gid)
        self.begin(above, name, upper, real)

    def copy(self, into: Inode) -> Inode:
        """Makes a copy in the upper layer; who has the file open has that from now on."""
        lower = self.real
        mode = stat.S_IFREG | self.mode & 0o7777
        made = into.create_unnamed(mode, KERNEL) if self.gone else into.create(self.name, mode, KERNEL)
        assert isinstance(made, RegularInode)
        try:
            _copy_contents(lower, made)
            copy_attributes(lower, made)
        except BaseException:
            if not self.gone:
                into.unlink(self.name)
            raise
        for _ in range(self.opens):
            made.opened()
            lower.closed()
        return made

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.real.size

    @property
    def pages(self) -> MemoryObject:
        """Its contents, to be mapped."""
        return self.real.pages

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open regular file; it is copied up to be written."""
        if flags & 3:
            self.copy_up()
        return RegularFile(self, dentry, flags)

    def opened(self) -> None:
        """One more open file description."""
        super().opened()
        self.real.opened()

    def closed(self) -> None:
        """One fewer."""
        super().closed()
        self.real.closed()

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        return self.real.pread(offset, size)

    def data_at(self, offset: int, hole: bool) -> int:
        """The first byte from an offset that is data, or a hole."""
        return self.real.data_at(offset, hole)

    def _writable(self) -> RegularInode:
        upper = self.copy_up()
        assert isinstance(upper, RegularInode)
        return upper

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes at an offset."""
        return self._writable().pwrite(offset, data)

    def append(self, data: bytes | memoryview) -> int:
        """Stores bytes at the end."""
        return self._writable().append(data)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Allocates or frees space."""
        self._writable().allocate(mode, offset, length)

    def truncate(self, size: int) -> None:
        """Changes the size."""
        self.copy_up().truncate(size)


def _copy_contents(source: RegularInode, made: RegularInode) -> None:
    """Copies data and leaves holes."""
    size, offset = source.size, 0
    while offset < size:
        try:
            offset = source.data_at(offset, hole=False)
        except Errno as error:
            if error.number is E.ENXIO:
                break
            raise
        data = source.pread(offset, min(PIECE, size - offset))
        if not data:
            break
        if made.pwrite(offset, data) < len(data):
            raise Errno(E.ENOSPC)
        offset += len(data)
    made.truncate(size)
