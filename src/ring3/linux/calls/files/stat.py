"""stat(2) and its relatives: attributes in the layouts of every age and width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import POINTER, BufferOut, DirFd, FdArg, Path, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.stat import OLD_STAT, STAT, STAT32, STAT64, STATX
from ring3.fs.dentry import Dentry
from ring3.fs.file import File, Stat
from ring3.fs.mounts import top_of
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import (
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    At,
    AtFlags,
    AtFlagsUnsigned,
    StatOut,
    check_flags,
    find_or_fd,
)
from ring3.linux.model.user_namespace import INITIAL

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.linux.model.task import LinuxTask

NSEC: Final = 10**9
_STAT: Final = STAT.form(64)
MAX_32: Final = (1 << 32) - 1
STATX_BASIC_STATS: Final = 0x7FF
STATX_MNT_ID: Final = 0x1000
STATX_MNT_ID_UNIQUE: Final = 0x4000
STATX_RESERVED: Final = 0x8000_0000
STATX_ATTR_MOUNT_ROOT: Final = 0x2000
STATX_FLAGS_TOLD: Final = 0x74
"""Attributes that are flags of files, with the same numbers: COMPRESSED, IMMUTABLE, APPEND, NODUMP."""
STAT_FLAGS: Final = int(At.AT_SYMLINK_NOFOLLOW | At.AT_NO_AUTOMOUNT | At.AT_EMPTY_PATH)
SYNC_FLAGS: Final = int(At.AT_STATX_FORCE_SYNC | At.AT_STATX_DONT_SYNC)
STATX_FLAGS: Final = STAT_FLAGS | SYNC_FLAGS
_UNKNOWN: Final = (0,) * 17
"""What follows the number of the mount."""

StatxOut = Annotated[int, POINTER]


def device(number: int) -> int:
    """A device number as ``struct stat`` has it (new_encode_dev); the host's form is that of makedev(3)."""
    major, minor = number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)
    return (minor & 0xFF) | major << 8 | (minor & ~0xFF) << 12


def major_minor(number: int) -> tuple[int, int]:
    """The two parts of a device number."""
    return number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)


def _times(stat: Stat) -> list[int]:
    """Seconds and nanoseconds of the three times."""
    return [part for moment in (stat.atime, stat.mtime, stat.ctime) for part in divmod(moment, NSEC)]


def _narrow_times(stat: Stat) -> list[int]:
    return [part & MAX_32 for part in _times(stat)]


def pack_stat(stat: Stat) -> bytes:
    """``struct stat`` of x86-64 (arch/x86/include/uapi/asm/stat.h)."""
    dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, atime, mtime, ctime = stat
    return _STAT.pack(
        device(dev), ino, nlink, mode, uid, gid, 0, device(rdev) if rdev else 0, size, blksize, blocks,
        atime // NSEC, atime % NSEC, mtime // NSEC, mtime % NSEC, ctime // NSEC, ctime % NSEC, 0, 0, 0,
    )  # fmt: skip


def pack_stat64_ia32(stat: Stat) -> bytes:
    """``struct stat64`` of i386."""
    return STAT64.pack(
        32, device(stat.dev), b"", stat.ino & MAX_32, stat.mode, stat.nlink, stat.uid, stat.gid, device(stat.rdev), b"",
        stat.size, stat.blksize, stat.blocks, *_narrow_times(stat), stat.ino,
    )  # fmt: skip


def pack_stat_ia32(stat: Stat) -> bytes:
    """``struct stat`` of i386 (``struct compat_stat``).

    Raises:
        Errno: EOVERFLOW, size or inode number does not fit.
    """
    if stat.size >> 31 or stat.ino > MAX_32:
        raise Errno(E.EOVERFLOW)
    return STAT32.pack(
        32, device(stat.dev), stat.ino, stat.mode, min(stat.nlink, 0xFFFF), old_id(stat.uid), old_id(stat.gid),
        device(stat.rdev), stat.size, stat.blksize, stat.blocks & MAX_32, *_narrow_times(stat), 0, 0,
    )  # fmt: skip


def pack_old_stat(stat: Stat) -> bytes:
    """``struct __old_kernel_stat``.

    Raises:
        Errno: EOVERFLOW, size or inode number does not fit.
    """
    if stat.size >> 31 or stat.ino >> 16:
        raise Errno(E.EOVERFLOW)
    times = _narrow_times(stat)
    return OLD_STAT.pack(
        32, device(stat.dev) & 0xFFFF, stat.ino, stat.mode, min(stat.nlink, 0xFFFF), old_id(stat.uid),
        old_id(stat.gid), device(stat.rdev) & 0xFFFF, stat.size, times[0], times[2], times[4],
    )  # fmt: skip


def old_id(number: int) -> int:
    """A user or group for layouts with 16 bits (high2lowuid)."""
    return number if number < 1 << 16 else 65534


def pack_statx(stat: Stat, answered: int, is_mount: bool, mount: int, inode: Inode | None) -> bytes:
    """``struct statx`` (include/uapi/linux/stat.h); no file has a time of birth.

    Args:
        stat: The basic attributes.
        answered: ``STATX_`` bits of what is said.
        is_mount: A mount starts there.
        mount: The number of the mount.
        inode: Whose flags are told, None for those of nobody.
    """
    (atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns) = _times(stat)
    attributes = STATX_ATTR_MOUNT_ROOT if is_mount else 0
    told = STATX_ATTR_MOUNT_ROOT
    if inode is not None:
        attributes |= inode.fs_flags & inode.settable_flags & STATX_FLAGS_TOLD
        told |= inode.settable_flags & STATX_FLAGS_TOLD
    return STATX.pack(
        64, answered, stat.blksize, attributes, stat.nlink, stat.uid, stat.gid, stat.mode, 0, stat.ino,
        stat.size, stat.blocks, told, atime, atime_ns, 0, 0, 0, 0, ctime, ctime_ns, 0, mtime, mtime_ns,
        0, *major_minor(stat.rdev), *major_minor(stat.dev), mount, *_UNKNOWN,
    )  # fmt: skip


@function(
    "int vfs_fstatat(int dfd, const char __user *filename, struct kstat *stat, int flags)",
    calls={"getname", "vfs_getattr"},
)
def vfs_fstatat(task: LinuxTask, dfd: int, filename: int, flags: int) -> Stat:
    """The attributes of what a call with AT_ flags is about.

    Raises:
        Errno: EINVAL, unknown flags; as `find_or_fd`.
    """
    check_flags(flags, STATX_FLAGS)
    return seen(task, vfs_getattr(find_or_fd(task, dfd, filename, flags)))


@function(
    "int vfs_getattr(const struct path *path, struct kstat *stat, u32 request_mask, "
    "unsigned int query_flags)",
)
def vfs_getattr(found: Dentry | File) -> Stat:
    """The attributes of a place or an open file."""
    return found.inode.stat() if isinstance(found, Dentry) else found.stat()


def seen(task: LinuxTask, stat: Stat) -> Stat:
    """Attributes with user and group as the caller's user namespace has them."""
    namespace = task.credentials.user_ns
    if namespace is INITIAL:
        return stat
    return stat._replace(uid=namespace.shown_user(stat.uid), gid=namespace.shown_group(stat.gid))


def _by_name(task: LinuxTask, filename: int, *, follow: bool) -> Stat:
    return vfs_fstatat(task, AT_FDCWD, filename, 0 if follow else AT_SYMLINK_NOFOLLOW)


@syscall("full")
def sys_newstat(task: LinuxTask, filename: Path, statbuf: StatOut) -> int:
    """Attributes of a file by name."""
    task.memory.write(statbuf, pack_stat(_by_name(task, filename, follow=True)))
    return 0


@syscall("full")
def sys_newlstat(task: LinuxTask, filename: Path, statbuf: StatOut) -> int:
    """Attributes of a file by name, of a link itself."""
    task.memory.write(statbuf, pack_stat(_by_name(task, filename, follow=False)))
    return 0


@syscall("full")
def sys_newfstat(task: LinuxTask, fd: FdArg, statbuf: StatOut) -> int:
    """Attributes of an open file."""
    task.memory.write(statbuf, pack_stat(seen(task, task.files[fd].stat())))
    return 0


@syscall("full")
def sys_newfstatat(task: LinuxTask, dfd: DirFd, filename: Path, statbuf: StatOut, flag: AtFlags) -> int:
    """Attributes of a file by name, relative to a directory."""
    check_flags(flag, STAT_FLAGS)
    task.memory.write(statbuf, pack_stat(vfs_fstatat(task, dfd, filename, flag)))
    return 0


@syscall("partial", "no time of birth: its bit stays clear in stx_mask")
def sys_statx(
    task: LinuxTask, dfd: DirFd, filename: Path, flags: AtFlagsUnsigned, mask: UnsignedInt, buffer: StatxOut
) -> int:
    """Attributes of a file by name or descriptor."""
    if mask & STATX_RESERVED:
        raise Errno(E.EINVAL)
    if flags & SYNC_FLAGS == SYNC_FLAGS:
        raise Errno(E.EINVAL)
    check_flags(flags, STATX_FLAGS)
    found = find_or_fd(task, dfd, filename, flags)
    place = found if isinstance(found, Dentry) else found.dentry
    mount = None if place is None else top_of(place).mount
    is_start = mount is not None and place is mount.root
    answered, number = STATX_BASIC_STATS, 0
    if mount is not None:
        unique = mask & STATX_MNT_ID_UNIQUE
        answered |= unique or STATX_MNT_ID
        number = mount.unique if unique else mount.number
    task.memory.write(
        buffer, pack_statx(seen(task, vfs_getattr(found)), answered, is_start, number, found.inode)
    )
    return 0


# -- 32-bit programs ---------------------------------------------------------------------------------------------


@syscall("full")
def compat_sys_newstat(task: LinuxTask, filename: Path, statbuf: StatOut) -> int:
    """Attributes of a file by name, for a 32-bit program."""
    task.memory.write(statbuf, pack_stat_ia32(_by_name(task, filename, follow=True)))
    return 0


@syscall("full")
def compat_sys_newlstat(task: LinuxTask, filename: Path, statbuf: StatOut) -> int:
    """The same, of a link itself."""
    task.memory.write(statbuf, pack_stat_ia32(_by_name(task, filename, follow=False)))
    return 0


@syscall("full")
def compat_sys_newfstat(task: LinuxTask, fd: UnsignedInt, statbuf: StatOut) -> int:
    """The same, of an open file."""
    task.memory.write(statbuf, pack_stat_ia32(seen(task, task.files[fd].stat())))
    return 0


@syscall("full")
def compat_sys_ia32_stat64(task: LinuxTask, filename: Path, statbuf: StatOut) -> int:
    """Attributes of a file by name, with 64-bit sizes."""
    task.memory.write(statbuf, pack_stat64_ia32(_by_name(task, filename, follow=True)))
    return 0


@syscall("full")
def compat_sys_ia32_lstat64(task: LinuxTask, filename: Path, statbuf: StatOut) -> int:
    """The same, of a link itself."""
    task.memory.write(statbuf, pack_stat64_ia32(_by_name(task, filename, follow=False)))
    return 0


@syscall("full")
def compat_sys_ia32_fstat64(task: LinuxTask, fd: UnsignedInt, statbuf: StatOut) -> int:
    """The same, of an open file."""
    task.memory.write(statbuf, pack_stat64_ia32(seen(task, task.files[fd].stat())))
    return 0


@syscall("full")
def compat_sys_ia32_fstatat64(
    task: LinuxTask, dfd: UnsignedInt, filename: Path, statbuf: StatOut, flag: AtFlags
) -> int:
    """The same, by name relative to a directory."""
    check_flags(flag, STAT_FLAGS)
    signed = dfd - (1 << 32) if dfd >> 31 else dfd
    task.memory.write(statbuf, pack_stat64_ia32(vfs_fstatat(task, signed, filename, flag)))
    return 0


@syscall("full")
def sys_stat(task: LinuxTask, filename: Path, statbuf: BufferOut) -> int:
    """i386's first stat."""
    task.memory.write(statbuf, pack_old_stat(_by_name(task, filename, follow=True)))
    return 0


@syscall("full")
def sys_lstat(task: LinuxTask, filename: Path, statbuf: BufferOut) -> int:
    """i386's first lstat."""
    task.memory.write(statbuf, pack_old_stat(_by_name(task, filename, follow=False)))
    return 0


@syscall("full")
def sys_fstat(task: LinuxTask, fd: UnsignedInt, statbuf: BufferOut) -> int:
    """i386's first fstat."""
    task.memory.write(statbuf, pack_old_stat(seen(task, task.files[fd].stat())))
    return 0
