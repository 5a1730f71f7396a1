"""Sending to and receiving from message queues (ipc/msg.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.ipc import OVERHEAD, Message, MessageQueue
from ring3.kernel.wait import wait_event
from ring3.linux.ipc.permissions import IPC_NOWAIT, READ, WRITE, require, seconds

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

MSG_NOERROR: Final = 0o10000
MSG_EXCEPT: Final = 0o20000
MSG_COPY: Final = 0o40000


async def _wait(task: LinuxTask, found: MessageQueue, flags: int, full: E) -> None:
    """Sleeps until something has changed; afterwards the caller looks again.

    Raises:
        Errno: ``full``, it may not wait; EIDRM; ERESTARTNOHAND, a signal came.
    """
    if flags & IPC_NOWAIT:
        raise Errno(full)
    woken: list[None] = []
    listener = found.changed.listen(lambda: woken.append(None))
    try:
        await wait_event(task, found.changed, lambda: bool(woken))
    except Errno as error:
        if error.number == E.ERESTARTSYS:
            raise Errno(E.ERESTARTNOHAND) from None
        raise
    finally:
        listener.cancel()
    if found.deleted:
        raise Errno(E.EIDRM)


@function("long do_msgsnd(int msqid, long mtype, void *mtext, size_t msgsz, int msgflg)")
async def do_msgsnd(task: LinuxTask, number: int, message: Message, flags: int) -> int:
    """Puts a message into a queue when there is room for it."""
    found = task.kernel.ipc.queues.get(number)
    require(task, found, WRITE)
    while not found.fits(len(message.text)):
        await _wait(task, found, flags, E.EAGAIN)
        require(task, found, WRITE)
    room = task.kernel.vfs.room
    room.holders.add(task.kernel.ipc)
    if not room.has(len(message.text) + OVERHEAD):
        raise Errno(E.ENOMEM)
    found.messages.append(message)
    found.bytes += len(message.text)
    found.sender, found.stime = task.tgid, seconds(task)
    found.changed.wake()
    return 0


def _find(found: MessageQueue, wanted: int, flags: int) -> Message | None:
    """The message that msgrcv(2) is to take, or None."""
    messages = found.messages
    if flags & MSG_COPY:
        return messages[wanted] if 0 <= wanted < len(messages) else None
    if wanted > 0 and flags & MSG_EXCEPT:
        return next((message for message in messages if message.type != wanted), None)
    return found.first(wanted)


@function("long do_msgrcv(int msqid, void *buf, size_t bufsz, long msgtyp, int msgflg)")
async def do_msgrcv(task: LinuxTask, number: int, size: int, wanted: int, flags: int) -> Message:
    """Takes a message out of a queue when there is one of that type.

    Args:
        task: The caller.
        number: The queue's.
        size: The most bytes of text that the caller takes.
        wanted: The type: 0 for any, less than 0 for the lowest up to that; with MSG_COPY an index.
        flags: IPC_NOWAIT, MSG_NOERROR, MSG_EXCEPT and MSG_COPY.

    Raises:
        Errno: EINVAL, EIDRM, EACCES, ENOMSG, E2BIG, ERESTARTNOHAND.
    """
    if flags & MSG_COPY and (flags & MSG_EXCEPT or not flags & IPC_NOWAIT):
        raise Errno(E.EINVAL)
    found = task.kernel.ipc.queues.get(number)
    require(task, found, READ)
    while (message := _find(found, wanted, flags)) is None:
        await _wait(task, found, flags, E.ENOMSG)
        require(task, found, READ)
    if len(message.text) > size and not flags & MSG_NOERROR:
        raise Errno(E.E2BIG)
    if flags & MSG_COPY:
        if len(message.text) > size:  # a copy is whole (copy_msg)
            raise Errno(E.EINVAL)
    else:
        found.messages.remove(message)
        found.bytes -= len(message.text)
        found.receiver, found.rtime = task.tgid, seconds(task)
        found.changed.wake()
    return message
