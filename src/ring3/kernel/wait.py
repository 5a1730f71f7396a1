"""Waiting: the one way in which a handler blocks.

A handler that cannot go on awaits a `WaitQueue`. Its task leaves the CPU and is ready again when somebody wakes the
queue; the handler then looks again whether it can go on, for being woken is only a hint (as with Linux's wait queues).
`HostEvents` is the queue's counterpart for the host's file descriptors and the place where the kernel sleeps when no
task can run.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ring3.kernel.task import Task


class WaitQueue:
    """Tasks that wait for the same thing."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: list[Task] = []

    def wait(self, task: Task) -> Wait:
        """What the task's handler awaits; it goes on after the next `wake`, or when it is woken otherwise."""
        return Wait(self, task)

    def wake(self) -> None:
        """Makes every waiting task ready."""
        waiters, self._waiters = self._waiters, []
        for task in waiters:
            task.kernel.ready(task)

    def add(self, task: Task) -> None:
        """Puts a task among the waiters."""
        self._waiters.append(task)

    def remove(self, task: Task) -> None:
        """Takes a task out, if it is there."""
        if task in self._waiters:
            self._waiters.remove(task)


class Wait:
    """One wait on one queue."""

    __slots__ = ("_queue", "_task")

    def __init__(self, queue: WaitQueue, task: Task) -> None:
        self._queue = queue
        self._task = task

    def __await__(self) -> Generator[None, None, None]:
        self._queue.add(self._task)
        try:
            yield
        finally:
            self._queue.remove(self._task)


class HostEvents:
    """Waits for the host's file descriptors."""

    def __init__(self) -> None:
        self._poll = select.poll() if hasattr(select, "poll") else None
        self._callbacks: dict[int, Callable[[], None]] = {}

    def watch(self, fd: int, write: bool, callback: Callable[[], None]) -> None:
        """Calls back once when the descriptor can be read, or written."""
        self._callbacks[fd] = callback
        if self._poll is not None:
            self._poll.register(fd, select.POLLOUT if write else select.POLLIN)

    def sleep(self) -> bool:
        """Sleeps until a watched descriptor is ready; False if nothing is watched, so that nothing can come."""
        if not self._callbacks:
            return False
        ready = [fd for fd, _ in self._poll.poll()] if self._poll is not None else list(self._callbacks)
        for fd in ready:
            if self._poll is not None:
                self._poll.unregister(fd)
            self._callbacks.pop(fd)()
        return True
