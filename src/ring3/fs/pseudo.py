"""Files whose contents are made when somebody looks: what /proc and /sys are built of.

Nothing is stored: a directory says what is in it now, a file makes its text when it is read from the start, a link
says where it leads now.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry, NamedFile
from ring3.fs.directory import Directory
from ring3.fs.file import File, Stat
from ring3.fs.inode import Entry, FileSystem, Inode, StatFs
from ring3.fs.regular import seek

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs

PROC_MAGIC: Final = 0x9FA0


class Hiding(Protocol):
    """What of the top of such a file system is hidden from the caller."""

    @property
    def options(self) -> str:
        """As it is asked for, and shown by /proc/mounts."""

    def shown(self, name: bytes, found: Inode) -> Inode | None:
        """What a name leads to; None for nothing."""

    def lists(self, name: bytes, found: Inode | None) -> bool:
        """Whether a name is listed."""


class PseudoFileSystem(FileSystem):
    """A file system of such files.

    Attributes:
        vfs: The machine's files.
    """

    hiding: Hiding | None = None
    """What of it is hidden, None for nothing."""

    def __init__(
        self, vfs: Vfs, name: str, top: Callable[[PseudoFileSystem], Inode], magic: int = PROC_MAGIC
    ) -> None:
        super().__init__(name, vfs.new_dev(), source=name)
        self.vfs = vfs
        self._magic = magic
        self._numbers: dict[bytes, int] = {}
        self.root = Dentry(self, top(self))

    def ino(self, path: bytes) -> int:
        """The inode number of what has this name; the same each time."""
        return self._numbers.setdefault(path, len(self._numbers) + 1)

    def statfs(self) -> StatFs:
        """It takes no space."""
        return StatFs(self._magic)


class PseudoInode(Inode):
    """Any of them.

    Attributes:
        key: What tells it from the others of its file system.
        size: What stat(2) says.
    """

    size = 0

    def __init__(self, fs: PseudoFileSystem, key: bytes, mode: int, owner: tuple[int, int] = (0, 0)) -> None:
        super().__init__(fs, fs.ino(key), mode, *owner)
        self.pseudo = fs
        self.key = key
        self.nlink = 1
        self._made = fs.vfs.now()

    def stat(self) -> Stat:
        """All attributes; the times are those of the look."""
        when = self._made
        return Stat(
            self.fs.dev,
            self.ino,
            self.mode,
            self.nlink,
            self.uid,
            self.gid,
            0,
            self.size,
            1024,
            0,
            when,
            when,
            when,
        )


class PseudoDirectory(PseudoInode):
    """A directory.

    Attributes:
        find: The inode of a name, None if there is none.
        names: The names there are.
        about: What it stands for, where a call may name that by the directory.
    """

    def __init__(
        self,
        fs: PseudoFileSystem,
        key: bytes,
        find: Callable[[bytes], Inode | None],
        names: Callable[[], Iterable[bytes]],
        *,
        mode: int = 0o555,
        owner: tuple[int, int] = (0, 0),
        about: object = None,
    ) -> None:
        """Makes a directory.

        Args:
            fs: The file system.
            key: What tells it from others.
            find: The inode of a name, None if there is none.
            names: The names there are.
            mode: Permissions.
            owner: User and group.
            about: What it stands for.
        """
        super().__init__(fs, key, stat.S_IFDIR | mode, owner)
        self.about = about
        self.nlink = 2
        self.find = find
        self.names = names

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name."""
        found = self.find(name)
        if found is None:
            raise Errno(E.ENOENT)
        return found

    def entries(self) -> list[Entry]:
        """What is in it now."""
        found = []
        for name in self.names():
            inode = self.find(name)
            if inode is not None:
                found.append(Entry(name, inode.ino, inode.kind))
        return found

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open directory."""
        return Directory(self, dentry, flags)

    def create(self, name: bytes, mode: int, who: object, rdev: int = 0) -> Inode:
        """Refused: nobody makes files here."""
        raise Errno(E.ENOENT)


class PseudoFile(PseudoInode):
    """A file with a text.

    Attributes:
        about: What it tells of, where requests of ioctl(2) ask for more.
        requests: Which family of them it answers (`File.requests`).
    """

    def __init__(
        self,
        fs: PseudoFileSystem,
        key: bytes,
        text: Callable[[], bytes],
        *,
        mode: int = 0o444,
        owner: tuple[int, int] = (0, 0),
        store: Callable[[bytes], None] | None = None,
        about: object = None,
        requests: str = "",
    ) -> None:
        """Makes a file.

        Args:
            fs: The file system.
            key: What tells it from others.
            text: Makes the contents.
            mode: Permissions.
            owner: User and group.
            store: Takes what is written; without, writing is refused.
            about: What it tells of.
            requests: Which requests of ioctl(2) it answers.
        """
        super().__init__(fs, key, stat.S_IFREG | mode, owner)
        self.text = text
        self.store = store
        self.about = about
        self.requests = requests

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open file."""
        return GeneratedFile(self, dentry, flags)

    def truncate(self, size: int) -> None:
        """Nothing to cut off: what is written replaces the whole."""


class PseudoLink(PseudoInode):
    """A symbolic link, or one that leads to a place directly and has a text only to be read."""

    def __init__(
        self,
        fs: PseudoFileSystem,
        key: bytes,
        target: Callable[[], bytes],
        place: Callable[[], Dentry | None] | None = None,
        *,
        mode: int = 0o777,
        owner: tuple[int, int] = (0, 0),
    ) -> None:
        """Makes a link.

        Args:
            fs: The file system.
            key: What tells it from others.
            target: Its text.
            place: Where it leads, for one that leads there directly.
            mode: Permissions, which are only shown.
            owner: User and group.
        """
        super().__init__(fs, key, stat.S_IFLNK | mode, owner)
        self._target = target
        self._place = place

    def readlink(self) -> bytes:
        """Its text."""
        return self._target()

    def follow(self) -> bytes | Dentry:
        """Where it leads."""
        if self._place is None:
            return self._target()
        found = self._place()
        if found is None:
            raise Errno(E.ENOENT)
        return found


class GeneratedFile(NamedFile):
    """A file with a text, open; the text is made when it is read from the start."""

    _inode: PseudoFile
    pollable = False

    def __init__(self, inode: PseudoFile, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags)
        self._text: bytes | None = None
        self.requests = inode.requests

    @property
    def inode(self) -> PseudoFile:
        """The inode."""
        return self._inode

    def _contents(self, offset: int) -> bytes:
        if self._text is None or not offset:
            self._text = self._inode.text()
        return self._text

    def read(self, size: int) -> bytes:
        """Reads from the position on."""
        data = self._contents(self.position)[self.position : self.position + size]
        self.position += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Moves the position back."""
        self.position -= len(data)

    def pread(self, size: int, offset: int) -> bytes:
        """Reads at an offset."""
        return self._contents(offset)[offset : offset + size]

    def write(self, data: bytes | memoryview) -> int:
        """Gives the contents to what is behind the file."""
        if self._inode.store is None:
            raise Errno(E.EINVAL)
        self._inode.store(bytes(data))
        return len(data)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """The same."""
        return self.write(data)

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position; there is no end to start from."""
        if whence > 1:
            raise Errno(E.EINVAL)
        self.position = seek(self.position, 0, offset, whence)
        return self.position
