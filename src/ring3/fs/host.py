"""The host's own descriptors as files: standard input, output and error.

They are not copied and not closed on the host: the program's closing its descriptor only closes it for the program.
"""

from __future__ import annotations

import os
import select
import stat
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs import host_os
from ring3.fs.file import O_APPEND, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, File, Stat, WouldBlock
from ring3.fs.readiness import (
    ALWAYS,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLPRI,
    POLLRDHUP,
    READABLE,
    WRITABLE,
)
from ring3.kernel.host_events import HostEvents
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.pagecache import PageCache
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.host_descriptor import HostDescriptor
    from ring3.fs.inode import Inode
    from ring3.fs.locks import Locks
    from ring3.fs.vfs import Vfs

PIECE: Final = 4096
"""Bytes written at once to what can block: a host that says it is ready takes as many (PIPE_BUF)."""
LARGEST_READ: Final = 1 << 26
"""Bytes read at once at most: the host is given a buffer of that size."""
FIONREAD: Final = 0x541B
_STATUS: Final = 0o2000 | O_NONBLOCK | 3
"""Which flags of the host's description show: access mode, O_APPEND, O_NONBLOCK."""


class HostFile(File):
    """A descriptor that the host has open already.

    Attributes:
        fd: The host's number of it.
        events: Where to wait for it.
        vfs: The machine's files; without, it cannot be mapped.
        owned: It is closed on the host with the last descriptor here.
    """

    asks_host = True
    not_state: Final = {"fd": -1, "owned": False}
    requests = "host"

    def __init__(self, fd: int, events: HostEvents, vfs: Vfs | None = None, *, owned: bool = False) -> None:
        """Wraps a host descriptor; whether it can be read or written is as the host opened it, if it can tell.

        Args:
            fd: The descriptor.
            events: Where to wait for it.
            vfs: The machine's files; without, it cannot be mapped.
            owned: Close it on the host with the last descriptor here.
        """
        super().__init__(_status_flags(fd))
        self.fd = fd
        self.events = events
        self.vfs = vfs
        self.owned = owned
        self._pages: PageCache | None = None
        self._pushed_back = b""
        self.is_stream = not stat.S_ISREG(self._mode())

    def _mode(self) -> int:
        try:
            return os.fstat(self.fd).st_mode
        except OSError:
            return 0

    @property
    def pollable(self) -> bool:  # type: ignore[override]
        """Whether the host's epoll(7) takes it: not regular files, directories and devices such as /dev/null."""
        return host_os.can_be_watched(self.fd)

    @property
    def lockable(self) -> Inode | None:
        """What advisory locks of the machine's programs are on; the host and its programs hear nothing of them."""
        if self.vfs is None:
            return None
        found = self.stat()
        key = (found.dev, found.ino)
        if key not in self.vfs.handed_over:
            from ring3.fs.unnamed import UnnamedInode  # noqa: PLC0415 - few programs lock what they were given

            self.vfs.handed_over[key] = UnnamedInode("host", found, self.vfs.now)
        return self.vfs.handed_over[key]

    @property
    def locks(self) -> Locks | None:
        """Those that the machine's programs have set, by whichever descriptor of the same file."""
        if self.vfs is None or not self.vfs.handed_over:
            return None
        found = self.stat()
        inode = self.vfs.handed_over.get((found.dev, found.ino))
        return None if inode is None else inode.locks

    @property
    def without_offsets(self) -> bool:
        """Whether it is a pipe or a socket of the host."""
        return stat.S_IFMT(self._mode()) in (stat.S_IFIFO, stat.S_IFSOCK)

    def read(self, size: int) -> bytes:
        """Reads what the host has.

        Raises:
            Errno: As the host's read(2).
            WouldBlock: The host would block.
        """
        self.used = True
        if not size:
            return b""
        if self._pushed_back:
            data, self._pushed_back = self._pushed_back[:size], self._pushed_back[size:]
            return data
        if self.is_stream and not host_poll(self.fd, POLLIN) & (POLLIN | POLLERR | POLLHUP):
            raise WouldBlock(self, READABLE)
        try:
            return os.read(self.fd, min(size, LARGEST_READ))
        except BlockingIOError:
            raise WouldBlock(self, READABLE) from None
        except OSError as error:
            raise host_os.translated(error) from None

    def unread(self, data: bytes) -> None:
        """Keeps it for the next read."""
        if self.is_stream:
            self._pushed_back = data + self._pushed_back
        else:
            host_os.call(os.lseek, self.fd, -len(data), os.SEEK_CUR)

    def write(self, data: bytes | memoryview) -> int:
        """Writes to the host, piece by piece so that the host does not block.

        Raises:
            Errno: As the host's write(2).
            WouldBlock: The host would block.
        """
        self.used = True
        if not self.is_stream or not data:
            done = host_os.call(os.write, self.fd, data)
            if self._pages is not None:
                self._pages.update(os.lseek(self.fd, 0, os.SEEK_CUR) - done, data[:done])
            return done
        done = 0
        while done < len(data) and host_poll(self.fd, POLLOUT) & (POLLOUT | POLLERR | POLLHUP):
            try:
                done += os.write(self.fd, data[done : done + PIECE])
            except BlockingIOError:
                break
            except OSError as error:
                if done:
                    break
                raise host_os.translated(error) from None
        if not done:
            raise WouldBlock(self, WRITABLE)
        return done

    def pread(self, size: int, offset: int) -> bytes:
        """Reads at an offset, if the host can."""
        return host_os.pread(self.fd, size, offset)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Writes at an offset, if the host can."""
        done = host_os.call(os.pwrite, self.fd, data, offset)
        if self._pages is not None:
            self._pages.update(offset, data[:done])
        return done

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position, which is the host's."""
        return host_os.call(os.lseek, self.fd, offset, whence)

    def available(self) -> int:
        """What the host says can be read."""
        if not self.is_stream:
            return os.fstat(self.fd).st_size - self.seek(0, os.SEEK_CUR)
        (found,) = struct.unpack("<i", host_os.ioctl(self.fd, FIONREAD, bytes(4)))
        return int(found) + len(self._pushed_back)

    def truncate(self, size: int) -> None:
        """Changes the size of a regular file.

        Raises:
            Errno: EPERM, it was handed over for appending, as of a file that can only be appended to (FS_APPEND_FL).
        """
        if _status_flags(self.fd) & O_APPEND:
            raise Errno(E.EPERM)
        host_os.call(os.ftruncate, self.fd, size)
        if self._pages is not None:
            self._pages.truncate(size)

    def allocate(self, mode: int, offset: int, length: int) -> None:
        """Room is made by writing.

        Raises:
            Errno: EOPNOTSUPP, by which posix_fallocate(3) knows that; ENODEV, it is no regular file.
        """
        raise Errno(E.EOPNOTSUPP if stat.S_ISREG(self._mode()) else E.ENODEV)

    def sync(self) -> None:
        """As the host's fsync(2)."""
        if self._pages is not None:
            self._pages.flush()
        host_os.call(os.fsync, self.fd)

    def mapping(self, shared: bool) -> MemoryObject:
        """The contents of a regular file; what is stored into shared mappings is written by msync and at the end."""
        if self.is_stream or self.vfs is None:
            raise Errno(E.ENODEV)
        if self._pages is None:
            found = os.fstat(self.fd)
            device = (os.major(found.st_dev), os.minor(found.st_dev))
            path = os.fsdecode(self.path())
            self._pages = PageCache(
                self.vfs.ram,
                DescriptorBacking(os.dup(self.fd)),
                path,
                device,
                found.st_ino,
                self.vfs.objects,
            )
        return self._pages

    def poll(self) -> int:
        """What the host says it is ready for."""
        found = host_poll(self.fd, ALWAYS)
        return found | READABLE if self._pushed_back else found

    def listen(self, callback: Callable[[], object], events: int = -1) -> HostListening:
        """Calls back when the host says that it is ready; it is only asked while no task can run."""
        return HostListening(self.events, self.fd, events, callback)

    def stat(self) -> Stat:
        """The host's attributes of the descriptor."""
        return host_os.stat_of(host_os.call(os.fstat, self.fd))

    def path(self) -> bytes:
        """What the host calls it, if it can tell."""
        try:
            return os.readlink(b"/proc/self/fd/%d" % self.fd)
        except OSError:
            return b"host:[%d]" % self.fd

    def reopen(self, flags: int) -> HostFile:
        """The same thing, opened anew by the host, with no more rights than it was handed over with.

        Raises:
            Errno: EACCES, it may not be read, or written, so.
        """
        given, mode = _status_flags(self.fd), flags & 3
        if given & 3 not in (mode, O_RDWR):
            raise Errno(E.EACCES)
        if given & O_APPEND and mode != O_RDONLY:
            flags |= O_APPEND
        return HostFile(host_os.reopen(self.fd, flags & 0o102003), self.events, self.vfs, owned=True)

    def is_terminal(self) -> bool:
        """Whether the host says that it is a terminal."""
        return os.isatty(self.fd)

    def outside(self) -> HostDescriptor | None:
        """What of it lies with the host."""
        from ring3.fs.host_descriptor import HostDescriptor  # noqa: PLC0415 -- for who takes snapshots

        return HostDescriptor.of(self.fd)

    def check_outside(self, then: HostDescriptor | None) -> None:
        """Makes sure that it is open, or can be opened by its name.

        Raises:
            UserError: It cannot.
        """
        if then is not None:
            then.check(self.fd)

    def put_outside(self, then: HostDescriptor | None) -> None:
        """Opens it again if need be, and goes back to the place in it."""
        from ring3.fs.host_descriptor import STANDARD  # noqa: PLC0415 -- for who takes snapshots

        if then is not None:
            fd = then.open_again(self.fd)
            self.owned = self.owned or fd not in (self.fd, *STANDARD)
            self.fd = fd

    def close(self) -> None:
        """Closes it on the host, if it is ours."""
        if self._pages is not None:
            self._pages.drop()
        if self.owned:
            os.close(self.fd)


class DescriptorBacking:
    """The pages of a regular file of the host, by a descriptor of its own; it is closed with this object."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __del__(self) -> None:
        os.close(self._fd)

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self._fd).st_size

    def read_page(self, index: int) -> bytes:
        """The bytes of a page."""
        return host_os.pread(self._fd, PAGE_SIZE, index << PAGE_SHIFT)

    def read_pages(self, index: int, pages: list[memoryview]) -> None:
        """Fills several pages."""
        host_os.preadv(self._fd, pages, index << PAGE_SHIFT)

    def write_page(self, index: int, data: bytes) -> None:
        """Stores a page."""
        host_os.call(os.pwrite, self._fd, data, index << PAGE_SHIFT)


class HostListening:
    """Listens to a host descriptor until it is cancelled: the host's answer holds once, so each asks anew."""

    def __init__(self, events: HostEvents, fd: int, wanted: int, callback: Callable[[], object]) -> None:
        self._events = events
        self._fd = fd
        self._callback = callback
        self._wanted = (
            (POLLIN if wanted & (READABLE | POLLRDHUP) else 0)
            | (POLLOUT if wanted & WRITABLE else 0)
            | (wanted & POLLPRI if wanted >= 0 else 0)
        )
        self._watch()

    def _watch(self) -> None:
        self._watched = self._events.watch(self._fd, self._wanted, self._happened)

    def _happened(self) -> None:
        self._watch()
        self._callback()

    def cancel(self) -> None:
        """Ends it."""
        self._watched.cancel()


def host_poll(fd: int, events: int) -> int:
    """What the host says a descriptor is ready for; everything where it cannot tell."""
    if not hasattr(select, "poll"):
        return ALWAYS
    poll = select.poll()
    poll.register(fd, events)
    found = poll.poll(0)
    return found[0][1] if found else 0


def _status_flags(fd: int) -> int:
    """The access mode and status flags of a host descriptor; by its number where the host cannot tell."""
    found = host_os.status_flags(fd)
    return (O_RDONLY if fd == 0 else O_WRONLY) if found is None else found & _STATUS


def terminal_name(fd: int) -> str:
    """The host's name of the terminal behind a descriptor, "" if there is none."""
    try:
        return os.ttyname(fd)
    except (OSError, AttributeError):
        return ""


def open_terminal(events: HostEvents) -> HostFile:
    """The host's controlling terminal.

    Raises:
        Errno: ENXIO, there is none.
    """
    try:
        fd = os.open("/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        raise Errno(E.ENXIO) from None
    return HostFile(fd, events, owned=True)
