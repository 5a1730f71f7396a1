"""msgsys: message queues (usr/src/uts/common/os/msg.c, sys/msg.h of illumos-gate)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.ipc import Message, MessageQueue
from ring3.kernel.wait import wait_event
from ring3.solaris.definition import as_int, syscall
from ring3.solaris.ipc import permissions as ipc

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

MSG_NOERROR: Final = 0o10000
MSGMNB: Final = 65536
"""Bytes of a queue (process.max-msg-qbytes)."""
_DS: Final = {64: struct.Struct("<QQ3Qiiqqqhh4x24x"), 32: struct.Struct("<II3Iiii4xi4xi4xhh12x")}
"""``struct msqid_ds`` behind its ipc_perm: first, last, bytes, count, room, processes, times, two for waiting."""
_QBYTES_AT: Final = {64: 64, 32: 60}


class MsgOp(IntEnum):
    """What the call does."""

    MSGGET = 0
    MSGCTL = 1
    MSGRCV = 2
    MSGSND = 3
    MSGIDS = 4


@syscall("partial", "not msgsnap(2): EINVAL", module="msgsys")
def msgsys(
    task: SolarisTask,
    opcode: Int,
    a0: UnsignedLong,
    a1: UnsignedLong,
    a2: UnsignedLong,
    a4: UnsignedLong,
    a5: UnsignedLong,
) -> int | Waiting:
    """Makes, asks, and uses message queues."""
    number = as_int(a0)
    match opcode:
        case MsgOp.MSGGET:
            return _get(task, number, as_int(a1))
        case MsgOp.MSGCTL:
            return _control(task, number, as_int(a1), a2)
        case MsgOp.MSGRCV:
            return _receive(task, number, a1, a2, task.signed(a4), as_int(a5))
        case MsgOp.MSGSND:
            return _send(task, number, a1, a2, as_int(a4))
        case MsgOp.MSGIDS:
            return ipc.store_ids(task, task.kernel.ipc.queues, a0, a1 & 0xFFFF_FFFF, a2)
        case _:
            raise Errno(SolarisE.EINVAL)


def _get(task: SolarisTask, key: int, flags: int) -> int:
    def make(mode: int, owner: tuple[int, int], now: int) -> MessageQueue:
        return MessageQueue(key, mode, owner, now, MSGMNB)

    return ipc.get(task, task.kernel.ipc.queues, key, flags, make, lambda found: None)


def _status(task: SolarisTask, found: MessageQueue) -> bytes:
    counts = (found.bytes, len(found.messages), found.room, found.sender, found.receiver)
    times = (found.stime, found.rtime, found.ctime)
    return ipc.permissions(task, found) + _DS[task.bits].pack(0, 0, *counts, *times, 0, 0)


def _control(task: SolarisTask, number: int, cmd: int, buf: int) -> int:
    queues = task.kernel.ipc.queues
    if cmd == ipc.IPC_STAT:
        found = ipc.lookup(queues, number)
        ipc.require(task, found, ipc.READ)
        task.memory.write(buf, _status(task, found))
    elif cmd == ipc.IPC_SET:
        found = ipc.owned(task, queues, number)
        at = buf + _QBYTES_AT[task.bits]
        room = int.from_bytes(task.memory.read(at, task.bits // 8), "little")
        if room > found.room and not task.cred.all_privileges:
            raise Errno(SolarisE.EPERM)
        ipc.change(task, found, buf)
        found.room = room
        found.changed.wake()
    elif cmd == ipc.IPC_RMID:
        queues.remove(ipc.owned(task, queues, number))
    else:
        ipc.lookup(queues, number)
        raise Errno(SolarisE.EINVAL)
    return 0


async def _wait(task: SolarisTask, found: MessageQueue, flags: int, full: SolarisE) -> None:
    """Sleeps until something has changed; afterwards the caller looks again.

    Raises:
        Errno: ``full``, it may not wait; EIDRM; EINTR.
    """
    if flags & ipc.IPC_NOWAIT:
        raise Errno(full)
    woken: list[None] = []
    listener = found.changed.listen(lambda: woken.append(None))
    try:
        await wait_event(task, found.changed, lambda: bool(woken))
    finally:
        listener.cancel()
    if found.deleted:
        raise Errno(SolarisE.EIDRM)


async def _send(task: SolarisTask, number: int, address: int, size: int, flags: int) -> int:
    found = ipc.lookup(task.kernel.ipc.queues, number)
    ipc.require(task, found, ipc.WRITE)
    word = task.bits // 8
    kind = task.signed(int.from_bytes(task.memory.read(address, word), "little"))
    if kind < 1 or size > found.room:
        raise Errno(SolarisE.EINVAL)
    message = Message(kind, bytes(task.memory.read(address + word, size)))
    while not found.fits(size):
        await _wait(task, found, flags, SolarisE.EAGAIN)
    found.messages.append(message)
    found.bytes += size
    found.sender, found.stime = task.pid, ipc.seconds(task)
    found.changed.wake()
    return 0


async def _receive(task: SolarisTask, number: int, address: int, size: int, wanted: int, flags: int) -> int:
    found = ipc.lookup(task.kernel.ipc.queues, number)
    ipc.require(task, found, ipc.READ)
    if task.signed(size) < 0:
        raise Errno(SolarisE.EINVAL)
    while (message := found.first(wanted)) is None:
        await _wait(task, found, flags, SolarisE.ENOMSG)
    if len(message.text) > size and not flags & MSG_NOERROR:
        raise Errno(SolarisE.E2BIG)
    word = task.bits // 8
    text = message.text[:size]
    task.memory.write(address, (message.type & (1 << task.bits) - 1).to_bytes(word, "little") + text)
    found.messages.remove(message)
    found.bytes -= len(message.text)
    found.receiver, found.rtime = task.pid, ipc.seconds(task)
    found.changed.wake()
    return len(text)
