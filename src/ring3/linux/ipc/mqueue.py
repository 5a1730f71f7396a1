"""Sending to and receiving from POSIX message queues (ipc/mqueue.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.signals import SiCode
from ring3.fs.file import O_NONBLOCK
from ring3.kernel.wait import Timeout
from ring3.linux.model.mqueue import WOKEN_UP, Message, PosixQueue, QueueFile
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.signals.send import group_send_sig_info

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


async def _wait(task: LinuxTask, file: QueueFile, ready: Callable[[], bool], deadline: int | None) -> None:
    """Waits until a queue has what is needed.

    Args:
        task: The caller.
        file: The queue.
        ready: Whether it has.
        deadline: Nanoseconds of the wall clock at which to give up, None for never.

    Raises:
        Errno: EAGAIN, it is not to wait; ETIMEDOUT; ERESTARTSYS, a signal came.
    """
    if ready():
        return
    if file.flags & O_NONBLOCK:
        raise Errno(E.EAGAIN)
    timeout = None if deadline is None else Timeout(task, deadline, wall=True)
    try:
        while not ready():
            if deadline is not None and task.kernel.wall_clock() >= deadline:
                raise Errno(E.ETIMEDOUT)
            if task.interrupted():
                raise Errno(E.ERESTARTSYS)
            await file.queue.changed.wait(task)
    finally:
        if timeout is not None:
            timeout.cancel()


async def send(task: LinuxTask, file: QueueFile, text: bytes, priority: int, deadline: int | None) -> int:
    """Puts a message into a queue when there is room; tells who wants to know if it was empty."""
    queue = file.queue
    await _wait(task, file, lambda: len(queue.messages) < queue.maxmsg, deadline)
    was_empty = not queue.messages
    queue.put(text, priority)
    if was_empty and not queue.receivers:
        _notify(task, queue)
    return 0


def _notify(task: LinuxTask, queue: PosixQueue) -> None:
    notice, queue.notice = queue.notice, None
    if notice is None:
        return
    notice.send(WOKEN_UP)
    if notice.signal:
        who = (notice.process.pid_ns.shown(task.tgid), task.credentials.uid)
        info = SigInfo(notice.signal, int(SiCode.SI_MESGQ), Layout.QUEUE, *who, value=notice.value)
        group_send_sig_info(notice.process, info)


async def receive(task: LinuxTask, file: QueueFile, deadline: int | None) -> Message:
    """Takes a message when there is one."""
    queue = file.queue
    queue.receivers += 1
    try:
        await _wait(task, file, lambda: bool(queue.messages), deadline)
    finally:
        queue.receivers -= 1
    return queue.take()
