"""Runs guest programs on Ring3 in this process, and looks at all that a program or its user could tell apart.

`boot` gives a machine on which nothing is left to chance: fixed addresses, randomness and clocks. `run` runs a program
on it with its own standard descriptors. With ``watch`` it also keeps a journal: what made the program leave ring 3,
its registers at that moment, and its registers when it was in ring 3 again. Two runs with equal journals cannot be
told apart by their program.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ring3.computer import Computer, Linux, Solaris
from ring3.errors import Ring3Error
from ring3.fs.file import File
from ring3.kernel import points
from ring3.kernel.clock import VirtualClocks
from ring3.kernel.mm.mm import Mm
from ring3.kernel.mm.shared import SharedObject
from ring3.kernel.mm.vma import SHARED
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import Task
from ring3.kernel.watched_cpu import CpuObserver
from ring3.kernel.watched_items import watch_method
from ring3.machine.board import CpuKind
from ring3.machine.cpu import Event, Registers, Stop, Trap
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, ZERO_PAGE
from ring3.machine.registers import Flags, Gpr, Seg
from tests.support.native import Finished
from tests.support.stop_clocks import StopClocks
from tests.support.thrown import throw

PathThrough = Literal["short", "full"]
"""One of the two ways through the kernel."""

CPU: Final = [CpuKind.EMULATED]
"""What runs programs, at the end; the option ``--cpu`` of pytest puts another one there."""
THROWN: Final = [False]
"""Whether programs are thrown to and fro between both; the option ``--cpu thrown`` wants that."""
RAM: Final = 256 << 20
SECONDS: Final = 30.0


class OutOfTime(Ring3Error):
    """A program ran for longer than its test allows."""


def fixed_random() -> Iterator[bytes]:
    """The same unending bytes each time, 32 at once."""
    for number in count():
        yield hashlib.sha256(number.to_bytes(8, "little")).digest()


def make_deterministic(computer: Linux | Solaris) -> None:
    """Takes all chance out of a machine that has not run anything yet."""
    source = fixed_random()
    left = bytearray()

    def random_bytes(size: int) -> bytes:
        while len(left) < size:
            left.extend(next(source))
        taken = bytes(left[:size])
        del left[:size]
        return taken

    computer.kernel.random_bytes = random_bytes
    if isinstance(computer, Solaris) or CPU[-1] is CpuKind.EMULATED:
        computer.kernel.make_time_virtual()
    else:
        StopClocks.install(computer)
    if isinstance(computer, Linux):
        computer.kernel.aslr = None
    else:
        computer.kernel.clocks = VirtualClocks()  # ring 0's code takes time too, but only on the full path


@contextlib.contextmanager
def boot(path: PathThrough = "short", ram_bytes: int = RAM) -> Iterator[Linux]:
    """A machine with Linux on which every run of a program is the same."""
    with Linux(full_path=path == "full", ram_bytes=ram_bytes, cpu=CPU[-1]) as linux:
        make_deterministic(linux)
        if THROWN[-1]:
            throw(linux)
        yield linux


@contextlib.contextmanager
def boot_solaris(path: PathThrough = "short", ram_bytes: int = RAM) -> Iterator[Solaris]:
    """The same with Solaris."""
    with Solaris(full_path=path == "full", ram_bytes=ram_bytes) as solaris:
        make_deterministic(solaris)
        yield solaris


class Census(NamedTuple):
    """What a kernel holds. While no program runs, nothing of it may depend on which programs ran before.

    Attributes:
        frames: Frames of RAM in use, once those are given back that only cache files.
        tasks: Threads that live.
        processes: Processes, those that nobody waited for included.
        futexes: Words that somebody waits at, and locks.
        timers: Timers that run, of any clock.
        files: Open file descriptions.
        spaces: Address spaces.
        objects: Objects that are, or were and may still be, mapped, without a cache behind them.
    """

    frames: int
    tasks: int
    processes: int
    futexes: int
    timers: int
    files: int
    spaces: int
    objects: int


def census(linux: Linux) -> Census:
    """Counts what a machine's kernel holds; no program may be running."""
    kernel = linux.kernel
    linux.mount_view()  # with the machine's own files, which the first program would bring
    for bits in (64, 32):
        kernel.vdso(bits)  # loaded by the first program that needs it, and kept
    kernel.objects.reclaim(linux.machine.ram.size >> PAGE_SHIFT, mapped=True)
    gc.collect()
    ram = linux.machine.ram
    alive = [thing for thing in gc.get_objects() if isinstance(thing, File | Mm | SharedObject)]
    mine = [thing for thing in alive if isinstance(thing, File) or thing.ram is ram]
    return Census(
        ram.frames_in_use - kernel.vfs.ledger.frames,  # names that were looked up are kept for a while
        len(kernel.tasks),
        len(kernel.processes),
        len(kernel.futexes),
        len(kernel.timers) + len(kernel.cpu_timers),
        sum(isinstance(thing, File) and thing.refs > 0 for thing in mine),
        sum(isinstance(thing, Mm) and bool(thing.vmas) for thing in mine),
        sum(isinstance(thing, SharedObject) for thing in mine),
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What ring 3 sees of the CPU: general registers by encoding, selectors by encoding, bases of FS and GS.

    RF is left out of the flags: it shows how ring 3 was entered, and no instruction there can read it.
    """

    gprs: tuple[int, ...]
    rip: int
    flags: int
    selectors: tuple[int, ...]
    fs_base: int
    gs_base: int

    @classmethod
    def of(cls, cpu: Registers) -> Snapshot:
        """The registers of a CPU that is in ring 3."""
        return cls(
            tuple(cpu.gpr(number) for number in range(16)),
            cpu.rip,
            cpu.rflags & ~Flags.RF,
            tuple(cpu.selector(segment) for segment in Seg),
            cpu.fs_base,
            cpu.gs_base,
        )

    def gpr(self, register: Gpr) -> int:
        """A general register."""
        return self.gprs[register]

    def __str__(self) -> str:
        named = " ".join(f"{Gpr(number).name.lower()}={value:x}" for number, value in enumerate(self.gprs))
        segments = " ".join(f"{seg.name.lower()}={self.selectors[seg]:x}" for seg in Seg)
        return f"{named} rip={self.rip:x} {Flags(self.flags)!r} {segments} fs@{self.fs_base:x} gs@{self.gs_base:x}"


@dataclass(frozen=True, slots=True)
class Passage:
    """One way of a task from ring 3 to the kernel and back.

    Attributes:
        tid: The task's number.
        stop: Why ring 3 was left; None for the program's start.
        left: The registers then.
        back: The registers in ring 3 afterwards, or None if the program ended.
    """

    tid: int
    stop: Stop | None
    left: Snapshot | None
    back: Snapshot | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program did.

    Attributes:
        finished: What it printed, and its status as a shell gives it.
        registers: The user registers when it left ring 3 for the last time.
        memory: Digest of its memory when it ended.
        stops: Why it left ring 3, each time.
        journal: Every passage, if the run was watched; task by task, in the order of their numbers.
    """

    finished: Finished
    registers: Snapshot | None
    memory: str
    stops: tuple[Stop, ...] = ()
    journal: tuple[Passage, ...] = ()

    @property
    def stdout(self) -> bytes:
        """What it wrote to descriptor 1."""
        return self.finished.stdout

    @property
    def stderr(self) -> bytes:
        """What it wrote to descriptor 2."""
        return self.finished.stderr

    @property
    def status(self) -> int:
        """Its status as a shell gives it."""
        return self.finished.status

    def count(self, reason: Event | int) -> int:
        """How often it left ring 3 by an event, or by a trap of a vector."""
        return sum(_is(stop, reason) for stop in self.stops)

    def left_by(self, reason: Event | int) -> bool:
        """Whether it left ring 3 for the last time by an event, or by a trap of a vector."""
        return _is(self.stops[-1], reason)


def _is(stop: Stop, reason: Event | int) -> bool:
    return stop is reason or (isinstance(stop, Trap) and stop.vector == reason)


def run(
    computer: Computer,
    program: Path,
    arguments: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    watch: bool = False,
    seconds: float = SECONDS,
) -> Outcome:
    """Loads a program and runs it to its end.

    Args:
        computer: The machine.
        program: An executable; its path is also ``argv[0]``.
        arguments: The rest of ``argv``.
        environment: The whole environment; empty unless given.
        stdin: All that it can read from descriptor 0, a file. Descriptors 1 and 2 are files too.
        watch: Keep a journal. On the full path ring 0 is then run instruction by instruction, a hundred times slower.
        seconds: How long it may run.

    Raises:
        UserError: It cannot be run.
        KernelPanic: A bug of ours.
        OutOfTime: It ran for too long.
    """
    with _descriptors(stdin) as (out, err):
        task = computer.load(str(program), arguments, environment or {})
        observer = run_observed(computer, task, watch=watch, seconds=seconds)
        return Outcome(
            Finished(_contents(out), _contents(err), observer.status),
            observer.last,
            observer.memory,
            tuple(observer.stops),
            tuple(passage for _, journal in sorted(observer.journals.items()) for passage in journal),
        )


class TimeLimit:
    """For how long a program may run, in this process's own time: what else a loaded machine does is no matter.

    One that waits for ever uses none: many times as much by the clock is the end as well.
    """

    WAITING: Final = 20

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._computed = time.process_time() + seconds
        self._waited = time.monotonic() + self.WAITING * seconds

    @property
    def is_over(self) -> bool:
        """Whether it has had it."""
        return time.process_time() >= self._computed or time.monotonic() >= self._waited

    @property
    def next_look(self) -> float:
        """Seconds after which it can be over at the earliest."""
        return max(self._computed - time.process_time(), 0.02)


@dataclass(slots=True, eq=False)
class Observer(CpuObserver):
    """What is noted of one run, while it goes on.

    Attributes:
        computer: The machine.
        task: The program.
        watch: Keep the journal.
        limit: For how long it may run.
        journals: The passages of each task so far, by its number.
        last: The registers when ring 3 was left the last time.
        stops: Why ring 3 was left, each time.
        memory: Digest of memory at the end.
        status: The status at the end.
    """

    computer: Computer
    task: Task
    watch: bool
    limit: TimeLimit
    journals: dict[int, list[Passage]] = field(default_factory=dict)
    last: Snapshot | None = None
    stops: list[Stop] = field(default_factory=list)
    memory: str = ""
    status: int = -1

    def before(self, task: Task) -> None:
        """The CPU is about to run."""
        if self.watch and self.computer.machine.cpu.cpl == 3:
            self._note_return(task)

    def after(self, task: Task, stop: Stop) -> None:
        """It has stopped."""
        cpu = self.computer.machine.cpu
        clocks = self.computer.kernel.clocks
        if isinstance(clocks, StopClocks):
            clocks.stopped(stop)
        if cpu.cpl == 3:
            self.last = Snapshot.of(cpu)
            self.stops.append(stop)
            if self.watch and stop is not Event.INTERRUPTED:
                self._journal(task).append(Passage(task.tid, stop, self.last, None))

    def _journal(self, task: Task) -> list[Passage]:
        return self.journals.setdefault(task.tid, [])

    def _note_return(self, task: Task) -> None:
        """Ring 3 is about to run, or has met its next fault before its first instruction."""
        back = Snapshot.of(self.computer.machine.cpu)
        journal = self._journal(task)
        if not journal:
            journal.append(Passage(task.tid, None, None, back))
        elif journal[-1].back is None:
            journal[-1] = replace(journal[-1], back=back)

    def leave_memory(self, call: Call) -> None:
        """The task leaves its memory: takes a last look at it."""
        if self.task.mm is not None:
            self.memory = digest(self.task.memory)

    def preempt(self, call: Call) -> None:
        """A task had its turn."""
        if self.limit.is_over:
            raise OutOfTime(f"{self.task.name} was still running at {self.computer.machine.cpu.rip:#x}")


class _Returns(CpuObserver):
    """Is told of ring 0's instructions, and looks whether one was the last."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def after(self, task: Task, stop: Stop) -> None:
        self._observer.before(task)


class _Entry(CallObserver):
    """Calls a function when another one is called."""

    def __init__(self, function: Callable[[Call], None]) -> None:
        self._function = function

    def entry(self, call: Call) -> None:
        self._function(call)


def run_observed(
    computer: Computer, task: Task, *, watch: bool = False, seconds: float = SECONDS
) -> Observer:
    """Runs a loaded program to its end and tells what was seen.

    Raises:
        KernelPanic: A bug of ours.
        OutOfTime: It ran for longer than ``seconds``.
    """
    observer = Observer(computer, task, watch, TimeLimit(seconds))
    kernel = computer.kernel
    with contextlib.ExitStack() as stack:
        stack.enter_context(kernel.probes.attach(points.CpuRun(), observer))
        if watch:
            ring0 = points.Instruction(frozenset((0,)), full_path=False)
            stack.enter_context(kernel.probes.attach(ring0, _Returns(observer)))
        for owner, name, told in (
            (kernel, "preempt", observer.preempt),
            (task, "leave_memory", observer.leave_memory),
        ):
            stack.callback(watch_method(owner, name, _Entry(told), lambda: kernel.current))
        stack.enter_context(_interrupting(computer, observer.limit))
        observer.status = computer.run(task)
    return observer


def digest(mm: Mm) -> str:
    """A digest of a program's mappings and of the pages it has changed.

    A page of zeros in private memory counts as untouched: how far ahead a fault fills memory cannot be seen.
    """
    found = hashlib.sha256()
    ram = mm.ram.bytes
    for vma in mm.vmas:
        found.update(f"{vma.start:x}-{vma.end:x} {vma.prot} {vma.flags}\n".encode())
        first, last = vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT
        frames = {page: mm.anon[page] for page in mm.anon if first <= page < last}
        if vma.obj is not None and vma.flags & SHARED:
            frames |= {
                page: frame
                for page in range(first, last)
                if (frame := vma.obj.frames.get(vma.object_page(page << PAGE_SHIFT)))
            }
        for page in sorted(frames):
            content = bytes(ram[frames[page] : frames[page] + PAGE_SIZE])
            if content != ZERO_PAGE or vma.obj is not None:
                found.update(page.to_bytes(8, "little") + content)
    return found.hexdigest()


@contextlib.contextmanager
def _interrupting(computer: Computer, limit: TimeLimit) -> Iterator[None]:
    """Interrupts the CPU when the time is over, and again until it has noticed."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(limit.next_look):
            if limit.is_over:
                computer.machine.cpu.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextlib.contextmanager
def _descriptors(stdin: bytes) -> Iterator[tuple[int, int]]:
    """Puts files in place of this process's descriptors 0, 1 and 2; gives those of 1 and 2."""
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(stdin)
        files[0].seek(0)
        kept = [os.dup(fd) for fd in (0, 1, 2)]
        try:
            for fd, file in enumerate(files):
                os.dup2(file.fileno(), fd)
            yield files[1].fileno(), files[2].fileno()
        finally:
            for fd, old in enumerate(kept):
                os.dup2(old, fd)
                os.close(old)


def _contents(fd: int) -> bytes:
    return os.pread(fd, min(os.fstat(fd).st_size, 1 << 26), 0)  # a program can make holes of any size
