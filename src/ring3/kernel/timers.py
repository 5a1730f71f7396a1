"""Timers: what is to happen at a time of a clock, and who sees to it that the kernel notices.

The kernel fires what is due each time it chooses a task, and sleeps until the next timer when no task can run. A
program that runs without entering the kernel is stopped so that this happens: by the `Ticker`, a thread of the host,
or, where a run is to be repeatable, by the `Meter`, after so much code.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from threading import Event, Thread
from time import sleep
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from ring3.kernel.clock import Clocks, CodeCounter, VirtualClocks

TICK: Final = 10_000_000
"""Nanoseconds for which a program runs on when anything else wants the CPU (CONFIG_HZ=100)."""
FAR: Final = 1 << 62
"""A time that does not come."""
_LEAST_NAP: Final = 500_000
_IDLE_TICKS: Final = 20
"""For so long the ticker stays awake although nobody wants it: waking it costs more."""
_FEW: Final = 64
"""Cancelled timers that are never worth sweeping up."""


class Timer:
    """Something that is to happen once.

    Attributes:
        deadline: When, in nanoseconds of its clock.
        callback: What; None once it has happened or was cancelled.
    """

    __slots__ = ("_heap", "callback", "deadline")

    def __init__(self, heap: _Heap, deadline: int, callback: Callable[[], object]) -> None:
        self._heap = heap
        self.deadline = deadline
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        """Makes it not happen."""
        if self.callback is not None:
            self.callback = None
            self._heap.cancelled()


class _Heap:
    """The timers of one clock, the next one first; a cancelled one is never first.

    Attributes:
        soonest: When the next one is due, FAR if there is none. It is all that other threads may look at: an integer
            that is replaced when the heap is right again.
    """

    __slots__ = ("_added", "_left", "_timers", "soonest")

    def __init__(self) -> None:
        self._timers: list[tuple[int, int, Timer]] = []
        self._added = 0
        self._left = 0
        self.soonest = FAR

    def add(self, deadline: int, callback: Callable[[], object]) -> Timer:
        timer = Timer(self, deadline, callback)
        self._added += 1
        heapq.heappush(self._timers, (deadline, self._added, timer))
        self._left += 1
        self.soonest = self._timers[0][0]
        return timer

    def cancelled(self) -> None:
        """One more of the timers will not happen; when most will not, they are swept up."""
        self._left -= 1
        timers = self._timers
        if len(timers) > _FEW and 2 * self._left < len(timers):
            self._timers = timers = [entry for entry in timers if entry[2].callback is not None]
            heapq.heapify(timers)
        self._settle()

    def _settle(self) -> None:
        """Drops those in front that were cancelled, and says when the next one is due."""
        timers = self._timers
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        self.soonest = timers[0][0] if timers else FAR

    def fire(self, now: int) -> None:
        while self.soonest <= now:
            timer = heapq.heappop(self._timers)[2]
            callback, timer.callback = timer.callback, None
            self._left -= 1
            self._settle()
            assert callback is not None, "a cancelled timer is never first"
            callback()

    def __len__(self) -> int:
        return self._left


class Timers:
    """All timers of a kernel: some wait for a time of the monotonic clock, some for one of the wall clock.

    They belong to the kernel's thread. The ticker's asks whether there are any and how long the next one takes.

    Attributes:
        waiting: Whether any timer may be left; it costs less to look at than the timers.
    """

    __slots__ = ("_heap", "_on_add", "_wall", "waiting")

    def __init__(self, on_add: Callable[[], None] = lambda: None) -> None:
        """Makes an empty set; ``on_add`` is told of each new timer."""
        self.waiting = False
        self._heap = _Heap()
        self._wall = _Heap()
        self._on_add = on_add

    def add(self, deadline: int, callback: Callable[[], object], wall: bool = False) -> Timer:
        """Calls back at a time; two timers for the same time in the order in which they were added.

        Args:
            deadline: Nanoseconds of the monotonic clock.
            callback: What to call.
            wall: The deadline is one of the wall clock, whatever it may be set to meanwhile.
        """
        timer = (self._wall if wall else self._heap).add(deadline, callback)
        self.waiting = True
        self._on_add()
        return timer

    def next_deadline(self, clocks: Clocks) -> int | None:
        """When the next timer is due, in nanoseconds of the monotonic clock; None if there is none."""
        first, wall = self._heap.soonest, self._wall.soonest
        if wall != FAR:
            first = min(first, wall - clocks.ahead())
        return None if first == FAR else first

    def fire(self, clocks: Clocks) -> None:
        """Calls back what is due."""
        if not self:
            self.waiting = False
            return
        now = clocks.monotonic()
        self._heap.fire(now)
        if self._wall:
            self._wall.fire(now + clocks.ahead())

    def left(self, clocks: Clocks) -> int:
        """Nanoseconds until the next timer is due, a long time if there is none; another thread may ask."""
        left, wall = self._heap.soonest, self._wall.soonest
        if left != FAR:
            left -= clocks.monotonic()
        return left if wall == FAR else min(left, wall - clocks.realtime())

    def __bool__(self) -> bool:
        """Whether any timer is left; another thread may ask."""
        return self._heap.soonest != FAR or self._wall.soonest != FAR

    def __len__(self) -> int:
        """How many are left."""
        return len(self._heap) + len(self._wall)


class CpuTimer:
    """Something that is to happen once, when somebody has used so much CPU time.

    Attributes:
        clock: Tells the nanoseconds used.
        deadline: When, by that clock.
        callback: What.
    """

    __slots__ = ("_timers", "callback", "clock", "deadline")

    def __init__(
        self, timers: list[CpuTimer], clock: Callable[[], int], deadline: int, callback: Callable[[], object]
    ) -> None:
        self._timers = timers
        self.clock = clock
        self.deadline = deadline
        self.callback = callback

    def cancel(self) -> None:
        """Makes it not happen."""
        if self in self._timers:
            self._timers.remove(self)


class CpuTimers:
    """The timers that wait for CPU time; the kernel looks at them each time a task leaves the CPU.

    Attributes:
        waiting: The timers.
    """

    __slots__ = ("_on_add", "waiting")

    def __init__(self, on_add: Callable[[], None] = lambda: None) -> None:
        """Makes an empty set; ``on_add`` is told of each new timer."""
        self.waiting: list[CpuTimer] = []
        self._on_add = on_add

    def add(self, clock: Callable[[], int], deadline: int, callback: Callable[[], object]) -> CpuTimer:
        """Calls back soon after ``clock`` has reached the deadline."""
        timer = CpuTimer(self.waiting, clock, deadline, callback)
        self.waiting.append(timer)
        self._on_add()
        return timer

    def soonest(self) -> int | None:
        """Nanoseconds of CPU time before which nothing is due; None if there is no timer."""
        return min((timer.deadline - timer.clock() for timer in self.waiting), default=None)

    def fire(self) -> None:
        """Calls back what is due."""
        due = [timer for timer in self.waiting if timer.clock() >= timer.deadline]
        for timer in due:
            if timer in self.waiting:
                self.waiting.remove(timer)
                timer.callback()

    def __len__(self) -> int:
        return len(self.waiting)


class Slices(Protocol):
    """What keeps a program from running on for ever."""

    def start(self, others: bool) -> None:
        """A task gets the CPU, and others could run too."""

    def wake(self) -> None:
        """Somebody else wants the CPU from now on."""

    def timer_added(self) -> None:
        """A timer waits from now on."""

    def close(self) -> None:
        """The machine is switched off."""


class Ticker:
    """Interrupts the running program every tick, from a thread of the host, while somebody asks for it."""

    is_state = False

    def __init__(
        self,
        wanted: Callable[[], bool],
        left: Callable[[], int],
        prepare: Callable[[], object],
        interrupt: Callable[[], None],
    ) -> None:
        """Makes a ticker that sleeps.

        Args:
            wanted: Whether anything waits for the CPU or for a time.
            left: Nanoseconds until the next timer may be due.
            prepare: Makes the CPU one that can be stopped.
            interrupt: Stops the CPU.
        """
        self._wanted = wanted
        self._left = left
        self._prepare = prepare
        self._interrupt = interrupt
        self._awake = Event()
        self._thread: Thread | None = None
        self._closed = False

    def start(self, others: bool) -> None:
        """A task gets the CPU; timers have announced themselves."""
        if others:
            self.wake()

    def timer_added(self) -> None:
        """A timer waits from now on; if it is due, the program is stopped at once."""
        self.wake()
        if self._left() <= 0:
            self._interrupt()

    def wake(self) -> None:
        """Something is wanted from now on."""
        if not self._awake.is_set():
            if self._thread is None:
                self._prepare()
                self._thread = Thread(target=self._run, name="ring3-ticker", daemon=True)
                self._thread.start()
            self._awake.set()

    def close(self) -> None:
        """Ends the thread, by its next tick."""
        self._closed = True
        self._awake.set()

    def _run(self) -> None:
        idle = 0
        while True:
            self._awake.wait()
            if self._closed:
                return
            sleep(min(TICK, max(self._left(), _LEAST_NAP)) / 1e9)
            idle = 0 if self._wanted() else idle + 1
            if not idle:
                self._interrupt()
            if idle < _IDLE_TICKS:
                continue
            self._awake.clear()
            if self._wanted():  # asked for between the two looks
                self._awake.set()


class Meter:
    """Ends a program's turn after so much code, so that every run is the same. A byte of code counts as a nanosecond.

    Nothing is limited while nobody else wants the CPU.

    Attributes:
        tick: Nanoseconds of a turn.
    """

    def __init__(
        self,
        counter: CodeCounter,
        timers: Timers,
        cpu_timers: CpuTimers,
        clocks: VirtualClocks,
        others: Callable[[], bool],
    ) -> None:
        """Makes one.

        Args:
            counter: Counts the code.
            timers: What is to happen when.
            cpu_timers: What is to happen after how much CPU time.
            clocks: The clocks of the timers.
            others: Whether any other task could run.
        """
        self._counter = counter
        self._timers = timers
        self._cpu_timers = cpu_timers
        self._clocks = clocks
        self._others = others
        self._end: int | None = None
        self.tick = TICK

    def start(self, others: bool) -> None:
        """A task gets the CPU: a new turn."""
        self._end = None
        self.wake()

    def timer_added(self) -> None:
        """A timer waits from now on."""
        self.wake()

    def wake(self) -> None:
        """Limits the turn that is going on to a tick, and to the next timer."""
        now = self._clocks.now()
        if self._end is None and self._others():
            self._end = now + self.tick
        ends = [self._end, self._timers.next_deadline(self._clocks)]
        soonest = self._cpu_timers.soonest()
        if soonest is not None:
            ends.append(now + soonest)
        left = [end - now for end in ends if end is not None]
        self._counter.limit(max(min(left), 1) if left else FAR)

    def close(self) -> None:
        """Nothing to end."""
