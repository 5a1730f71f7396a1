"""Where the time of Linux tasks goes: the program's stack and the kernel's functions in one, for flame graphs.

Both are measured by the host's clock. The program's own time is that of the CPU's runs; it goes to the stack that the
program had when it entered the kernel next: for a call, a fault, or a tick of the machine's clock, which makes that as
fine as a sampling profiler is. Each function of the kernel gets what it spent itself, which is what it costs here, in
Python, being watched. What a task waits is nobody's, and neither is what the machine does between the two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from ring3.kernel import points
from ring3.kernel.watched_cpu import CpuObserver
from ring3.linux.model.task import LinuxTask
from ring3.trace.called import bits_of, name_of
from ring3.trace.pictures.stacks import Frame, Profile, Stack
from ring3.trace.timeline.listening import Listener, listen
from ring3.trace.unwind import Unwinder

if TYPE_CHECKING:
    from ring3.kernel.events import Created, Exited
    from ring3.kernel.observed import Call
    from ring3.kernel.task import Task
    from ring3.kernel.watched_stubs import StubCall
    from ring3.linux.kernel import LinuxKernel
    from ring3.machine.cpu import Stop
    from ring3.trace.unwind import Frame as UserFrame

PERIOD: Final = 997_000
"""Nanoseconds between two samples; a prime number of microseconds, so that no program keeps step with it."""
_DEEPEST: Final = 256
"""Frames of a program's stack that are looked at."""


class _Thread:
    """A task in a call, or not.

    Attributes:
        stack: The program's frames at the entry of the kernel, with the call and the functions that have begun since.
        open: The calls of these, the innermost last; empty while the program itself runs.
        since: Since when the innermost of them has been running; 0 while nothing of the kernel does.
        own: What the program itself has spent since it was in the kernel last.
    """

    __slots__ = ("open", "own", "since", "stack")

    def __init__(self) -> None:
        self.stack: list[Frame] = []
        self.open: list[Call] = []
        self.since = 0
        self.own = 0


class Profiler(Listener[_Thread]):
    """Profiles tasks, until it is closed."""

    def __init__(
        self,
        kernel: LinuxKernel,
        first: Iterable[LinuxTask],
        *,
        follow: bool = True,
        calls: Callable[[str, int], bool] = lambda _name, _bits: True,
        period: int = PERIOD,
    ) -> None:
        """Begins.

        Args:
            kernel: The machine's kernel.
            first: The tasks to profile at first.
            follow: Whether the tasks that they start are profiled too.
            calls: Whether calls of a name and a width are measured.
            period: Nanoseconds between two samples of the programs' own time.
        """
        self._follow = follow
        self._wanted = calls
        self._looking = False  # looking at a stack may fault pages in, which is not the program's doing
        self._unwinder = Unwinder()
        self._stacks: dict[Stack, int] = {}
        self.tasks: dict[Task, _Thread] = {task: _Thread() for task in first}
        attach = kernel.probes.attach
        self._attached = [
            *listen(kernel, self),
            attach(points.Tick(period), _nothing),  # it makes the program leave the CPU
            attach(points.CpuRun(), _Runs(self.tasks)),
            attach(points.OffCpu(), self._off_cpu),
            attach(points.TaskCreated(), self._created),
            attach(points.TaskExited(), self._exited),
        ]

    def close(self) -> None:
        """Ends it."""
        while self._attached:
            self._attached.pop().detach()

    def profile(self, title: str) -> Profile:
        """What was found."""
        return Profile(title, "nanoseconds", self._stacks)

    # -- stacks ----------------------------------------------------------------------------------------------------

    def _off_cpu(self, task: Task) -> None:
        thread = self.tasks.get(task)
        if thread is not None and not thread.open:
            self._enter(task, thread)

    def _enter(self, task: Task, thread: _Thread) -> None:
        """A task has entered the kernel: its stack gets its own time."""
        thread.stack = self._program(task)
        self._charge(thread.stack, thread.own)
        thread.own = 0

    def _charge(self, stack: Sequence[Frame], spent: int) -> None:
        key = tuple(stack)
        self._stacks[key] = self._stacks.get(key, 0) + spent

    def _program(self, task: Task) -> list[Frame]:
        """The program's stack, below its name."""
        assert isinstance(task, LinuxTask)
        self._looking = True
        try:
            frames = [_frame(frame) for frame in islice(self._unwinder.frames(task), _DEEPEST)]
        finally:
            self._looking = False
        return [Frame(task.name), *reversed(frames)]

    def pause(self, thread: _Thread) -> None:
        """What of the kernel runs gets its time until now; from now on nothing does."""
        if thread.since:
            self._charge(thread.stack, time.perf_counter_ns() - thread.since)
            thread.since = 0

    def resume(self, thread: _Thread) -> None:
        """Something of the kernel runs again."""
        if thread.open and not thread.since:
            thread.since = time.perf_counter_ns()

    # -- calls and functions ---------------------------------------------------------------------------------------

    def wants(self, call: StubCall) -> bool:
        """Whether a call is measured, as far as its name says."""
        return self._wanted(name_of(call), bits_of(call))

    def begin_call(self, call: StubCall, thread: _Thread) -> None:
        """A system call begins."""
        self._begin(name_of(call), call, thread)

    def begin(self, call: Call, thread: _Thread) -> None:
        """A function of the kernel begins: in a call, or because of a fault or a signal."""
        if not self._looking:
            self._begin(call.what.name, call, thread)

    def _begin(self, name: str, call: Call, thread: _Thread) -> None:
        if not thread.open:
            assert call.task is not None
            self._enter(call.task, thread)
        self.pause(thread)
        thread.open.append(call)
        thread.stack.append(Frame(name, is_kernel=True))
        self.resume(thread)

    def end(self, call: Call, thread: _Thread) -> None:
        """It ends, and what it did not live to end with it."""
        if call not in thread.open:
            return
        self.pause(thread)
        while thread.open.pop() is not call:
            thread.stack.pop()
        thread.stack.pop()
        self.resume(thread)

    # -- tasks -----------------------------------------------------------------------------------------------------

    def _created(self, event: Created) -> None:
        if self._follow and event.parent in self.tasks:
            self.tasks[event.task] = _Thread()

    def _exited(self, event: Exited) -> None:
        thread = self.tasks.pop(event.task, None)
        if thread is not None:
            self.pause(thread)


class _Runs(CpuObserver):
    """Measures the runs of the CPU."""

    def __init__(self, tasks: Mapping[Task, _Thread]) -> None:
        self._tasks = tasks
        self._since = 0

    def before(self, task: Task) -> None:
        self._since = time.perf_counter_ns()

    def after(self, task: Task, stop: Stop) -> None:
        thread = self._tasks.get(task)
        if thread is not None:
            thread.own += time.perf_counter_ns() - self._since


def _frame(frame: UserFrame) -> Frame:
    """A frame of the program: the function, or the place in its file."""
    name = frame.file.rpartition("/")[2]
    return Frame(frame.symbol or (f"{name}+{frame.offset:#x}" if name else "[unknown]"))


def _nothing(_task: Task | None) -> None:
    """For a point that is there for what it makes happen."""
