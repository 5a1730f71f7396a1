"""What is debugged: threads that a debugger stops, looks at, steps and lets go.

The debugger has the machine's thread of Python. While it looks, nothing runs; `Target.wait` runs the machine until
something has stopped, or until the debugger wants to look at something else, such as a command that has come. Which
threads stand still meanwhile is the kind of target's affair: those of one program, or all there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.debug.breakpoints import Breakpoints
from ring3.debug.step import Stepper
from ring3.debug.stops import Reason, Stop
from ring3.debug.thread import Thread
from ring3.debug.watchpoints import Watchpoints

if TYPE_CHECKING:
    from ring3.debug.watchpoints import Access
    from ring3.kernel.core import Kernel
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task

NOWHERE = range(0)


class Target(ABC):
    """Threads of one kernel that are debugged.

    Attributes:
        kernel: The kernel.
        rings: The rings in which an instruction is a step.
        breakpoints: Where threads stop.
        watchpoints: What memory they stop for.
    """

    def __init__(self, kernel: Kernel[Any], rings: frozenset[int]) -> None:
        self.kernel = kernel
        self.rings = rings
        self.breakpoints = Breakpoints(kernel, self._at_address)
        self.watchpoints = Watchpoints(self, self._accessed)
        self._known: dict[Task, Thread] = {}
        self._stops: deque[Stop] = deque()
        self._is_over: Callable[[], bool] = lambda: True
        self._attachments: list[Attachment] = []

    # -- threads -------------------------------------------------------------------------------------------------

    @property
    def threads(self) -> list[Thread]:
        """All threads, by number."""
        return sorted(self._known.values(), key=lambda thread: thread.tid)

    def thread(self, tid: int) -> Thread | None:
        """A thread by number."""
        return next((thread for thread in self._known.values() if thread.tid == tid), None)

    def thread_of(self, task: Task | None) -> Thread | None:
        """The thread that a task is, None if it is not debugged."""
        return None if task is None else self._known.get(task)

    def _adopt(self, task: Task) -> Thread:
        """A task is debugged from now on."""
        thread = self._known.get(task)
        if thread is None:
            thread = self._known[task] = Thread(task, shows_cpu=0 in self.rings)
        return thread

    # -- going on ------------------------------------------------------------------------------------------------

    def resume(self, thread: Thread, signal: int = 0) -> None:
        """Lets a thread go on, with the next `wait`; nothing happens if it does, or has stopped anew meanwhile.

        Args:
            thread: The thread.
            signal: The signal to deliver to it, 0 for none.
        """
        if thread.stop is not None and not self._is_to_be_told(thread):
            self._leave_stepper(thread)
            if thread.passing != thread.registers.pc:
                thread.passing = None  # the debugger lets it go on elsewhere
            self._go_on(thread, signal)

    def step(self, thread: Thread, signal: int = 0, inside: range = NOWHERE) -> None:
        """Lets a thread execute one instruction, or all in a range of addresses until it leaves that.

        Args:
            thread: The thread, which stands still.
            signal: As for `resume`.
            inside: The range; empty for one instruction.
        """
        if thread.stop is None or self._is_to_be_told(thread):
            return
        thread.passing = None
        if thread.stepper is None:
            thread.stepper = Stepper(thread, self.rings, self._reached, self._step_done)
        thread.stepper.begin(inside, self._handler(thread, signal))
        self._go_on(thread, signal)

    def _is_to_be_told(self, thread: Thread) -> bool:
        """Whether a stop of a thread waits to be told of."""
        return any(stop.thread is thread for stop in self._stops)

    def wait(self, until: Callable[[], bool] = lambda: False) -> Stop | None:
        """Runs the machine until a thread has stopped, or something else is there: then the result is None.

        Args:
            until: Asked between the turns of tasks whether the machine is to be left.

        Raises:
            Deadlock: Nothing can run any more.
            KernelPanic: A bug of ours.
        """
        self.breakpoints.apply()
        self.watchpoints.apply()
        self._run(lambda: bool(self._stops) or until())
        return self._stops.popleft() if self._stops else None

    def _run(self, is_over: Callable[[], bool]) -> None:
        """Runs the machine until something is so."""
        self._is_over = is_over
        while not is_over():
            self.kernel.run(self)

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether the machine is to be left."""
        self.watchpoints.tell()
        return self._is_over()

    @abstractmethod
    def _go_on(self, thread: Thread, signal: int) -> None:
        """Lets a thread go on that stands still."""

    def _handler(self, thread: Thread, signal: int) -> int | None:
        """Where a program's handler of a signal begins, None where there is none."""
        del thread, signal
        return None

    # -- stopping ------------------------------------------------------------------------------------------------

    @abstractmethod
    def interrupt(self, thread: Thread) -> None:
        """Asks a thread to stop; that it has is told by `wait`, unless it stands still already."""

    @abstractmethod
    def halt(self) -> None:
        """Makes all threads stand still; none of them is told of by `wait` for that reason."""

    def stopped(self, stop: Stop) -> None:
        """A thread has stopped: for those who watch it."""
        thread = stop.thread
        self._end_step(thread)
        thread.stop = stop
        self._stops.append(stop)

    def _hold(self, stop: Stop) -> None:
        """A thread is to stop before the instruction that it stands at."""
        self.kernel.hold(stop.thread.task)
        self.stopped(stop)

    def _at_address(self, task: Task, address: int) -> None:
        """A task has come to a stop address."""
        thread = self._known.get(task)
        if thread is None or thread.stop is not None or (thread.stepper and thread.stepper.is_stepping):
            return  # a stepper looks by itself
        if thread.passing == address:
            thread.passing = None
        else:
            self._reached(thread, address)

    def _reached(self, thread: Thread, address: int) -> bool:
        """A thread has come to an instruction: whether it stops there for an access or a breakpoint."""
        access = self.watchpoints.take(thread)
        if access is not None:
            self._accessed(thread, access)
            return True
        found = self.breakpoints.hit(thread, address)
        if found is None:
            return False
        thread.passing = address
        self._hold(Stop(Reason.BREAKPOINT, thread, breakpoint=found))
        return True

    def _step_done(self, thread: Thread) -> None:
        self._hold(Stop(Reason.STEP, thread))

    def _accessed(self, thread: Thread, access: Access) -> None:
        self._hold(Stop(Reason.WATCHPOINT, thread, access=access))

    @staticmethod
    def _end_step(thread: Thread) -> None:
        if thread.stepper is not None:
            thread.stepper.end()

    @staticmethod
    def _leave_stepper(thread: Thread) -> None:
        stepper, thread.stepper = thread.stepper, None
        if stepper is not None:
            stepper.leave()

    def _ended(self, stop: Stop) -> None:
        """A thread is about to be gone."""
        self._leave_stepper(stop.thread)
        self._known.pop(stop.thread.task, None)
        self.stopped(stop)

    def close(self) -> None:
        """Debugs nothing any more: threads that stand still go on."""
        for thread in self.threads:
            self._leave_stepper(thread)
            thread.stop = None
            self.kernel.let_go(thread.task)
        self._known.clear()
        self._stops.clear()
        self.breakpoints.close()
        self.watchpoints.close()
        while self._attachments:
            self._attachments.pop().detach()
