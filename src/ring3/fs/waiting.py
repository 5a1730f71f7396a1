"""Operations on files that may have to wait: done now, or by a coroutine that waits until they can be done."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_NONBLOCK, File, WouldBlock
from ring3.kernel.task import Task
from ring3.kernel.wait import WaitQueue

Waiting = Coroutine[Any, Any, int]


def retry(task: Task, file: File, operation: Callable[[], int]) -> int | Waiting:
    """Does an operation of a file now, or returns a coroutine that waits until it can be done.

    Raises:
        Errno: EAGAIN, it would block and the file is not to; or as the operation.
    """
    try:
        return operation()
    except WouldBlock as blocked:
        if file.flags & O_NONBLOCK:
            raise Errno(E.EAGAIN) from None
        return _wait_and_retry(task, blocked, operation)


async def _wait_and_retry(task: Task, blocked: WouldBlock, operation: Callable[[], int]) -> int:
    while True:
        queue = WaitQueue()
        listening = blocked.watch(queue.wake)
        try:
            await queue.wait(task)
        finally:
            listening.cancel()
        try:
            return operation()
        except WouldBlock as again:
            blocked = again
