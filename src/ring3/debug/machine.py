"""The whole machine as a target: every task of every program, in ring 3 and in ring 0, stopped together.

Signals, children and new programs are the kernel's own affair. It works for every kernel, and also for the threads of
one process alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ring3.debug.stops import Reason, Stop
from ring3.debug.target import Target
from ring3.debug.thread import process_number
from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.debug.thread import Thread
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created, Exited
    from ring3.kernel.task import Task

BOTH_RINGS: Final = frozenset((0, 3))


class MachineTarget(Target):
    """All tasks of a kernel, or those of one process.

    `interrupt` means the machine: the thread that `wait` tells of is the one that the CPU was running.
    """

    def __init__(
        self, kernel: Kernel[Any], rings: frozenset[int] = BOTH_RINGS, only: Task | None = None
    ) -> None:
        """Begins to debug a machine, which does not run at this moment.

        Args:
            kernel: The kernel.
            rings: The rings in which an instruction is a step; with ring 3 alone, registers are those of programs.
            only: A task whose process alone is debugged; None for all.
        """
        super().__init__(kernel, rings)
        self._pid = None if only is None else process_number(only)
        for task in kernel.tasks.values():
            if self._is_wanted(task):
                self._halt(self._adopt(task))
        attach = kernel.probes.attach
        self._attachments += [
            attach(points.TaskCreated(), self._created),
            attach(points.TaskExited(), self._exited),
        ]
        self._is_asked = False

    def _is_wanted(self, task: Task) -> bool:
        return self._pid in (None, process_number(task))

    def _go_on(self, thread: Thread, signal: int) -> None:
        if signal:
            raise ValueError("a thread of the whole machine cannot be given a signal")
        thread.stop = None
        self.kernel.let_go(thread.task)

    def interrupt(self, thread: Thread | None = None) -> None:
        """Asks the machine to stop; `wait` tells of the thread that runs, or else of the one given."""
        del thread
        self._is_asked = True

    def halt(self) -> None:
        """Makes all threads stand still, where they are."""
        for thread in self._known.values():
            if thread.stop is None:
                self._halt(thread)

    def resume_all(self) -> None:
        """Lets the machine go on."""
        for thread in reversed(self.threads):
            self.resume(thread)

    @property
    def running(self) -> Thread | None:
        """The thread whose registers are in the CPU, None for none."""
        return self.thread_of(self.kernel.current)

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether the machine is to be left."""
        if self._is_asked and not self._stops and self._known:
            self._is_asked = False
            thread = self.running or self.threads[0]
            if thread.stop is None:
                self._stops.append(self._halt(thread))
        return super().program_ended

    def _halt(self, thread: Thread) -> Stop:
        """Holds a thread; nothing runs at this moment."""
        self.kernel.hold(thread.task)
        self._end_step(thread)
        thread.stop = Stop(Reason.INTERRUPT, thread)
        return thread.stop

    def _created(self, event: Created) -> None:
        if self._is_wanted(event.task):
            self._adopt(event.task)

    def _exited(self, event: Exited) -> None:
        thread = self.thread_of(event.task)
        if thread is None:
            return
        siblings = [
            other for other in self._known.values() if other.pid == thread.pid and other is not thread
        ]
        reason = Reason.THREAD_EXIT if siblings else Reason.EXIT
        self._ended(Stop(reason, thread, number=event.code))
