"""The calls on names as tests make them: paths are strings, and a failure is its `Errno`."""

from __future__ import annotations

import stat

from ring3.fs import names
from ring3.fs.dentry import Dentry
from ring3.fs.file import O_RDONLY, O_RDWR, File, Stat
from ring3.fs.namei import Walk
from ring3.fs.opening import O_CREAT, O_TRUNC, do_filp_open
from ring3.fs.permission import Who
from ring3.fs.vfs import Vfs


class Tree:
    """Somebody's view of a tree, standing at its root."""

    def __init__(self, vfs: Vfs, who: Who) -> None:
        self.vfs = vfs
        self.who = who
        self.cwd = vfs.root

    def walk(self, resolve: int = 0) -> Walk:
        """A walk from the root, with these permissions."""
        return Walk(self.vfs.root, self.who, resolve)

    def find(self, path: str, *, follow: bool = True, resolve: int = 0) -> Dentry:
        """Where a path leads."""
        return self.walk(resolve).find(self.cwd, path.encode(), follow=follow)

    def open(self, path: str, flags: int = O_RDONLY, mode: int = 0o644) -> File:
        """Opens a file; the caller drops it."""
        return do_filp_open(self.walk(), self.cwd, path.encode(), flags, mode).hold()

    def mkdir(self, path: str, mode: int = 0o755) -> Dentry:
        """Makes a directory."""
        return names.make(self.walk().parent(self.cwd, path.encode()), stat.S_IFDIR | mode, self.who)

    def symlink(self, target: str, path: str) -> None:
        """Makes a symbolic link."""
        names.symlink(self.walk().parent(self.cwd, path.encode()), target.encode(), self.who)

    def link(self, old: str, new: str) -> None:
        """Makes one more name."""
        names.link(self.find(old, follow=False), self.walk().parent(self.cwd, new.encode()), self.who)

    def unlink(self, path: str) -> None:
        """Removes a name."""
        names.unlink(self.walk().parent(self.cwd, path.encode()), self.who)

    def rmdir(self, path: str) -> None:
        """Removes an empty directory."""
        names.rmdir(self.walk().parent(self.cwd, path.encode()), self.who)

    def rename(self, old: str, new: str, *, exchange: bool = False) -> None:
        """Moves a name."""
        walk = self.walk()
        names.rename(
            walk, walk.parent(self.cwd, old.encode()), walk.parent(self.cwd, new.encode()), exchange=exchange
        )

    def stat(self, path: str) -> Stat:
        """Attributes, of a link itself."""
        return self.find(path, follow=False).inode.stat()

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Makes a file with these contents."""
        file = self.open(path, O_RDWR | O_CREAT | O_TRUNC, mode)
        assert file.write(data) == len(data)
        file.drop()

    def read(self, path: str) -> bytes:
        """The contents of a file."""
        file = self.open(path)
        data = file.read(1 << 20)
        file.drop()
        return data

    def list(self, path: str = ".") -> list[str]:
        """The names in a directory, sorted."""
        return sorted(entry.name.decode() for entry in self.find(path).inode.entries())
