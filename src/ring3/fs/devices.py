"""The devices in /dev that need no hardware (null(4), random(4), full(4), tty(4))."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry, NamedFile
from ring3.fs.file import File, Stat
from ring3.fs.inode import Inode
from ring3.fs.memory_inode import MemoryNode
from ring3.fs.permission import KERNEL
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem
from ring3.fs.vfs import LOOP_MAJOR

if TYPE_CHECKING:
    from ring3.fs.vfs import Driver, Vfs

PIECE: Final = 1 << 20
"""Bytes that a device without end gives at once."""
LOOPS: Final = 8
"""How many loop devices there are before anybody asks for more (CONFIG_BLK_DEV_LOOP_MIN_COUNT)."""
LOOP_CONTROL: Final = 10 << 8 | 237
"""The device by which more are asked for (Documentation/admin-guide/devices.txt)."""
DISK: Final = 6
"""The group that uses them, as udev(7) and distributions have it."""


class DeviceFile(NamedFile):
    """A device, open."""

    pollable = False

    def write(self, data: bytes | memoryview) -> int:
        """Takes everything."""
        return len(data)

    def pread(self, size: int, offset: int) -> bytes:
        """The offset does not matter."""
        return self.read(size)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """The offset does not matter."""
        return self.write(data)

    def seek(self, offset: int, whence: int) -> int:
        """Goes nowhere."""
        return 0


class NullFile(DeviceFile):
    """/dev/null."""

    discards = True

    def read(self, size: int) -> bytes:
        """Nothing."""
        return b""


class ZeroFile(DeviceFile):
    """/dev/zero."""

    discards = True

    def read(self, size: int) -> bytes:
        """Zeros."""
        return bytes(min(size, PIECE))

    def mapping(self, shared: bool) -> None:
        """Fresh memory."""


class FullFile(ZeroFile):
    """/dev/full."""

    def discard(self, size: int) -> int:
        """Refused: there is no space."""
        raise Errno(E.ENOSPC)

    def write(self, data: bytes | memoryview) -> int:
        """Refused likewise."""
        raise Errno(E.ENOSPC)

    def mapping(self, shared: bool) -> None:
        """Refused."""
        raise Errno(E.ENODEV)


class LoopControl(DeviceFile):
    """/dev/loop-control: all that it does is answer requests."""

    requests = "loop_control"

    def read(self, size: int) -> bytes:
        """Refused."""
        raise Errno(E.EINVAL)

    def write(self, data: bytes | memoryview) -> int:
        """Refused."""
        raise Errno(E.EINVAL)


class RandomFile(DeviceFile):
    """/dev/random and /dev/urandom."""

    requests = "random"

    def __init__(self, inode: Inode, dentry: Dentry, flags: int, source: Callable[[int], bytes]) -> None:
        super().__init__(inode, dentry, flags)
        self._source = source

    def read(self, size: int) -> bytes:
        """Random bytes."""
        return self._source(min(size, PIECE)) if size else b""


class HostTerminal(MemoryNode):
    """A terminal of the host at its own path, so that programs find the name of theirs (ttyname(3)).

    Attributes:
        file: The terminal, as the program was given it.
    """

    file: File

    def stat(self) -> Stat:
        """The host's attributes."""
        return self.file.stat()

    def open(self, dentry: Dentry, flags: int) -> File:
        """The terminal, opened anew."""
        return self.file.reopen(flags)


def show_terminal(fs: MemoryFileSystem, path: bytes, file: File) -> None:
    """Makes a terminal of the host visible below /dev.

    Args:
        fs: The file system of /dev.
        path: Where, such as ``pts/3``.
        file: The terminal.
    """
    *above, name = path.split(b"/")
    directory = fs.top
    for step in above:
        found = directory.find(step) or directory.create(step, stat.S_IFDIR | 0o755, KERNEL)
        if not isinstance(found, MemoryDirectory):
            return
        directory = found
    if directory.find(name) is None:
        node = HostTerminal(fs.vfs, fs, fs.new_ino(), stat.S_IFCHR | 0o620, 0, 0)
        node.file = file
        directory.put(name, node)


def make_disk_node(fs: MemoryFileSystem, kind: int, number: int) -> MemoryNode:
    """The node of a device that its group may use."""
    return MemoryNode(fs.vfs, fs, fs.new_ino(), kind | 0o660, 0, DISK, rdev=number)


def make_dev(
    vfs: Vfs,
    random_bytes: Callable[[int], bytes],
    open_terminal: Driver,
    open_pty: Driver,
    open_tool: Callable[[], Driver | None],
) -> MemoryFileSystem:
    """The file system for /dev.

    Args:
        vfs: The machine's files.
        random_bytes: Where randomness comes from.
        open_terminal: Opens the controlling terminal; raises ENXIO if there is none.
        open_pty: Opens the master of a new pseudoterminal.
        open_tool: Gives what opens the device of Ring3's own tools; None if there are none.
    """
    fs = MemoryFileSystem(vfs, "devtmpfs")
    root = fs.top

    def random(inode: Inode, dentry: Dentry, flags: int) -> File:
        return RandomFile(inode, dentry, flags, random_bytes)

    def tool(inode: Inode, dentry: Dentry, flags: int) -> File:
        driver = open_tool()
        if driver is None:
            raise Errno(E.ENXIO)
        return driver(inode, dentry, flags)

    rows: tuple[tuple[bytes, int, int, Driver], ...] = (
        (b"null", 1, 3, NullFile),
        (b"zero", 1, 5, ZeroFile),
        (b"full", 1, 7, FullFile),
        (b"random", 1, 8, random),
        (b"urandom", 1, 9, random),
        (b"tty", 5, 0, open_terminal),
        (b"ptmx", 5, 2, open_pty),
        (b"ring3", 10, 62, tool),
    )
    for name, major, minor, driver in rows:
        number = major << 8 | minor
        vfs.drivers[number] = driver
        root.put(name, MemoryNode(vfs, fs, fs.new_ino(), stat.S_IFCHR | 0o666, 0, 0, rdev=number))
    vfs.dev = fs
    vfs.drivers[LOOP_CONTROL] = LoopControl
    root.put(b"loop-control", make_disk_node(fs, stat.S_IFCHR, LOOP_CONTROL))
    for index in range(LOOPS):
        root.put(b"loop%d" % index, make_disk_node(fs, stat.S_IFBLK, LOOP_MAJOR << 8 | index))
    root.create(b"pts", stat.S_IFDIR | 0o755, KERNEL)
    for name, target in (
        (b"fd", b"/proc/self/fd"),
        (b"stdin", b"/proc/self/fd/0"),
        (b"stdout", b"/proc/self/fd/1"),
        (b"stderr", b"/proc/self/fd/2"),
    ):
        root.put(name, MemoryNode(vfs, fs, fs.new_ino(), stat.S_IFLNK | 0o777, 0, 0, target=target))
    return fs
