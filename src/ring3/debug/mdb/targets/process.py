"""A program that is run and stopped: ``mdb FILE``, from ``:r`` on; before that it is the file alone.

The machine is booted for it. On Linux the engine's `ProcessTarget` tells of signals, system calls and new programs too;
on Solaris its `MachineTarget` in ring 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ring3.debug import MachineTarget, Reason, Stop, Thread
from ring3.debug import ProcessTarget as LinuxProcesses
from ring3.debug.mdb.errors import NO_PROCESS, MdbError
from ring3.debug.mdb.targets import objects
from ring3.debug.mdb.targets.base import MappedObject, Symbol
from ring3.debug.mdb.targets.events import Event, Events
from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.mdb.targets.live import LiveTarget
from ring3.debug.registers import CpuRegisters
from ring3.kernel.task import Task
from ring3.linux.kernel import LinuxKernel
from ring3.trace.dtrace.machine.objects import entry_of

if TYPE_CHECKING:
    from ring3.computer import Computer
    from ring3.debug.object_file import ObjectFile
    from ring3.debug.target import Target as Engine
    from ring3.trace.dtrace.types import Type

RTLD_EVENTS = ("rtld_db_postinit", "rtld_db_dlactivity")
"""Where Solaris's run-time linker tells a debugger that libraries are there (rtld_db(3LIB))."""


class ProcessTarget(LiveTarget):
    """A program.

    Attributes:
        file_target: Its file.
        events: What it is to stop for, by number.
        thread: The thread that is looked at, None while there is no process.
        stop: Why it has stopped last.
        has_symbols: Its libraries are there.
    """

    def __init__(self, file: ObjectFile, boot: Callable[[], tuple[Computer, str]], *, writable: bool) -> None:
        """Takes a file.

        Args:
            file: The program.
            boot: Switches a machine on that can run it; gives it and the name of its system.
            writable: Whether the file may be changed.
        """
        self.file_target = FileTarget(file, writable=writable)
        self._boot = boot
        self._computer: Computer | None = None
        self._engine: Engine | None = None
        self._objects = objects.Objects()
        self._pid = 0
        self._rtld: set[int] = set()
        self.bits = file.bits
        self.writable = True
        self.events = Events()
        self.thread: Thread | None = None
        self.stop: Stop | None = None
        self.has_symbols = False

    # -- whether there is a process --------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:  # type: ignore[override]
        """There is none."""
        return self.thread is None

    @property
    def task(self) -> Task | None:
        """The task that is looked at."""
        return None if self.thread is None else self.thread.task

    def active(self) -> Thread:
        """The thread that is looked at.

        Raises:
            MdbError: There is no process.
        """
        if self.thread is None:
            raise MdbError(NO_PROCESS)
        return self.thread

    def _registers(self) -> CpuRegisters | None:
        return None if self.thread is None else self.thread.registers

    # -- symbols, types, memory ------------------------------------------------------------------------------------

    def loaded(self) -> list[objects.Loaded]:
        """The objects of the process."""
        return (
            []
            if self.thread is None
            else self._objects.of(self.thread.task.mm, self.file_target.file.base_name)
        )

    def symbol(self, name: str) -> Symbol | None:
        """A symbol of the executable or of a library."""
        return self.file_target.symbol(name) if self.thread is None else objects.lookup(self.loaded(), name)

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol at an address."""
        return (
            self.file_target.symbol_at(address) if self.thread is None else objects.at(self.loaded(), address)
        )

    def symbols(self, object_name: str = "") -> Iterable[Symbol]:
        """All symbols, or an object's."""
        if self.thread is None:
            return self.file_target.symbols(object_name)
        return (
            each.symbol(found)
            for each in self.loaded()
            if object_name in ("", each.name)
            for found in each.file.symbols
            if found.name and found.section and found.type < 3
        )

    def whatis(self, address: int) -> list[str]:
        """The symbol at an address, and the mapping."""
        if self.thread is None:
            return self.file_target.whatis(address)
        for each in self.mappings():
            if each.base <= address < each.base + each.size:
                name = self.describe(address) or f"{each.base:x}+{address - each.base:x}"
                return [f"{name}, in {each.name} [{each.base:x},{each.base + each.size:x})"]
        return []

    def mappings(self) -> list[MappedObject]:
        """The mappings of the process."""
        mm = self.active().task.mm
        found = [] if mm is None else list(objects.mappings(mm))
        if self.system != "solaris":
            return found
        from ring3.solaris.view import USERLAND  # noqa: PLC0415 - programs of Linux need none of it

        return [each._replace(name=each.name.removeprefix(USERLAND)) for each in found]

    def objects(self) -> list[MappedObject]:
        """The executable and its libraries."""
        mapped = self.mappings() if self.thread is not None else []
        found = []
        for each in self.loaded():
            spans = [m for m in mapped if m.name.rsplit("/", 1)[-1] == each.name]
            if spans:
                end = spans[-1].base + spans[-1].size
                found.append(MappedObject(spans[0].base, end - spans[0].base, spans[0].name))
        return found

    def find_type(self, name: str) -> Type | None:
        """A type of the program, or of its system."""
        found = self.file_target.find_type(name)
        return found if found is not None or self._computer is None else self.types.find(name)

    def type_of(self, symbol: Symbol) -> Type | None:
        """The type of a variable of the program."""
        return self.file_target.type_of(symbol)

    def type_names(self) -> Iterable[str]:
        """The types of the program."""
        return self.file_target.type_names()

    def read_some(self, address: int, size: int) -> bytes:
        """Bytes of the process, or of the file."""
        return (
            self.file_target.read_some(address, size)
            if self.thread is None
            else super().read_some(address, size)
        )

    def read_file(self, address: int, size: int) -> bytes:
        """Bytes of the file."""
        return self.file_target.read_file(address, size)

    def write(self, address: int, raw: bytes) -> None:
        """Changes the process, or the file."""
        if self.thread is None:
            self.file_target.write(address, raw)
        else:
            super().write(address, raw)

    def write_file(self, address: int, raw: bytes) -> None:
        """Changes the file."""
        self.file_target.write_file(address, raw)

    # -- events ----------------------------------------------------------------------------------------------------

    def add_event(self, text: str) -> Event:
        """One more thing to stop for."""
        return self.events.new(text)

    def delete_event(self, number: int) -> None:
        """One less.

        Raises:
            MdbError: There is none of that number.
        """
        self._disarm(self.events.take(number))

    def _disarm(self, event: Event) -> None:
        if self._engine is not None and event.armed is not None:
            if event.size:
                self._engine.watchpoints.remove(event.armed)  # type: ignore[arg-type]
            else:
                self._engine.breakpoints.remove(event.armed)  # type: ignore[arg-type]
        event.armed = None

    def arm(self) -> None:
        """Has the engine know of all events whose place is there."""
        engine, thread = self._engine, self.thread
        if engine is None or thread is None or thread.task.mm is None:
            return
        mm = thread.task.mm
        for event in self.events.values():
            if event.symbol and event.address is None:
                found = self.symbol(event.symbol)
                event.address = None if found is None else found.value
            if not event.is_enabled:
                self._disarm(event)
            elif event.address is not None and event.armed is None and self.read_some(event.address, 1):
                if event.size:
                    event.armed = engine.watchpoints.add(
                        mm, event.address, event.size, read="r" in event.access, write="w" in event.access
                    )
                else:
                    event.armed = engine.breakpoints.add(event.address, mm)
        if isinstance(engine, LinuxProcesses):
            engine.calls = {event.call for event in self.events.values() if event.call is not None}

    def unarmed(self) -> bool:
        """Whether some breakpoint at an address cannot be set, because nothing is mapped there."""
        return any(
            event.address is not None and not event.symbol and event.is_enabled and event.armed is None
            for event in self.events.values()
        )

    def matched(self, stop: Stop) -> list[Event]:
        """The events that a stop is for."""
        met = []
        for event in list(self.events.values()):
            if not event.is_enabled:
                continue
            if (
                (
                    stop.reason is Reason.BREAKPOINT
                    and event.armed is not None
                    and event.address == stop.thread.registers.pc
                )
                or (
                    stop.reason is Reason.WATCHPOINT
                    and stop.access is not None
                    and event.armed is stop.access.watchpoint
                )
                or (stop.reason is Reason.SIGNAL and event.signal == stop.signal)
                or (
                    stop.reason in (Reason.SYSCALL_ENTRY, Reason.SYSCALL_RETURN)
                    and event.call == stop.number
                    and event.at_return == (stop.reason is Reason.SYSCALL_RETURN)
                )
            ):
                event.hits += 1
                met.append(event)
                if event.limit and event.hits >= event.limit:
                    event.is_enabled = False
                if event.is_temporary:
                    self.delete_event(event.number)
        return met

    # -- running ---------------------------------------------------------------------------------------------------

    def start(self, arguments: list[str]) -> None:
        """Boots a machine and loads the program; it stands before its first instruction."""
        self.give_up()
        self._computer, self.system = self._boot()
        task = self._computer.load(self.file_target.file.name, arguments)
        self.kernel: Any = self._computer.kernel
        self._computer.kernel.listen_to_host()
        from ring3.debug.mdb.types.system import KernelTypes  # noqa: PLC0415 - reads headers

        self.types = KernelTypes(self.system)
        if isinstance(self.kernel, LinuxKernel):
            engine = LinuxProcesses(self.kernel)
            engine.attach(task)  # type: ignore[arg-type]
            engine.wait()
            self._engine = engine
        else:
            self._engine = MachineTarget(self.kernel, frozenset((3,)))
        self.thread = self._engine.thread_of(task)
        assert self.thread is not None
        self._pid = self.thread.pid
        self.has_symbols = False
        self._find_linker()

    def _find_linker(self) -> None:
        """Breakpoints of our own where libraries are there: the run-time linker's events, or the program's entry."""
        assert self._engine is not None
        assert self.thread is not None
        mm = self.thread.task.mm
        places = {found.value for name in RTLD_EVENTS if (found := self.symbol(name)) is not None}
        if (
            not places
            and mm is not None
            and (entry := entry_of(mm)) is not None
            and entry != self.thread.registers.pc
        ):
            places = {entry}
        self._rtld = places
        for place in places:
            self._engine.breakpoints.add(place, mm)
        self.has_symbols = not places

    def wait(self) -> tuple[Stop | None, bool]:
        """Lets the process go on until something is to be told.

        Returns:
            What has stopped it, None where it has ended; and whether it is an event of the run-time linker.
        """
        engine = self._engine
        assert engine is not None
        while True:
            self.arm()
            stop = engine.wait()
            if stop is None:
                continue
            if stop.thread.pid != self._pid:
                engine.resume(stop.thread)
                continue
            if stop.reason is Reason.EXIT:
                self.stop, self.thread = stop, None
                self.give_up()
                return None, False
            self.thread, self.stop = stop.thread, stop
            if self._is_linker(stop):
                self.has_symbols = self._libraries_are_there(stop)
                self.arm()
                if self.unarmed():
                    return stop, True
            elif not self._passes(stop):
                return stop, False
            self._resume_all(stop)

    def _is_linker(self, stop: Stop) -> bool:
        pc = stop.thread.registers.pc if stop.reason is Reason.BREAKPOINT else None
        return pc in self._rtld and not any(event.address == pc for event in self.events.values())

    def _libraries_are_there(self, stop: Stop) -> bool:
        if self.has_symbols:
            return True
        name = self.describe(stop.thread.registers.pc) or ""
        return not name.endswith(RTLD_EVENTS[0])

    def _passes(self, stop: Stop) -> bool:
        """Whether a stop is nobody's affair."""
        events = [event for event in self.events.values() if event.is_enabled]
        if stop.reason is Reason.SIGNAL:
            return not any(event.signal == stop.signal for event in events)
        if stop.reason in (Reason.SYSCALL_ENTRY, Reason.SYSCALL_RETURN):
            at_return = stop.reason is Reason.SYSCALL_RETURN
            return not any(event.call == stop.number and event.at_return == at_return for event in events)
        return stop.reason in (
            Reason.THREAD_EXIT, Reason.CREATED, Reason.FORK, Reason.VFORK, Reason.VFORK_DONE, Reason.EXEC,
        )  # fmt: skip

    def _resume_all(self, stop: Stop) -> None:
        assert self._engine is not None
        signal = stop.signal if stop.reason is Reason.SIGNAL else 0
        for thread in self._engine.threads:
            self._engine.resume(thread, signal if thread is stop.thread else 0)

    def resume(self, signal: int = 0) -> None:
        """Lets all threads go on, at the next `wait`."""
        assert self._engine is not None
        self.arm()
        for thread in self._engine.threads:
            self._engine.resume(thread, signal if thread is self.thread else 0)

    def step(self, signal: int = 0) -> None:
        """Lets the thread execute one instruction, at the next `wait`."""
        assert self._engine is not None
        self.arm()
        self._engine.step(self.active(), signal)

    def run_to(self, address: int, stack: int) -> None:
        """Lets the thread run to an address, where its stack is no deeper than it is said to be, at the next `wait`."""
        assert self._engine is not None
        thread = self.active()
        self._passing = self._engine.breakpoints.add(
            address, thread.task.mm, lambda at: at is thread and at.registers["rsp"] >= stack
        )
        self.resume()

    def end_run_to(self) -> None:
        """Takes that breakpoint away."""
        if self._engine is not None:
            self._engine.breakpoints.remove(self._passing)

    def thread_ids(self) -> list[int]:
        """The numbers of the process's threads."""
        engine = self._engine
        return [] if engine is None else [thread.tid for thread in engine.threads if thread.pid == self._pid]

    def interrupt(self) -> None:
        """Asks the process to stop."""
        if self._engine is not None and self.thread is not None:
            self._engine.interrupt(self.thread)
            self.kernel.machine.cpu.interrupt()

    def give_up(self) -> None:
        """Ends the process and switches its machine off; events stay."""
        for event in self.events.values():
            event.armed = None
            if event.symbol:
                event.address = None
        engine, self._engine = self._engine, None
        computer, self._computer = self._computer, None
        self.thread = None
        if engine is not None:
            engine.close()
        if computer is not None:
            computer.close()

    def close(self) -> None:
        """The same."""
        self.give_up()

    def status(self) -> list[str]:
        """What is debugged, and how it is with it."""
        if self.thread is None:
            return self.file_target.status()
        lines = [f"debugging PID {self._pid} ({self.bits}-bit)", f"file: {self.file_target.file.name}"]
        lines.append("threading model: native threads")
        state = _STATES.get(self.stop.reason) if self.stop else None
        lines.append(f"status: {state or 'stopped by debugger'}")
        return lines


_STATES = {
    Reason.BREAKPOINT: "stopped on a breakpoint",
    Reason.STEP: "stopped after a single-step",
    Reason.WATCHPOINT: "stopped on a watchpoint",
    Reason.SIGNAL: "stopped on a signal",
    Reason.SYSCALL_ENTRY: "stopped on entry to a system call",
    Reason.SYSCALL_RETURN: "stopped on exit from a system call",
}
