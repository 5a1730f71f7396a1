"""The host's own descriptors as files: standard input, output and error.

They are not copied and not closed on the host: the program's closing its descriptor only closes it for the program.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_RDONLY, O_WRONLY, File, Stat, WouldBlock
from ring3.kernel.wait import HostEvents


class HostFile(File):
    """A descriptor that the host has open already.

    Attributes:
        fd: The host's number of it.
    """

    def __init__(self, fd: int, events: HostEvents) -> None:
        """Wraps a host descriptor; whether it can be read or written is as the host opened it, if it can tell."""
        super().__init__(_access_mode(fd))
        self.fd = fd
        self._events = events

    def read(self, size: int) -> bytes:
        """Reads what the host has.

        Raises:
            Errno: As the host's read(2).
            WouldBlock: The host would block.
        """
        if not _is_ready(self.fd, write=False):
            raise WouldBlock(self._watch(False))
        try:
            return os.read(self.fd, size)
        except BlockingIOError:
            raise WouldBlock(self._watch(False)) from None
        except OSError as error:
            raise Errno(E(error.errno or errno.EIO)) from None

    def write(self, data: bytes | memoryview) -> int:
        """Writes to the host.

        Raises:
            Errno: As the host's write(2).
            WouldBlock: The host would block and the descriptor says so.
        """
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            raise WouldBlock(self._watch(True)) from None
        except OSError as error:
            raise Errno(E(error.errno or errno.EIO)) from None

    def stat(self) -> Stat:
        """The host's attributes of the descriptor."""
        try:
            found = os.fstat(self.fd)
        except OSError as error:
            raise Errno(E(error.errno or errno.EBADF)) from None
        return Stat(
            found.st_dev, found.st_ino, found.st_mode, found.st_nlink, found.st_uid, found.st_gid,
            getattr(found, "st_rdev", 0), found.st_size, getattr(found, "st_blksize", 4096),
            getattr(found, "st_blocks", 0), found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns,
        )  # fmt: skip

    def is_terminal(self) -> bool:
        """Whether the host says that it is a terminal."""
        return os.isatty(self.fd)

    def _watch(self, write: bool) -> Callable[[Callable[[], None]], None]:
        return lambda callback: self._events.watch(self.fd, write, callback)


def _access_mode(fd: int) -> int:
    """The access mode in which the host has a descriptor open; by its number where the host cannot tell."""
    try:
        import fcntl
    except ImportError:
        return O_RDONLY if fd == 0 else O_WRONLY
    try:
        return fcntl.fcntl(fd, fcntl.F_GETFL) & 3
    except OSError:
        return O_RDONLY if fd == 0 else O_WRONLY


def _is_ready(fd: int, write: bool) -> bool:
    """Whether the host would not block; true where it cannot tell (regular files, hosts without poll)."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(fd, select.POLLOUT if write else select.POLLIN)
    return bool(poll.poll(0))
