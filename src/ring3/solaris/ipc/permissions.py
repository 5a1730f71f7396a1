"""What the three kinds have in common: keys, permissions, owners, ``struct ipc_perm``.

Source: usr/src/uts/common/os/ipc.c and sys/ipc.h, sys/ipc_impl.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.ipc import IPC_PRIVATE, Ids, IpcObject, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.solaris.task import SolarisTask

IPC_CREAT: Final = 0o1000
IPC_EXCL: Final = 0o2000
IPC_NOWAIT: Final = 0o4000
IPC_ALLOC: Final = 0o100000
"""A bit of the mode of every object that is there."""
IPC_RMID: Final = 10
IPC_SET: Final = 11
IPC_STAT: Final = 12
READ: Final = 0o444
WRITE: Final = 0o222
PERM: Final = {64: struct.Struct("<6Ii4x"), 32: struct.Struct("<6Ii16x")}
"""``struct ipc_perm``: uid, gid, cuid, cgid, mode, seq, key; with what follows before the first pointer behind it."""


def seconds(task: SolarisTask) -> int:
    """The time of day in seconds since 1970."""
    return task.kernel.clocks.realtime() // 10**9


def require(task: SolarisTask, found: IpcObject, wanted: int) -> None:
    """Checks permission bits in all three places of a mode (ipcperm_access).

    Raises:
        Errno: EACCES.
    """
    cred, granted = task.cred, found.mode
    if cred.uid in (found.cuid, found.uid):
        granted >>= 6
    elif {found.cgid, found.gid} & {cred.gid, *cred.groups}:
        granted >>= 3
    wanted = wanted >> 6 | wanted >> 3 | wanted
    if wanted & ~granted & 7 and not cred.all_privileges:
        raise Errno(SolarisE.EACCES)


def get(
    task: SolarisTask,
    ids: Ids[Kind],
    key: int,
    flags: int,
    make: Callable[[int, tuple[int, int], int], Kind],
    check: Callable[[Kind], None],
) -> int:
    """Finds an object by its key, or makes one; returns its number (ipc_get).

    Args:
        task: The caller.
        ids: All of the kind.
        key: IPC_PRIVATE for one that nobody else finds.
        flags: IPC_CREAT, IPC_EXCL and the mode.
        make: Makes a new one: its mode, its owner, and the time.
        check: What else must hold of one that is there.

    Raises:
        Errno: ENOENT, EEXIST, EACCES, ENOSPC, and those of ``make`` and ``check``.
    """
    found = None if key == IPC_PRIVATE else ids.with_key(key)
    if found is None:
        if key != IPC_PRIVATE and not flags & IPC_CREAT:
            raise Errno(SolarisE.ENOENT)
        mode = flags & 0o777 | IPC_ALLOC
        return ids.add(make(mode, (task.cred.uid, task.cred.gid), seconds(task)))
    require(task, found, flags & 0o777)
    if flags & IPC_CREAT and flags & IPC_EXCL:
        raise Errno(SolarisE.EEXIST)
    check(found)
    return found.id


def lookup(ids: Ids[Kind], number: int) -> Kind:
    """The object with a number.

    Raises:
        Errno: EINVAL, there is none.
    """
    try:
        return ids.get(number)
    except Errno:
        raise Errno(SolarisE.EINVAL) from None


def owned(task: SolarisTask, ids: Ids[Kind], number: int) -> Kind:
    """One that the caller may change or remove.

    Raises:
        Errno: EINVAL; EPERM.
    """
    found = lookup(ids, number)
    if task.cred.uid not in (found.uid, found.cuid) and not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    return found


def permissions(task: SolarisTask, found: IpcObject) -> bytes:
    """``struct ipc_perm``."""
    who = (found.uid, found.gid, found.cuid, found.cgid)
    key = found.key - (found.key >> 31 << 32)
    return PERM[task.bits].pack(*who, found.mode, found.sequence & 0xFFFF_FFFF, key)


def change(task: SolarisTask, found: IpcObject, address: int) -> None:
    """IPC_SET: owner, group and permissions of a ``struct ipc_perm`` in user memory (ipcperm_set).

    Raises:
        Errno: EINVAL, there can be no such user or group; EFAULT.
    """
    form = PERM[task.bits]
    uid, gid, _, _, mode, _, _ = form.unpack(task.memory.read(address, form.size))
    if max(uid, gid) > 0x7FFF_FFFF:
        raise Errno(SolarisE.EINVAL)
    found.uid, found.gid = uid, gid
    found.mode = found.mode & ~0o777 | mode & 0o777
    found.ctime = seconds(task)


def store_ids(task: SolarisTask, ids: Ids[Kind], buf: int, nids: int, pnids: int) -> int:
    """The numbers of all objects of a kind, and how many there are (msgids(2) and its like).

    Raises:
        Errno: EFAULT.
    """
    numbers = [found.id for found in ids]
    if nids and len(numbers) <= nids:
        task.memory.write(buf, struct.pack(f"<{len(numbers)}i", *numbers))
    task.memory.write_u32(pnids, len(numbers))
    return 0
