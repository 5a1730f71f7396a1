"""mount(2), umount(2) and pivot_root(2) (fs/namespace.c)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, UNSIGNED_LONG, Path, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.fs import mounts
from ring3.linux.calls.files import mounting
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, check_flags, user_path_at, walk

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.linux.model.task import LinuxTask

_PAGE: Final = 4096
MS_NOUSER: Final = 1 << 31
MS_MGC_VAL: Final = 0xC0ED_0000
MS_MGC_MSK: Final = 0xFFFF_0000


class Ms(IntFlag):
    """Flags of mount(2) that say what is done, or are about times of access (include/uapi/linux/mount.h)."""

    REMOUNT = 1 << 5
    NOATIME = 1 << 10
    NODIRATIME = 1 << 11
    BIND = 1 << 12
    MOVE = 1 << 13
    REC = 1 << 14
    SILENT = 1 << 15
    RELATIME = 1 << 21
    STRICTATIME = 1 << 24


class Umount(IntFlag):
    """Flags of umount2(2)."""

    MNT_FORCE = 1
    MNT_DETACH = 2
    MNT_EXPIRE = 4
    UMOUNT_NOFOLLOW = 8


MountFlags = Annotated[int, UNSIGNED_LONG]
UmountFlags = Annotated[int, INT]


def _string(task: LinuxTask, address: int) -> bytes:
    """A string that the call takes before it looks at anything else (copy_mount_string); empty for none.

    Raises:
        Errno: EFAULT; EINVAL, it is too long.
    """
    found = task.memory.read_cstring(address, _PAGE) if address else b""
    if found is None:
        raise Errno(E.EINVAL)
    return found


@syscall(
    "partial",
    "tmpfs, ramfs, overlay, proc, sysfs, devpts, ext2; no other file systems: ENODEV",
)
def sys_mount(
    task: LinuxTask, dev_name: Path, dir_name: Path, kind: Path, flags: MountFlags, data: Pointer
) -> int:
    """Mounts a file system, shows a place elsewhere, moves a mount or changes how it is mounted."""
    kind_word, source = _string(task, kind), _string(task, dev_name)
    words = _string(task, data) if data and not flags & (Ms.BIND | Ms.MOVE) else b""
    place = user_path_at(task, AT_FDCWD, dir_name)
    if flags & MS_MGC_MSK == MS_MGC_VAL:
        flags &= ~MS_MGC_MSK
    if flags & MS_NOUSER:
        raise Errno(E.EINVAL)
    mounting.require_no_domain(task)
    mounting.require_mount(task)
    own = _own_flags(flags)
    if flags & Ms.REMOUNT:
        if not flags & (Ms.NOATIME | Ms.NODIRATIME | Ms.RELATIME | Ms.STRICTATIME):
            own = own & ~mounts.TIMES | mounting.own_mount(task, place).flags & mounts.TIMES
        mounting.do_remount(task, place, own, bind=bool(flags & Ms.BIND), data=os.fsdecode(words))
    elif flags & Ms.BIND:
        tree = mounting.bind_copy(task, _source(task, source), recursive=bool(flags & Ms.REC))
        mounting.attach(task, tree, place)
    elif flags & mounting.PROPAGATION:
        if flags & ~(mounting.PROPAGATION | Ms.REC | Ms.SILENT):
            raise Errno(E.EINVAL)
        change = flags & mounting.PROPAGATION
        mounting.change_propagation(task, place, change, recursive=bool(flags & Ms.REC))
    elif flags & Ms.MOVE:
        mounting.do_move_mount(task, _source(task, source), place)
    else:
        if not kind_word:
            raise Errno(E.EINVAL)
        mounting.do_new_mount(
            task, place, os.fsdecode(kind_word), os.fsdecode(source), own, os.fsdecode(words)
        )
    return 0


def _own_flags(flags: int) -> int:
    """The mount's own of the flags, with what is so where nothing is said of times."""
    own = flags & mounts.FLAGS
    if not flags & Ms.NOATIME:
        own |= mounts.RELATIME
    if flags & Ms.STRICTATIME:
        own &= ~(mounts.RELATIME | mounts.NOATIME)
    return own & ~mounts.RELATIME if flags & Ms.NOATIME else own


def _source(task: LinuxTask, path: bytes) -> Dentry:
    """The place that a path stands for, of which something is to be shown or moved.

    Raises:
        Errno: EINVAL, it is empty; as `Walk.find`.
    """
    if not path:
        raise Errno(E.EINVAL)
    return walk(task).find(task.fs.cwd, path)


@syscall("full")
def sys_umount(task: LinuxTask, name: Path, flags: UmountFlags) -> int:
    """Takes a file system away."""
    check_flags(flags, sum(Umount))
    place = user_path_at(task, AT_FDCWD, name, follow=not flags & Umount.UMOUNT_NOFOLLOW)
    mounting.require_mount(task)
    if flags & Umount.MNT_EXPIRE:
        if flags & (Umount.MNT_FORCE | Umount.MNT_DETACH):
            raise Errno(E.EINVAL)
        if not mounting.expires(task, place):
            raise Errno(E.EAGAIN)
    mounting.do_umount(task, place, lazily=bool(flags & Umount.MNT_DETACH))
    return 0


@syscall("full")
def sys_oldumount(task: LinuxTask, name: Path) -> int:
    """Umount without flags (i386)."""
    place = user_path_at(task, AT_FDCWD, name)
    mounting.require_mount(task)
    mounting.do_umount(task, place, lazily=False)
    return 0


@syscall("full")
def sys_pivot_root(task: LinuxTask, new_root: Path, put_old: Path) -> int:
    """Makes another mount the root of the tree."""
    mounting.require_mount(task)
    new, old = user_path_at(task, AT_FDCWD, new_root), user_path_at(task, AT_FDCWD, put_old)
    mounting.require_no_domain(task)
    mounting.do_pivot_root(task, new, old)
    return 0
