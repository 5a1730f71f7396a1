"""kmdb: the debugger that lives in the machine it stops.

Whoever runs the machine, kmdb's breakpoints call it; while it talks to its console, nothing runs, on any terminal. A
step is one instruction of the task on the CPU, in ring 0 as in ring 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ring3.computer import shell_status
from ring3.debug.mdb.completion import completions
from ring3.debug.mdb.console import Console
from ring3.debug.mdb.dcmds.control import run_action
from ring3.debug.mdb.errors import MdbError, Quit
from ring3.debug.mdb.kmdb_call import KernelCall
from ring3.debug.mdb.kmdb_events import KernelEvents
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.stopping import report
from ring3.debug.mdb.targets.events import Event, Events
from ring3.debug.mdb.targets.kernel import KernelTarget
from ring3.debug.step import Stepper
from ring3.debug.thread import Thread
from ring3.kernel import points
from ring3.machine.msr import Msr
from ring3.machine.registers import Gpr

if TYPE_CHECKING:
    from ring3.computer import Computer
    from ring3.kernel.core import Kernel
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task

BOTH_RINGS = frozenset((0, 3))
ENTRY = ("kmdb_enter", 0xB)
"""Where the kernel stands when the console has asked for the debugger (the third seed)."""


class KmdbTarget(KernelTarget):
    """The machine from inside: registers are those of the CPU."""

    writable = True

    def registers(self, tid: int | None = None) -> dict[str, int]:
        """The CPU's registers, whoever it runs; or a task's."""
        if self.kernel.current is not None or tid is not None:
            return super().registers(tid)
        cpu = self.kernel.machine.cpu
        names = {name.lower(): cpu.gpr(int(number)) for name, number in Gpr.__members__.items()}
        segments = dict.fromkeys(("cs", "ss", "ds", "es", "fs", "gs"), 0)
        return {
            **names,
            **segments,
            "rip": cpu.rip,
            "rflags": cpu.rflags,
            "fsbase": cpu.fs_base,
            "gsbase": cpu.gs_base,
            "kgsbase": cpu.rdmsr(Msr.MSR_KERNEL_GS_BASE),
            "cr2": cpu.cr2,
            "cr3": cpu.cr3,
        }


class Kmdb:
    """The resident debugger of one machine.

    Attributes:
        session: What runs its commands.
        events: What it stops for.
        matched: What it has stopped for.
        is_over: Nobody talks to it any more, and it stops nothing.
        was_quit: Somebody has given it up, and the machine with it if that is kmdb's own.
    """

    def __init__(self, kernel: Kernel[Any], system: str, console: Console) -> None:
        """Loads it; it stops nothing yet.

        Args:
            kernel: The kernel.
            system: ``linux`` or ``solaris``.
            console: Who talks to it.
        """
        self._kernel = kernel
        self._console = console
        target = KmdbTarget(kernel, system)
        self.session = Session(target, console.write, console.write, name="kmdb")
        self.session.resident = self
        self.session.interactive = console.interactive
        self.session.flush = console.flush
        self.events = Events()
        self._armed = KernelEvents(kernel, self.events, self._arrived, self._accessed)
        self._accesses: list[Event] = []
        self.matched: list[Event] = []
        self._passing: tuple[int, int, Attachment] | None = None
        self._stepper: Stepper | None = None
        self._stepped: Task | None = None
        self._called: KernelCall | None = None
        self.is_over = self.was_quit = False
        self._is_inside = self._is_stepping = False
        self._at: int | None = None

    # -- events ----------------------------------------------------------------------------------------------------

    def add_event(self, text: str) -> Event:
        """One more thing to stop for."""
        return self.events.new(text)

    def delete_event(self, number: int) -> None:
        """One less.

        Raises:
            MdbError: There is none of that number.
        """
        self.events.take(number)

    def arm(self) -> None:
        """Has the probes know where to stop."""
        self._armed.arm(self.session.target.symbol)

    def _arrived(self, _task: Task, address: int) -> None:
        """A task has come to a breakpoint."""
        met = self._armed.at(address)
        if met and not self._is_inside and not (self._called and self._called.is_over_at(address)):
            self._at = address
            self._stop_for(met, address)

    def _accessed(self, event: Event, task: Task) -> None:
        """A task is about to access memory that is watched: it stops behind that instruction."""
        if self._is_inside or event in self._accesses or not event.is_enabled:
            return
        self._accesses.append(event)
        if len(self._accesses) == 1:
            self._stepper_of(task).finish()
            self._is_stepping = True
            self._kernel.machine.cpu.interrupt()

    def _stop_for(self, met: list[Event], address: int) -> None:
        """Events were met: their commands are run, and unless all of these let the machine go on, it stops."""
        self.session.dot = address
        self.matched = met
        wishes = 0
        for event in met:
            self._is_inside = True
            wished = run_action(self.session, event)
            wishes += bool(wished) or not self._is_inside
            if event.is_over and event.number in self.events:
                self.delete_event(event.number)
        if wishes < len(met):
            self.enter([event.text for event in met], address)
            return
        self._is_inside = False
        self._settle()

    # -- talking ---------------------------------------------------------------------------------------------------

    def enter_from_console(self) -> None:
        """Stops because the console has asked for it."""
        symbol = self.session.target.symbol(ENTRY[0])
        place = self._kernel.machine.cpu.rip if symbol is None else symbol.value + ENTRY[1]
        self.enter([], place)

    def enter(self, texts: list[str], address: int) -> None:
        """Stops the machine and talks, until it is to go on.

        Args:
            texts: The events that have led here.
            address: The instruction that is next.
        """
        self._is_inside = True
        self._leave_stepping()
        if self._passing is not None:
            self._passing[2].detach()
            self._passing = None
        self.session.dot = address
        report(self.session, address, texts)
        self._talk()

    def _talk(self) -> None:
        """Takes commands until the machine is to go on."""
        try:
            while self._is_inside:
                self._take_line()
        except Quit:
            self.was_quit = True
            self._give_up()
        finally:
            self._is_inside = False
            self._console.flush()
        self._settle()

    def _settle(self) -> None:
        """The machine is about to go on."""
        self._accesses.clear()
        if not self._is_stepping:
            self._end_stepper()
        self.arm()

    def _take_line(self) -> None:
        try:
            line = self._console.line(f"[{self._cpu}]> ", partial(completions, self.session))
            if line is None:
                self._give_up()
            else:
                self.session.run(line)
        except KeyboardInterrupt:  # the key ends what is typed, or what a command does
            self._console.write("\n")

    def _give_up(self) -> None:
        self.is_over = True
        self.events.clear()
        self._leave_stepping()
        self.leave()
        self._kernel.machine.cpu.interrupt()  # whoever waits for the end of it hears of it

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether somebody who waits for its end need not wait any more."""
        return self.is_over

    @property
    def _cpu(self) -> int:
        """The number of the processor: this machine has one."""
        return 0

    def leave(self) -> None:
        """Lets the machine go on."""
        self._is_inside = False

    # -- steps -----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Executes one instruction of the task on the CPU."""
        task = self._kernel.current
        if task is None:
            raise MdbError("failed to single-step target: no thread is on the CPU")
        self._at = None
        self._stepper_of(task).begin(range(0), None, self._kernel.machine.cpu.rip)
        self._is_stepping = True
        self._is_inside = False

    def _stepper_of(self, task: Task) -> Stepper:
        if self._stepper is None or self._stepped is not task:
            self._end_stepper()
            thread = Thread(task, shows_cpu=True)
            self._stepper = Stepper(thread, BOTH_RINGS, self._reached, self._step_done)
            self._stepped = task
        return self._stepper

    @staticmethod
    def _reached(_thread: Thread, _address: int) -> bool:
        """Breakpoints have been told of by their own probes."""
        return False

    def _step_done(self, thread: Thread) -> None:
        address = thread.registers.pc
        if not self._is_stepping or (address == self._at and not self._accesses):
            return
        if self._accesses:
            self._stop_for(list(self._accesses), address)
        else:
            self.matched = []
            self.enter([], address)

    def _leave_stepping(self) -> None:
        self._is_stepping = False
        if self._stepper is not None:
            self._stepper.end()

    def _end_stepper(self) -> None:
        stepper, self._stepper = self._stepper, None
        if stepper is not None:
            stepper.leave()

    def call(self, function: int, arguments: Sequence[int], told: Callable[[int], None]) -> None:
        """Calls a function of the kernel in the task on the CPU; then kmdb talks again.

        Raises:
            MdbError: No task is in the kernel.
        """
        task = self._kernel.current
        if task is None or self._kernel.machine.cpu.cpl:
            raise MdbError("call failed: no thread is in the kernel")

        def returned(value: int) -> None:
            self._called = None
            told(value)
            self._is_inside = True
            self._talk()

        self._called = KernelCall(self._kernel, task, function, arguments, returned)
        self._is_inside = False

    def run_to(self, address: int, stack: int) -> None:
        """Lets the machine run to an address, where the stack of the task on the CPU is no deeper."""
        task = self._kernel.current

        def arrived(who: Task, place: int) -> None:
            if who is task and self._kernel.machine.cpu.gpr(int(Gpr.RSP)) >= stack and not self._is_inside:
                self.enter([], place)

        self._passing = address, stack, self._kernel.probes.attach(points.Address(address), arrived)
        self._is_inside = False

    def close(self) -> None:
        """Unloads it."""
        self._end_stepper()
        if self._called is not None:
            self._called.forget()
        self.events.clear()
        self.arm()
        self.session.close()


def run_with_kmdb(computer: Computer, task: Task | None, kmdb: Kmdb) -> int:
    """Talks to kmdb in a machine of its own, then runs a program; returns its status, or 0 where kmdb was quit."""
    kmdb.enter_from_console()
    if task is not None and not kmdb.was_quit:
        computer.kernel.listen_to_host()
        computer.kernel.run(_Until(task, kmdb))
    return 0 if task is None or kmdb.was_quit else shell_status(task.program_exit_code)


class _Until(NamedTuple):
    """For `Kernel.run`: until a program has ended, or kmdb was quit."""

    task: Task
    kmdb: Kmdb

    @property
    def program_ended(self) -> bool:
        """Whether one of both is so."""
        return self.kmdb.was_quit or self.task.program_ended
