"""Files of the guest for gdb (``vFile``): it reads programs and libraries where the debugged program finds them.

Numbers of flags, modes and errors are the protocol's own, and so is the form of ``struct stat``: GDB's manual, E.14
("File-I/O Remote Protocol Extension").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.debug.gdb.packets import Malformed, escape, hexed, number, pair, unescape
from ring3.fs import names
from ring3.fs.opening import do_filp_open
from ring3.linux.files.lookup import walk
from ring3.linux.model.task import LinuxTask

if TYPE_CHECKING:
    from ring3.debug.thread import Thread
    from ring3.fs.file import File, Stat

_FLAGS: Final = {0x1: 0x1, 0x2: 0x2, 0x8: 0x400, 0x200: 0x40, 0x400: 0x200, 0x800: 0x80}
"""The protocol's flags of open, and Linux's."""
_ERRORS: Final = frozenset((1, 2, 4, 5, 9, 13, 14, 16, 17, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30))
_ENAMETOOLONG: Final = 91
_EUNKNOWN: Final = 9999
_LARGEST: Final = 0x8000
"""Bytes of a read: what is longer is read in parts."""


class Files:
    """The files that a client has open."""

    def __init__(self) -> None:
        self._open: dict[int, File] = {}
        self._next = 1

    def answer(self, thread: Thread | None, request: bytes) -> bytes:
        """Answers what follows ``vFile:``.

        Args:
            thread: Whose files are meant.
            request: The operation and its arguments.

        Raises:
            Malformed: They make no sense.
        """
        name, _, rest = request.partition(b":")
        operation = self._operations.get(name.decode("latin-1"))
        if operation is None:
            return b""
        task = None if thread is None else thread.task
        try:
            return operation(self, task if isinstance(task, LinuxTask) else None, rest)
        except Errno as error:
            known = int(error.number)
            if error.number is E.ENAMETOOLONG:
                known = _ENAMETOOLONG
            elif known not in _ERRORS:
                known = _EUNKNOWN
            return b"F-1,%x" % known

    def close(self) -> None:
        """The client has gone."""
        for file in self._open.values():
            file.drop()
        self._open.clear()

    def _setfs(self, task: LinuxTask | None, rest: bytes) -> bytes:
        """Whose view of the files counts: there is one."""
        del task, rest
        return b"F0"

    def _open_file(self, task: LinuxTask | None, rest: bytes) -> bytes:
        words = rest.split(b",")
        if len(words) != 3:
            raise Malformed("open takes a name, flags and a mode")
        wanted, mode = number(words[1]), number(words[2])
        flags = sum(ours for theirs, ours in _FLAGS.items() if wanted & theirs)
        if task is None:
            raise Errno(E.ENOENT)
        file = do_filp_open(walk(task), task.fs.cwd, _path(words[0]), flags, mode & 0o7777).hold()
        found, self._next = self._next, self._next + 1
        self._open[found] = file
        return b"F%x" % found

    def _file(self, word: bytes) -> File:
        found = self._open.get(number(word))
        if found is None:
            raise Errno(E.EBADF)
        return found

    def _close(self, task: LinuxTask | None, rest: bytes) -> bytes:
        del task
        self._file(rest).drop()
        del self._open[number(rest)]
        return b"F0"

    def _pread(self, task: LinuxTask | None, rest: bytes) -> bytes:
        del task
        fd, _, where = rest.partition(b",")
        count, offset = pair(where.decode("latin-1"))
        data = self._file(fd).pread(min(count, _LARGEST), offset)
        return b"F%x;" % len(data) + escape(data)

    def _pwrite(self, task: LinuxTask | None, rest: bytes) -> bytes:
        del task
        fd, _, where = rest.partition(b",")
        offset, _, data = where.partition(b",")
        return b"F%x" % self._file(fd).pwrite(unescape(data), number(offset))

    def _fstat(self, task: LinuxTask | None, rest: bytes) -> bytes:
        del task
        return _packed(self._file(rest).stat())

    def _stat(self, task: LinuxTask | None, rest: bytes) -> bytes:
        if task is None:
            raise Errno(E.ENOENT)
        return _packed(walk(task).find(task.fs.cwd, _path(rest)).inode.stat())

    def _unlink(self, task: LinuxTask | None, rest: bytes) -> bytes:
        if task is None:
            raise Errno(E.ENOENT)
        how = walk(task)
        names.unlink(how.parent(task.fs.cwd, _path(rest)), how.who)
        return b"F0"

    def _readlink(self, task: LinuxTask | None, rest: bytes) -> bytes:
        if task is None:
            raise Errno(E.ENOENT)
        found = walk(task).find(task.fs.cwd, _path(rest), follow=False)
        if not found.inode.is_link:
            raise Errno(E.EINVAL)
        target = found.inode.readlink()
        return b"F%x;" % len(target) + escape(target)

    _operations: Final[dict[str, Callable[[Files, LinuxTask | None, bytes], bytes]]] = {
        "setfs": _setfs,
        "open": _open_file,
        "close": _close,
        "pread": _pread,
        "pwrite": _pwrite,
        "fstat": _fstat,
        "stat": _stat,
        "unlink": _unlink,
        "readlink": _readlink,
    }


def _path(word: bytes) -> bytes:
    """A file's name; some clients (pwndbg) end it as C does."""
    return hexed(word).partition(b"\0")[0]


def _packed(stat: Stat) -> bytes:
    """``struct stat`` of the protocol: big-endian words."""
    small = (stat.dev, stat.ino, stat.mode, stat.nlink, stat.uid, stat.gid, stat.rdev)
    large = (stat.size, stat.blksize, stat.blocks)
    times = (stat.atime, stat.mtime, stat.ctime)
    raw = b"".join(
        (
            *((value & 0xFFFF_FFFF).to_bytes(4, "big") for value in small),
            *(value.to_bytes(8, "big") for value in large),
            *((value // 10**9 & 0xFFFF_FFFF).to_bytes(4, "big") for value in times),
        )
    )
    return b"F%x;" % len(raw) + escape(raw)
