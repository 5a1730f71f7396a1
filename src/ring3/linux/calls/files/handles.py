"""Handles of files: name_to_handle_at(2) and open_by_handle_at(2) (fs/fhandle.c of Linux 6.x).

A handle is the number of an inode on its file system, which remembers where the file was that it gave one for; once the
file is gone the handle is stale. File systems whose files are made when somebody looks give none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, POINTER, DirFd, Int, Path
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.files import FILE_HANDLE
from ring3.fs.dentry import Dentry
from ring3.fs.mounts import mount_of
from ring3.fs.opening import FORGOTTEN, O_CLOEXEC, O_LARGEFILE, O_TMPFILE, vfs_open
from ring3.fs.pseudo import PseudoFileSystem
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, find_or_fd, who

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

AT_SYMLINK_FOLLOW: Final = 0x400
AT_HANDLE_FID: Final = 0x200
AT_HANDLE_MNT_ID_UNIQUE: Final = 1
AT_HANDLE_CONNECTABLE: Final = 2
_KNOWN: Final = (
    AT_EMPTY_PATH | AT_SYMLINK_FOLLOW | AT_HANDLE_FID | AT_HANDLE_MNT_ID_UNIQUE | AT_HANDLE_CONNECTABLE
)
MAX_HANDLE_SZ: Final = 128
_SIZE: Final = 8
_TYPE: Final = 1
"""FILEID_INO32_GEN: the kind of handle that stands for a number and no parent."""
_CONNECTABLE: Final = 0x1_0000
"""What is opened by it has a known path, as all here has (FILEID_IS_CONNECTABLE)."""
_DIRECTORY: Final = 0x2_0000
"""Said with it of a directory (FILEID_IS_DIR)."""

Handle = Annotated[int, POINTER]
MountId = Annotated[int, POINTER]
Flags = Annotated[int, INT]


@syscall("full")
def sys_name_to_handle_at(
    task: LinuxTask, dfd: DirFd, name: Path, handle: Handle, mnt_id: MountId, flag: Flags
) -> int:
    """Gives the handle of a file, and the number of the mount it is on; EOVERFLOW says how long it is."""
    if flag & ~_KNOWN or (flag & AT_HANDLE_CONNECTABLE and flag & (AT_HANDLE_FID | AT_EMPTY_PATH)):
        raise Errno(E.EINVAL)
    follow = 0 if flag & AT_SYMLINK_FOLLOW else AT_SYMLINK_NOFOLLOW
    found = find_or_fd(task, dfd, name, flag & AT_EMPTY_PATH | follow)
    place = found if isinstance(found, Dentry) else found.dentry
    if place is None or (isinstance(place.fs, PseudoFileSystem) and not flag & AT_HANDLE_FID):
        raise Errno(E.EOPNOTSUPP)
    room = task.memory.read_u32(handle)
    if room > MAX_HANDLE_SZ:
        raise Errno(E.EINVAL)
    fits = room >= _SIZE
    if fits:
        place.fs.handles[place.inode.ino] = place
    mount = mount_of(place)
    if flag & AT_HANDLE_MNT_ID_UNIQUE:
        task.memory.write_u64(mnt_id, mount.unique)
    else:
        task.memory.write_u32(mnt_id, mount.number)
    number = place.inode.ino.to_bytes(_SIZE, "little") if fits else b""
    kind = _TYPE
    if flag & AT_HANDLE_CONNECTABLE:
        kind |= _CONNECTABLE | (_DIRECTORY if place.inode.is_directory else 0)
    task.memory.write(handle, FILE_HANDLE.pack(64, _SIZE, kind, b"") + number)
    if not fits:
        raise Errno(E.EOVERFLOW)
    return 0


@syscall("full")
def sys_open_by_handle_at(task: LinuxTask, mountdirfd: Int, handle: Handle, flags: Flags) -> int:
    """Opens the file that a handle stands for, on the file system of a descriptor."""
    return do_handle_open(task, mountdirfd, handle, flags | O_LARGEFILE)


@syscall("full")
def compat_sys_open_by_handle_at(task: LinuxTask, mountdirfd: Int, handle: Handle, flags: Flags) -> int:
    """The same for a 32-bit program."""
    return do_handle_open(task, mountdirfd, handle, flags)


@function(
    "int do_handle_open(int mountdirfd, struct file_handle __user *ufh, int open_flag)", calls={"vfs_open"}
)
def do_handle_open(task: LinuxTask, mountdirfd: int, handle: int, flags: int) -> int:
    """Opens the file of a handle.

    Raises:
        Errno: EFAULT; EINVAL; EBADF; EPERM, without CAP_DAC_READ_SEARCH; ESTALE, there is no such file any more; as
            `vfs_open`.
    """
    size, kind = FILE_HANDLE.integers(task.memory, handle, 64)[:2]
    if not 0 < size <= MAX_HANDLE_SZ:
        raise Errno(E.EINVAL)
    anchor = task.fs.cwd if mountdirfd == AT_FDCWD else task.files[mountdirfd].dentry
    if not task.credentials.capable(Cap.DAC_READ_SEARCH):
        raise Errno(E.EPERM)
    raw = task.memory.read(handle + FILE_HANDLE.size(64), size)
    if anchor is None or isinstance(anchor.fs, PseudoFileSystem) or size != _SIZE:
        raise Errno(E.ESTALE)
    if kind & ~(_CONNECTABLE | _DIRECTORY) != _TYPE:
        raise Errno(E.ESTALE)
    place = anchor.fs.handles.get(int.from_bytes(raw, "little"))
    if place is None or place.deleted:
        raise Errno(E.ESTALE)
    if flags & O_TMPFILE & ~FORGOTTEN:
        raise Errno(E.EINVAL)
    file = vfs_open(place, flags, who(task))
    return task.files.install(file, cloexec=bool(flags & O_CLOEXEC))
