"""Block devices that are mounted: which file system is on which, and for how long (fs/super.c, get_tree_bdev).

A file system has its device for itself as long as it is mounted somewhere, or somebody uses a file of it although it is
mounted nowhere any more. Nobody counts that: `settle` looks when it may have ended.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs import notify
from ring3.fs.inode import FileSystem
from ring3.fs.mounts import NODEV
from ring3.linux.files.lookup import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ring3.fs.block.disk import Disk
    from ring3.fs.dentry import Dentry
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


def disk_at(task: LinuxTask, path: str) -> Disk:
    """The block device at a path (lookup_bdev).

    Raises:
        Errno: EINVAL, no path; ENOTBLK, something else; EACCES, devices there are not to be used; ENXIO, there is no
            such one; as `Walk.find`.
    """
    if not path:
        raise Errno(E.EINVAL)
    place = walk(task).find(task.fs.cwd, os.fsencode(path))
    if not stat.S_ISBLK(place.inode.mode):
        raise Errno(E.ENOTBLK)
    if place.mount_flags & NODEV:
        raise Errno(E.EACCES)
    vfs = task.kernel.vfs
    return vfs.disk(place.inode.stat().rdev)


def mount_disk(
    task: LinuxTask, path: str, make: Callable[[Disk], FileSystem], *, readonly: bool
) -> FileSystem:
    """The file system on the device at a path.

    Args:
        task: Who mounts it.
        path: The path.
        make: Reads it from the device.
        readonly: It is not to be written.

    Raises:
        Errno: EBUSY, somebody has the device alone, or it is mounted and may be written where this one may not; as
            `disk_at` and ``make``.
    """
    disk = disk_at(task, path)
    settle(task.kernel)
    mounted = disk.holder
    if isinstance(mounted, FileSystem):
        if mounted.readonly is not readonly:
            raise Errno(E.EBUSY)
        return mounted
    if mounted is not None:
        raise Errno(E.EBUSY)
    made = make(disk)
    disk.claim(made)
    disk.opened()
    return made


def settle(kernel: LinuxSystem) -> None:
    """Ends the use of devices whose file systems nobody uses any more."""
    for fs in kernel.vfs.on_disks():
        if not is_used(kernel, fs):
            notify.unmounted(fs)
            fs.close()


def lost_mount(kernel: LinuxSystem, fs: FileSystem) -> None:
    """A mount of a file system is gone: who watches files of it is told if that was the last one."""
    settle(kernel)
    if fs.watches is not None and not is_used(kernel, fs):
        notify.unmounted(fs)


def is_used(kernel: LinuxSystem, fs: FileSystem) -> bool:
    """Whether a file system is mounted somewhere, or something of it is in use."""
    return any(used is fs for used in _used(kernel))


def _used(kernel: LinuxSystem) -> Iterator[FileSystem]:
    for place in places(kernel):
        yield place.fs
    seen = set()
    for thread in kernel.threads():
        tree = thread.namespaces.mnt.tree
        if tree not in seen:
            seen.add(tree)
            yield from (mount.fs for mount in tree.mounts)


def places(kernel: LinuxSystem) -> Iterator[Dentry]:
    """Where somebody stands, or has something open; a device that is a file has that open."""
    for thread in kernel.threads():
        yield from (thread.fs.root, thread.fs.cwd)
        if thread.mm is not None and thread.exe_place is not None:
            yield thread.exe_place
        for fd in thread.files:
            file = thread.files.get(fd)
            if file is not None and file.dentry is not None:
                yield file.dentry
    for disk in kernel.vfs.disks.values():
        place = disk.place
        if place is not None:
            yield place
