"""Watching the CPU: its stops, its instructions, its ways into ring 0, and addresses before which it is to stop.

What runs the CPU (`Kernel.run_cpu`) is exchanged for a run that tells; where instructions are wanted it goes step by
step, through ring 0 too where only ring 3 is wanted, because that comes next. Who watches ring 0 puts the full path in
force, as there is no ring 0 to be seen on the short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from ring3.abi.kinds import NamedTuple
from ring3.kernel.two_ways import PathChanged, TwoWays
from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.recorder import RecordingMicrocode
from ring3.machine.steps import Step

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task
    from ring3.machine.board import Machine
    from ring3.machine.pmap import Pmap

T = TypeVar("T")


class CpuObserver:
    """Who is told of runs of the CPU, or of single instructions."""

    def before(self, task: Task) -> None:
        """The CPU is about to run."""

    def after(self, task: Task, stop: Stop) -> None:
        """It has stopped, and nothing has been done about that yet."""


class Delivered(NamedTuple):
    """The CPU has entered ring 0.

    Attributes:
        task: Whose call or exception it was.
        cause: The stop that made it necessary.
        steps: What the CPU did for it.
    """

    task: Task
    cause: Stop
    steps: tuple[Step, ...]


AddressObserver = Callable[["Task", int], None]
"""Is told, with the task and the address, before the instruction there is executed."""
DeliveryObserver = Callable[[Delivered], None]
_Stepped = tuple[CpuObserver, frozenset[int], "Task | None"]
"""Who is told of instructions, in which rings, and of which task: None for all."""


class WatchedCpu:
    """Who watches the CPU of one kernel."""

    def __init__(self, kernel: Kernel[Any]) -> None:
        self._kernel = kernel
        self._plain_run = kernel.run_cpu
        self._plain_microcode = kernel.machine.microcode
        self._runs: tuple[CpuObserver, ...] = ()
        self._instructions: tuple[_Stepped, ...] = ()
        self._deliveries: tuple[DeliveryObserver, ...] = ()
        self._addresses: dict[tuple[Pmap | None, int], tuple[AddressObserver, ...]] = {}
        self._ring0 = 0

    def watch_runs(self, observer: CpuObserver) -> Callable[[], None]:
        """Tells an observer of every stop, and when the CPU goes on; gives what ends that."""
        self._runs = (*self._runs, observer)
        self._change()

        def leave() -> None:
            self._runs = without(self._runs, observer)
            self._change()

        return leave

    def watch_instructions(
        self, observer: CpuObserver, rings: frozenset[int], *, full_path: bool, task: Task | None
    ) -> Callable[[], None]:
        """Tells an observer of every instruction in some rings, of one task or of all."""
        entry = observer, rings, task
        self._instructions = (*self._instructions, entry)
        end = self.need_ring0() if 0 in rings and full_path else _nothing
        self._change()

        def leave() -> None:
            self._instructions = without(self._instructions, entry)
            end()
            self._change()

        return leave

    def watch_deliveries(self, observer: DeliveryObserver) -> Callable[[], None]:
        """Tells an observer of every way into ring 0."""
        self._deliveries = (*self._deliveries, observer)
        end = self.need_ring0()
        self._change()

        def leave() -> None:
            self._deliveries = without(self._deliveries, observer)
            end()
            self._change()

        return leave

    def watch_address(
        self, observer: AddressObserver, address: int, pmap: Pmap | None, *, in_ring0: bool
    ) -> Callable[[], None]:
        """Tells an observer before the instruction at an address is executed, in one address space or in all."""
        key = pmap, address
        found = self._addresses.get(key, ())
        self._addresses[key] = (*found, observer)
        cpu = self._kernel.machine.cpu
        if not found:
            cpu.stop_at([address], pmap)
        end = self.need_ring0() if in_ring0 else _nothing

        def leave() -> None:
            self._addresses[key] = without(self._addresses[key], observer)
            if not self._addresses[key]:
                del self._addresses[key]
                cpu.stop_no_more_at([address], pmap)
            end()

        return leave

    def at_address(self, task: Task) -> None:
        """The CPU stands at a stop address: tells who wants to know."""
        address = self._kernel.machine.cpu.rip
        for pmap in (task.memory.pmap, None):
            key = pmap, address
            for observer in _staying(lambda key=key: self._addresses.get(key, ())):  # type: ignore[misc]
                observer(task, address)

    def need_ring0(self) -> Callable[[], None]:
        """Puts the full path in force until the function is called that this gives."""
        self._ring0 += 1
        self._choose_path()

        def leave() -> None:
            self._ring0 -= 1
            self._choose_path()

        return leave

    def _choose_path(self) -> None:
        if isinstance(self._kernel, TwoWays):
            self._kernel.is_watched = bool(self._ring0)
            self._kernel.reconsider()

    def _change(self) -> None:
        """Puts in place what the observers need, and what was there before where they need nothing."""
        kernel = self._kernel
        kernel.run_cpu = self._run if self._runs or self._instructions else self._plain_run
        if not self._deliveries:
            kernel.machine.microcode = self._plain_microcode
        elif not isinstance(kernel.machine.microcode, _TellingMicrocode):
            kernel.machine.microcode = _TellingMicrocode(kernel.machine, self._tell_delivery)
        kernel.reconsider()

    # -- in the place of others ----------------------------------------------------------------------------------

    def _run(self) -> Stop:
        """Stands in for `Cpu.run`."""
        kernel, task = self._kernel, self._task()
        short = isinstance(kernel, TwoWays) and kernel.short_path
        for observer in _staying(lambda: self._runs):
            observer.before(task)
        stop = self._run_or_step()
        for observer in _staying(lambda: self._runs):
            observer.after(task, stop)
        if short and isinstance(kernel, TwoWays) and not kernel.short_path:
            raise PathChanged(stop)
        return stop

    def _run_or_step(self) -> Stop:
        """Runs the CPU; step by step in rings that nobody watches too, as their code may lead into one that is."""
        cpu, task = self._kernel.machine.cpu, self._task()
        while watched := [entry for entry in self._instructions if entry[2] in (None, task)]:
            cpl = cpu.cpl
            entries = tuple(entry for entry in watched if cpl in entry[1])
            if not entries and cpl == 3:
                break
            for observer in self._still(entries):
                observer.before(task)
            address = cpu.rip
            if task.on_cpu:
                self.at_address(task)  # a step does not stop there
            if not task.on_cpu:
                return Event.STEPPED
            if cpu.rip != address:
                continue  # somebody has sent the task elsewhere
            stop = cpu.step()
            for observer in self._still(entries):
                observer.after(task, stop)
            if stop is not Event.STEPPED:
                return stop
        return self._plain_run()

    def _still(self, entries: tuple[_Stepped, ...]) -> Iterator[CpuObserver]:
        """The observers of those that nobody has taken off meanwhile."""
        for entry in entries:
            if entry in self._instructions:
                yield entry[0]

    def _tell_delivery(self, cause: Stop, steps: list[Step]) -> None:
        told = Delivered(self._task(), cause, tuple(steps))
        for observer in _staying(lambda: self._deliveries):
            observer(told)

    def _task(self) -> Task:
        task: Task | None = self._kernel.current
        assert task is not None
        return task


class _TellingMicrocode(RecordingMicrocode):
    """Tells of each entry into ring 0 as a whole."""

    def __init__(self, machine: Machine, tell: Callable[[Stop, list[Step]], None]) -> None:
        self._steps: list[Step] = []
        self._tell_all = tell
        super().__init__(machine.cpu, machine.ram, self._steps.append)
        self._nested = False

    def deliver(self, trap: Trap) -> None:
        """As `Microcode.deliver`."""
        if self._nested:
            super().deliver(trap)
        else:
            self._enter(trap, lambda: super(_TellingMicrocode, self).deliver(trap))

    def syscall(self) -> None:
        """As `Microcode.syscall`."""
        cause = Event.SYSCALL if self._real.long_mode else Event.SYSCALL_COMPAT
        self._enter(cause, super().syscall)

    def sysenter(self) -> None:
        """As `Microcode.sysenter`."""
        self._enter(Event.SYSENTER, super().sysenter)

    def _enter(self, cause: Stop, enter: Callable[[], None]) -> None:
        self._steps.clear()
        self._nested = True
        try:
            enter()
        finally:
            self._nested = False
        self._tell_all(cause, self._steps)


def _staying(those: Callable[[], tuple[T, ...]]) -> Iterator[T]:
    """Each that is there now, unless one of those before it takes it away."""
    for one in those():
        if one in those():
            yield one


def without(those: tuple[T, ...], one: T) -> tuple[T, ...]:
    """The others, where one is in it."""
    at = those.index(one)
    return those[:at] + those[at + 1 :]


def _nothing() -> None:
    pass
