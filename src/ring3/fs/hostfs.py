"""Directories of the host, read-only, as they are at the moment of each look.

A name is looked up on the host every time, so what the host changes is seen. Contents of regular files that programs
map are kept in the page cache of their inode, which lives on from one open, and one program, to the next; it is thrown
away when a later look finds another size or modification time.
"""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from typing import Final
from weakref import WeakValueDictionary

from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.dentry import Dentry
from ring3.fs.directory import Directory
from ring3.fs.file import File, Stat
from ring3.fs.inode import Entry, FileSystem, Inode, StatFs
from ring3.fs.regular import RegularInode
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

OVERLAYFS_MAGIC: Final = 0x794C_7630
"""What statfs(2) calls the host's directories: they are shown through a layer, as by overlayfs."""
IDLE: Final = 128
"""Host descriptors kept open for files that no program has open."""


class HostFileSystem(FileSystem):
    """A directory of the host and all below it, or a single file of it.

    Attributes:
        vfs: The machine's files.
        base: The host's path of its root.
    """

    def __init__(self, vfs: Vfs, base: bytes) -> None:
        """Shows a file or directory of the host.

        Raises:
            Errno: As stat(2).
        """
        super().__init__("overlay", 0, source="host", readonly=True)
        self.vfs = vfs
        self.base = base
        self._inodes: WeakValueDictionary[tuple[int, int, int], HostInode | HostRegular] = (
            WeakValueDictionary()
        )
        self._idle: OrderedDict[HostRegular, None] = OrderedDict()
        self._busy: set[HostRegular] = set()
        found = host_os.call(os.stat, base)
        self.dev = found.st_dev
        self.root = Dentry(self, self.inode(base, found))

    def inode(self, path: bytes, found: os.stat_result) -> Inode:
        """The inode of a file of the host: the same as long as anybody uses it."""
        key = (found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode))
        inode = self._inodes.get(key)
        if inode is None:
            kind = HostRegular if stat.S_ISREG(found.st_mode) else HostInode
            inode = self._inodes[key] = kind(self, path, found)
        else:
            inode.refresh(path, found)
        return inode

    def keep(self, inode: HostRegular) -> None:
        """Keeps the host descriptor of a file that nobody has open, for a while."""
        self._busy.discard(inode)
        self._idle[inode] = None
        if len(self._idle) > IDLE:
            self._idle.popitem(last=False)[0].close_host()

    def let_go(self, inode: HostRegular) -> None:
        """A file's descriptor is about to be closed."""
        self._busy.discard(inode)

    def hold(self, inode: HostRegular) -> None:
        """A file is open: its descriptor stays."""
        self._idle.pop(inode, None)
        self._busy.add(inode)

    def statfs(self) -> StatFs:
        """The host's numbers."""
        if not hasattr(os, "statvfs"):
            return StatFs(OVERLAYFS_MAGIC)
        found = host_os.call(os.statvfs, self.base)
        return StatFs(
            OVERLAYFS_MAGIC, found.f_bsize, found.f_blocks, found.f_bfree, found.f_bavail, found.f_files,
            found.f_ffree, found.f_namemax,
        )  # fmt: skip

    def close(self) -> None:
        """Closes all descriptors."""
        for inode in (*self._idle, *self._busy):
            inode.close_host()
        self._idle.clear()
        self._busy.clear()


class HostInode(Inode):
    """A directory, link, device, FIFO or socket of the host."""

    __slots__ = ("path",)

    def __init__(self, fs: HostFileSystem, path: bytes, found: os.stat_result) -> None:
        super().__init__(fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        self.path = path

    @property
    def host(self) -> HostFileSystem:
        """The file system."""
        assert isinstance(self.fs, HostFileSystem)
        return self.fs

    def refresh(self, path: bytes, found: os.stat_result) -> None:
        """Notes what the host says now."""
        self.path = path
        self.mode, self.uid, self.gid = found.st_mode, found.st_uid, found.st_gid

    def stat(self) -> Stat:
        """What the host says now."""
        found = host_os.call(os.lstat, self.path)
        self.refresh(self.path, found)
        return host_os.stat_of(found)

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name, as the host has it now."""
        path = self.path + b"/" + name
        try:
            found = os.lstat(path)
        except OSError as error:
            source = self.host.vfs.shown.get(path)
            if source is None:
                raise host_os.translated(error) from None
            path, found = source, host_os.call(os.stat, source)
        return self.host.inode(path, found)

    def entries(self) -> list[Entry]:
        """The names, in the host's order, and behind them those that only the machine has."""
        names = [Entry(*entry) for entry in host_os.entries(self.path)]
        return names + self._shown(names)

    def _shown(self, names: list[Entry]) -> list[Entry]:
        """Files that the machine shows in this directory and the host does not have there."""
        known = {entry.name for entry in names}
        return [
            Entry(name, self.lookup(name).ino, stat.S_IFREG)
            for folder, _, name in (path.rpartition(b"/") for path in self.host.vfs.shown)
            if folder == self.path and name not in known
        ]

    def readlink(self) -> bytes:
        """The text of a link."""
        if not self.is_link:
            raise Errno(E.EINVAL)
        return host_os.readlink(self.path)

    def follow(self) -> bytes:
        """The same."""
        return self.readlink()

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open directory; devices and FIFOs of the host stay closed."""
        if not self.is_directory:
            raise Errno(E.ENXIO)
        return Directory(self, dentry, flags)


class HostRegular(RegularInode):
    """A regular file of the host."""

    __slots__ = ("_fd", "_pages", "_size", "_version", "path")

    def __init__(self, fs: HostFileSystem, path: bytes, found: os.stat_result) -> None:
        super().__init__(fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        self.path = path
        self._fd = -1
        self._pages: PageCache | None = None
        self._size = found.st_size
        self._version = (found.st_size, found.st_mtime_ns)

    @property
    def host(self) -> HostFileSystem:
        """The file system."""
        assert isinstance(self.fs, HostFileSystem)
        return self.fs

    def refresh(self, path: bytes, found: os.stat_result) -> None:
        """Notes what the host says now; pages of other contents are of no use any more."""
        self.path = path
        self.mode, self.uid, self.gid = found.st_mode, found.st_uid, found.st_gid
        self._size = found.st_size
        version = (found.st_size, found.st_mtime_ns)
        if version != self._version:
            self._version = version
            if self._pages is not None:
                self._pages.drop()
                self._pages = None

    def stat(self) -> Stat:
        """What the host says now: of the file that is open, whatever has its name meanwhile."""
        found = host_os.call(os.fstat, self._fd) if self._fd >= 0 else host_os.call(os.lstat, self.path)
        self.refresh(self.path, found)
        return host_os.stat_of(found)

    @property
    def size(self) -> int:
        """Bytes in the file, when it was last looked at."""
        return self._size

    @property
    def pages(self) -> PageCache:
        """The page cache."""
        if self._pages is None:
            device = (os.major(self.fs.dev), os.minor(self.fs.dev))
            vfs = self.host.vfs
            self._pages = PageCache(vfs.ram, self, os.fsdecode(self.path), device, self.ino, vfs.objects)
        return self._pages

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset."""
        size = min(size, max(self._size - offset, 0) + PAGE_SIZE)
        if self._fd < 0 and not self.opens and self._pages is None:
            fd = self._open_host()
            try:
                return host_os.pread(fd, size, offset)
            finally:
                os.close(fd)
        return host_os.pread(self.fd(), size, offset)

    def read_page(self, index: int) -> bytes:
        """The bytes of a page."""
        return host_os.pread(self.fd(), PAGE_SIZE, index << PAGE_SHIFT)

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills several pages."""
        host_os.preadv(self.fd(), pages, index << PAGE_SHIFT)

    def write_page(self, index: int, data: bytes) -> None:
        """Refused: the host's files are not written to."""
        raise Errno(E.EROFS)

    def fd(self) -> int:
        """The host's descriptor of the file, opened if need be, and kept.

        Raises:
            Errno: As open(2); EIO, another file has its name now.
        """
        if self._fd < 0:
            self._fd = self._open_host()
            if not self.opens:
                self.host.keep(self)
        return self._fd

    def _open_host(self) -> int:
        fd = host_os.open_for_reading(self.path)
        if os.fstat(fd).st_ino != self.ino:
            os.close(fd)
            raise Errno(E.EIO)
        return fd

    def opened(self) -> None:
        """The host's descriptor stays open from now on: what the program reads is this file, whatever happens to it."""
        self.fd()
        super().opened()
        self.host.hold(self)

    def closed(self) -> None:
        """Its descriptor is kept for a while if pages of it are."""
        super().closed()
        if self.opens:
            return
        if self._pages is None:
            self.host.let_go(self)
            self.close_host()
        else:
            self.host.keep(self)

    def close_host(self) -> None:
        """Closes the host's descriptor; it is opened again when it is needed."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
