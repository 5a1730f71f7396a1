"""A program that is run and stopped: ``mdb FILE``, from ``:r`` on, and ``mdb -p PID``.

On Linux the engine's `ProcessTarget` tells of signals, system calls and new programs too; on Solaris its
`MachineTarget` of the process, in ring 3. While the debugger thinks, all threads of the process stand still; others may
run, where the machine is not the debugger's own.
"""

from __future__ import annotations

from collections.abc import Callable
from signal import strsignal
from typing import TYPE_CHECKING, Any, Final

from ring3.abi import tbl
from ring3.abi.signals import Sig
from ring3.abi.tbl import Abi
from ring3.debug import MachineTarget, Reason, Stop, fpu
from ring3.debug import ProcessTarget as LinuxProcesses
from ring3.debug.mdb.errors import NO_PROCESS, MdbError
from ring3.debug.mdb.targets.armed import ArmedEvents, disarm
from ring3.debug.mdb.targets.events import Event
from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.mdb.targets.program import ProgramTarget, program_of
from ring3.debug.mdb.types.system import KernelTypes
from ring3.debug.registers import CpuRegisters
from ring3.linux.kernel import LinuxKernel
from ring3.trace.dtrace.machine.objects import entry_of

if TYPE_CHECKING:
    from ring3.debug.mdb.host import Programs
    from ring3.debug.object_file import ObjectFile
    from ring3.debug.target import Target as Engine
    from ring3.debug.thread import Thread
    from ring3.kernel.task import Task

RTLD_EVENTS: Final = ("rtld_db_postinit", "rtld_db_dlactivity")
"""Where Solaris's run-time linker tells a debugger that libraries are there (rtld_db(3LIB))."""
USER_RING: Final = frozenset((3,))
_STATES: Final = {
    Reason.BREAKPOINT: "stopped on a breakpoint",
    Reason.STEP: "stopped after a single-step",
    Reason.WATCHPOINT: "stopped on a watchpoint",
    Reason.SYSCALL_ENTRY: "stopped on entry to {} system call",
    Reason.SYSCALL_RETURN: "stopped on exit from {} system call",
}


class ProcessTarget(ProgramTarget):
    """A program under control.

    Attributes:
        events: What it is to stop for, by number.
        stop: Why it has stopped last.
        has_symbols: Its libraries are there.
        last_matched: The events that have stopped it where it stands.
        ended: How it has ended, if it was not forgotten since; else None.
        follows_child: Whether a new process is looked at instead of its parent.
        stops_after_exec: Whether it is told of when the process runs another program.
        tell: Says a line to the user.
    """

    def __init__(self, file: ObjectFile, boot: Callable[[], Programs], *, writable: bool) -> None:
        """Takes a file.

        Args:
            file: The program.
            boot: Gives the machine that runs it.
            writable: Whether the file may be changed.
        """
        super().__init__(file, writable=writable)
        self._boot = boot
        self._programs: Programs | None = None
        self._engine: Engine | None = None
        self.pid = 0
        self._rtld: set[int] = set()
        self.events = ArmedEvents()
        self.stop: Stop | None = None
        self.last_matched: list[Event] = []
        self.ended: Stop | None = None
        self.follows_child: Callable[[], bool] = lambda: False
        self.stops_after_exec: Callable[[], bool] = lambda: False
        self.tell: Callable[[str], object] = lambda _line: None
        self.has_symbols = False

    # -- events ----------------------------------------------------------------------------------------------------

    def add_event(self, text: str) -> Event:
        """One more thing to stop for."""
        return self.events.new(text)

    def delete_event(self, number: int) -> None:
        """One less.

        Raises:
            MdbError: There is none of that number.
        """
        event = self.events.take(number)
        if self._engine is not None:
            disarm(self._engine, event)

    def drop_events(self, found: list[Event]) -> None:
        """Takes away those events that are over, now that they were met."""
        if self._engine is not None:
            self.events.drop(found, self._engine)

    # -- a process -------------------------------------------------------------------------------------------------

    def start(self, arguments: list[str]) -> None:
        """Loads the program; it stands before its first instruction."""
        self.give_up()
        self.ended = None
        programs = self._programs = self._boot()
        self._begin(programs, programs.load(self.file_target.file.name, arguments))
        self.has_symbols = False
        self._find_linker()

    def attach(self, task: Task) -> None:
        """Stops a process that runs already, wherever it is.

        Raises:
            UserError: Somebody else debugs it.
        """
        programs = self._programs = self._boot()
        self._begin(programs, task)
        self.has_symbols = True
        self._find_linker()

    def _begin(self, programs: Programs, task: Task) -> None:
        self.kernel: Any = programs.kernel
        self.system = programs.system
        self.types = KernelTypes(self.system)
        if isinstance(self.kernel, LinuxKernel):
            engine = LinuxProcesses(self.kernel)
            engine.follows_children = True
            engine.attach(task)  # type: ignore[arg-type]
            self._engine = engine
            self.stop = engine.wait()
        else:
            self._engine = MachineTarget(self.kernel, USER_RING, task)
            self.stop = None
        self.thread, self.ended = self._engine.thread_of(task), None
        self.pid = self.active().pid
        self._engine.halt()

    def _find_linker(self) -> None:
        """Breakpoints of our own where libraries are there: the run-time linker's events, or the program's entry."""
        mm = self.active().task.mm
        places = {found.value for name in RTLD_EVENTS if (found := self.symbol(name)) is not None}
        entry = None if mm is None else entry_of(mm)
        if not places and not self.has_symbols and entry is not None and entry != self.active().registers.pc:
            places = {entry}
        self._rtld = places
        for place in places:
            self._running_engine().breakpoints.add(place, mm)
        self.has_symbols = self.has_symbols or not places

    def _running_engine(self) -> Engine:
        if self._engine is None:
            raise MdbError(NO_PROCESS)
        return self._engine

    def release(self) -> None:
        """Lets the process go on without the debugger.

        Raises:
            MdbError: There is none.
        """
        engine = self._running_engine()
        self._engine = self.thread = None
        engine.close()
        self.events.forget_process()

    def kill(self) -> None:
        """Ends the process.

        Raises:
            MdbError: There is none.
        """
        task = self.active().task
        self.release()
        if self._programs is not None:
            self._programs.kill(task)
        self.give_up()

    def give_up(self) -> None:
        """Lets go of the process and of its machine, where it ends if it was started here; events stay."""
        if self._engine is not None:
            self.release()
        programs, self._programs = self._programs, None
        if programs is not None:
            programs.close()

    def close(self) -> None:
        """The same."""
        self.give_up()

    # -- running ---------------------------------------------------------------------------------------------------

    def wait(self) -> tuple[Stop | None, bool]:
        """Lets the process go on until something is to be told.

        Returns:
            What has stopped it, None where it has ended; and whether it is an event of the run-time linker.
        """
        assert self._programs is not None
        with self._programs.running(self.interrupt):
            found = self._wait()
        if self._engine is not None:
            self._engine.halt()
        return found

    def _wait(self) -> tuple[Stop | None, bool]:
        while True:
            stop = self._next_stop()
            if stop.thread.pid != self.pid:
                self._running_engine().resume(stop.thread)
                continue
            if stop.reason is Reason.EXIT:
                self.stop, self.thread = stop, None
                self.give_up()
                self.ended = stop
                return None, False
            self.thread, self.stop = stop.thread, stop
            if stop.child is not None:
                self._forked(stop.child)
            elif stop.reason is Reason.EXEC and self._performed_exec(stop):
                return stop, False
            if self._is_linker(stop):
                self.has_symbols = self._libraries_are_there(stop)
                self.arm()
                if self.events.unarmed:
                    return stop, True
            elif not self.events.passes(stop):
                return stop, False
            self.resume(self.signal)

    def _forked(self, child: Thread) -> None:
        """There is another process: one of both is looked at, the other goes on by itself (pt_fork of mdb_proc.c)."""
        engine = self._running_engine()
        assert isinstance(engine, LinuxProcesses)
        is_followed = self.follows_child()
        self.tell(
            f"target forked child process {child.pid} (debugger following {'child' if is_followed else 'parent'})"
        )
        other = self.pid if is_followed else child.pid
        if is_followed:
            for event in self.events.values():
                disarm(engine, event)
            self.thread, self.pid = child, child.pid
            self.stop = child.stop
        engine.detach(other)

    def _performed_exec(self, stop: Stop) -> bool:
        """The process runs another program, whose symbols are there from now on; returns whether it stops."""
        self.tell(f"target performed exec of {stop.path}")
        for event in self.events.values():
            disarm(self._running_engine(), event)
        self.events.forget_process()
        file = program_of(stop.thread.task)
        if file is not None:
            self.file_target = FileTarget(file, writable=False)
            self.bits = file.bits
        self.has_symbols = False
        self._find_linker()
        return self.stops_after_exec()

    def _next_stop(self) -> Stop:
        while True:
            try:
                stop = self._running_engine().wait()
            except KeyboardInterrupt:
                self.interrupt()
            else:
                if stop is not None:
                    return stop

    def arm(self) -> None:
        """Has the engine know of events whose place is there."""
        self.events.arm(self._running_engine(), self)

    def _is_linker(self, stop: Stop) -> bool:
        pc = stop.thread.registers.pc if stop.reason is Reason.BREAKPOINT else None
        return pc in self._rtld and not any(event.address == pc for event in self.events.values())

    def _libraries_are_there(self, stop: Stop) -> bool:
        if self.has_symbols:
            return True
        name = self.describe(stop.thread.registers.pc) or ""
        return not name.endswith(RTLD_EVENTS[0])

    @property
    def signal(self) -> int:
        """The signal that has stopped it, and that it gets when it goes on; 0 for none."""
        return self.stop.signal if self.stop is not None else 0

    def resume(self, signal: int = 0) -> None:
        """Lets all threads go on, at the next `wait`.

        Args:
            signal: What is delivered to the thread that is looked at, 0 for nothing.
        """
        engine = self._running_engine()
        self.arm()
        for thread in engine.threads:
            engine.resume(thread, signal if thread is self.thread else 0)

    def step(self, signal: int = 0) -> None:
        """Lets the thread execute one instruction, and others go on meanwhile, at the next `wait`."""
        engine = self._running_engine()
        self.arm()
        engine.step(self.active(), signal)
        for thread in engine.threads:
            if thread is not self.thread:
                engine.resume(thread)

    def run_to(self, address: int, stack: int) -> None:
        """Lets the thread run to an address, where its stack is no deeper than it is said to be, at the next `wait`."""
        thread = self.active()
        self._passing = self._running_engine().breakpoints.add(
            address, thread.task.mm, lambda at: at is thread and at.registers["rsp"] >= stack
        )
        self.resume()

    def end_run_to(self) -> None:
        """Takes that breakpoint away."""
        if self._engine is not None:
            self._engine.breakpoints.remove(self._passing)

    def _registers_of(self, tid: int) -> CpuRegisters | None:
        found = self._running_engine().thread(tid)
        return None if found is None else found.registers

    def floating_point(self, tid: int | None = None) -> bytes:
        """The floating-point registers of a thread."""
        found = self.active() if tid is None else self._running_engine().thread(tid)
        if found is None:
            raise MdbError(f"there is no thread {tid}")
        return fpu.read(found)

    def thread_ids(self) -> list[int]:
        """The numbers of the process's threads."""
        engine = self._engine
        return [] if engine is None else [thread.tid for thread in engine.threads if thread.pid == self.pid]

    def interrupt(self) -> None:
        """Asks the process to stop."""
        if self._engine is not None and self.thread is not None:
            self._engine.interrupt(self.thread)
            self.kernel.machine.cpu.interrupt()

    def status(self) -> list[str]:
        """What is debugged, and how it is with it."""
        if self.thread is None:
            return self.file_target.status() if self.ended is None else self._remains(self.ended.number)
        lines = [f"debugging PID {self.pid} ({self.bits}-bit)", f"file: {self.file_target.file.name}"]
        lines.append("threading model: native threads")
        lines.append(f"status: {self._state()}")
        return lines + [f"event: {event.text}" for event in self.last_matched]

    def _remains(self, code: int) -> list[str]:
        """What is told of a process that has ended with a code as wait(2) has it."""
        signal = code & 0x7F
        how = (
            f"by {Sig(signal).name} ({strsignal(signal)})"
            if signal
            else f"with exit status {code >> 8 & 0xFF}"
        )
        dumped = " - core file dumped" if code & 0x80 else ""
        return [
            f"debugging PID {self.pid} ({self.bits}-bit)",
            f"file: {self.file_target.file.name}",
            f"status: process terminated {how}{dumped}",
        ]

    def _state(self) -> str:
        stop = self.stop
        if stop is None:
            return "stopped by debugger"
        if stop.reason is Reason.SIGNAL:
            return f"stopped on {Sig(stop.signal).name} ({strsignal(stop.signal)})"
        return _STATES.get(stop.reason, "stopped by debugger").format(call_name(self.bits, stop.number))


def call_name(bits: int, number: int) -> str:
    """The name of a system call of Linux, or its number where it has none."""
    rows = tbl.sys_call_table(Abi.X86_64 if bits == 64 else Abi.I386)
    return next((row.name for row in rows if row.number == number and row.name), str(number))
