"""What calls on files have in common: paths in user memory, where a walk starts, and for whom it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.linux.capabilities import ALL
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.namei import Last, Walk
from ring3.fs.permission import Who

if TYPE_CHECKING:
    from ring3.solaris.credentials import Cred
    from ring3.solaris.task import SolarisTask

MAXPATHLEN: Final = 1024
AT_FDCWD: Final = 0xFFD1_9553 - (1 << 32)
AT_REMOVEDIR: Final = 1
AT_EACCESS: Final = 4
AT_SYMLINK_NOFOLLOW: Final = 0x1000
AT_SYMLINK_FOLLOW: Final = 0x2000


def who(cred: Cred) -> Who:
    """Whom file operations are done for."""
    return Who(cred.uid, cred.gid, frozenset(cred.groups), ALL if cred.all_privileges else 0)


def walk(task: SolarisTask) -> Walk:
    """A walk for a process, from its root, with its permissions."""
    return Walk(task.process.fs.root, who(task.cred))


def path_at(task: SolarisTask, address: int) -> bytes:
    """A path in user memory.

    Raises:
        Errno: EFAULT; ENAMETOOLONG; ENOENT, it is empty.
    """
    path = task.memory.read_cstring(address, MAXPATHLEN)
    if path is None:
        raise Errno(SolarisE.ENAMETOOLONG)
    if not path:
        raise Errno(SolarisE.ENOENT)
    return path


def start_of(task: SolarisTask, fd: int, path: bytes) -> Dentry:
    """Where a path starts that is relative to a directory descriptor.

    Raises:
        Errno: EBADF; ENOTDIR.
    """
    if path[:1] == b"/" or fd == AT_FDCWD:
        return task.process.fs.cwd
    place = task.files[fd].dentry
    if place is None or not place.inode.is_directory:
        raise Errno(SolarisE.ENOTDIR)
    return place


def find(task: SolarisTask, fd: int, name: int, *, follow: bool = True) -> Dentry:
    """The place that a path in user memory leads to.

    Raises:
        Errno: EFAULT; as `Walk.find`.
    """
    path = path_at(task, name)
    return walk(task).find(start_of(task, fd, path), path, follow=follow)


def find_or_fd(task: SolarisTask, fd: int, name: int, *, follow: bool = True) -> Dentry | File:
    """The same, or without a name the open file itself (fstat, fchown and their like).

    Raises:
        Errno: EFAULT; EBADF; as `Walk.find`.
    """
    if not name:
        if fd == AT_FDCWD:
            raise Errno(SolarisE.EFAULT)
        return task.files[fd]
    return find(task, fd, name, follow=follow)


def last_of(task: SolarisTask, fd: int, name: int) -> Last:
    """The last name of a path in user memory, not looked up.

    Raises:
        Errno: EFAULT; as `Walk.parent`.
    """
    path = path_at(task, name)
    return walk(task).parent(start_of(task, fd, path), path)
