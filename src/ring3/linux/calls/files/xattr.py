"""Extended attributes (xattr(7)): no file system here keeps any, and every call says so.

What the host's files have of them is not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferIn, BufferOut, FdArg, Int, Path, SizeT
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, opened, user_path_at

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

NAME_MAX: Final = 255
NOTE: Final = "no file has any: EOPNOTSUPP"


XATTR_FLAGS: Final = 3
"""XATTR_CREATE and XATTR_REPLACE."""


def _import_xattr_name(task: LinuxTask, name: int, flags: int = 0) -> None:
    """Looks at what a call says of an attribute, before it looks for the file (fs/xattr.c).

    Raises:
        Errno: EINVAL, unknown flags; EFAULT; ERANGE, an empty or too long name.
    """
    if flags & ~XATTR_FLAGS:
        raise Errno(E.EINVAL)
    text = task.memory.read_cstring(name, NAME_MAX + 1)
    if not text:
        raise Errno(E.ERANGE)


@syscall("partial", NOTE)
def sys_getxattr(task: LinuxTask, pathname: Path, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of a file."""
    _import_xattr_name(task, name)
    user_path_at(task, AT_FDCWD, pathname)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_lgetxattr(task: LinuxTask, pathname: Path, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of a link itself."""
    _import_xattr_name(task, name)
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_fgetxattr(task: LinuxTask, fd: FdArg, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of an open file."""
    _import_xattr_name(task, name)
    opened(task, fd)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_setxattr(
    task: LinuxTask, pathname: Path, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of a file."""
    _import_xattr_name(task, name, flags)
    user_path_at(task, AT_FDCWD, pathname)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_lsetxattr(
    task: LinuxTask, pathname: Path, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of a link itself."""
    _import_xattr_name(task, name, flags)
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_fsetxattr(
    task: LinuxTask, fd: FdArg, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of an open file."""
    _import_xattr_name(task, name, flags)
    opened(task, fd)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_removexattr(task: LinuxTask, pathname: Path, name: BufferIn) -> int:
    """Removes an extended attribute of a file."""
    _import_xattr_name(task, name)
    user_path_at(task, AT_FDCWD, pathname)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_lremovexattr(task: LinuxTask, pathname: Path, name: BufferIn) -> int:
    """Removes an extended attribute of a link itself."""
    _import_xattr_name(task, name)
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_fremovexattr(task: LinuxTask, fd: FdArg, name: BufferIn) -> int:
    """Removes an extended attribute of an open file."""
    _import_xattr_name(task, name)
    opened(task, fd)
    raise Errno(E.EOPNOTSUPP)


@syscall("full", "no file has any: the list is empty")
def sys_listxattr(task: LinuxTask, pathname: Path, names: BufferOut, size: SizeT) -> int:
    """The names of a file's extended attributes."""
    user_path_at(task, AT_FDCWD, pathname)
    return 0


@syscall("full", "as listxattr")
def sys_llistxattr(task: LinuxTask, pathname: Path, names: BufferOut, size: SizeT) -> int:
    """Those of a link itself."""
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    return 0


@syscall("full", "as listxattr")
def sys_flistxattr(task: LinuxTask, fd: FdArg, names: BufferOut, size: SizeT) -> int:
    """Those of an open file."""
    opened(task, fd)
    return 0
