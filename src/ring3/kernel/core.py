"""The part of a kernel that does not depend on which one it is: it runs tasks and takes what the CPU hands back.

A task runs until something happens. On the *full path* every stop is delivered into ring 0 by the microcode, ring 0's
machine code runs on the CPU, and where it needs Python it halts in a stub: `Kernel.stubs` says which function
that is. A kernel's own *short path* (see `linux.short_path`) takes the frequent stops without entering ring 0, as
long as the entry state is untouched; everything else falls back to the full path, event by event.

A handler gives its result, raises `Errno`, or is a coroutine. A coroutine that awaits leaves its task waiting, with the
CPU state as it is at that moment; when it is done, the task goes on from there.
"""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from ring3.abi.errno import E, Errno
from ring3.errors import Deadlock, KernelPanic, Ring3Error
from ring3.image.kernel_image import KernelImage
from ring3.kernel.attention import Attention
from ring3.kernel.clock import Clocks, HostClocks, VirtualClocks
from ring3.kernel.functions import RUNNING, FunctionTable
from ring3.kernel.regs import UserRegs, describe
from ring3.kernel.rings import Rings
from ring3.kernel.task import GivenUp, Progress, Task, TaskExited, TaskState
from ring3.kernel.timers import CpuTimers, Meter, Slices, Ticker, Timers
from ring3.kernel.wait import HostEvents
from ring3.machine.board import Machine
from ring3.machine.cpu import Event, Stop
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Gpr

if TYPE_CHECKING:
    from ring3.kernel.probes import Attacher, Probes
    from ring3.kernel.watched_stubs import StubRow

Result = int | Coroutine[Any, Any, int]
TaskT = TypeVar("TaskT", bound=Task)
"""The kind of a kernel's tasks."""
Stub = Callable[[TaskT, UserRegs, int], Result]
"""What runs at a stub's hlt: gets the task and what `Kernel.stub_arguments` gives; its result goes to rax."""


class Ending(Protocol):
    """What is run until it is over: the program of a task, or whatever a debugger waits for."""

    @property
    def program_ended(self) -> bool:
        """Whether it is."""


FIRST_TID: Final = 2
"""The first program's number; 1 is the kernel's own."""
PID_MAX: Final = 32768
FIRST_REUSED: Final = 300
"""Where numbers start again (RESERVED_PIDS, kernel/pid.c)."""


class Kernel(Rings, ABC, Generic[TaskT]):
    """An operating system on a machine.

    Attributes:
        machine: The computer.
        image: Its kernel memory.
        stubs: What to call at each stub, by the stub's address.
        tasks: All tasks that are not dead, by number.
        current: The task whose registers are in the CPU.
        full_path: Whether every stop goes through ring 0.
        clocks: Where the time comes from.
        timers: What is to happen when.
        cpu_timers: What is to happen when somebody has used so much CPU time.
        slices: Stops programs that do not enter the kernel, when anything else wants the CPU.
        random_bytes: Where randomness comes from.
        host: What tasks wait for outside of the machine.
        attention: What happens there and cannot wait; None while nobody listens to it.
        run_cpu: What runs the CPU until it stops: `Cpu.run`, or what an observer has put in its place.
        report: Takes lines meant for the user, such as that a call is absent.
        open_tool: Opens the device of Ring3's own tools, where somebody serves it.
    """

    frame_size: int
    open_tool: Callable[[Any, Any, int], Any] | None = None
    not_state: tuple[str, ...] = (
        "attention", "image", "machine", "probes", "report", "run_cpu", "stubs",
    )  # fmt: skip

    def __init__(self, machine: Machine, image: KernelImage, full_path: bool) -> None:
        self.machine = machine
        self.image = image
        self.stubs: dict[int, Stub[TaskT]] = {}
        self.tasks: dict[int, TaskT] = {}
        self.current: TaskT | None = None
        self.full_path = full_path
        self.random_bytes: Callable[[int], bytes] = os.urandom
        self.host = HostEvents()
        self.attention: Attention | None = None
        self.clocks: Clocks = HostClocks()
        self.timers = Timers(self._timer_added)
        self.cpu_timers = CpuTimers(self._timer_added)
        self.slices: Slices = Ticker(
            lambda: bool(self._ready) or self.host.watched or bool(self.timers) or bool(self.cpu_timers),
            lambda: self.timers.left(self.clocks),
            machine.cpu.make_interruptible,
            machine.cpu.interrupt,
        )
        self.run_cpu: Callable[[], Stop] = machine.cpu.run
        self.report: Callable[[str], None] = lambda line: None
        self._ready: deque[TaskT] = deque()
        self._charged = 0
        self._turn_ended = False
        self._next_tid = FIRST_TID

    # -- what each kernel says for itself ------------------------------------------------------------------------

    @abstractmethod
    def frame_at(self, physical: int) -> UserRegs:
        """The user registers in a frame at a physical address."""

    @abstractmethod
    def failed(self, task: TaskT, error: Errno) -> int:
        """The value a handler's failure becomes in rax."""

    @abstractmethod
    def switch_entry_stack(self, task: TaskT) -> None:
        """Tells the entry code and the TSS which task runs, and where its kernel stack ends."""

    @abstractmethod
    def birth(self) -> tuple[bytes, int]:
        """The registers of a task that has not run yet, in ring 0, and where its first instruction lies."""

    def run_task(self, task: TaskT) -> None:
        """Runs the task on the CPU until it cannot or must not go on."""
        while task.on_cpu:
            self.handle(task, self.run_cpu())

    def reconsider(self) -> None:
        """What runs the CPU was exchanged: whoever keeps it asks again."""

    def close(self) -> None:
        """Lets go of what it has of the host, and of who watches it."""
        if "probes" in vars(self):
            self.probes.close()
        self.slices.close()
        if self.attention is not None:
            self.attention.close()

    @abstractmethod
    def resumed(self, task: TaskT) -> None:
        """A handler that waited is done, in ring 3: what ring 0 would still do is to be done here."""

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
        if self.current is not None and self.current.on_cpu:
            self.slices.wake()

    def next_task(self) -> TaskT:
        """Takes the task to run now out of the run queue, which is not empty."""
        return self._ready.popleft()

    def _timer_added(self) -> None:
        self.slices.timer_added()

    def left_cpu(self, task: TaskT) -> None:
        """The task has left the CPU: counts its time there."""
        now = self.clocks.cpu()
        task.cpu_time += now - self._charged
        self._charged = now
        if task.state is TaskState.READY:
            task.preemptions += 1
        else:
            task.waits += 1
        if self.cpu_timers.waiting:
            self.cpu_timers.fire()

    def make_time_virtual(self) -> None:
        """Makes the clocks depend on nothing but what programs do, and the turns of tasks end at fixed points.

        Call it before anything has run. Sleeping costs nothing then, and running is a quarter slower.
        """
        counter = self.machine.cpu.make_countable()
        counter.start_counting()
        self.clocks = clocks = VirtualClocks(counter)
        self.machine.cpu.make_repeatable(clocks.cycles)
        self.slices = Meter(counter, self.timers, self.cpu_timers, clocks, self.has_others)

    def has_others(self) -> bool:
        """Whether any other task than the one on the CPU could run."""
        return bool(self._ready)

    def cpu_time(self, task: TaskT) -> int:
        """Nanoseconds that a task has had the CPU, its handlers included."""
        if task is self.current and task.on_cpu:
            return task.cpu_time + self.clocks.cpu() - self._charged
        return task.cpu_time

    def run(self, until: Ending) -> None:
        """Runs tasks until the program of one has ended, or until anything else is over.

        Raises:
            Deadlock: All of them wait and nothing can wake one.
            KernelPanic: A bug of ours.
        """
        outer, RUNNING.kernel = RUNNING.kernel, self
        try:
            self._run(until)
        finally:
            RUNNING.kernel = outer

    def _run(self, until: Ending) -> None:
        while not until.program_ended:
            if (self.timers.waiting or self._turn_ended or self.attention is not None) and self._look_around(
                until
            ):
                break
            if not self._ready:
                self._idle(until)
                continue
            task = self.next_task()
            if task.state is TaskState.DEAD:
                continue
            self.switch_to(task)
            task.on_cpu = True
            self.slices.start(bool(self._ready) or self.host.watched)
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
        if self.attention is not None and self.attention.called:
            self.attention.attend()
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

    def preempt(self, task: TaskT) -> None:
        """The task had its turn: the next one runs, and the host is asked what has come."""
        task.on_cpu = False
        self._turn_ended = True
        self._ready.append(task)

    def _stub(self, task: TaskT) -> None:
        """Ring 0 has halted: runs the Python of the stub it stands in."""
        cpu = self.machine.cpu
        at = cpu.rip - self.image.stub.hlt_end
        stub = self.stubs.get(at)
        task.stub = at
        if stub is None or cpu.cpl:
            raise KernelPanic(f"ring 0 halted at {self.image.symbols.describe(cpu.rip - 1)}", self.cpu_text())
        result = self.invoke(task, stub, *self.stub_arguments(task))
        if result is not None:
            cpu.set_gpr(Gpr.RAX, result)

    def stub_arguments(self, task: TaskT) -> tuple[UserRegs, int]:
        """What ring 0 calls a stub with, from the CPU's registers: by default a register frame in rdi, a number in rsi.

        Raises:
            KernelPanic: rdi is not the address of a frame.
        """
        cpu = self.machine.cpu
        frame = cpu.gpr(Gpr.RDI) - self.machine.direct_map
        if (
            frame >= self.machine.ram.size or frame < 0
        ):  # not a task's stack: that of double faults, in the image
            frame = self.machine.translate(cpu.gpr(Gpr.RDI)) or -1
        if not 0 <= frame <= self.machine.ram.size - PAGE_SIZE or frame & 7:
            where = self.image.symbols.describe(cpu.rip)
            raise KernelPanic(f"{where} was called with rdi {cpu.gpr(Gpr.RDI):#x}", self.cpu_text())
        regs = self.frame_at(frame)
        if regs.cs & 3:
            task.regs = regs
        return regs, cpu.gpr(Gpr.RSI)

    def invoke(self, task: TaskT, stub: Stub[TaskT], regs: UserRegs, argument: int) -> int | None:
        """Calls a stub's function: its result, or None if the task waits now."""
        try:
            result = stub(task, regs, argument)
        except Errno as error:
            return self.failed(task, error)
        if isinstance(result, int):
            return result
        task.pending = result
        return self.advance(task)

    def advance(self, task: TaskT) -> int | None:
        """Runs the pending handler on: its result, or None if it awaits again."""
        pending, task.pending = task.pending, None
        assert pending is not None
        try:
            pending.send(None)
        except StopIteration as done:
            task.progress = None
            return int(done.value)
        except Errno as error:
            task.progress = None
            return self.failed(task, error)
        task.pending = pending
        task.state = TaskState.WAITING
        task.on_cpu = False
        return None

    def give_up(self, task: TaskT) -> bool:
        """Ends the wait of a call's handler; the call is made again when the task runs, and nobody can tell.

        It is what the freezer of Linux does with a signal, by an error of our own that no handler answers to.

        Returns:
            False, with nothing changed, if the task does not wait or cannot be stopped there (`Task.bound`).
        """
        pending = task.pending
        if task.state is not TaskState.WAITING or pending is None or task.bound:
            return False
        task.pending = None
        task.progress = task.progress or Progress()
        with contextlib.suppress(GivenUp):
            pending.throw(GivenUp())
        self.ready(task)
        return True

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

    def _make_again(self, task: TaskT) -> int | None:
        """Makes the call again that was given up: its result, or None if it waits."""
        cpu = self.machine.cpu
        progress = task.progress
        if progress is not None and progress.result is not None:
            task.progress = None
            given = progress.result
            return self.failed(task, given) if isinstance(given, Errno) else given
        if progress is not None and progress.rest is not None:
            rest, progress.rest = progress.rest, None
            return self.invoke(task, lambda *_: rest(), task.regs, 0)
        short = cpu.cpl == 3
        arguments = (task.regs, task.regs.orig_ax & 0xFFFF_FFFF) if short else self.stub_arguments(task)
        result = self.invoke(task, self.stubs[task.stub], *arguments)
        if result is not None:
            task.progress = None
        return result

    def _resume(self, task: TaskT) -> None:
        result = self.advance(task) if task.pending is not None else self._make_again(task)
        if result is not None:
            self.machine.cpu.set_gpr(Gpr.RAX, result)
            if self.machine.cpu.cpl == 3:
                self.resumed(task)
