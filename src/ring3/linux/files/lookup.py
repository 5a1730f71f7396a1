"""What calls on files have in common: paths in user memory, where a walk starts, and for whom it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, POINTER, UNSIGNED_INT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.inode import Inode
from ring3.fs.namei import Last, Walk
from ring3.fs.permission import Who
from ring3.kernel.functions import function
from ring3.linux.model.user_namespace import INITIAL

if TYPE_CHECKING:
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.task import LinuxTask

PATH_MAX: Final = 4096
AT_FDCWD: Final = -100
AT_SYMLINK_NOFOLLOW: Final = 0x100
AT_EMPTY_PATH: Final = 0x1000


class At(IntFlag):
    """Flags of the calls whose names end in "at" (include/uapi/linux/fcntl.h)."""

    AT_SYMLINK_NOFOLLOW = 0x100
    AT_EACCESS = 0x200
    AT_REMOVEDIR = 0x200
    AT_SYMLINK_FOLLOW = 0x400
    AT_NO_AUTOMOUNT = 0x800
    AT_EMPTY_PATH = 0x1000
    AT_STATX_FORCE_SYNC = 0x2000
    AT_STATX_DONT_SYNC = 0x4000


AtFlags = Annotated[int, INT]
AtFlagsUnsigned = Annotated[int, UNSIGNED_INT]
OpenFlags = Annotated[int, INT]
StatOut = Annotated[int, POINTER]


@function("struct filename *getname(const char __user *filename)")
def getname(task: LinuxTask, address: int) -> bytes:
    """A path in user memory.

    Raises:
        Errno: EFAULT; ENAMETOOLONG, no null byte within 4096.
    """
    path = task.memory.read_cstring(address, PATH_MAX)
    if path is None:
        raise Errno(E.ENAMETOOLONG)
    return path


def who(task: LinuxTask) -> Who:
    """Whom a task's file operations are done for."""
    known, credentials = task.file_access, task.credentials
    if known is None or known[0] is not credentials:
        known = task.file_access = (credentials, of_credentials(credentials))
    return known[1]


def of_credentials(credentials: Credentials) -> Who:
    """Whom file operations are done for: fsuid, fsgid and the effective capabilities."""
    namespace = credentials.user_ns
    maps = None if namespace is INITIAL else namespace.maps
    groups, capabilities = frozenset(credentials.groups), credentials.effective
    return Who(credentials.fsuid, credentials.fsgid, groups, capabilities, maps, credentials.domain)


def walk(task: LinuxTask, resolve: int = 0) -> Walk:
    """A walk for a task, from its root, with its permissions."""
    return Walk(task.fs.root, who(task), resolve)


def start_of(task: LinuxTask, dfd: int, path: bytes) -> Dentry:
    """Where a path starts that is relative to a directory descriptor.

    Raises:
        Errno: EBADF, the descriptor is not open; ENOTDIR, it is no directory.
    """
    if path[:1] == b"/":
        return task.fs.root
    if dfd == AT_FDCWD:
        return task.fs.cwd
    place = task.files[dfd].dentry
    if path and (place is None or not place.inode.is_directory):
        raise Errno(E.ENOTDIR)
    return task.fs.cwd if place is None else place


@function(
    "int user_path_at(int dfd, const char __user *name, unsigned flags, struct path *path)",
    calls={"getname"},
)
def user_path_at(task: LinuxTask, dfd: int, filename: int, *, follow: bool = True) -> Dentry:
    """The place that a path in user memory leads to.

    Raises:
        Errno: EFAULT; as `Walk.find`.
    """
    path = given_path(task, filename)
    return walk(task).find(start_of(task, dfd, path), path, follow=follow)


def given_path(task: LinuxTask, filename: int) -> bytes:
    """A path in user memory that must not be empty, whatever it is relative to (getname_flags).

    Raises:
        Errno: EFAULT; ENOENT.
    """
    path = getname(task, filename)
    if not path:
        raise Errno(E.ENOENT)
    return path


def find_or_fd(task: LinuxTask, dfd: int, filename: int, flags: int) -> Dentry | File:
    """What a call with AT_ flags is about: a place, or with AT_EMPTY_PATH and no path an open file.

    Raises:
        Errno: EFAULT; EBADF; as `Walk.find`.
    """
    empty_allowed = flags & AT_EMPTY_PATH
    if not empty_allowed:
        path = given_path(task, filename)
    elif not (path := getname(task, filename) if filename else b""):
        return task.fs.cwd if dfd == AT_FDCWD else task.files[dfd]
    follow = not flags & AT_SYMLINK_NOFOLLOW
    return walk(task).find(start_of(task, dfd, path), path, follow=follow)


def last_of(task: LinuxTask, dfd: int, filename: int, bounds: Walk | None = None) -> Last:
    """The last name of a path in user memory, not looked up.

    Raises:
        Errno: EFAULT; as `Walk.parent`.
    """
    path = given_path(task, filename)
    return (bounds or walk(task)).parent(start_of(task, dfd, path), path)


def opened(task: LinuxTask, fd: int) -> File:
    """An open file, not a mere place.

    Raises:
        Errno: EBADF.
    """
    file = task.files[fd]
    if file.is_path:
        raise Errno(E.EBADF)
    return file


def inode_of(found: Dentry | File) -> Inode:
    """The inode of a place or an open file.

    Raises:
        Errno: EPERM or EOPNOTSUPP, the file has none whose attributes could be changed.
    """
    return found.inode if isinstance(found, Dentry) else found.attributes


def check_flags(flags: int, allowed: int) -> None:
    """Refuses flags that a call does not know.

    Raises:
        Errno: EINVAL.
    """
    if flags & ~int(allowed):  # the complement of an IntFlag knows only its own bits
        raise Errno(E.EINVAL)
