"""Pipes and sockets as files without a name: what chmod(2), chown(2) and utimensat(2) change of them.

pipefs and sockfs keep attributes as any file system does (simple_setattr in fs/libfs.c of Linux 6.x).
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import NoReturn

from ring3.abi.errno import E, Errno
from ring3.fs.file import Stat
from ring3.fs.inode import FileSystem, Inode


class UnnamedInode(Inode):
    """The attributes of a pipe or a socket, from when they are first changed."""

    __slots__ = ("_now", "_stat")

    def __init__(self, name: str, before: Stat, now: Callable[[], int]) -> None:
        """Makes them.

        Args:
            name: Its file system: ``pipefs`` or ``sockfs``.
            before: All attributes until now.
            now: The wall clock, in nanoseconds since 1970.
        """
        super().__init__(FileSystem(name, before.dev), before.ino, before.mode, before.uid, before.gid)
        self._stat = before
        self._now = now

    def stat(self) -> Stat:
        """All attributes."""
        return self._stat._replace(mode=self.mode, uid=self.uid, gid=self.gid)

    def set_mode(self, mode: int) -> None:
        """Changes the permission bits."""
        self.mode = stat.S_IFMT(self.mode) | mode
        self.set_times(None, None)

    def set_owner(self, uid: int, gid: int) -> None:
        """Changes user and group."""
        self.uid, self.gid = uid, gid
        self.set_times(None, None)

    def set_times(self, atime: int | None, mtime: int | None) -> None:
        """Changes times, in nanoseconds since 1970; None leaves one as it is."""
        before = self._stat
        self._stat = before._replace(
            atime=before.atime if atime is None else atime,
            mtime=before.mtime if mtime is None else mtime,
            ctime=self._now(),
        )


class SharedInode(UnnamedInode):
    """The one inode of events, timers and their like, which cannot be changed (anon_inode_setattr of Linux 6.17)."""

    __slots__ = ()

    def set_mode(self, mode: int) -> NoReturn:
        """Refused."""
        raise Errno(E.EOPNOTSUPP)

    def set_owner(self, uid: int, gid: int) -> NoReturn:
        """Refused."""
        raise Errno(E.EOPNOTSUPP)

    def set_times(self, atime: int | None, mtime: int | None) -> NoReturn:
        """Refused."""
        raise Errno(E.EOPNOTSUPP)
