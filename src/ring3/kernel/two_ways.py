"""A kernel with two ways through: ring 0's machine code, and a short path of its own beside it.

The short path is right as long as ring 0's entry state is what boot left. Who writes to the machine's memory or MSRs
from outside is noticed at once; code in ring 0 that is not the kernel's may change anything, and is run with a doubt,
which is settled when ring 3 is back.
"""

from __future__ import annotations

from collections.abc import Callable

from ring3.image.entry_state import EntryState
from ring3.kernel.core import Kernel
from ring3.kernel.scheduler import TaskT
from ring3.machine.cpu import Stop


class PathChanged(BaseException):
    """Leaves the short path with a stop of the CPU that is to be taken on the full one."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop)
        self.stop = stop


class TwoWays(Kernel[TaskT]):
    """An operating system that can leave ring 0 out.

    Attributes:
        entry: The entry state as boot left it.
        run_short: Runs a task until it leaves the CPU or the short path is no longer right.
        short_path: Whether the short path is right at this moment.
        in_doubt: Whether that is to be asked again when ring 3 is back.
        is_watched: Whether somebody wants to see ring 0.
        is_changed: Whether the loop that runs a task is to be begun anew.
    """

    not_state: tuple[str, ...] = "_is_pristine", "is_changed", "is_watched", "run_short", "short_path"
    entry: EntryState
    run_short: Callable[[TaskT], None]
    short_path = False
    in_doubt = False
    is_watched = False
    is_changed = False
    _is_pristine: bool | None = None
    """Whether the entry state is what boot left; None where it has to be looked at again."""

    def open_short_path(self, entry: EntryState, run_short: Callable[[TaskT], None]) -> None:
        """Booting is over: the short path may be taken from now on, unless the kernel is to take the full one."""
        self.entry = entry
        self.run_short = run_short
        self.short_path = not self.full_path
        self.machine.on_change = self.check_entry_state

    def run_task(self, task: TaskT) -> None:
        """Runs the task by the way in force."""
        while task.on_cpu:
            if self.is_changed:
                self.is_changed = False
                self._choose_path()
            try:
                if self.short_path:
                    self.run_short(task)
                else:
                    self._run_full(task)
            except PathChanged as changed:
                self.handle(task, changed.stop)

    def _run_full(self, task: TaskT) -> None:
        """Runs the task through ring 0 until the short path is right again."""
        cpu, run, handle = self.machine.cpu, self.run_cpu, self.handle
        while task.on_cpu and not self.short_path and not self.is_changed:
            stop = run()
            if self.in_doubt and cpu.cpl == 3:
                self.in_doubt = False
                self.check_entry_state()
            handle(task, stop)

    def doubt_entry_state(self) -> None:
        """Ring 0 is about to run code that is not ours and may change anything: looks again when ring 3 is back."""
        self.in_doubt = True
        self.short_path = False

    def reconsider(self) -> None:
        """What runs the CPU was exchanged, or who watches has changed: ends the loop that knows it otherwise."""
        if self.current is not None and self.current.on_cpu:
            self.is_changed = True
            self.short_path = False
        else:
            self._choose_path()

    def check_entry_state(self) -> None:
        """Chooses the path anew after ring 0's memory or an MSR was changed from outside."""
        self._is_pristine = None
        self._choose_path()

    def _choose_path(self) -> None:
        wanted = not (self.full_path or self.is_watched or self.in_doubt)
        if wanted and self._is_pristine is None:
            self._is_pristine = self.entry.holds(self.machine, self.image)
        self.short_path = wanted and bool(self._is_pristine)
