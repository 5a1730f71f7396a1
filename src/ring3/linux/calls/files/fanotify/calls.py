"""fanotify_init(2) and fanotify_mark(2) (fs/notify/fanotify/fanotify_user.c of Linux 6.12).

Programs that are run are not told of (FAN_OPEN_EXEC), and no file system here has errors to tell of (FAN_FS_ERROR).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, UNSIGNED_LONG, Int, Path, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.fs.file import O_ACCMODE, O_APPEND, O_NOATIME, O_NONBLOCK
from ring3.fs.mounts import number_at, top_of
from ring3.fs.opening import O_CLOEXEC, O_DSYNC, O_LARGEFILE, O_SYNC
from ring3.fs.permission import MAY_READ, require
from ring3.linux.calls.files.fanotify.group import Group, Key
from ring3.linux.calls.files.fanotify.values import (
    BY_DESCRIPTOR,
    CLASSES,
    COMMANDS,
    EVENTS,
    FIDS,
    FILESYSTEM,
    FLAGS,
    FOR_ADMINISTRATORS,
    FS_ERROR,
    IGNORES,
    MOUNT,
    OF_NAMES,
    ON_CHILD,
    PERMISSIONS,
    RENAME,
    TYPES,
    Init,
    MarkFlag,
)
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import start_of, user_path_at, who
from ring3.linux.files.watching import follow_open_files

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.linux.model.task import LinuxTask

FanFlags = Annotated[int, UNSIGNED_INT]
FanMask = Annotated[int, UNSIGNED_LONG]
EVENT_FLAGS: Final = (
    O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_CLOEXEC | O_LARGEFILE | O_NOATIME
)
"""What descriptors of events can be opened with."""
NOTE: Final = (
    "programs that are run are not told of: FAN_OPEN_EXEC never happens; nor are errors of file systems"
)


@syscall("partial", NOTE)
def sys_fanotify_init(task: LinuxTask, flags: FanFlags, event_f_flags: UnsignedInt) -> int:
    """Makes a group that listens."""
    fids, credentials = flags & FIDS, task.credentials
    is_plain = not credentials.capable(Cap.SYS_ADMIN)
    if is_plain and (flags & FOR_ADMINISTRATORS or not fids):
        raise Errno(E.EPERM)
    _check_init(flags, event_f_flags)
    if task.kernel.fanotify.groups >= task.kernel.fanotify.max_user_groups:
        raise Errno(E.EMFILE)
    if flags & CLASSES == CLASSES:
        raise Errno(E.EINVAL)
    if flags & Init.ENABLE_AUDIT and not credentials.capable(Cap.AUDIT_WRITE):
        raise Errno(E.EPERM)
    nonblock = O_NONBLOCK if flags & Init.NONBLOCK else 0
    group = Group(task, flags, event_f_flags, nonblock, is_plain=is_plain)
    return task.files.install(group, cloexec=bool(flags & Init.CLOEXEC))


def _check_init(flags: int, event_flags: int) -> None:
    """Which flags go together.

    Raises:
        Errno: EINVAL.
    """
    fids = flags & FIDS
    if (
        flags & ~sum(Init)
        or flags & (Init.REPORT_PIDFD | Init.REPORT_TID) == Init.REPORT_PIDFD | Init.REPORT_TID
    ):
        raise Errno(E.EINVAL)
    if event_flags & ~EVENT_FLAGS or event_flags & O_ACCMODE == O_ACCMODE:
        raise Errno(E.EINVAL)
    if fids and flags & CLASSES:
        raise Errno(E.EINVAL)
    if fids & Init.REPORT_NAME and not fids & Init.REPORT_DIR_FID:
        raise Errno(E.EINVAL)
    needed = Init.REPORT_NAME | Init.REPORT_FID
    if fids & Init.REPORT_TARGET_FID and fids & needed != needed:
        raise Errno(E.EINVAL)


@syscall("partial", NOTE)
def sys_fanotify_mark(
    task: LinuxTask, fanotify_fd: Int, flags: FanFlags, mask: FanMask, dfd: Int, pathname: Path
) -> int:
    """Marks a file, a mount or a file system, or takes marks away."""
    return _mark(task, fanotify_fd, flags, mask, dfd, pathname)


@syscall("partial", NOTE)
def compat_sys_fanotify_mark(
    task: LinuxTask,
    fanotify_fd: Int,
    flags: FanFlags,
    mask0: FanFlags,
    mask1: FanFlags,
    dfd: Int,
    pathname: Path,
) -> int:
    """The same for a 32-bit program, which passes the mask in two halves."""
    return _mark(task, fanotify_fd, flags, mask1 << 32 | mask0, dfd, pathname)


def _mark(task: LinuxTask, fd: int, flags: int, mask: int, dfd: int, pathname: int) -> int:
    command = flags & COMMANDS
    _check_mark(flags, mask)
    ignores = flags & IGNORES
    if ignores == MarkFlag.IGNORED_MASK:
        mask &= ~FLAGS
    group = task.files[fd & 0xFFFF_FFFF]
    if not isinstance(group, Group):
        raise Errno(E.EINVAL)
    _check_for_group(group, flags, mask)
    if command == MarkFlag.FLUSH:
        kind = flags & TYPES
        for key in [key for key in group.marks if key.kind == kind]:
            group.unmark(key)
        return 0
    place = _place(task, flags, dfd, pathname)
    if command == MarkFlag.ADD:
        _check_place(group, place, flags, mask)
    is_directory = place.inode.is_directory and not flags & TYPES
    change, kept = mask, FLAGS if ignores == MarkFlag.IGNORED_MASK else 0
    if not is_directory:
        change, kept = change & ~ON_CHILD, ON_CHILD
        if group.fids & Init.REPORT_DIR_FID and command == MarkFlag.ADD and not ignores:
            change |= ON_CHILD
    key = _key(place, flags)
    if command == MarkFlag.REMOVE:
        _remove(group, key, flags, change, kept)
    else:
        _add(group, key, flags, change)
        follow_open_files(task.kernel)
    return 0


def _check_mark(flags: int, mask: int) -> None:
    """What makes no sense, whatever is marked.

    Raises:
        Errno: EINVAL.
    """
    command = flags & COMMANDS
    if mask >> 32 or flags & ~sum(MarkFlag) or flags & TYPES == TYPES:
        raise Errno(E.EINVAL)
    if command in (MarkFlag.ADD, MarkFlag.REMOVE):
        if not mask:
            raise Errno(E.EINVAL)
    elif command != MarkFlag.FLUSH or flags & ~(TYPES | MarkFlag.FLUSH):
        raise Errno(E.EINVAL)
    if mask & ~(EVENTS | FLAGS) or flags & IGNORES == IGNORES:
        raise Errno(E.EINVAL)


def _check_for_group(group: Group, flags: int, mask: int) -> None:
    """What a group cannot be told.

    Raises:
        Errno: EPERM, it was made without privileges; EINVAL.
    """
    kind = flags & TYPES
    if group.is_plain and kind:
        raise Errno(E.EPERM)
    if mask & PERMISSIONS and not group.told & CLASSES:
        raise Errno(E.EINVAL)
    if (mask & FS_ERROR and kind != FILESYSTEM) or (flags & MarkFlag.EVICTABLE and kind):
        raise Errno(E.EINVAL)
    if mask & ~(BY_DESCRIPTOR | FLAGS) and (not group.fids or kind == MOUNT):
        raise Errno(E.EINVAL)
    if mask & RENAME and not group.fids & Init.REPORT_NAME:
        raise Errno(E.EINVAL)


def _place(task: LinuxTask, flags: int, dfd: int, pathname: int) -> Dentry:
    """What is to be marked (fanotify_find_path).

    Raises:
        Errno: EBADF; ENOTDIR; EACCES; EINVAL, the descriptor has no place; as a walk.
    """
    if pathname:
        place = user_path_at(task, dfd, pathname, follow=not flags & MarkFlag.DONT_FOLLOW)
    else:
        found = task.files[dfd & 0xFFFF_FFFF].dentry if dfd >= 0 else start_of(task, dfd, b"")
        if found is None:
            raise Errno(E.EINVAL)
        place = found
    if flags & MarkFlag.ONLYDIR and not place.inode.is_directory:
        raise Errno(E.ENOTDIR)
    require(place.inode, who(task), MAY_READ)
    return place


def _check_place(group: Group, place: Dentry, flags: int, mask: int) -> None:
    """What cannot be told of a place (fanotify_events_supported, and what follows it).

    Raises:
        Errno: EINVAL; ENOTDIR; EISDIR; EOPNOTSUPP, the file system has no handles.
    """
    kind, fs = flags & TYPES, place.fs
    if mask & PERMISSIONS and fs.name == "proc":
        raise Errno(E.EINVAL)
    if kind and top_of(place).mount is None:
        raise Errno(E.EINVAL)
    is_directory = place.inode.is_directory
    is_strict = group.told & Init.REPORT_TARGET_FID or mask & RENAME or flags & MarkFlag.IGNORE
    if is_strict and not kind and not is_directory and mask & (OF_NAMES | FLAGS):
        raise Errno(E.ENOTDIR)
    if group.fids and fs.name in ("proc", "sysfs", "devpts"):
        raise Errno(E.EOPNOTSUPP)
    survives = flags & MarkFlag.IGNORED_SURV_MODIFY
    if flags & MarkFlag.IGNORE and (kind or is_directory) and not survives:
        raise Errno(E.EINVAL if kind else E.EISDIR)


def _key(place: Dentry, flags: int) -> Key:
    """What a mark is kept by."""
    if flags & FILESYSTEM:
        return Key(FILESYSTEM, place.fs)
    return Key(MOUNT, place.fs, number_at(place)) if flags & MOUNT else Key(0, place.fs, place.inode.ino)


def _add(group: Group, key: Key, flags: int, mask: int) -> None:
    """Adds to what is wanted, or to what is not (fanotify_add_mark).

    Raises:
        Errno: EEXIST, the mark is there and would become weaker; ENOSPC.
    """
    known = group.marks.get(key)
    if known is not None:
        if flags & MarkFlag.EVICTABLE and not known.evictable:
            raise Errno(E.EEXIST)
        if flags & MarkFlag.IGNORED_MASK and known.has_flags:
            raise Errno(E.EEXIST)
        if flags & MarkFlag.IGNORE and not flags & MarkFlag.IGNORED_SURV_MODIFY and known.survives:
            raise Errno(E.EEXIST)
    mark = group.mark(key)
    mark.evictable = bool(flags & MarkFlag.EVICTABLE)
    if flags & IGNORES:
        mark.ignored |= mask
        mark.has_flags = mark.has_flags or bool(flags & MarkFlag.IGNORE)
        mark.survives = mark.survives or bool(flags & MarkFlag.IGNORED_SURV_MODIFY)
    else:
        mark.mask |= mask


def _remove(group: Group, key: Key, flags: int, mask: int, kept: int) -> None:
    """Takes something from what is wanted, or from what is not (fanotify_remove_mark).

    Args:
        group: Who has the mark.
        key: What is marked.
        flags: As fanotify_mark(2) has them.
        mask: What is taken away.
        kept: What alone keeps no mark.

    Raises:
        Errno: ENOENT, it is not marked.
    """
    mark = group.marks.get(key)
    if mark is None:
        raise Errno(E.ENOENT)
    if flags & IGNORES:
        mark.ignored &= ~mask
    else:
        mark.mask &= ~mask
    if not (mark.mask | mark.ignored) & ~kept:
        group.unmark(key)
