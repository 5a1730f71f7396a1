"""Operations on files that may have to wait: done now, or by a coroutine that waits until they can be done.

A signal ends the waiting: the call is made again after it or fails with EINTR, by the rules of the kernel above. A file
whose operation waits is held, so another thread may close its descriptor meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_NONBLOCK, File, WouldBlock
from ring3.fs.readiness import POLLERR, POLLHUP
from ring3.kernel.task import GivenUp, Task
from ring3.kernel.wait import UNTIL_READY, Timeout, Turn, WaitQueue, deadline_after, keep_deadline, wait_event

Waiting = Coroutine[Any, Any, int]

if TYPE_CHECKING:
    from typing import Protocol

    class Data(Protocol):
        """Bytes that are taken from where they are a piece at a time."""

        def __len__(self) -> int:
            """All of them."""

        def __getitem__(self, span: slice) -> bytes:
            """Some of them, from the start of a slice on."""


TaskT = TypeVar("TaskT", bound=Task)
Result = TypeVar("Result")


def retry(task: Task, file: File, operation: Callable[[], int]) -> int | Waiting:
    """Does an operation of a file now, or returns a coroutine that waits until it can be done.

    Raises:
        Errno: EAGAIN, it would block and the file is not to; or as the operation.
    """
    try:
        return operation()
    except WouldBlock as blocked:
        if file.flags & O_NONBLOCK and not blocked.always:
            raise Errno(E.EAGAIN) from None
        return _wait_and_retry(task, file, blocked, operation)


async def _wait_and_retry(task: Task, file: File, blocked: WouldBlock, operation: Callable[[], int]) -> int:
    return await retry_until(task, file, blocked, operation, deadline_of(task, file, blocked))


async def retry_until(
    task: Task, file: File, blocked: WouldBlock, operation: Callable[[], Result], deadline: int | None
) -> Result:
    """Waits until an operation of a file can be done.

    Args:
        task: Who waits.
        file: The file.
        blocked: Why it could not be done.
        operation: Does it.
        deadline: Monotonic nanoseconds at which to give up, None for never.

    Raises:
        Errno: As `until_ready`, or as the operation.
    """
    turn = Turn(task) if blocked.for_one else None
    file.hold()
    try:
        while True:
            await until_ready(task, blocked, deadline, turn)
            try:
                return operation()
            except WouldBlock as again:
                blocked = again
    finally:
        if turn is not None:
            turn.pass_on(file.poll() & (blocked.events | POLLERR | POLLHUP))
        file.drop()


def deadline_of(task: Task, file: File, blocked: WouldBlock) -> int | None:
    """When an operation of a file that has to wait gives up, in monotonic nanoseconds; None for never."""
    patience = file.patience(blocked.events)
    return None if patience is None else deadline_after(task, patience)


async def until_ready(
    task: Task, blocked: WouldBlock, deadline: int | None = None, turn: Turn | None = None
) -> None:
    """Waits until a file may have become ready.

    Args:
        task: Who waits.
        blocked: For what.
        deadline: Monotonic nanoseconds at which to give up, None for never.
        turn: What is told instead of the task if one of those who wait is enough.

    Raises:
        Errno: A signal came first: ERESTARTSYS, or EINTR if there is a deadline, for the call would begin anew with
            it; EAGAIN, the deadline has passed.
    """
    if deadline is not None and task.kernel.clocks.monotonic() >= deadline:
        raise Errno(E.EAGAIN)
    if task.interrupted():
        raise Errno(E.ERESTARTSYS if deadline is None else E.EINTR)
    timeout = None if deadline is None else Timeout(task, deadline)
    listening = blocked.watch(turn or partial(task.kernel.ready, task))
    try:
        await UNTIL_READY
    except GivenUp:
        keep_deadline(task, deadline)
        raise
    finally:
        listening.cancel()
        if timeout is not None:
            timeout.cancel()


def write_all(
    task: TaskT, file: File, data: Data | bytes | memoryview, broken: Callable[[TaskT], None]
) -> int | Waiting:
    """Writes all of some data, however often that has to wait, as write(2) does to a pipe or terminal.

    Args:
        task: Who writes.
        file: The file.
        data: What; of bytes that are not all here yet, a piece at a time is asked for.
        broken: What happens to who writes where nobody reads, whether or not something was written before.

    Returns:
        How many bytes were written: fewer if the file is not to block, and after an error or a signal.

    Raises:
        Errno: EAGAIN, nothing could be written and the file is not to block; or as `File.write`.
    """
    done = 0 if task.progress is None else task.progress.done
    try:
        while True:
            piece = data[done:]
            written = file.write(piece)
            done += written
            if done >= len(data) or written < len(piece):
                break
    except Errno as error:
        if error.number is E.EPIPE and file.signals_broken_pipe:
            broken(task)
        if done:
            return done
        raise
    except WouldBlock as blocked:
        if file.flags & O_NONBLOCK:
            if done:
                return done
            raise Errno(E.EAGAIN) from None
        return _write_rest(task, file, data, done, blocked, broken)
    if done < len(data) and file.pollable and not file.flags & O_NONBLOCK:
        return _write_rest(task, file, data, done, None, broken)
    return done


async def _write_rest(
    task: TaskT,
    file: File,
    data: Data | bytes | memoryview,
    done: int,
    blocked: WouldBlock | None,
    broken: Callable[[TaskT], None],
) -> int:
    file.hold()
    try:
        deadline = None if blocked is None else deadline_of(task, file, blocked)
        while done < len(data):
            try:
                if blocked is not None:
                    await until_ready(task, blocked, deadline)
                done += file.write(data[done:])
                blocked = None
            except WouldBlock as again:
                blocked = again
                deadline = deadline or deadline_of(task, file, blocked)
            except Errno as error:
                if error.number is E.EPIPE and file.signals_broken_pipe and not (done and file.is_socket):
                    broken(task)
                if done:
                    break
                raise
        return done
    except GivenUp:
        if task.progress is not None:
            task.progress.done = done
        raise
    finally:
        file.drop()


async def until_any(
    task: Task,
    interests: Sequence[tuple[File, int]],
    condition: Callable[[], bool],
    deadline: int | None,
) -> bool:
    """Waits until one of several files is ready.

    Args:
        task: Who waits.
        interests: The files and for what each shall be ready.
        condition: Whether the wait is over; asked when one of them may have become ready.
        deadline: Monotonic nanoseconds at which to give up, None for never.

    Returns:
        Whether the condition holds; False only after the deadline.

    Raises:
        Errno: ERESTARTSYS, a signal came first.
    """
    queue = WaitQueue()
    listenings = [file.hold().listen(queue.wake, events | POLLERR | POLLHUP) for file, events in interests]
    try:
        return await wait_event(task, queue, condition, deadline)
    finally:
        for listening in listenings:
            listening.cancel()
        for file, _ in interests:
            file.drop()
