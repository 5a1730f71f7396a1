"""msgget(2), msgsnd(2), msgrcv(2) and msgctl(2) (ipc/msg.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Int, Long, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.ipc import MSGBUF, MSGINFO, MSQID_DS, MSQID_DS32
from ring3.kernel.ipc import Message, MessageQueue
from ring3.linux.definition import syscall
from ring3.linux.ipc import permissions as ipc
from ring3.linux.ipc.messages import do_msgrcv, do_msgsnd

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

MSGSSZ: Final = 16
_LONG: Final = {64: 1 << 63, 32: 1 << 31}


class Msgctl(IntEnum):
    """The commands of msgctl(2) that other kinds do not have (include/uapi/linux/msg.h)."""

    MSG_STAT = 11
    MSG_INFO = 12
    MSG_STAT_ANY = 13


@syscall("full")
def sys_msgget(task: LinuxTask, key: Int, msgflg: Int) -> int:
    """Finds or makes a message queue."""
    return ipc.get(
        task,
        task.kernel.ipc.queues,
        key,
        msgflg,
        lambda: MessageQueue(key, msgflg & 0o777, ipc.owner(task), ipc.seconds(task), task.kernel.ipc.msgmnb),
    )


@syscall("full", compat_sys_msgsnd=32)
def sys_msgsnd(
    task: LinuxTask, msqid: Int, msgp: Pointer, msgsz: SizeT, msgflg: Int, *, bits: int = 64
) -> Coroutine[Any, Any, int]:
    """Sends a message, waiting until there is room for it."""
    (kind,) = MSGBUF.integers(task.memory, msgp, bits)
    if msgsz > task.kernel.ipc.msgmax or msqid < 0 or kind < 1:
        raise Errno(E.EINVAL)
    text = task.memory.read(msgp + MSGBUF.size(bits), msgsz)
    return do_msgsnd(task, msqid, Message(kind, bytes(text)), msgflg)


@syscall("full", compat_sys_msgrcv=32)
async def sys_msgrcv(
    task: LinuxTask, msqid: Int, msgp: Pointer, msgsz: SizeT, msgtyp: Long, msgflg: Int, *, bits: int = 64
) -> int:
    """Receives a message, waiting until there is one; returns the length of its text."""
    if msqid < 0 or msgsz >= _LONG[bits]:
        raise Errno(E.EINVAL)
    message = await do_msgrcv(task, msqid, msgsz, msgtyp, msgflg)
    text = message.text[:msgsz]
    task.memory.write(msgp, MSGBUF.pack(bits, message.type & _LONG[bits] - 1) + text)
    return len(text)


@syscall("full", compat_sys_msgctl=32)
def sys_msgctl(task: LinuxTask, msqid: Int, cmd: Int, buf: Pointer, *, bits: int = 64) -> int:
    """Looks at and changes message queues."""
    if msqid < 0 or cmd < 0:
        raise Errno(E.EINVAL)
    ids = task.kernel.ipc.queues
    if cmd in (ipc.IPC_INFO, Msgctl.MSG_INFO):
        return _info(task, cmd, buf)
    if cmd in (ipc.IPC_STAT, Msgctl.MSG_STAT, Msgctl.MSG_STAT_ANY):
        pack = partial(_status, task, bits)
        return ipc.stat(task, ids, msqid, cmd, Msgctl.MSG_STAT_ANY, buf, pack)
    if cmd == ipc.IPC_SET:
        return _set(task, msqid, buf, bits)
    if cmd != ipc.IPC_RMID:
        raise Errno(E.EINVAL)
    ids.remove(ipc.owned(task, ids, msqid))
    return 0


def _set(task: LinuxTask, msqid: int, address: int, bits: int) -> int:
    """IPC_SET: who waits looks again."""
    wanted, fields = ipc.read_change(task, MSQID_DS if bits == 64 else MSQID_DS32, address, bits)
    room = fields["msg_qbytes"]
    assert isinstance(room, int)
    found = ipc.owned(task, task.kernel.ipc.queues, msqid)
    if room > task.kernel.ipc.msgmnb and not task.credentials.capable(Cap.SYS_RESOURCE):
        raise Errno(E.EPERM)
    ipc.change(task, found, wanted)
    found.room = room
    found.changed.wake()
    return 0


def _info(task: LinuxTask, cmd: int, address: int) -> int:
    limits = task.kernel.ipc
    ids, msgmnb = limits.queues, limits.msgmnb
    pool, messages, total = ids.limit * msgmnb // 1024, msgmnb, msgmnb
    if cmd == Msgctl.MSG_INFO:
        pool = len(ids)
        messages = sum(len(found.messages) for found in ids)
        total = sum(found.bytes for found in ids)
    most = (limits.msgmax, msgmnb, ids.limit)
    MSGINFO.write(task.memory, address, 64, pool, messages, *most, MSGSSZ, total, 0xFFFF)
    return ids.highest


def _status(task: LinuxTask, bits: int, found: MessageQueue) -> bytes:
    shown = task.pid_ns.shown
    times = [ipc.time_values(time, bits) for time in (found.stime, found.rtime, found.ctime)]
    counts = (found.bytes, len(found.messages), found.room, shown(found.sender), shown(found.receiver))
    row = MSQID_DS if bits == 64 else MSQID_DS32
    return row.pack(bits, *ipc.permission_values(found, bits), *times[0], *times[1], *times[2], *counts, 0, 0)
