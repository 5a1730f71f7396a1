"""Listens to a machine with Linux or Solaris and writes what its tasks do as a trace of Perfetto.

Tasks are processes and threads; their calls are slices, the kernel's functions that they lead to lie within these,
signals, faults and programs are instants, and arrows lead from who wakes, signals or starts a task to that task. The
scheduler's part is told of all tasks of the machine. Times are the host's, as those of ``strace -ttt``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.abi.signals import Sig
from ring3.kernel import points
from ring3.kernel.mm.fault import FaultOutcome
from ring3.kernel.observed import Call
from ring3.kernel.task import TaskState
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import bits_of, name_of
from ring3.trace.timeline.listening import Listener, listen
from ring3.trace.timeline.perfetto import Annotations, PerfettoFile, State

if TYPE_CHECKING:
    from ring3.abi.solaris.signals import SolarisSig
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created, Executed, Exited, Faulted, Sent, Taken, Woken
    from ring3.kernel.task import Task

IDLE: Final = ("swapper/0", 0)
"""What Linux calls the task that runs when none can."""
_STATES: Final = {
    TaskState.READY: State.RUNNABLE,
    TaskState.WAITING: State.SLEEPING,
    TaskState.HELD: State.STOPPED,
    TaskState.DEAD: State.DEAD,
}


class _Thread:
    """A task's track.

    Attributes:
        track: Its number in the file.
        process: That of its process.
        open: The calls and functions that have begun, the innermost last.
        woken: The arrow that leads to it when it runs next, 0 for none.
    """

    __slots__ = ("open", "process", "track", "woken")

    def __init__(self, track: int, process: _Process) -> None:
        self.track = track
        self.process = process
        self.open: list[Call] = []
        self.woken = 0


class _Process:
    """A process's track, with its counters: calls made, and pages that were faulted in."""

    __slots__ = ("call_track", "calls", "fault_track", "faults", "track")

    def __init__(self, file: PerfettoFile, pid: int, name: str) -> None:
        self.track = file.process(pid, name)
        self.call_track = file.counter(self.track, "system calls")
        self.fault_track = file.counter(self.track, "page faults")
        self.calls = self.faults = 0


class Recorder(Listener[_Thread]):
    """Records tasks, until it is closed.

    Attributes:
        tasks: Who is recorded, with their tracks.
    """

    def __init__(
        self,
        kernel: Kernel[Any],
        first: Iterable[Task],
        write: Callable[[bytes], object],
        *,
        follow: bool = True,
        calls: Callable[[str, int], bool] = lambda _name, _bits: True,
        describe: Callable[[StubCall], str] | None = None,
        signals: type[Sig | SolarisSig] = Sig,
    ) -> None:
        """Begins to listen.

        Args:
            kernel: The machine's kernel.
            first: The tasks to record at first.
            write: Takes the bytes of the file.
            follow: Whether the tasks that they start are recorded too.
            calls: Whether calls of a name and a width are.
            describe: Writes a call that begins as text; None for the values of its arguments alone.
            signals: The system's.
        """
        self._kernel = kernel
        self._follow = follow
        self._wanted = calls
        self._describe = describe
        self._signal_names = {int(signal): signal.name for signal in signals}
        self._now = 0
        self._file = PerfettoFile(write, self.now())
        self._arrows = count(1)
        self._processes: dict[int, _Process] = {}
        self.tasks: dict[Task, _Thread] = {}
        self._signals: dict[tuple[int, int], list[int]] = {}
        self._frames = self._file.counter(0, "memory in use (pages)")
        for task in first:
            self._add(task)
        attach = kernel.probes.attach
        self._attached = [
            *listen(kernel, self),
            attach(points.SignalSent(), self._sent),
            attach(points.SignalDelivered(), self._taken),
            attach(points.PageFault(), self._faulted),
            attach(points.TaskCreated(), self._created),
            attach(points.TaskExec(), self._executed),
            attach(points.TaskExited(), self._exited),
            attach(points.TaskWoken(), self._woken),
            attach(points.OnCpu(), self._on_cpu),
            attach(points.OffCpu(), self._off_cpu),
        ]

    def close(self) -> None:
        """Listens no more."""
        while self._attached:
            self._attached.pop().detach()
        for task in tuple(self.tasks):
            self._end_all(task)

    def now(self) -> int:
        """The time of day in nanoseconds; it never goes back, whatever the host's clock does."""
        self._now = max(self._now, time.time_ns())
        return self._now

    def _add(self, task: Task) -> _Thread:
        pid = _pid(task)
        process = self._processes.get(pid)
        if process is None:
            process = self._processes[pid] = _Process(self._file, pid, task.name)
        found = self.tasks[task] = _Thread(self._file.thread(pid, task.tid, task.name), process)
        return found

    # -- calls and functions ---------------------------------------------------------------------------------------

    def wants(self, call: StubCall) -> bool:
        """Whether a call is recorded, as far as its name says."""
        return self._wanted(name_of(call), bits_of(call))

    def begin_call(self, call: StubCall, thread: _Thread) -> None:
        """A system call begins."""
        told: dict[str, str | int] = {"number": call.number}
        if self._describe is not None:
            told["call"] = self._describe(call)
        else:
            told |= {f"argument {at}": f"{value:#x}" for at, value in enumerate(call.arguments, 1)}
        now = self.now()
        self._file.begin(now, thread.track, name_of(call), "syscall", told)
        thread.open.append(call)
        thread.process.calls += 1
        self._file.count(now, thread.process.call_track, thread.process.calls)

    def begin(self, call: Call, thread: _Thread) -> None:
        """A function of the kernel begins; it is recorded in calls alone."""
        if not thread.open:
            return
        self._file.begin(self.now(), thread.track, call.what.name, "kernel")
        thread.open.append(call)

    def end(self, call: Call, thread: _Thread) -> None:
        """What has begun ends, with a value, an error or neither; what it did not live to end ends with it."""
        if call not in thread.open:
            return
        told: Annotations = {}
        if isinstance(call.error, Errno):
            told = {"error": call.error.number.name}
        elif isinstance(call.value, int) and call.error is None:
            told = {"result": int(call.value)}
        now = self.now()
        while True:
            ended = thread.open.pop()
            self._file.end(now, thread.track, told if ended is call else None)
            if ended is call:
                return

    def _end_all(self, task: Task) -> None:
        thread = self.tasks.pop(task)
        for _ in thread.open:
            self._file.end(self.now(), thread.track)

    # -- signals and faults ----------------------------------------------------------------------------------------

    def _sent(self, event: Sent) -> None:
        pid, signal = event.process.pid, event.info.signo
        sender = self.tasks.get(event.task) if event.task is not None else None
        if sender is None:
            return
        name = f"{self._name(signal)} to {pid}"
        if event.discarded:
            self._file.instant(self.now(), sender.track, f"{name}: ignored", "signal")
            return
        arrow = next(self._arrows)
        self._signals.setdefault((pid, signal), []).append(arrow)
        self._file.instant(self.now(), sender.track, name, "signal", starts=arrow)

    def _taken(self, event: Taken) -> None:
        thread = self.tasks.get(event.task)
        if thread is None:
            return
        signal = event.info.signo
        arrows = self._signals.get((_pid(event.task), signal), [])
        arrow = arrows.pop(0) if arrows else 0
        told = {"code": event.info.code, "from": event.info.pid}
        self._file.instant(self.now(), thread.track, self._name(signal), "signal", told, ends=arrow)

    def _faulted(self, event: Faulted) -> None:
        thread = self.tasks.get(event.task) if event.task is not None else None
        if thread is None:
            return
        now = self.now()
        process = thread.process
        process.faults += 1
        access = "fetch" if event.fetch else "write" if event.write else "read"
        told = {"address": f"{event.address:#x}", "access": access, "outcome": event.outcome.value}
        name = "page fault" if event.outcome is FaultOutcome.OK else f"page fault: {event.outcome.name}"
        self._file.instant(now, thread.track, name, "fault", told)
        self._file.count(now, process.fault_track, process.faults)
        self._file.count(now, self._frames, self._kernel.machine.ram.frames_in_use)

    def _name(self, signal: int) -> str:
        return self._signal_names.get(signal) or f"signal {signal}"

    # -- tasks -----------------------------------------------------------------------------------------------------

    def _created(self, event: Created) -> None:
        parent = self.tasks.get(event.parent) if event.parent is not None else None
        if parent is None or not self._follow:
            return
        child = self._add(event.task)
        arrow = next(self._arrows)
        self._file.instant(self.now(), parent.track, f"starts {event.task.tid}", "task", starts=arrow)
        self._file.instant(self.now(), child.track, "starts", "task", ends=arrow)

    def _executed(self, event: Executed) -> None:
        thread = self.tasks.get(event.task)
        if thread is None:
            return
        path = event.path.decode("utf-8", "replace")
        pid, name = _pid(event.task), path.rpartition("/")[2][:15]
        self._file.process(pid, name, thread.process.track)
        self._file.thread(pid, event.task.tid, name, thread.track)
        self._file.instant(self.now(), thread.track, f"becomes {path}", "task")

    def _exited(self, event: Exited) -> None:
        thread = self.tasks.get(event.task)
        if thread is not None:
            signal = event.code & 0x7F
            told = self._name(signal) if signal else f"status {event.code >> 8 & 0xFF}"
            self._file.instant(self.now(), thread.track, f"ends: {told}", "task")
            self._end_all(event.task)

    # -- the scheduler ---------------------------------------------------------------------------------------------

    def _woken(self, event: Woken) -> None:
        now = self.now()
        task, by = event.task, event.by
        self._file.waking(now, 0 if by is None else by.tid, (task.name, task.tid))
        thread, waker = self.tasks.get(task), self.tasks.get(by) if by is not None else None
        if thread is not None and waker is not None and not thread.woken:
            thread.woken = next(self._arrows)
            self._file.instant(
                now, waker.track, f"wakes {task.name} ({task.tid})", "sched", starts=thread.woken
            )

    def _on_cpu(self, task: Task) -> None:
        now = self.now()
        self._file.switch(now, IDLE, State.RUNNABLE, (task.name, task.tid))
        thread = self.tasks.get(task)
        if thread is not None and thread.woken:
            self._file.instant(now, thread.track, "woken", "sched", ends=thread.woken)
            thread.woken = 0

    def _off_cpu(self, task: Task) -> None:
        self._file.switch(self.now(), (task.name, task.tid), _STATES[task.state], IDLE)


def _pid(task: Any) -> int:  # noqa: ANN401 - a task of either system
    """The number of its process."""
    return int(task.process.pid)
