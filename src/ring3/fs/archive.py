"""A tree of files out of tar archives, in memory: names and attributes at once, contents where they are first read.

Several archives are laid over each other as the layers of a container's image are (OCI Image Format, "Image Layer
Filesystem Changeset"): a file named ``.wh.NAME`` removes what is below, ``.wh..wh..opq`` all of a directory.
"""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from collections.abc import Callable
from importlib import import_module
from typing import IO, TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.file import Stat
from ring3.fs.inode import Inode
from ring3.fs.memory_file import MemoryFile
from ring3.fs.memory_inode import Attributes, MemoryNode
from ring3.fs.overlay import OverlayFile
from ring3.fs.regular import RegularInode
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.host_tree import HostPlace
    from ring3.fs.vfs import Vfs

PIECE: Final = 1 << 20
WHITEOUT: Final = b".wh."
OPAQUE: Final = b".wh..wh..opq"
PACKED: Final = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "lzma"}
"""How packed files begin, and the module that unpacks them."""
ZSTD: Final = b"\x28\xb5\x2f\xfd"
"""How a file compressed by zstd begins (RFC 8878, 3.1.1)."""


class Slice:
    """The contents of a file in an archive: a part of a file of the host.

    Attributes:
        path: Where it came from, for messages.
        ino: Its inode number.
        size: Bytes.
    """

    def __init__(self, fd: int, offset: int, size: int, path: bytes, ino: int) -> None:
        self._fd = fd
        self._offset = offset
        self.size = size
        self.path = path
        self.ino = ino

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end."""
        size = min(size, self.size - offset)
        return host_os.pread(self._fd, size, self._offset + offset) if size > 0 else b""

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills several zeroed pages."""
        offset = index << PAGE_SHIFT
        data = self.pread(offset, len(pages) * PAGE_SIZE)
        for page in pages:
            part, data = data[: len(page)], data[len(page) :]
            page[: len(part)] = part

    def refresh(self, above: HostPlace, name: bytes, found: os.stat_result) -> None:
        """Nothing: an archive does not change."""

    def opened(self) -> None:
        """Nothing: the archive stays open."""

    def closed(self) -> None:
        """Nothing."""

    def stat(self) -> Stat:
        """Never asked: the inode has the attributes."""
        raise NotImplementedError


class ArchiveFile(OverlayFile):
    """A regular file of an archive, with changes."""

    def __init__(self, fs: ArchiveFileSystem, lower: Slice, mode: int) -> None:
        RegularInode.__init__(self, fs, lower.ino, stat.S_IFREG | mode, 0, 0)
        self.vfs = fs.vfs
        self.lower = lower
        self.above, self.name, self.changed = None, b"", True
        self.nlink = 1
        self._pages = None
        self.start_times()


class ArchiveFileSystem(MemoryFileSystem):
    """Files of archives.

    Attributes:
        baseline: What was in the archives: by path, what `look` says.
    """

    def __init__(self, vfs: Vfs) -> None:
        super().__init__(vfs, "overlay")
        self.baseline: dict[bytes, tuple[object, ...]] = {}
        self._archives: list[IO[bytes]] = []
        self._new: set[Inode] = set()

    def add(self, path: str) -> None:
        """Lays an archive over what is there.

        Raises:
            OSError: It cannot be read.
            ValueError: It is no tar archive, or compressed in a way that this Python does not know.
        """
        with open(path, "rb") as beginning:
            if beginning.read(len(ZSTD)) == ZSTD:
                raise ValueError("it is compressed with zstd: unpack it first (zstd -d)")
        file = _unpacked(path)
        self._archives.append(file)
        self._new.clear()
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for member in archive:
                    self._add(archive, member, file.fileno())
        except (tarfile.TarError, EOFError) as error:
            raise ValueError(f"it is no tar archive: {error}") from None

    def begin(self) -> None:
        """All archives were added: what programs do from now on are changes."""
        self._new.clear()
        self.baseline = {path: look(inode) for path, inode in tree(self.top)}

    def close(self) -> None:
        """Closes the archives."""
        for file in self._archives:
            file.close()
        super().close()

    def _add(self, archive: tarfile.TarFile, member: tarfile.TarInfo, fd: int) -> None:
        names = [name for name in os.fsencode(member.name).split(b"/") if name not in (b"", b".")]
        if b".." in names:
            raise ValueError(f"it has a name that leads out of it: {member.name}")
        if not names:
            _attribute(self.top, member)
            return
        directory = self.top
        for name in names[:-1]:
            directory = self._directory(directory, name)
        name = names[-1]
        if name == OPAQUE:
            for below in [name for name, inode in directory.names.items() if inode not in self._new]:
                directory.take(below)
        elif name.startswith(WHITEOUT):
            _remove(directory, name.removeprefix(WHITEOUT))
        elif member.isdir():
            _attribute(self._directory(directory, name), member)
        else:
            inode = self._made(archive, member, fd)
            if inode is not None:
                _remove(directory, name)
                directory.put(name, inode)
                self._new.add(inode)

    def _directory(self, above: MemoryDirectory, name: bytes) -> MemoryDirectory:
        found = above.names.get(name)
        if not isinstance(found, MemoryDirectory):
            _remove(above, name)
            found = MemoryDirectory(self, self.new_ino(), 0o755, 0, 0)
            above.put(name, found)
            self._new.add(found)
        return found

    def _made(self, archive: tarfile.TarFile, member: tarfile.TarInfo, fd: int) -> Inode | None:
        """A new inode; None for a kind that tar has and Linux's trees do not."""
        ino, mode = self.new_ino(), member.mode & 0o7777
        if member.islnk():
            inode = self._find(os.fsencode(member.linkname))
            inode.nlink += 1
            return inode  # type: ignore[return-value]
        made: Inode
        if member.issparse():
            made = MemoryFile(self.vfs, self, ino, stat.S_IFREG | mode, 0, 0)
            with archive.extractfile(member) as contents:  # type: ignore[union-attr]
                made.pwrite(0, contents.read())
        elif member.isreg():
            made = ArchiveFile(
                self, Slice(fd, member.offset_data, member.size, os.fsencode(member.name), ino), mode
            )
        elif member.issym():
            target = os.fsencode(member.linkname)
            made = MemoryNode(self.vfs, self, ino, stat.S_IFLNK | 0o777, 0, 0, target=target)
        elif member.ischr() or member.isblk() or member.isfifo():
            kind = stat.S_IFCHR if member.ischr() else stat.S_IFBLK if member.isblk() else stat.S_IFIFO
            rdev = 0 if member.isfifo() else os.makedev(member.devmajor, member.devminor)
            made = MemoryNode(self.vfs, self, ino, kind | mode, 0, 0, rdev=rdev)
        else:
            return None
        _attribute(made, member)
        return made

    def _find(self, path: bytes) -> Attributes:
        at: Inode = self.top
        for name in path.split(b"/"):
            if name not in (b"", b"."):
                at = _child(at, name, path)
        if not isinstance(at, Attributes) or at.is_directory:
            raise ValueError(f"it has a hard link to something else than a file: {os.fsdecode(path)}")
        return at


def _child(at: Inode, name: bytes, path: bytes) -> Inode:
    try:
        return at.lookup(name)
    except Errno as error:
        if error.number not in (E.ENOENT, E.ENOTDIR):
            raise
        raise ValueError(f"it has a hard link to what is not in it: {os.fsdecode(path)}") from None


def _remove(directory: MemoryDirectory, name: bytes) -> None:
    if name in directory.names:
        directory.take(name)


def _attribute(inode: Inode, member: tarfile.TarInfo) -> None:
    assert isinstance(inode, Attributes)
    inode.mode = stat.S_IFMT(inode.mode) | (0o777 if inode.is_link else member.mode & 0o7777)
    inode.uid, inode.gid = member.uid, member.gid
    inode.atime = inode.mtime = inode.ctime = int(member.mtime) * 1_000_000_000


def _unpacked(path: str) -> IO[bytes]:
    """An archive as a file in which every member lies as it is: the file itself, or a nameless copy that is unpacked.

    Raises:
        ValueError: It is damaged.
    """
    with open(path, "rb") as file:
        start = file.read(6)
    module = next((name for magic, name in PACKED.items() if start.startswith(magic)), "")
    if not module:
        return open(path, "rb")
    unpack: Callable[[str], IO[bytes]] = import_module(module).open
    copy = tempfile.TemporaryFile()  # noqa: SIM115 -- the file system closes it
    try:
        with unpack(path) as packed:
            while piece := packed.read(PIECE):
                copy.write(piece)
    except (OSError, EOFError, ValueError) as error:
        copy.close()
        raise ValueError(f"it cannot be unpacked: {error}") from None
    copy.seek(0)
    return copy


def tree(top: MemoryDirectory) -> list[tuple[bytes, Inode]]:
    """Everything below a directory in memory, by path from there; what is above comes first."""
    found: list[tuple[bytes, Inode]] = []
    rest: list[tuple[bytes, MemoryDirectory]] = [(b"", top)]
    while rest:
        above, directory = rest.pop()
        for name, inode in directory.names.items():
            path = above + name
            found.append((path, inode))
            if isinstance(inode, MemoryDirectory):
                rest.append((path + b"/", inode))
    return found


def look(inode: Inode) -> tuple[object, ...]:
    """What tells whether a file was changed."""
    found = inode.stat()
    times = () if inode.is_directory else (found.size, found.mtime)
    return found.ino, found.mode, found.uid, found.gid, *times
