"""Who has the CPU: task numbers, the run queue, and the time that tasks have had."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Final, Generic, TypeVar

from ring3.abi.errno import E, Errno
from ring3.kernel.clock import Clocks
from ring3.kernel.rings import Rings
from ring3.kernel.task import Task, TaskState
from ring3.kernel.timers import CpuTimers, Slices
from ring3.machine.board import Machine
from ring3.machine.pmap import Pmap

TaskT = TypeVar("TaskT", bound=Task)
"""The kind of a kernel's tasks."""
FIRST_TID: Final = 2
"""The first program's number; 1 is the kernel's own."""
PID_MAX: Final = 32768
FIRST_REUSED: Final = 300
"""Where numbers start again (RESERVED_PIDS, kernel/pid.c)."""


class Scheduler(Rings, ABC, Generic[TaskT]):
    """The tasks of a kernel, and the one that has the CPU.

    Attributes:
        machine: The computer.
        tasks: All tasks that are not dead, by number.
        current: The task whose registers are in the CPU.
        clocks: Where the time comes from.
        cpu_timers: What is to happen when somebody has used so much CPU time.
        ranked: Some task asked to come before others: one that is made ready may have to run at once (`overtake`).
        slices: Stops programs that do not enter the kernel, when anything else wants the CPU.
    """

    clocks: Clocks
    cpu_timers: CpuTimers
    slices: Slices
    ranked = False

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.tasks: dict[int, TaskT] = {}
        self.current: TaskT | None = None
        self._ready: deque[TaskT] = deque()
        self._charged = 0
        self._turn_ended = False
        self._next_tid = FIRST_TID

    @abstractmethod
    def switch_entry_stack(self, task: TaskT) -> None:
        """Tells the entry code and the TSS which task runs, and where its kernel stack ends."""

    def new_tid(self) -> int:
        """A task number that is not in use."""
        for _ in range(PID_MAX):
            tid = self._next_tid
            self._next_tid = tid + 1 if tid + 1 < PID_MAX else FIRST_REUSED
            if not self.number_in_use(tid):
                return tid
        raise Errno(E.EAGAIN)

    @property
    def last_tid(self) -> int:
        """The task number that was given away last; who sets it chooses where the next one is looked for."""
        return self._next_tid - 1

    @last_tid.setter
    def last_tid(self, number: int) -> None:
        self._next_tid = number + 1 if number + 1 < PID_MAX else FIRST_REUSED

    def number_in_use(self, number: int) -> bool:
        """Whether a number belongs to a task, or to anything else that keeps it from being given away."""
        return number in self.tasks

    # -- the run queue -------------------------------------------------------------------------------------------

    def ready(self, task: TaskT) -> None:
        """Puts a task that waited into the run queue; nothing happens if it is there or dead."""
        if task.state is TaskState.WAITING:
            task.state = TaskState.READY
            self._enqueue(task)

    def hold(self, task: TaskT) -> None:
        """Keeps a task from running until `let_go`: its program stands where it is, between two instructions.

        To be called while no instruction of the task is being executed and no handler of it runs.
        """
        if task.state is TaskState.READY and not task.on_cpu and task in self._ready:
            self._ready.remove(task)
        if task.state is not TaskState.DEAD:
            task.state = TaskState.HELD
            task.on_cpu = False

    def let_go(self, task: TaskT) -> None:
        """Lets a task run on that is held, before others; one that waits looks again whether it may."""
        if task.state is TaskState.HELD:
            task.state = TaskState.READY
            self._enqueue(task)
            self._ready.rotate(1)

    def _enqueue(self, task: TaskT) -> None:
        self._ready.append(task)
        running = self.current
        if running is not None and running.on_cpu:
            self.slices.wake()
            if self.ranked:
                self.overtake(task, running)

    def overtake(self, task: TaskT, running: TaskT) -> None:
        """A task is ready while another one runs, and there are ranks: the latter makes room for a higher one."""

    def next_task(self) -> TaskT:
        """Takes the task to run now out of the run queue, which is not empty."""
        return self._ready.popleft()

    def preempt(self, task: TaskT) -> None:
        """The task had its turn: the next one runs, and the host is asked what has come."""
        task.on_cpu = False
        self._turn_ended = True
        self._ready.append(task)

    def has_others(self) -> bool:
        """Whether any other task than the one on the CPU could run."""
        return bool(self._ready)

    # -- the CPU -------------------------------------------------------------------------------------------------

    def cpu_time(self, task: TaskT) -> int:
        """Nanoseconds that a task has had the CPU, its handlers included."""
        if task is self.current and task.on_cpu:
            return task.cpu_time + self.clocks.cpu() - self._charged
        return task.cpu_time

    def left_cpu(self, task: TaskT) -> None:
        """The task has left the CPU: counts its time there."""
        now = self.clocks.cpu_roughly()
        task.cpu_time += now - self._charged
        self._charged = now
        if task.state is TaskState.READY:
            task.preemptions += 1
        else:
            task.waits += 1
        if self.cpu_timers.waiting:
            self.cpu_timers.fire()

    def forget_memory(self, pmap: Pmap) -> None:
        """An address space is about to go away: the CPU must not use it any more."""
        if self.machine.cpu.cr3 == pmap.root:
            self.machine.cpu.use(self.machine.kernel_pmap)

    def switch_to(self, task: TaskT) -> None:
        """Gives the CPU to a task, which may have had it before."""
        if self.current is task:
            return
        cpu = self.machine.cpu
        if self.current is not None:
            self.current.saved = cpu.save()
        self.current = task
        cpu.load(task.saved)
        cpu.use(task.memory.pmap)
        self.switch_entry_stack(task)
