"""Waiting: the one way in which a handler blocks.

A handler that cannot go on awaits a `WaitQueue`. Its task leaves the CPU and is ready again when somebody wakes the
queue; the handler then looks again whether it can go on, for being woken is only a hint (as with Linux's wait queues).
The queue's counterpart for the host's file descriptors is in `kernel.host_events`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.kernel.task import GivenUp, TaskState

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.kernel.timers import CpuTimer, Timer


class Listening(Protocol):
    """Somebody is told of events until he cancels that."""

    def cancel(self) -> None:
        """Ends it; nothing happens if it has ended."""


class Exclusive:
    """A callback of a listener that is told only if no other such listener has taken the matter up.

    It is called like any other; what it returns says whether somebody looks after the matter now.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[], bool]) -> None:
        self._call = call

    def __call__(self) -> bool:
        """Tells it."""
        return self._call()

    def take_up(self, queue: WaitQueue, listener: Listener) -> bool:
        """Tells it of what a queue was woken for."""
        return self._call()


class Turn(Exclusive):
    """A task's wait for what is enough for one of those who wait; who was chosen listens no more.

    Who has finished calls `pass_on`, because there may be enough for another one.
    """

    __slots__ = ("_queue", "_task")

    def __init__(self, task: Task) -> None:
        super().__init__(self._choose)
        self._task = task
        self._queue: WaitQueue | None = None

    def _choose(self) -> bool:
        """Makes the task ready, if it has not been woken yet."""
        if self._task.state is not TaskState.WAITING:
            return False
        self._task.kernel.ready(self._task)
        return True

    def take_up(self, queue: WaitQueue, listener: Listener) -> bool:
        """Makes the task ready, and notes where others may wait."""
        if not self._choose():
            return False
        queue.forget(listener)
        self._queue = queue
        return True

    def pass_on(self, events: int) -> None:
        """It was chosen, and these events are still there: they are the next one's."""
        queue, self._queue = self._queue, None
        if queue is not None and events:
            queue.wake_one(events)


class WaitQueue:
    """Who waits for the same thing: tasks, each until it is woken, and listeners, until they cancel."""

    __slots__ = ("_exclusive", "_listeners", "_waiters")

    def __init__(self) -> None:
        self._waiters: dict[Task, None] = {}
        self._listeners: dict[Listener, None] = {}
        self._exclusive: dict[int, OrderedDict[Listener, None]] = {}

    def wait(self, task: Task) -> Wait:
        """What the task's handler awaits; it goes on after the next `wake`, or when it is woken otherwise."""
        return Wait(self, task)

    def wake(self, events: int = -1) -> None:
        """Makes every waiting task ready and tells the listeners.

        Args:
            events: What has happened, in the bits of poll(2): listeners for other events are not told.
        """
        waiters, self._waiters = self._waiters, {}
        for task in waiters:
            task.kernel.ready(task)
        if self._listeners:
            for listener in list(self._listeners):
                if listener.events & events:
                    listener.callback()
        if self._exclusive:
            self.wake_one(events)

    def wake_one(self, events: int) -> None:
        """Tells one of those who want to be told alone, the first that takes the matter up."""
        for wanted, listeners in self._exclusive.items():
            if wanted & events and any(listener.take_up() for listener in listeners):
                return

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits or listens."""
        return bool(self._waiters or self._listeners or self._exclusive)

    def add(self, task: Task) -> None:
        """Puts a task among the waiters."""
        self._waiters[task] = None

    def remove(self, task: Task) -> None:
        """Takes a task out, if it is there."""
        self._waiters.pop(task, None)

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listener:
        """Calls back at each `wake` with one of these events."""
        listener = Listener(self, callback, events)
        if isinstance(callback, Exclusive):
            self._exclusive.setdefault(events, OrderedDict())[listener] = None
        else:
            self._listeners[listener] = None
        return listener

    def forget(self, listener: Listener) -> None:
        """Takes a listener out, if it is there."""
        if not isinstance(listener.callback, Exclusive):
            self._listeners.pop(listener, None)
            return
        alike = self._exclusive.get(listener.events)
        if alike is not None:
            alike.pop(listener, None)
            if not alike:
                del self._exclusive[listener.events]


class Listener:
    """One who is told of each wake of a queue.

    Attributes:
        callback: What to call.
        events: At which events, in the bits of poll(2).
    """

    __slots__ = ("_queue", "callback", "events")

    def __init__(self, queue: WaitQueue, callback: Callable[[], object], events: int) -> None:
        self._queue = queue
        self.callback = callback
        self.events = events

    def cancel(self) -> None:
        """Ends it."""
        self._queue.forget(self)

    def take_up(self) -> bool:
        """Tells one that wants to be told alone; whether it looks after the matter."""
        assert isinstance(self.callback, Exclusive)
        return self.callback.take_up(self._queue, self)


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


class UntilReady:
    """What a handler awaits that leaves the CPU until somebody makes its task ready, whoever that is."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield


UNTIL_READY: Final = UntilReady()


class Timeout:
    """A time at which a task that waits is made ready.

    Attributes:
        passed: It has come.
    """

    __slots__ = ("_task", "_timer", "passed")

    def __init__(
        self, task: Task, deadline: int, wall: bool = False, cpu_clock: Callable[[], int] | None = None
    ) -> None:
        """Starts it.

        Args:
            task: Who waits.
            deadline: Nanoseconds of the monotonic clock.
            wall: The deadline is one of the wall clock.
            cpu_clock: The deadline is one of this clock, of CPU time.
        """
        self.passed = False
        self._task = task
        kernel = task.kernel
        self._timer: Timer | CpuTimer
        if cpu_clock is None:
            self._timer = kernel.timers.add(deadline, self._pass, wall)
        else:
            self._timer = kernel.cpu_timers.add(cpu_clock, deadline, self._pass)

    def cancel(self) -> None:
        """Ends it; nothing happens if it has come."""
        self._timer.cancel()

    def _pass(self) -> None:
        self.passed = True
        self._task.kernel.ready(self._task)


class Bound:
    """While it is entered, what its task waits in cannot be given up: made again, the call would do things twice."""

    __slots__ = ("_task",)

    def __init__(self, task: Task) -> None:
        self._task = task

    def __enter__(self) -> None:
        self._task.bound += 1

    def __exit__(self, *error: object) -> None:
        self._task.bound -= 1


class Rest:
    """While it is entered, what its task waits in is given up for what is left of the call: the rest is not done again.

    Where one stands within another, the outer one says what is left.
    """

    __slots__ = ("_rest", "_task")

    def __init__(self, task: Task, rest: Callable[[], int | Coroutine[Any, Any, int]]) -> None:
        """Says what is left.

        Args:
            task: Who waits.
            rest: Does it, with the outcome that the whole call has.
        """
        self._task = task
        self._rest = rest

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is GivenUp and self._task.progress is not None:
            self._task.progress.rest = self._rest


def deadline_after(task: Task, nanoseconds: int, now: Callable[[], int] | None = None) -> int:
    """When an interval is over that began when the call in progress was first made.

    Args:
        task: Who makes it.
        nanoseconds: The interval.
        now: The clock; by default the monotonic one.
    """
    progress = task.progress
    if progress is not None and progress.deadline is not None:
        return progress.deadline
    return (now or task.kernel.clocks.monotonic)() + nanoseconds


def keep_deadline(task: Task, deadline: int | None) -> None:
    """The call is given up: keeps until when it was to wait."""
    if task.progress is not None:
        task.progress.deadline = deadline


async def wait_event(
    task: Task, queue: WaitQueue, condition: Callable[[], bool], deadline: int | None = None
) -> bool:
    """Waits until a condition holds, looking at it each time the queue is woken.

    Args:
        task: The task whose handler waits.
        queue: Woken whenever the condition may have come true.
        condition: What is waited for.
        deadline: Monotonic nanoseconds at which to give up, None for never.

    Returns:
        Whether the condition holds; False only after the deadline.

    Raises:
        Errno: ERESTARTSYS, a signal came first.
    """
    timers, clocks = task.kernel.timers, task.kernel.clocks
    timer = None
    if deadline is not None:
        timer = timers.add(deadline, lambda: task.kernel.ready(task))
    try:
        while not condition():
            if deadline is not None and clocks.monotonic() >= deadline:
                return False
            if task.interrupted():
                raise Errno(E.ERESTARTSYS)
            await queue.wait(task)
        return True
    except GivenUp:
        keep_deadline(task, deadline)
        raise
    finally:
        if timer is not None:
            timer.cancel()
