"""All files of one machine: the tree that programs see, and what its file systems share."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.fs.dentry import Dentry
from ring3.fs.host_tree import Held
from ring3.fs.inode import FileSystem, StatFs
from ring3.fs.mounts import Mount, MountTree
from ring3.kernel.mm.objects import Objects
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, Ram

if TYPE_CHECKING:
    from ring3.fs.block.disk import Disk
    from ring3.fs.block.loop import Loops
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.fs.tmpfs import MemoryFileSystem
    from ring3.kernel.room import Room

    Driver = Callable[[Inode, Dentry, int], File]
    """What opens a device: its inode, the place it was opened at, and flags of open(2)."""

TMPFS_MAGIC: Final = 0x0102_1994

ANONYMOUS_MAJOR: Final = 0
"""Major device number of file systems without a device (include/uapi/linux/major.h, UNNAMED_MAJOR)."""

LOOP_MAJOR: Final = 7
"""Major device number of loop devices (LOOP_MAJOR)."""


class Epoch:
    """A stretch of a machine's time between two snapshots, and the one before it."""

    __slots__ = ("before",)

    def __init__(self, before: Epoch | None) -> None:
        self.before = before


class Ledger:
    """What programs make the host remember of files besides their contents: paid for in frames of guest RAM.

    So the memory of this process is bounded by guest RAM, however many names, links and attributes there are. Who is
    charged is asked when it is gone whether that still counts: a machine that went back has never charged what came
    later.

    Attributes:
        epoch: Since when charges are made.
    """

    not_state = "_frames", "_used", "epoch"
    epoch = Epoch(None)

    def __init__(self, ram: Ram) -> None:
        self.epoch = Epoch(None)
        self._ram: Ram | None = ram
        self._frames: list[int] = []
        self._used = 0

    @property
    def frames(self) -> int:
        """How many frames that is."""
        return len(self._frames)

    def charge(self, size: int) -> None:
        """Takes room for so many bytes.

        Raises:
            Errno: ENOSPC, guest RAM has none.
        """
        used = self._used + size
        if self._ram is not None and used > len(self._frames) << PAGE_SHIFT:
            try:
                while used > len(self._frames) << PAGE_SHIFT:
                    self._frames.append(self._ram.alloc())
            except OutOfFrames:
                raise Errno(E.ENOSPC) from None
        self._used = used

    def refund(self, size: int) -> None:
        """Gives it back; after a way back to a snapshot, what was made meanwhile may not be charged any more."""
        self._used = max(0, self._used - size)
        while self._ram is not None and self._used + PAGE_SIZE <= len(self._frames) << PAGE_SHIFT:
            self._ram.release(self._frames.pop())

    def counts(self, epoch: Epoch | None) -> bool:
        """Whether a charge that was made in an epoch is one of this machine's past."""
        at: Epoch | None = self.epoch
        while at is not None and at is not epoch:
            at = at.before
        return at is not None

    def outside(self) -> tuple[Epoch, int, tuple[int, ...]]:
        """The epoch that ends here, and what is charged."""
        ended, self.epoch = self.epoch, Epoch(self.epoch)
        return ended, self._used, tuple(self._frames)

    def check_outside(self, then: tuple[Epoch, int, tuple[int, ...]]) -> None:
        """Another one can always begin."""

    def put_outside(self, then: tuple[Epoch, int, tuple[int, ...]]) -> None:
        """Another epoch begins after that one; what goes only now has gone before."""
        ended, self._used, frames = then
        self._frames = list(frames)
        self.epoch = Epoch(ended)

    def close(self) -> None:
        """The machine is switched off."""
        self._ram = None


class Unnamed(FileSystem):
    """Where files in memory are that have no name (shm_mnt in mm/shmem.c)."""

    def __init__(self, vfs: Vfs) -> None:
        super().__init__("tmpfs", vfs.new_dev())
        self._vfs = vfs

    def statfs(self) -> StatFs:
        """What guest RAM has room for."""
        ram = self._vfs.ram
        return StatFs(TMPFS_MAGIC, PAGE_SIZE, ram.size >> PAGE_SHIFT, ram.frames_free, ram.frames_free)


class Vfs:
    """The file systems of a machine.

    Attributes:
        ram: Where files in memory have their pages.
        objects: What concerns all memory objects.
        now: The wall clock, in nanoseconds since 1970.
        tree: What is mounted where, for programs that have no tree of their own.
        unnamed: The file system of files in memory that have no name.
        lock_waits: Which owner of a POSIX lock waits for which other, to find deadlocks.
        handed_over: What advisory locks on files of the host are on, by device and inode number of those.
        pipe_room: How many bytes the pipes of each user may hold together.
        shown: Files that are seen at paths where the host has none, and where the host has them.
        held: Descriptors of the host that are kept without need.
        ledger: What files cost besides their contents.
        drivers: What opens character devices, by their numbers.
        disks: Block devices, by their numbers.
        dev: The file system of /dev; None before there is one.
    """

    def __init__(self, ram: Ram, objects: Objects, now: Callable[[], int]) -> None:
        self.ram = ram
        self.objects = objects
        self.now = now
        self.tree = MountTree()
        self.lock_waits: dict[object, object] = {}
        self.handed_over: dict[tuple[int, int], Inode] = {}
        self.pipe_room: dict[int, int] = {}
        self.shown: dict[bytes, bytes] = {}
        self.held = Held()
        self.drivers: dict[int, Driver] = {}
        self.disks: dict[int, Disk] = {}
        self.dev: MemoryFileSystem | None = None
        self._loops: Loops | None = None
        self._last_minor = 19
        self._last_anonymous = 0
        self.ledger = Ledger(ram)
        self.pipe_dev = self.new_dev()
        self.anonymous_dev = self.new_dev()
        self.namespaces_dev = self.new_dev()
        self.unnamed = Unnamed(self)

    @cached_property
    def room(self) -> Room:
        """What messages in sockets and queues may take: a quarter of RAM, as Linux bounds those of TCP and UDP."""
        from ring3.kernel.room import Room  # noqa: PLC0415 - few programs have messages

        return Room(self.ram.size // 4)

    @property
    def root(self) -> Dentry:
        """The root of the tree."""
        return self.tree.root

    @property
    def mounts(self) -> list[Mount]:
        """What is mounted, in order."""
        return self.tree.mounts

    def new_dev(self) -> int:
        """A device number for a file system that has no device."""
        self._last_minor += 1
        return ANONYMOUS_MAJOR << 8 | self._last_minor

    def new_ino(self) -> int:
        """An inode number for something without a file system of its own: pipes, events."""
        self._last_anonymous += 1
        return self._last_anonymous

    @property
    def loops(self) -> Loops:
        """The loop devices, which are there from the start and made when somebody looks."""
        if self._loops is None:
            from ring3.fs.block.loop import Loops  # noqa: PLC0415 - few programs use one

            assert self.dev is not None, "a machine without /dev has no devices"
            self._loops = Loops(self, self.dev)
        return self._loops

    def disk(self, number: int) -> Disk:
        """The block device of a number.

        Raises:
            Errno: ENXIO, there is none.
        """
        found = self.loops.of(number) if os.major(number) == LOOP_MAJOR else None
        if found is None:
            raise Errno(E.ENXIO)
        return found

    def open_device(self, inode: Inode, dentry: Dentry, flags: int) -> File:
        """Opens the device of an inode.

        Raises:
            Errno: ENXIO, there is none of its number; as the device.
        """
        number = inode.stat().rdev
        if stat.S_ISBLK(inode.mode):
            return self.disk(number).open(inode, dentry, flags)
        driver = self.drivers.get(number)
        if driver is None:
            raise Errno(E.ENXIO)
        return driver(inode, dentry, flags)

    def on_disks(self) -> list[FileSystem]:
        """The file systems that block devices are mounted as, the last one first."""
        return [disk.holder for disk in reversed(self.disks.values()) if isinstance(disk.holder, FileSystem)]

    def replace_root(self, fs: FileSystem) -> None:
        """Makes another file system the root of all, before anybody stands on the first one."""
        self.mounts[0] = Mount(fs, None)

    def mount(self, fs: FileSystem, at: Dentry | None = None) -> None:
        """Mounts a file system; the first one becomes the root of all.

        Raises:
            Errno: EBUSY, something is mounted there.
        """
        if at is not None and at.mounted is not None:
            raise Errno(E.EBUSY)
        self.tree.add(Mount(fs, at), at)

    def sync(self) -> None:
        """Brings everything written to where it is kept."""
        for fs in (*(mount.fs for mount in self.mounts), *self.on_disks()):
            fs.sync()

    def close(self) -> None:
        """Gives back what the file systems hold of the host."""
        self.ledger.close()
        on_disks = self.on_disks()
        for fs in (*on_disks, *(mount.fs for mount in self.mounts if mount.fs not in on_disks)):
            fs.close()
