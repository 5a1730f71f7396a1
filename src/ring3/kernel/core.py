"""The part of a kernel that does not depend on which one it is: it runs tasks and takes what the CPU hands back.

A task runs until something happens. On the *full path* every stop is delivered into ring 0 by the microcode, ring 0's
machine code runs on the CPU, and where it needs Python it halts in a stub: `Kernel.stubs` says which function
that is. A kernel's own *short path* (see `linux.entry.short_path`) takes the frequent stops without entering ring 0, as
long as the entry state is untouched; everything else falls back to the full path, event by event.

A `Kernel` is made of layers, each in its own module: `Scheduler` (who has the CPU), `CallsInFlight` (the handlers of
calls), and the loop below.
"""

from __future__ import annotations

import contextlib
import os
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ring3.errors import CLOSED, Deadlock, KernelPanic, Ring3Error, UserError
from ring3.image.kernel_image import KernelImage
from ring3.kernel.attention import Attention
from ring3.kernel.clock import Clocks, HostClocks, VirtualClocks
from ring3.kernel.functions import RUNNING, FunctionTable
from ring3.kernel.host_events import HostEvents
from ring3.kernel.in_flight import CallsInFlight, Stub
from ring3.kernel.regs import describe
from ring3.kernel.scheduler import TaskT
from ring3.kernel.task import TaskExited, TaskState
from ring3.kernel.timers import CpuTimers, Meter, Slices, Ticker, Timers
from ring3.machine.board import Machine
from ring3.machine.cpu import Event, Stop
from ring3.machine.registers import Gpr

if TYPE_CHECKING:
    from ring3.kernel.probes import Attacher, Probes
    from ring3.kernel.watched_stubs import StubRow


MOST_MESSAGES = 1000
"""Lines for the user that a kernel keeps."""


class Ending(Protocol):
    """What is run until it is over: the program of a task, or whatever a debugger waits for."""

    @property
    def program_ended(self) -> bool:
        """Whether it is."""


class Kernel(CallsInFlight[TaskT]):
    """An operating system on a machine.

    Attributes:
        full_path: Whether every stop goes through ring 0.
        timers: What is to happen when.
        random_bytes: Where randomness comes from.
        host: What tasks wait for outside of the machine.
        attention: What happens there and cannot wait; None while nobody listens to it.
        run_cpu: What runs the CPU until it stops: `Cpu.run`, or what an observer has put in its place.
        report: Takes lines meant for the user, such as that a call is absent.
        messages: Those lines, the newest last (`log`).
        is_closed: Its machine is switched off.
        open_tool: Opens the device of Ring3's own tools, where somebody serves it.
    """

    frame_size: int
    open_tool: Callable[[Any, Any, int], Any] | None = None
    is_closed = False
    not_state: tuple[str, ...] = (
        "attention", "image", "machine", "probes", "report", "run_cpu", "stubs",
    )  # fmt: skip

    def __init__(self, machine: Machine, image: KernelImage, full_path: bool) -> None:
        super().__init__(machine, image)
        self.full_path = full_path
        self.random_bytes: Callable[[int], bytes] = os.urandom
        self.host = HostEvents()
        self.attention: Attention | None = None
        self.clocks: Clocks = HostClocks(machine.cpu.spent)
        self.timers = Timers(self._timer_added)
        self.cpu_timers = CpuTimers(self._timer_added)
        self.slices: Slices = Ticker(
            lambda: (
                bool(self._ready)
                or self.host.watched
                or bool(self.timers)
                or bool(self.cpu_timers)
                or self._cpu_asks()
            ),
            lambda: self.timers.left(self.clocks),
            machine.cpu.make_interruptible,
            machine.cpu.interrupt,
        )
        self.run_cpu: Callable[[], Stop] = machine.cpu.run
        self.report: Callable[[str], None] = lambda line: None
        self.messages: list[str] = []

    # -- what each kernel says for itself ------------------------------------------------------------------------

    @abstractmethod
    def birth(self) -> tuple[bytes, int]:
        """The registers of a task that has not run yet, in ring 0, and where its first instruction lies."""

    def run_task(self, task: TaskT) -> None:
        """Runs the task on the CPU until it cannot or must not go on."""
        while task.on_cpu:
            self.handle(task, self.run_cpu())

    def log(self, line: str) -> None:
        """Says something to the user, and keeps it for who looks later."""
        self.messages.append(line)
        del self.messages[:-MOST_MESSAGES]
        self.report(line)

    def reconsider(self) -> None:
        """What runs the CPU was exchanged: whoever keeps it asks again."""

    def reading(self, address: int, size: int) -> None:
        """Somebody outside is about to read the kernel's memory: what is made for readers alone is made."""

    def written(self, address: int, size: int) -> None:
        """Somebody outside has written to the kernel's memory: what that means to the kernel happens."""

    def close(self) -> None:
        """Lets go of what it has of the host, and of who watches it."""
        self.is_closed = True
        if "probes" in vars(self):
            self.probes.close()
        self.slices.close()
        if self.attention is not None:
            self.attention.close()

    def bind(self, address: int, stub: Stub[TaskT]) -> None:
        """Puts a function behind a stub, and behind those who watch it."""
        if "probes" in vars(self):
            self.probes.bind(address, stub)
        else:
            self.stubs[address] = stub

    def listen_to_host(self) -> Attention | None:
        """Has signals of this process noticed while programs run; None where it may not listen to them."""
        if self.attention is None:
            attention = Attention(self.host, self.machine.cpu.interrupt)
            if not attention.start():
                return None
            self.machine.cpu.make_interruptible()
            self.attention = attention
        return self.attention

    def fixtures(self) -> dict[str, Any]:
        """What each machine with this kernel has of its own, beside its state (`kernel.snapshot.file`)."""
        return {}

    # -- observers -----------------------------------------------------------------------------------------------

    @cached_property
    def probes(self) -> Probes:
        """Who watches it: `attach` puts an observer at a point."""
        from ring3.kernel.probes import Probes  # noqa: PLC0415 -- most programs run without

        return Probes(self, self.own_points())

    @property
    @abstractmethod
    def function_table(self) -> FunctionTable[Any]:
        """The functions that have a name."""

    @abstractmethod
    def stub_rows(self) -> Mapping[int, StubRow]:
        """What is behind each stub, by address."""

    def own_points(self) -> Mapping[type, Attacher]:
        """How observers get to points that only this kind of kernel has."""
        return {}

    # -- tasks ---------------------------------------------------------------------------------------------------

    def add(self, task: TaskT, saved: bytes | None = None) -> None:
        """Puts a new task into the run queue.

        Args:
            task: Its `frame` holds the user registers to start with.
            saved: Its other registers, in ring-0 form, where they are not those of birth.
        """
        template, first = self.birth()
        cpu = self.machine.cpu
        kept = cpu.save()
        cpu.load(template if saved is None else saved)
        cpu.rip = first
        cpu.set_gpr(Gpr.RSP, task.stack_top - self.frame_size)
        task.saved = cpu.save()
        cpu.load(kept)
        self.tasks[task.tid] = task
        self._enqueue(task)

    def _cpu_asks(self) -> bool:
        """Whether the CPU wants to look at the program that it runs; another thread may ask."""
        task = self.current
        return task is not None and task.on_cpu and self.machine.cpu.wants_ticks()

    def _timer_added(self) -> None:
        self.slices.timer_added()

    def make_time_virtual(self) -> None:
        """Makes the clocks depend on nothing but what programs do, and the turns of tasks end at fixed points.

        Call it before anything has run. Sleeping costs nothing then, and running is a quarter slower.
        """
        counter = self.machine.cpu.make_countable()
        counter.start_counting()
        self.clocks = clocks = VirtualClocks(counter)
        self.machine.cpu.make_repeatable(clocks.cycles)
        self.slices = Meter(counter, self.timers, self.cpu_timers, clocks, self.has_others)

    def run(self, until: Ending) -> None:
        """Runs tasks until the program of one has ended, or until anything else is over.

        Raises:
            Deadlock: All of them wait and nothing can wake one.
            KernelPanic: A bug of ours.
            UserError: The machine is closed.
        """
        if self.is_closed:
            raise UserError(CLOSED)
        outer, RUNNING.kernel = RUNNING.kernel, self
        try:
            self._run(until)
        finally:
            RUNNING.kernel = outer

    def _run(self, until: Ending) -> None:
        while not until.program_ended:
            attention = self.attention
            if (
                self.timers.waiting or self._turn_ended or (attention is not None and attention.called)
            ) and self._look_around(until):
                break
            if not self._ready:
                self._idle(until)
                continue
            task = self.next_task()
            if task.state is TaskState.DEAD:
                continue
            self.switch_to(task)
            task.on_cpu = True
            self.slices.start(bool(self._ready) or self.host.watched or self.machine.cpu.wants_ticks())
            try:
                if task.pending is not None or task.progress is not None:
                    self._resume(task)
                self.run_task(task)
            except TaskExited:
                pass
            except (Ring3Error, KeyboardInterrupt) as error:
                if isinstance(error, KernelPanic) and not error.registers:
                    error.registers = describe(task.regs)
                raise
            except Exception as error:
                raise KernelPanic(
                    f"{type(error).__name__}: {error} (task {task.tid}, {task.name})", self.cpu_text()
                ) from error
            task.on_cpu = False
            self.left_cpu(task)

    def _look_around(self, until: Ending) -> bool:
        """Does what is due, and takes what has come from the host; whether that is the end of the run."""
        if self.timers.waiting:
            self.timers.fire(self.clocks)
        attention = self.attention
        if attention is not None and attention.called:
            attention.attend()
        if self._turn_ended:
            self._turn_ended = False
            if self.host.watched:
                self.host.sleep(0)
        return until.program_ended

    def _idle(self, until: Ending) -> None:
        """Sleeps until something can have changed: a timer is due or a host descriptor is ready.

        Args:
            until: What the machine runs for; if it is over by now, there is no sleep.

        Raises:
            Deadlock: Nothing ever will.
        """
        if until.program_ended:
            return
        deadline = self.timers.next_deadline(self.clocks)
        if deadline is None:
            if not self.host.sleep(None):
                waiting = ", ".join(f"{task.tid} ({task.name})" for task in self.tasks.values())
                raise Deadlock(f"every task waits and nothing can wake one: {waiting}")
        elif self.clocks.sleep_until(deadline):
            self.host.sleep(0)
        else:
            self.host.sleep(max(0, deadline - self.clocks.monotonic()) / 1e9)
        self.clocks.cpu()  # which did not run while we slept

    def give_up_all(self) -> TaskT | None:
        """Ends the wait of every handler, while nothing runs: no coroutine is left then.

        A task that was woken goes on first, as at its turn, to the end of its call or to where it waits again: what it
        was woken for may have been given to it.

        Returns:
            None, or a task that waits where its call cannot be given up.
        """
        outer, RUNNING.kernel = RUNNING.kernel, self
        try:
            while woken := next((task for task in self._ready if task.pending is not None), None):
                self._ready.remove(woken)
                self._go_on_in_call(woken)
        finally:
            RUNNING.kernel = outer
        waiting = [task for task in self.tasks.values() if task.pending is not None]
        return next((task for task in waiting if not self.give_up(task)), None)

    def _go_on_in_call(self, task: TaskT) -> None:
        self.switch_to(task)
        task.on_cpu = True
        with contextlib.suppress(TaskExited):
            self._resume(task)
        if task.on_cpu:
            task.on_cpu = False
            self._ready.append(task)
        self.left_cpu(task)

    def end(self, task: TaskT, exit_code: int) -> None:
        """Ends a task: it will not run again, and its kernel stack is free."""
        task.state = TaskState.DEAD
        task.exit_code = exit_code
        task.on_cpu = False
        pending, task.pending = task.pending, None
        if pending is not None:
            pending.close()
        if self.tasks.pop(task.tid, None) is not None:
            self.machine.ram.release(task.stack)
        if self.current is task:
            self.current = None

    # -- stops ---------------------------------------------------------------------------------------------------

    def handle(self, task: TaskT, stop: Stop) -> None:
        """Takes one stop of the CPU on the full path."""
        microcode = self.machine.microcode
        if stop is Event.HALT:
            self._stub(task)
        elif stop is Event.SYSCALL or stop is Event.SYSCALL_COMPAT:
            microcode.syscall()
        elif stop is Event.SYSENTER:
            microcode.sysenter()
        elif stop is Event.INTERRUPTED:
            self.preempt(task)
        elif stop is Event.BREAKPOINT:
            self._at_breakpoint(task)
        elif stop is Event.STEPPED:
            pass  # who watches instructions has taken it off the CPU
        elif isinstance(stop, Event):
            raise KernelPanic(f"unexpected stop: {stop.value}")
        else:
            microcode.deliver(stop)

    def _at_breakpoint(self, task: TaskT) -> None:
        """Tells who wanted to know that the CPU has come to an address, and goes on behind it."""
        cpu = self.machine.cpu
        address = cpu.rip
        self.probes.cpu.at_address(task)
        if task.on_cpu and cpu.rip == address:
            stop = cpu.pass_stop()
            if stop is not Event.STEPPED:
                self.handle(task, stop)
