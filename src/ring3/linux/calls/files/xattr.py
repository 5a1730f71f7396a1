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


def _refuse(task: LinuxTask, name: int) -> int:
    """Reads a name and refuses.

    Raises:
        Errno: EFAULT; ERANGE, an empty or too long name; EOPNOTSUPP.
    """
    text = task.memory.read_cstring(name, NAME_MAX + 1)
    if not text:
        raise Errno(E.ERANGE)
    raise Errno(E.EOPNOTSUPP)


@syscall("partial", NOTE)
def sys_getxattr(task: LinuxTask, pathname: Path, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of a file."""
    user_path_at(task, AT_FDCWD, pathname)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_lgetxattr(task: LinuxTask, pathname: Path, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of a link itself."""
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_fgetxattr(task: LinuxTask, fd: FdArg, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of an open file."""
    opened(task, fd)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_setxattr(
    task: LinuxTask, pathname: Path, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of a file."""
    user_path_at(task, AT_FDCWD, pathname)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_lsetxattr(
    task: LinuxTask, pathname: Path, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of a link itself."""
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_fsetxattr(
    task: LinuxTask, fd: FdArg, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of an open file."""
    opened(task, fd)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_removexattr(task: LinuxTask, pathname: Path, name: BufferIn) -> int:
    """Removes an extended attribute of a file."""
    user_path_at(task, AT_FDCWD, pathname)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_lremovexattr(task: LinuxTask, pathname: Path, name: BufferIn) -> int:
    """Removes an extended attribute of a link itself."""
    user_path_at(task, AT_FDCWD, pathname, follow=False)
    return _refuse(task, name)


@syscall("partial", NOTE)
def sys_fremovexattr(task: LinuxTask, fd: FdArg, name: BufferIn) -> int:
    """Removes an extended attribute of an open file."""
    opened(task, fd)
    return _refuse(task, name)


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
