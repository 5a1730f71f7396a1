"""Directories of the host that programs write to: what they change is changed on the host.

Only where the user has asked for it (``--rw``, ``--bind SRC:DST:rw``). Files, directories and symbolic links are made;
FIFOs, sockets and devices are not, and those that are there stay closed, because they lead out. Who owns what is made,
and whether it may be made, is the host's to say; no file is made to run as its owner. Left out: extended attributes,
O_TMPFILE, RENAME_EXCHANGE.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, TypeVar

from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.hostfs import HostFileSystem, HostInode, HostRegular
from ring3.fs.regular import MAX_SIZE
from ring3.machine.ram import PAGE_SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.inode import Inode
    from ring3.fs.permission import Who
    from ring3.fs.vfs import Vfs

T = TypeVar("T")

SET_ID: Final = stat.S_ISUID | stat.S_ISGID
REFUSALS: Final = (E.EACCES, E.EPERM, E.EROFS, E.ETXTBSY)
"""What the host says of a file that may be read only."""


class WritableFileSystem(HostFileSystem):
    """A directory of the host and all below it, or a single file of it, that can be written to."""

    is_kept_in_files = False

    def __init__(self, vfs: Vfs, base: bytes) -> None:
        """Shows a file or directory of the host.

        Raises:
            Errno: As stat(2).
        """
        self.kinds = (WritableRegular, WritableInode)
        super().__init__(vfs, base)
        self.readonly = False

    def sync(self) -> None:
        """Writes what was stored into shared mappings."""
        for inode in list(self._inodes.values()):
            if isinstance(inode, WritableRegular):
                inode.flush()

    def close(self) -> None:
        """Writes what is left to be written, and closes all descriptors."""
        self.sync()
        super().close()


class _Changeable:
    """What a file and a directory of the host have in common: attributes that can be set."""

    def path_fd(self) -> int:
        """A descriptor that stands for it, to be closed.

        Raises:
            Errno: ENOENT, another file has its name now.
        """
        raise NotImplementedError

    mode: int

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits.

        Raises:
            Errno: EPERM, programs of the host would run as who owns the file.
        """
        if stat.S_ISREG(self.mode) and mode & SET_ID:
            raise Errno(E.EPERM)
        self._change(lambda name: os.chmod(name, mode))

    def set_owner(self, uid: int, gid: int) -> None:
        """Changes user and group."""
        self._change(lambda name: os.chown(name, uid, gid))

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Changes times."""

        def change(name: str) -> None:
            found = os.stat(name)
            times = (
                found.st_atime_ns if atime is None else atime,
                found.st_mtime_ns if mtime is None else mtime,
            )
            os.utime(name, ns=times)

        self._change(change)

    def _change(self, change: Callable[[str], None]) -> None:
        """Does something by a name that leads to this file whatever the host does meanwhile.

        Raises:
            Errno: As the host says.
        """
        fd = self.path_fd()
        try:
            host_os.call(change, host_os.name_of(fd))
        finally:
            os.close(fd)


class WritableInode(_Changeable, HostInode):
    """A directory or link of the host, or something that stays closed."""

    __slots__ = ()

    def path_fd(self) -> int:
        """A descriptor that stands for it."""
        if self.is_directory:
            return host_os.call(os.dup, self.place.fd)
        if self.is_link:
            raise Errno(E.EOPNOTSUPP)
        return self.place.open(self.name, host_os.O_PATH)

    def create(self, name: bytes, mode: int, who: Who, rdev: int = 0) -> Inode:
        """Makes a file or a directory on the host."""
        if stat.S_ISREG(mode):
            fd = self.place.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR)
        elif stat.S_ISDIR(mode):
            host_os.call(os.mkdir, name, 0o700, dir_fd=self.place.fd)
            fd = self.place.open(name, os.O_RDONLY | host_os.O_DIRECTORY)
        else:
            raise Errno(E.EPERM)
        try:
            host_os.call(os.fchmod, fd, mode & 0o1777)  # the umask of this process is not the program's
        finally:
            os.close(fd)
        return self.lookup(name)

    def symlink(self, name: bytes, target: bytes, who: Who) -> Inode:
        """Makes a symbolic link on the host."""
        host_os.call(os.symlink, target, name, dir_fd=self.place.fd)
        return self.lookup(name)

    def link(self, name: bytes, inode: Inode) -> None:
        """One more name on the host."""
        if not isinstance(inode, WritableRegular) or inode.fs is not self.fs:
            raise Errno(E.EPERM)
        fd = inode.path_fd()
        try:
            host_os.call(os.link, host_os.name_of(fd), name, dst_dir_fd=self.place.fd, follow_symlinks=True)
        finally:
            os.close(fd)
        self.lookup(name)

    def unlink(self, name: bytes) -> None:
        """Takes a name away on the host."""
        host_os.call(os.unlink, name, dir_fd=self.place.fd)

    def rmdir(self, name: bytes) -> None:
        """Removes an empty directory of the host."""
        host_os.call(os.rmdir, name, dir_fd=self.place.fd)

    def move(self, name: bytes, to: Inode, new_name: bytes, exchange: bool) -> None:
        """Moves a name on the host."""
        assert isinstance(to, WritableInode)
        if exchange:
            raise Errno(E.EINVAL)
        source = host_os.call(os.dup, self.place.fd)
        try:
            host_os.call(os.rename, name, new_name, src_dir_fd=source, dst_dir_fd=to.place.fd)
        finally:
            os.close(source)
        to.lookup(new_name)  # notes where it is now


class WritableRegular(_Changeable, HostRegular):
    """A regular file of the host that can be written to."""

    __slots__ = ()

    def path_fd(self) -> int:
        """A descriptor that stands for it."""
        return self.checked(self.open_host(host_os.O_PATH))

    def open_to_use(self) -> int:
        """For reading and writing, or for reading if the host allows no more."""
        try:
            return self.checked(self.open_host(os.O_RDWR))
        except Errno as error:
            if error.number not in REFUSALS:
                raise
            return super().open_to_use()

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, those too that were stored into mappings."""
        self.flush()
        return super().pread(offset, size)

    def pwrite(self, offset: int, data: bytes | memoryview) -> int:
        """Stores bytes on the host."""
        if offset >= MAX_SIZE:
            raise Errno(E.EFBIG)
        self.flush()
        done = self._written(os.pwrite, data, offset)
        if self._pages is not None:
            self._pages.update(offset, data[:done])
        return done

    def truncate(self, size: int) -> None:
        """Changes the size on the host."""
        self.flush()
        self._written(os.ftruncate, size)
        if self._pages is not None:
            self._pages.truncate(size)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Makes room on the host; holes are not made."""
        if mode:
            raise Errno(E.EOPNOTSUPP)
        self._written(os.posix_fallocate, offset, length)

    def write_page(self, index: int, data: bytes) -> None:
        """Stores a page."""
        self._written(os.pwrite, data, index << PAGE_SHIFT)

    def flush(self) -> None:
        """Writes what was stored into shared mappings."""
        if self._pages is not None and self._pages.dirty:
            self._pages.flush()

    def sync(self) -> None:
        """Brings everything to the host's disk."""
        self.flush()
        self._written(os.fsync)

    def closed(self) -> None:
        """What was stored into mappings is written before its descriptor may be closed."""
        self.flush()
        super().closed()

    def _written(self, change: Callable[..., T], *args: object) -> T:
        """Does something to the host's file, and notes what has come of it: these changes are ours.

        Args:
            change: What is done; its first argument is the host's descriptor.
            args: Its others.

        Raises:
            Errno: EACCES, the host lets it be read only; as the host says.
        """
        fd = self.fd()
        try:
            done = host_os.call(change, fd, *args)
        except Errno as error:
            raise Errno(E.EACCES) if error.number is E.EBADF else error from None
        self.note_own_change(os.fstat(fd))
        return done
