"""inotify_init(2), inotify_add_watch(2) and inotify_rm_watch(2) (fs/notify/inotify/inotify_user.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Path, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.fs import inotify
from ring3.fs.file import O_NONBLOCK
from ring3.fs.inotify import InotifyFile
from ring3.fs.opening import O_CLOEXEC
from ring3.fs.permission import MAY_READ, require
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, opened, user_path_at, who
from ring3.linux.files.watching import follow_open_files

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def _init(task: LinuxTask, flags: int) -> int:
    file = InotifyFile(task.kernel.vfs, task.kernel.inotify, flags & O_NONBLOCK)
    return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))


@syscall("full")
def sys_inotify_init(task: LinuxTask) -> int:
    """Makes a queue of what happens to files."""
    return _init(task, 0)


@syscall("full")
def sys_inotify_init1(task: LinuxTask, flags: Int) -> int:
    """The same, with flags."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise Errno(E.EINVAL)
    return _init(task, flags)


def _instance(task: LinuxTask, fd: int) -> InotifyFile:
    file = opened(task, fd & 0xFFFF_FFFF)
    if not isinstance(file, InotifyFile):
        raise Errno(E.EINVAL)
    return file


@syscall("full")
def sys_inotify_add_watch(task: LinuxTask, fd: Int, pathname: Path, mask: UnsignedInt) -> int:
    """Watches a file or directory, or changes what is wanted of one."""
    if mask & ~inotify.ALL_BITS or not mask & inotify.ALL_BITS:
        raise Errno(E.EINVAL)
    opened(task, fd & 0xFFFF_FFFF)
    if mask & inotify.IN_MASK_ADD and mask & inotify.IN_MASK_CREATE:
        raise Errno(E.EINVAL)
    instance = _instance(task, fd)
    found = user_path_at(task, AT_FDCWD, pathname, follow=not mask & inotify.IN_DONT_FOLLOW)
    if mask & inotify.IN_ONLYDIR and not found.inode.is_directory:
        raise Errno(E.ENOTDIR)
    require(found.inode, who(task), MAY_READ)
    number = instance.watch(found.inode, mask)
    follow_open_files(task.kernel)
    return number


@syscall("full")
def sys_inotify_rm_watch(task: LinuxTask, fd: Int, wd: Int) -> int:
    """Ends a watch."""
    _instance(task, fd).remove(wd)
    return 0
