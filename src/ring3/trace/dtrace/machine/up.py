"""dtrace on a machine that stays up: it traces whatever runs there, and the machine goes on when it has seen enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring3.kernel import points
from ring3.trace.dtrace.machine import ending
from ring3.trace.dtrace.machine.host import Computer, MachineHost

_FLUSH = 1_000_000_000


class UpHost(MachineHost):
    """dtrace on a machine that others use too; it is never switched off here."""

    is_shared = True

    def __init__(self, computer: Computer, system: str) -> None:
        """Trace a machine.

        Args:
            computer: The machine; `load` starts programs for whoever has called.
            system: The name of its system.
        """
        super().__init__(lambda program: (computer, system))
        self._kernel = self.kernel()
        self._look_at(self._kernel)
        self._finished: Callable[[], bool] = lambda: True

    def grab(self, number: int) -> bool:
        """Have the session end with a process of the machine."""
        self._task = self._kernel.tasks.get(number)
        if self._task is not None and self._task.mm is not None:
            self._look_at(self._kernel)
        return self._task is not None

    def _run_to(self, address: int) -> None:
        """Let the machine run until the program is held at an address, or has ended."""
        held: list[Any] = []
        self._finished = lambda: bool(held)
        self._hold_at(self._task, address, held.append)
        self._kernel.run(self)
        for task in held:
            self._kernel.let_go(task)

    def _hold_at(self, task: Any, address: int, told: Callable[[Any], None]) -> None:  # noqa: ANN401 - of either system
        """Have a task stand still before the instruction at an address, and tell when it does."""

        def arrived(found: object, _address: int) -> None:
            if found is task:
                there.detach()
                self._kernel.hold(task)
                told(task)

        there = self._kernel.probes.attach(points.Address(address, task.mm), arrived)

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether the session is over, or the program that it has started."""
        return self._finished() or (self._task is not None and self._task.program_ended)

    def leave(self) -> None:
        """The session is over: the machine is left as soon as the task that runs has had its turn."""
        task: Any = self._kernel.current
        if self._running and task is not None and task.on_cpu:
            self._kernel.machine.cpu.interrupt()

    def run(self, finished: Callable[[], bool], flush: Callable[[], None]) -> None:
        """Let the machine run until the session is over, or the program that was started."""
        self._finished = finished
        self._running = True
        try:
            with self._following(), self._kernel.probes.attach(points.Tick(_FLUSH), lambda _task: flush()):
                self._kernel.run(self)
        finally:
            self._running = False
        if self._task is not None and self._task.program_ended:
            self.ended = ending.told(self._task, self.system)

    def close(self) -> None:
        """The machine stays."""
