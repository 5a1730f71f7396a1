"""Who may do what with an object of System V interprocess communication (ipc/util.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import Cap
from ring3.abi.structs import Struct, Value
from ring3.kernel.ipc import IPC_PRIVATE, Ids, IpcObject, Kind

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

IPC_CREAT: Final = 0o1000
IPC_EXCL: Final = 0o2000
IPC_NOWAIT: Final = 0o4000
IPC_RMID: Final = 0
IPC_SET: Final = 1
IPC_STAT: Final = 2
IPC_INFO: Final = 3
READ: Final = 0o444
WRITE: Final = 0o222
EXECUTE: Final = 0o111
_NOBODY: Final = 0xFFFF_FFFF

Fields = dict[str, Value | tuple[Value, ...]]


class Change(NamedTuple):
    """What IPC_SET sets of any object."""

    uid: int
    gid: int
    mode: int


def require(task: LinuxTask, found: IpcObject, wanted: int) -> None:
    """Checks permission bits in all three places of a mode: ``ipcperms``.

    Raises:
        Errno: EACCES.
    """
    mine, granted = task.credentials, found.mode
    if mine.euid in (found.cuid, found.uid):
        granted >>= 6
    elif {found.cgid, found.gid} & {mine.egid, *mine.groups}:
        granted >>= 3
    wanted = wanted >> 6 | wanted >> 3 | wanted
    if wanted & ~granted & 7 and not mine.capable(Cap.IPC_OWNER):
        raise Errno(E.EACCES)


def require_owner(task: LinuxTask, found: IpcObject) -> None:
    """Checks that the caller owns or made the object, or may administrate: for IPC_SET and IPC_RMID.

    Raises:
        Errno: EPERM.
    """
    mine = task.credentials
    if mine.euid not in (found.cuid, found.uid) and not mine.capable(Cap.SYS_ADMIN):
        raise Errno(E.EPERM)


def get(
    task: LinuxTask,
    ids: Ids[Kind],
    key: int,
    flags: int,
    make: Callable[[], Kind],
    check: Callable[[Kind], None] = lambda found: None,
) -> int:
    """What the three ``get`` calls do: finds an object by its key, or makes one; returns its number (``ipcget``).

    Args:
        task: The caller.
        ids: All of the kind.
        key: IPC_PRIVATE for one that nobody else finds.
        flags: IPC_CREAT, IPC_EXCL and the mode.
        make: Makes a new one.
        check: What else must hold of one that is there.

    Raises:
        Errno: ENOENT, EEXIST, EACCES, and those of ``make`` and ``check``.
    """
    found = None if key == IPC_PRIVATE else ids.with_key(key)
    if found is None:
        if key != IPC_PRIVATE and not flags & IPC_CREAT:
            raise Errno(E.ENOENT)
        return ids.add(make())
    if flags & IPC_CREAT and flags & IPC_EXCL:
        raise Errno(E.EEXIST)
    check(found)
    require(task, found, flags & 0o777)
    return found.id


def owned(task: LinuxTask, ids: Ids[Kind], number: int) -> Kind:
    """An object that the caller may change or remove (``ipcctl_obtain_check``).

    Raises:
        Errno: EINVAL, EIDRM, EPERM.
    """
    found = ids.get(number)
    require_owner(task, found)
    return found


def stat(
    task: LinuxTask,
    ids: Ids[Kind],
    number: int,
    cmd: int,
    anybody: int,
    address: int,
    pack: Callable[[Kind], bytes],
) -> int:
    """IPC_STAT, and the two commands that go by index: what an object is.

    Args:
        task: The caller.
        ids: All of the kind.
        number: The object's, or for the other commands its index.
        cmd: The command.
        anybody: The command that asks for no permission.
        address: Where to store it.
        pack: Makes the struct.

    Returns:
        0, or for the other commands the object's number.

    Raises:
        Errno: EINVAL, EIDRM, EACCES, EFAULT.
    """
    found = ids.get(number) if cmd == IPC_STAT else ids.at(number)
    if cmd != anybody:
        require(task, found, READ)
    task.memory.write(address, pack(found))
    return 0 if cmd == IPC_STAT else found.id


def set_permissions(
    task: LinuxTask, ids: Ids[Kind], number: int, row: Struct, address: int, bits: int
) -> int:
    """IPC_SET of what has nothing to set but its owner and its mode."""
    wanted, _ = read_change(task, row, address, bits)
    change(task, owned(task, ids, number), wanted)
    return 0


def owner(task: LinuxTask) -> tuple[int, int]:
    """Whom what a task makes belongs to."""
    return task.credentials.euid, task.credentials.egid


def seconds(task: LinuxTask) -> int:
    """The time of day in seconds since 1970."""
    return task.kernel.wall_clock() // 10**9


def permission_values(found: IpcObject, bits: int) -> tuple[Value, ...]:
    """The scalars of ``struct ipc64_perm``."""
    head = (found.key, found.uid, found.gid, found.cuid, found.cgid, found.mode)
    sequence = found.sequence & 0xFFFF
    return (*head, sequence, 0, 0, 0) if bits == 64 else (*head, 0, sequence, 0, 0, 0)


def read_change(task: LinuxTask, row: Struct, address: int, bits: int) -> tuple[Change, Fields]:
    """What IPC_SET is given: what it sets of any object, and all fields.

    Raises:
        Errno: EFAULT.
    """
    fields = row.values(bits, task.memory.read(address, row.size(bits)))
    _, uid, gid, _, _, mode, *_ = cast("tuple[int, ...]", next(iter(fields.values())))
    return Change(uid, gid, mode), fields


def change(task: LinuxTask, found: IpcObject, wanted: Change) -> None:
    """Sets owner, group and permissions: ``ipc_update_perm``.

    Raises:
        Errno: EINVAL, there is no such user or group.
    """
    if _NOBODY in (wanted.uid, wanted.gid):
        raise Errno(E.EINVAL)
    found.uid, found.gid = wanted.uid, wanted.gid
    found.mode = found.mode & ~0o777 | wanted.mode & 0o777
    found.ctime = seconds(task)


def time_values(seconds: int, bits: int) -> tuple[int, ...]:
    """A time in one of the structs: one word, or its two halves."""
    return (seconds,) if bits == 64 else (seconds & 0xFFFF_FFFF, seconds >> 32)
