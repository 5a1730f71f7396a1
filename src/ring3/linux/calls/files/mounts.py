"""mount(2) and umount(2): the checks up to the right to do it, which plain users have not (fs/namespace.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, UNSIGNED_INT, UNSIGNED_LONG, Int, Path, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_FDCWD, check_flags, user_path_at
from ring3.linux.tasks.access import refuse

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_NOTE: Final = "only the refusal of plain users: with CAP_SYS_ADMIN it is ENOSYS"
_PAGE: Final = 4096
MS_NOUSER: Final = 1 << 31


class Umount(IntFlag):
    """Flags of umount2(2)."""

    MNT_FORCE = 1
    MNT_DETACH = 2
    MNT_EXPIRE = 4
    UMOUNT_NOFOLLOW = 8


MountFlags = Annotated[int, UNSIGNED_LONG]
UmountFlags = Annotated[int, INT]
FsFlags = Annotated[int, UNSIGNED_INT]


def _check_string(task: LinuxTask, address: int) -> None:
    """Reads a string that the call takes before it looks at anything else (copy_mount_string)."""
    if address and task.memory.read_cstring(address, _PAGE) is None:
        raise Errno(E.EINVAL)


@syscall("partial", _NOTE)
def sys_mount(
    task: LinuxTask, dev_name: Path, dir_name: Path, kind: Path, flags: MountFlags, data: Pointer
) -> int:
    """Mounts a file system."""
    _check_string(task, kind)
    _check_string(task, dev_name)
    if data:
        task.memory.read(data, 1)
    user_path_at(task, AT_FDCWD, dir_name)
    if flags & MS_NOUSER and flags >> 16 & 0xFFFF != 0xC0ED:
        raise Errno(E.EINVAL)
    return refuse(task, Cap.SYS_ADMIN, "mount")


@syscall("partial", _NOTE)
def sys_umount(task: LinuxTask, name: Path, flags: UmountFlags) -> int:
    """Takes a file system away."""
    check_flags(flags, sum(Umount))
    user_path_at(task, AT_FDCWD, name, follow=not flags & Umount.UMOUNT_NOFOLLOW)
    return refuse(task, Cap.SYS_ADMIN, "umount2")


@syscall("partial", _NOTE)
def sys_oldumount(task: LinuxTask, name: Path) -> int:
    """Umount without flags (i386)."""
    user_path_at(task, AT_FDCWD, name)
    return refuse(task, Cap.SYS_ADMIN, "umount")


@syscall("partial", _NOTE)
def sys_fsopen(task: LinuxTask, fs_name: Path, flags: FsFlags) -> int:
    """Begins to make a file system."""
    return refuse(task, Cap.SYS_ADMIN, "fsopen")


@syscall("partial", _NOTE)
def sys_fsmount(task: LinuxTask, fs_fd: Int, flags: FsFlags, attr_flags: FsFlags) -> int:
    """Mounts what fsopen began."""
    return refuse(task, Cap.SYS_ADMIN, "fsmount")


@syscall("partial", _NOTE)
def sys_fspick(task: LinuxTask, dfd: Int, path: Path, flags: FsFlags) -> int:
    """Takes a mounted file system to change it."""
    return refuse(task, Cap.SYS_ADMIN, "fspick")


@syscall("partial", _NOTE)
def sys_move_mount(
    task: LinuxTask, from_dfd: Int, from_path: Path, to_dfd: Int, to_path: Path, flags: FsFlags
) -> int:
    """Mounts or moves what another call prepared."""
    return refuse(task, Cap.SYS_ADMIN, "move_mount")
