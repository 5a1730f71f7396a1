"""tmpfs: a file system in memory, and directories in memory for any other."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.directory import Directory
from ring3.fs.file import File, Stat
from ring3.fs.inode import NAME_MAX, Entry, FileSystem, Inode, StatFs
from ring3.fs.memory_file import MemoryFile
from ring3.fs.memory_inode import INODE, Attributes, MemoryNode
from ring3.fs.permission import Who, of_new
from ring3.fs.vfs import TMPFS_MAGIC, Vfs
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.tmpfs_limits import Limits

DIRECTORY_SIZE: Final = 4096
NAME: Final = 256
"""Bytes of this process that a name takes besides its own length, about."""


class MemoryFileSystem(FileSystem):
    """A file system in memory.

    Attributes:
        vfs: The machine's files.
        magic: What statfs(2) calls its type.
        top: The directory at its root.
        limits: How much it may hold; None for what RAM has room for.
    """

    magic = TMPFS_MAGIC

    def __init__(
        self,
        vfs: Vfs,
        name: str = "tmpfs",
        *,
        mode: int = 0o755,
        uid: int = 0,
        gid: int = 0,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(name, vfs.new_dev(), source=name)
        self.vfs = vfs
        self.limits = limits
        self._last_number = 0
        self.top = MemoryDirectory(self, self.new_ino(), mode, uid, gid)
        if limits is not None:
            limits.add(self.top)
        self.root = Dentry(self, self.top)

    def new_ino(self) -> int:
        """The next inode number."""
        self._last_number += 1
        return self._last_number

    def set_readonly(self, readonly: bool) -> None:
        """Changes whether it can be written."""
        self.readonly = readonly

    def statfs(self) -> StatFs:
        """What guest RAM has room for, or as much as is allowed."""
        ram, limits = self.vfs.ram, self.limits
        blocks, free = ram.size >> PAGE_SHIFT, ram.frames_free
        count, count_free = blocks, free
        if limits is not None and limits.blocks:
            blocks, free = limits.blocks, limits.blocks - limits.used
        if limits is not None and limits.count:
            count, count_free = limits.count, limits.count - limits.inodes
        return StatFs(self.magic, PAGE_SIZE, blocks, free, free, count, count_free)


class SingleFileSystem(MemoryFileSystem):
    """A file system in memory that is one regular file, to be mounted on another one."""

    def __init__(self, vfs: Vfs, contents: bytes, mode: int = 0o644, gid: int = 0) -> None:
        super().__init__(vfs)
        file = MemoryFile(vfs, self, self.new_ino(), stat.S_IFREG | mode, 0, gid)
        file.pwrite(0, contents)
        self.root = Dentry(self, file)


class MemoryDirectory(Attributes, Inode):
    """A directory in memory.

    Attributes:
        memory: The file system.
        names: Its entries.
    """

    def __init__(self, fs: MemoryFileSystem, ino: int, mode: int, uid: int, gid: int) -> None:
        super().__init__(fs, ino, stat.S_IFDIR | mode & 0o7777, uid, gid)
        self.memory = fs
        self.vfs = fs.vfs
        self.names: dict[bytes, Inode] = {}
        self.nlink = 2
        self.start_times()

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name."""
        found = self.names.get(name)
        if found is None:
            raise Errno(E.ENAMETOOLONG if len(name) > NAME_MAX else E.ENOENT)
        return found

    def entries(self) -> list[Entry]:
        """All names, oldest first."""
        return [Entry(name, inode.ino, inode.kind) for name, inode in self.names.items()]

    def is_empty(self) -> bool:
        """Whether it has no entries."""
        return not self.names

    def stat(self) -> Stat:
        """All attributes."""
        return self.as_stat(DIRECTORY_SIZE, 0)

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open directory."""
        return Directory(self, dentry, flags)

    # -- new names -----------------------------------------------------------------------------------------------

    def create(self, name: bytes, mode: int, who: Who, rdev: int = 0) -> Inode:
        """Makes a file of any type."""
        self.check_name(name)
        inode = self._new(mode, who, rdev)
        self.put(name, inode)
        return inode

    def create_unnamed(self, mode: int, who: Who) -> Inode:
        """Makes a regular file without a name."""
        inode = self._new(mode, who, 0)
        assert isinstance(inode, MemoryFile)
        inode.nlink, inode.linkable = 0, True
        return inode

    def _new(self, mode: int, who: Who, rdev: int) -> Inode:
        """A new inode; below a directory with the set-group-ID bit it gets that one's group (inode_init_owner)."""
        fs = self.memory
        mode, uid, gid = of_new(self, mode, who)
        made: MemoryDirectory | MemoryFile | MemoryNode
        if fs.limits is not None:
            fs.limits.require_inode()
        if stat.S_ISDIR(mode):
            made = MemoryDirectory(fs, fs.new_ino(), mode, uid, gid)
        elif stat.S_ISREG(mode):
            made = MemoryFile(self.vfs, fs, fs.new_ino(), mode, uid, gid, fs.limits)
        else:
            made = MemoryNode(self.vfs, fs, fs.new_ino(), mode, uid, gid, rdev=rdev)
        made.charge(INODE)
        if self.default_acl is not None:
            made.inherit_acl(self.default_acl)
        if fs.limits is not None:
            fs.limits.add(made)
        return made

    def symlink(self, name: bytes, target: bytes, who: Who) -> Inode:
        """Makes a symbolic link."""
        self.check_name(name)
        fs = self.memory
        mode, uid, gid = of_new(self, stat.S_IFLNK | 0o777, who)
        if fs.limits is not None:
            fs.limits.require_inode()
        node = MemoryNode(self.vfs, fs, fs.new_ino(), mode, uid, gid, target=target)
        node.charge(INODE + len(target))
        if fs.limits is not None:
            fs.limits.add(node)
        self.put(name, node)
        return node

    def link(self, name: bytes, inode: Inode) -> None:
        """One more name."""
        self.check_name(name)
        if not isinstance(inode, Attributes):
            raise Errno(E.EPERM)
        inode.add_name()
        try:
            self.put(name, inode)
        except Errno:
            inode.lose_name()
            raise

    def put(self, name: bytes, inode: Inode) -> None:
        """Adds an entry.

        Raises:
            Errno: ENOSPC.
        """
        self.charge(NAME + len(name))
        self.touch()
        self.names[name] = inode
        if inode.is_directory:
            self.nlink += 1

    # -- names that go -------------------------------------------------------------------------------------------

    def take(self, name: bytes) -> Inode:
        """Removes an entry, whatever it is."""
        inode = self.lookup(name)
        self.touch()
        if self.names.pop(name, None) is not None:
            self.charge(-NAME - len(name))
        if inode.is_directory:
            self.nlink -= 1
        return inode

    def unlink(self, name: bytes) -> None:
        """Takes a name away."""
        lose(self.take(name))

    def rmdir(self, name: bytes) -> None:
        """Removes an empty directory."""
        inode = self.lookup(name)
        if isinstance(inode, MemoryDirectory) and not inode.is_empty():
            raise Errno(E.ENOTEMPTY)
        lose(self.take(name))

    def lose_name(self) -> None:
        """It was removed."""
        self.pin()
        self.nlink = 0

    def move(self, name: bytes, to: Inode, new_name: bytes, exchange: bool) -> None:
        """Moves an entry."""
        assert isinstance(to, MemoryDirectory)
        to.check_name(new_name)
        replaced = to.find(new_name)
        if not exchange and isinstance(replaced, MemoryDirectory) and not replaced.is_empty():
            raise Errno(E.ENOTEMPTY)
        to.charge(NAME + len(new_name))  # so that there is room when the name is between the two
        to.charge(-NAME - len(new_name))
        moving = self.take(name)
        if replaced is not None:
            to.take(new_name)
            if exchange:
                self.put(name, replaced)
            else:
                lose(replaced)
        to.put(new_name, moving)
        if isinstance(moving, Attributes):
            moving.pin()
            moving.ctime = self.vfs.now()

    def find(self, name: bytes) -> Inode | None:
        """The inode of a name, None if there is none.

        Raises:
            Errno: ENAMETOOLONG, or what the host says.
        """
        try:
            return self.lookup(name)
        except Errno as error:
            if error.number is E.ENOENT:
                return None
            raise


def lose(inode: Inode) -> None:
    """An inode has one name less."""
    if isinstance(inode, Attributes):
        inode.lose_name()
