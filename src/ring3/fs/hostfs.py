"""Directories of the host, read-only, as they are at the moment of each look.

A name is looked up on the host every time, so what the host changes is seen. Contents of regular files that programs
map are kept in the page cache of their inode, which lives on from one open, and one program, to the next; it is thrown
away when a later look finds another size or modification time. What a directory is stays settled once it was seen
(`ring3.fs.host_tree`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from ring3.abi.errno import E, Errno
from ring3.errors import UserError
from ring3.fs import host_os
from ring3.fs.dentry import Dentry
from ring3.fs.directory import Directory
from ring3.fs.file import File, Stat
from ring3.fs.host_tree import HostPlace
from ring3.fs.inode import Entry, FileSystem, Inode, StatFs
from ring3.fs.regular import RegularInode
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

T = TypeVar("T")

OVERLAYFS_MAGIC: Final = 0x794C_7630
"""What statfs(2) calls the host's directories: they are shown through a layer, as by overlayfs."""


class HostFileSystem(FileSystem):
    """A directory of the host and all below it, or a single file of it.

    Attributes:
        vfs: The machine's files.
        kinds: What regular files, and all others, are here.
        for_everybody: Only what everybody on the host may read can be read here.
    """

    not_state: Final = {"_busy": frozenset[object](), "_inodes": {}}
    kinds: tuple[type[HostRegular], type[HostInode]]

    def __init__(self, vfs: Vfs, base: bytes, *, for_everybody: bool = False) -> None:
        """Shows a file or directory of the host.

        Args:
            vfs: The machine's files.
            base: The path.
            for_everybody: Only what everybody on the host may read is to be read.

        Raises:
            Errno: As stat(2).
        """
        super().__init__("overlay", 0, source="host", readonly=True)
        self.vfs = vfs
        self.host_path = base
        self.for_everybody = for_everybody
        self._inodes: WeakValueDictionary[tuple[int, int, int], HostInode | HostRegular] = (
            WeakValueDictionary()
        )
        self._busy: set[HostRegular] = set()
        found = host_os.call(os.stat, base)
        self.dev = found.st_dev
        self.root = Dentry(self, self.inode(None, base, found))

    def inode(self, above: HostPlace | None, name: bytes, found: os.stat_result) -> Inode:
        """The inode of a file of the host: the same as long as anybody uses it.

        Args:
            above: The directory that it is in; None for the root.
            name: Its name there; the path of the root.
            found: Its attributes.
        """
        key = (found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode))
        inode = self._inodes.get(key)
        if inode is None:
            regular, other = self.kinds
            kind = regular if stat.S_ISREG(found.st_mode) else other
            inode = self._inodes[key] = kind(self, above, name, found)
        else:
            inode.refresh(above, name, found)
        return inode

    def keep(self, inode: HostRegular) -> None:
        """Keeps the host descriptor of a file that nobody has open, for a while."""
        self._busy.discard(inode)
        self.vfs.held.keep(inode)

    def let_go(self, inode: HostRegular) -> None:
        """A file's descriptor is about to be closed."""
        self._busy.discard(inode)
        self.vfs.held.release(inode)

    def hold(self, inode: HostRegular) -> None:
        """A file is open: its descriptor stays."""
        self.vfs.held.release(inode)
        self._busy.add(inode)

    def outside(self) -> dict[tuple[int, int, int], HostInode | HostRegular]:
        """The files that are known."""
        return dict(self._inodes)

    def check_outside(self, then: dict[tuple[int, int, int], HostInode | HostRegular]) -> None:
        """Each file says for itself."""

    def put_outside(self, then: dict[tuple[int, int, int], HostInode | HostRegular]) -> None:
        """Forgets files that were not known then; of the others, descriptors that are open now stay open."""
        known = set(then.values())
        for inode in self._busy - known:
            inode.close_host()
        self._inodes = WeakValueDictionary(then)
        self._busy = {inode for inode in known if isinstance(inode, HostRegular) and inode.opens}

    def statfs(self) -> StatFs:
        """The host's numbers."""
        if not hasattr(os, "statvfs"):
            return StatFs(OVERLAYFS_MAGIC)
        found = host_os.call(os.statvfs, self.host_path)
        return StatFs(
            OVERLAYFS_MAGIC, found.f_bsize, found.f_blocks, found.f_bfree, found.f_bavail, found.f_files,
            found.f_ffree, found.f_namemax,
        )  # fmt: skip

    def close(self) -> None:
        """Closes all descriptors."""
        for inode in self._busy:
            inode.close_host()
        self._busy.clear()
        while self.vfs.held.make_room():
            pass


class HostInode(Inode):
    """A directory, link, device, FIFO or socket of the host.

    Attributes:
        place: The directory that it is, or that it is in.
        name: Its name there, if it is none itself.
    """

    __slots__ = ("name", "place")

    def __init__(
        self, fs: HostFileSystem, above: HostPlace | None, name: bytes, found: os.stat_result
    ) -> None:
        super().__init__(fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        if above is None or self.is_directory:
            self.place = HostPlace(fs.vfs.held, above, name, found)
        else:
            self.place = above
        self.name = name

    @property
    def host(self) -> HostFileSystem:
        """The file system."""
        assert isinstance(self.fs, HostFileSystem)
        return self.fs

    def refresh(self, above: HostPlace | None, name: bytes, found: os.stat_result) -> None:
        """Notes what the host says now, and where it is now."""
        if self.is_directory:
            self.place.above, self.place.name = above, name
        elif above is not None:
            self.place = above
        self.name = name
        self._note(found)

    def _note(self, found: os.stat_result) -> None:
        self.mode, self.uid, self.gid = found.st_mode, found.st_uid, found.st_gid

    def stat(self) -> Stat:
        """What the host says now."""
        found = self.place.stat() if self.is_directory else self.place.lstat(self.name)
        self._note(found)
        return host_os.stat_of(found)

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name, as the host has it now."""
        if not self.is_directory:
            raise Errno(E.ENOTDIR)
        try:
            found = self.place.lstat(name)
        except Errno:
            source = self.host.vfs.shown.get(self.place.path() + b"/" + name)
            if source is None:
                raise
            return self.host.inode(None, source, host_os.call(os.stat, source))
        return self.host.inode(self.place, name, found)

    def entries(self) -> list[Entry]:
        """The names, in the host's order, and behind them those that only the machine has."""
        names = [Entry(*entry) for entry in self.place.entries()]
        return names + self._shown(names)

    def _shown(self, names: list[Entry]) -> list[Entry]:
        """Files that the machine shows in this directory and the host does not have there."""
        known, here = {entry.name for entry in names}, self.place.path()
        return [
            Entry(name, self.lookup(name).ino, stat.S_IFREG)
            for folder, _, name in (path.rpartition(b"/") for path in self.host.vfs.shown)
            if folder == here and name not in known
        ]

    def readlink(self) -> bytes:
        """The text of a link."""
        if not self.is_link:
            raise Errno(E.EINVAL)
        return self.place.readlink(self.name)

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

    not_state: Final = {"_fd": -1}
    __slots__ = ("_dev", "_fd", "_name", "_pages", "_place", "_size", "_version")

    def __init__(
        self, fs: HostFileSystem, above: HostPlace | None, name: bytes, found: os.stat_result
    ) -> None:
        super().__init__(fs, found.st_ino, found.st_mode, found.st_uid, found.st_gid)
        self._place = above
        self._name = name
        self._dev = found.st_dev
        self._fd = -1
        self._pages: PageCache | None = None
        self._size = found.st_size
        self._version = (found.st_size, found.st_mtime_ns)

    @property
    def host(self) -> HostFileSystem:
        """The file system."""
        assert isinstance(self.fs, HostFileSystem)
        return self.fs

    @property
    def path(self) -> bytes:
        """Where the host had it when it was last looked up."""
        return self._name if self._place is None else self._place.path() + b"/" + self._name

    def refresh(self, above: HostPlace | None, name: bytes, found: os.stat_result) -> None:
        """Notes what the host says now, and where it is now; pages of other contents are of no use any more."""
        self._place, self._name = above, name
        self.mode, self.uid, self.gid = found.st_mode, found.st_uid, found.st_gid
        self._size = found.st_size
        version = (found.st_size, found.st_mtime_ns)
        if version != self._version:
            self._version = version
            if self._pages is not None:
                self._pages.drop()
                self._pages = None

    def note_own_change(self, found: os.stat_result) -> None:
        """Notes what the host says after a change that was made here: pages show it."""
        self._size = found.st_size
        self._version = (found.st_size, found.st_mtime_ns)

    def stat(self) -> Stat:
        """What the host says now: of the file that is open, whatever has its name meanwhile."""
        if self._fd >= 0:
            found = host_os.call(os.fstat, self._fd)
        elif self._place is None:
            found = host_os.call(os.lstat, self._name)
        else:
            found = self._place.lstat(self._name)
        self.refresh(self._place, self._name, found)
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
            fd = self.open_to_use()
            try:
                return host_os.pread(fd, size, offset)
            finally:
                os.close(fd)
        return host_os.pread(self.fd(), size, offset)

    def read_page(self, index: int) -> bytes:
        """The bytes of a page."""
        return self._used(lambda fd: host_os.pread(fd, PAGE_SIZE, index << PAGE_SHIFT))

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills several pages."""
        self._used(lambda fd: host_os.preadv(fd, pages, index << PAGE_SHIFT))

    def _used(self, use: Callable[[int], T]) -> T:
        """Uses the host's descriptor; for memory that is touched there is one always.

        Raises:
            Errno: As `fd`, but for ENFILE.
        """
        try:
            fd = self.fd()
        except Errno as error:
            if error.number not in (E.ENFILE, E.EMFILE):
                raise
        else:
            return use(fd)
        with self.host.vfs.held.last():
            fd = self.open_to_use()
            try:
                return use(fd)
            finally:
                os.close(fd)

    def write_page(self, index: int, data: bytes) -> None:
        """Refused: the host's files are not written to."""
        raise Errno(E.EROFS)

    def fd(self) -> int:
        """The host's descriptor of the file, opened if need be, and kept.

        Raises:
            Errno: As open(2); EIO, another file has its name now.
        """
        if self._fd < 0:
            self._fd = self.open_to_use()
            if not self.opens:
                self.host.keep(self)
        return self._fd

    def open_to_use(self) -> int:
        """A new descriptor of the host's, for reading.

        Raises:
            Errno: As open(2); EACCES, not everybody may read it, and only that is shown.
        """
        if self.host.for_everybody and not self.mode & stat.S_IROTH:
            raise Errno(E.EACCES)
        return self.checked(self.open_host(os.O_RDONLY))

    def open_host(self, flags: int) -> int:
        """A new descriptor of the host's for what has its name now.

        Raises:
            Errno: As open(2).
        """
        if self._place is None:
            return self.host.vfs.held.open(lambda: host_os.open_file(self._name, flags))
        return self._place.open(self._name, flags)

    def checked(self, fd: int) -> int:
        """A descriptor, if it leads to this file.

        Raises:
            Errno: EIO, another file has its name now.
        """
        found = os.fstat(fd)
        kind = stat.S_IFMT(found.st_mode)
        if (found.st_dev, found.st_ino, kind) != (self._dev, self.ino, self.kind):  # numbers are used again
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

    def outside(self) -> tuple[int, int] | None:
        """Size and time of its contents, if anything depends on them."""
        return self._version if self.opens or self._pages is not None else None

    def check_outside(self, then: tuple[int, int] | None) -> None:
        """Makes sure that the file is still there, with the same contents.

        Raises:
            UserError: It is not.
        """
        if then is None:
            return
        try:
            fd = self.open_to_use() if self._fd < 0 else self._fd
        except Errno as error:
            text = "is not there any more" if error.number in (E.ENOENT, E.EIO) else error.number.text
            raise UserError(f"{os.fsdecode(self.path)}, which the snapshot needs: {text}") from None
        found = os.fstat(fd)
        if fd != self._fd:
            os.close(fd)
        if then != (found.st_size, found.st_mtime_ns):
            raise UserError(f"{os.fsdecode(self.path)} has changed since the snapshot was taken")

    def put_outside(self, then: tuple[int, int] | None) -> None:
        """Nothing: the descriptor is opened when it is needed."""

    def close_host(self) -> None:
        """Closes the host's descriptor; it is opened again when it is needed."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


HostFileSystem.kinds = (HostRegular, HostInode)
