"""Waiting: the one way in which a handler blocks.

A handler that cannot go on awaits a `WaitQueue`. Its task leaves the CPU and is ready again when somebody wakes the
queue; the handler then looks again whether it can go on, for being woken is only a hint (as with Linux's wait queues).
`HostEvents` is the queue's counterpart for the host's file descriptors and the place where the kernel sleeps when no
task can run.
"""

from __future__ import annotations

import functools
import operator
import select
import time
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.kernel.task import GivenUp

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.kernel.timers import CpuTimer, Timer

_POLLIN: Final = 0x1
_LONGEST: Final = 86_400.0
_ENDS: Final = 0x38
"""POLLERR, POLLHUP and POLLNVAL, of which the host tells unasked."""


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


class WaitQueue:
    """Who waits for the same thing: tasks, each until it is woken, and listeners, until they cancel."""

    __slots__ = ("_listeners", "_waiters")

    def __init__(self) -> None:
        self._waiters: dict[Task, None] = {}
        self._listeners: dict[Listener, None] = {}

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
            taken = False
            for listener in list(self._listeners):
                if not listener.events & events:
                    continue
                if not isinstance(listener.callback, Exclusive):
                    listener.callback()
                elif not taken:
                    taken = listener.callback()

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits or listens."""
        return bool(self._waiters or self._listeners)

    def add(self, task: Task) -> None:
        """Puts a task among the waiters."""
        self._waiters[task] = None

    def remove(self, task: Task) -> None:
        """Takes a task out, if it is there."""
        self._waiters.pop(task, None)

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listener:
        """Calls back at each `wake` with one of these events."""
        listener = Listener(self, callback, events)
        self._listeners[listener] = None
        return listener

    def forget(self, listener: Listener) -> None:
        """Takes a listener out, if it is there."""
        self._listeners.pop(listener, None)


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


class HostWatch:
    """One callback for one host descriptor, until it was made or is cancelled."""

    __slots__ = ("_host", "callback", "events", "fd")

    def __init__(self, host: HostEvents, fd: int, events: int, callback: Callable[[], object]) -> None:
        self._host = host
        self.fd = fd
        self.events = events
        self.callback = callback

    def cancel(self) -> None:
        """Ends it."""
        self._host.forget(self)


class HostEvents:
    """Waits for the host's file descriptors.

    Attributes:
        expects_alarm: `wake_by` can bring something that lets a task go on, though nothing else is watched.
    """

    not_state = "_alarm", "_poll", "expects_alarm"

    def __init__(self) -> None:
        self._poll = select.poll() if hasattr(select, "poll") else None
        self._watches: dict[int, list[HostWatch]] = {}
        self._alarm: int | None = None
        self.expects_alarm = False

    @property
    def watched(self) -> bool:
        """Whether somebody waits for a descriptor."""
        return bool(self._watches)

    def watch(self, fd: int, events: int, callback: Callable[[], object]) -> HostWatch:
        """Calls back once when the descriptor is ready for one of these events of poll(2), or has hung up."""
        watch = HostWatch(self, fd, events, callback)
        self._watches.setdefault(fd, []).append(watch)
        self._register(fd)
        return watch

    def wake_by(self, fd: int | None) -> None:
        """Ends every sleep when this descriptor, and no other than the last one named, can be read."""
        if self._poll is not None and self._alarm is not None:
            self._poll.unregister(self._alarm)
        self._alarm = fd
        if self._poll is not None and fd is not None:
            self._poll.register(fd, _POLLIN)

    def forget(self, watch: HostWatch) -> None:
        """Takes a watch out, if it is there."""
        watches = self._watches.get(watch.fd, [])
        if watch in watches:
            watches.remove(watch)
            self._register(watch.fd)

    def _register(self, fd: int) -> None:
        """Tells the host what is watched of a descriptor now."""
        watches = self._watches.get(fd)
        if not watches:
            self._watches.pop(fd, None)
            if self._poll is not None:
                self._poll.unregister(fd)
        elif self._poll is not None:
            self._poll.register(fd, functools.reduce(operator.or_, (watch.events for watch in watches)))

    def outside(self) -> None:
        """What the host has been told; `put_outside` tells it anew."""

    def check_outside(self, then: None) -> None:
        """It can always be told."""

    def put_outside(self, then: None) -> None:
        """Tells the host what is watched now."""
        if self._poll is not None:
            self._poll = select.poll()
            for fd in tuple(self._watches):
                self._register(fd)
            if self._alarm is not None:
                self._poll.register(self._alarm, _POLLIN)

    def sleep(self, timeout: float | None) -> bool:
        """Sleeps until a watched descriptor is ready.

        Args:
            timeout: Seconds to wait at most, None for any time; who asks for very many is woken before.

        Returns:
            False, at once, if nothing is watched and there is no timeout, so that nothing can come.
        """
        if not self._watches and timeout is None and not self.expects_alarm:
            return False
        timeout = timeout if timeout is None else min(timeout, _LONGEST)
        if not self._watches and self._alarm is None:
            time.sleep(timeout or 0)
            return True
        if self._poll is None:
            ready = [(fd, -1) for fd in self._watches]
        else:
            ready = self._poll.poll(None if timeout is None else timeout * 1000)
        for fd, events in ready:
            for watch in list(self._watches.get(fd, ())):
                if events & (watch.events | _ENDS):
                    watch.cancel()
                    watch.callback()
        return True


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
