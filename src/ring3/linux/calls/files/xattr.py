"""Extended attributes (xattr(7), fs/xattr.c of Linux 6.x). What the host's files have of them is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferIn, BufferOut, DirFd, FdArg, Int, Path, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.files import XATTR_ARGS
from ring3.fs import acl, notify, xattrs
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    find_or_fd,
    opened,
    user_path_at,
    who,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.linux.model.task import LinuxTask

NAME_MAX: Final = 255
XATTR_FLAGS: Final = xattrs.XATTR_CREATE | xattrs.XATTR_REPLACE
_LEAST: Final = XATTR_ARGS.size(64)
Found = Dentry | File


def _name(task: LinuxTask, address: int) -> bytes:
    """The name of an attribute (import_xattr_name).

    Raises:
        Errno: EFAULT; ERANGE, empty or too long.
    """
    text = task.memory.read_cstring(address, NAME_MAX + 1)
    if not text:
        raise Errno(E.ERANGE)
    return text


# -- what they do with a place or an open file -------------------------------------------------------------------


def _get(task: LinuxTask, found: Found, name: bytes, value: int, size: int) -> int:
    if found.inode is None:
        raise Errno(E.EOPNOTSUPP)
    text = xattrs.get(found.inode, name, who(task))
    if name in acl.NAMES:
        users = task.credentials.user_ns
        text = _translated(text, users.shown_user, users.shown_group)
    return _give(task, text, value, size)


def _translated(raw: bytes, user: Callable[[int], int | None], group: Callable[[int], int | None]) -> bytes:
    """An access control list with the numbers of another user namespace."""
    found = acl.parse(raw)
    return raw if found is None else acl.pack(acl.translated(found, user, group))


def _give(task: LinuxTask, text: bytes, address: int, size: int) -> int:
    """Stores a value or list, if the caller has room for it and does not ask for its length alone."""
    if size:
        if len(text) > size:
            raise Errno(E.ERANGE)
        task.memory.write(address, text)
    return len(text)


class _Setting:
    """What a call sets, read before the file is looked for (setxattr_copy)."""

    def __init__(self, task: LinuxTask, name: int, value: int, size: int, flags: int) -> None:
        if flags & ~XATTR_FLAGS:
            raise Errno(E.EINVAL)
        self.name = _name(task, name)
        if size > xattrs.SIZE_MAX:
            raise Errno(E.E2BIG)
        self.value = bytes(task.memory.read(value, size)) if size else b""
        self.flags = flags

    def put(self, task: LinuxTask, found: Found) -> int:
        """Does it."""
        if found.inode is None:
            raise Errno(E.EOPNOTSUPP)
        value = self.value
        if self.name in acl.NAMES:
            users = task.credentials.user_ns
            value = _translated(value, users.user, users.group_of)
        xattrs.put(found.inode, self.name, value, self.flags, who(task))
        _changed(found)
        return 0


def _remove(task: LinuxTask, found: Found, name: bytes) -> int:
    if found.inode is None:
        raise Errno(E.EOPNOTSUPP)
    xattrs.remove(found.inode, name, who(task))
    _changed(found)
    return 0


def _changed(found: Found) -> None:
    """Tells who watches the file."""
    if found.inode is not None and found.inode.fs.watches:
        notify.changed(found, found.inode, notify.ATTRIB)


def _list(task: LinuxTask, found: Found, names: int, size: int) -> int:
    text = b"" if found.inode is None else xattrs.names(found.inode, who(task))
    return _give(task, text, names, min(size, xattrs.LIST_MAX))


# -- getxattr ----------------------------------------------------------------------------------------------------


@syscall("full")
def sys_getxattr(task: LinuxTask, pathname: Path, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of a file."""
    key = _name(task, name)
    return _get(task, user_path_at(task, AT_FDCWD, pathname), key, value, size)


@syscall("full")
def sys_lgetxattr(task: LinuxTask, pathname: Path, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of a link itself."""
    key = _name(task, name)
    return _get(task, user_path_at(task, AT_FDCWD, pathname, follow=False), key, value, size)


@syscall("full")
def sys_fgetxattr(task: LinuxTask, fd: FdArg, name: BufferIn, value: BufferOut, size: SizeT) -> int:
    """An extended attribute of an open file."""
    key = _name(task, name)
    return _get(task, opened(task, fd), key, value, size)


@syscall("full")
def sys_getxattrat(
    task: LinuxTask,
    dfd: DirFd,
    pathname: Path,
    at_flags: UnsignedInt,
    name: BufferIn,
    uargs: Pointer,
    usize: SizeT,
) -> int:
    """An extended attribute, by a path from a directory."""
    value, size, flags = _arguments(task, uargs, usize)
    if flags:
        raise Errno(E.EINVAL)
    _check_flags(at_flags)
    key = _name(task, name)
    return _get(task, find_or_fd(task, dfd, pathname, at_flags), key, value, size)


def _arguments(task: LinuxTask, address: int, size: int) -> tuple[int, int, int]:
    """``struct xattr_args``: value, size and flags.

    Raises:
        Errno: EFAULT; EINVAL, too short; E2BIG, longer than a page, or with something unknown at its end.
    """
    if size < _LEAST:
        raise Errno(E.EINVAL)
    if size > 4096 or any(task.memory.read(address + _LEAST, size - _LEAST)):
        raise Errno(E.E2BIG)
    value, length, flags = XATTR_ARGS.integers(task.memory, address, 64)
    return value, length, flags


def _check_flags(flags: int) -> None:
    """The flags of the calls from a directory.

    Raises:
        Errno: EINVAL, unknown ones.
    """
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise Errno(E.EINVAL)


# -- setxattr ----------------------------------------------------------------------------------------------------


@syscall("full")
def sys_setxattr(
    task: LinuxTask, pathname: Path, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of a file."""
    setting = _Setting(task, name, value, size, flags)
    return setting.put(task, user_path_at(task, AT_FDCWD, pathname))


@syscall("full")
def sys_lsetxattr(
    task: LinuxTask, pathname: Path, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of a link itself."""
    setting = _Setting(task, name, value, size, flags)
    return setting.put(task, user_path_at(task, AT_FDCWD, pathname, follow=False))


@syscall("full")
def sys_fsetxattr(
    task: LinuxTask, fd: FdArg, name: BufferIn, value: BufferIn, size: SizeT, flags: Int
) -> int:
    """Sets an extended attribute of an open file."""
    setting = _Setting(task, name, value, size, flags)
    return setting.put(task, opened(task, fd))


@syscall("full")
def sys_setxattrat(
    task: LinuxTask,
    dfd: DirFd,
    pathname: Path,
    at_flags: UnsignedInt,
    name: BufferIn,
    uargs: Pointer,
    usize: SizeT,
) -> int:
    """Sets an extended attribute, by a path from a directory."""
    value, size, flags = _arguments(task, uargs, usize)
    _check_flags(at_flags)
    setting = _Setting(task, name, value, size, flags)
    return setting.put(task, find_or_fd(task, dfd, pathname, at_flags))


# -- removexattr -------------------------------------------------------------------------------------------------


@syscall("full")
def sys_removexattr(task: LinuxTask, pathname: Path, name: BufferIn) -> int:
    """Removes an extended attribute of a file."""
    key = _name(task, name)
    return _remove(task, user_path_at(task, AT_FDCWD, pathname), key)


@syscall("full")
def sys_lremovexattr(task: LinuxTask, pathname: Path, name: BufferIn) -> int:
    """Removes an extended attribute of a link itself."""
    key = _name(task, name)
    return _remove(task, user_path_at(task, AT_FDCWD, pathname, follow=False), key)


@syscall("full")
def sys_fremovexattr(task: LinuxTask, fd: FdArg, name: BufferIn) -> int:
    """Removes an extended attribute of an open file."""
    key = _name(task, name)
    return _remove(task, opened(task, fd), key)


@syscall("full")
def sys_removexattrat(
    task: LinuxTask, dfd: DirFd, pathname: Path, at_flags: UnsignedInt, name: BufferIn
) -> int:
    """Removes an extended attribute, by a path from a directory."""
    _check_flags(at_flags)
    key = _name(task, name)
    return _remove(task, find_or_fd(task, dfd, pathname, at_flags), key)


# -- listxattr ---------------------------------------------------------------------------------------------------


@syscall("full")
def sys_listxattr(task: LinuxTask, pathname: Path, names: BufferOut, size: SizeT) -> int:
    """The names of a file's extended attributes."""
    return _list(task, user_path_at(task, AT_FDCWD, pathname), names, size)


@syscall("full")
def sys_llistxattr(task: LinuxTask, pathname: Path, names: BufferOut, size: SizeT) -> int:
    """Those of a link itself."""
    return _list(task, user_path_at(task, AT_FDCWD, pathname, follow=False), names, size)


@syscall("full")
def sys_flistxattr(task: LinuxTask, fd: FdArg, names: BufferOut, size: SizeT) -> int:
    """Those of an open file."""
    return _list(task, opened(task, fd), names, size)


@syscall("full")
def sys_listxattrat(
    task: LinuxTask, dfd: DirFd, pathname: Path, at_flags: UnsignedInt, names: BufferOut, size: SizeT
) -> int:
    """Those of what a path from a directory leads to."""
    _check_flags(at_flags)
    return _list(task, find_or_fd(task, dfd, pathname, at_flags), names, size)
