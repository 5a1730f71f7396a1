"""Each point on programs of both systems: attached in mid-run, two at once, gone in any order.

What the points' observers are told is shown beside what tells them (`tests/linux/test_probes.py`). Here a program makes
rounds of all that can be seen (`tests/programs/probes/rounds.c`); between them it waits, is interrupted by a signal,
forks, and becomes another program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from ring3.abi import elf
from ring3.computer import Computer, Linux
from ring3.image import layout
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.probes import Attachment
from ring3.kernel.task import Task
from ring3.kernel.watched_cpu import CpuObserver
from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.host_cpu import only_emulated
from tests.support.toolchain import Toolchain

Point = tuple[Any, ...]
ROUNDS: Final = 7
ALL: Final = set(range(1, ROUNDS + 1))
BEFORE_FORK: Final = {1, 2, 3}


class Program(NamedTuple):
    """The program that makes rounds, loaded in a machine.

    Attributes:
        machine: The machine.
        file: The program's file.
        task: The thread that is about to make a round.
    """

    machine: Computer
    file: Path
    task: Task

    def symbol(self, name: str) -> int:
        """Where something of the program lies in its memory."""
        raw = self.file.read_bytes()
        value = next(found.value for found in elf.symbols(raw) if found.name == name)
        if isinstance(self.machine, Linux):
            return value  # it is static, and lies where it says
        mapped = (vma.start for vma in self.task.memory.vmas if vma.obj is not None)
        return value + next(start for start in mapped if self.task.memory.read(start, 64) == raw[:64])


Points = Mapping[str, Callable[[Program], Point]]
"""Points by what they are for, each as it is for a program."""

PATHS = pytest.mark.parametrize("path", ["short", "full"])
IN_ANY_ORDER = pytest.mark.parametrize("first_leaves_first", [True, False], ids=["first", "last"])


def in_kernel(program: Program) -> points.Data:
    """A word that ring 0 writes at each entry by ``syscall``."""
    symbols = program.machine.symbols
    if isinstance(program.machine, Linux):
        return points.Data(None, symbols["cpu_tss_rw"] + 0x14, 8)
    return points.Data(None, symbols["cpus"] + layout.load("solaris")["CPU_RTMP_RSP"], 8)


def entry_code(program: Program) -> points.Address:
    """Where ``syscall`` leads to."""
    name = "entry_SYSCALL_64" if isinstance(program.machine, Linux) else "sys_syscall"
    return points.Address(program.machine.symbols[name])


EVERYWHERE: Final[Points] = {
    "one call": lambda _: points.SystemCall("getpid"),
    "calls": lambda _: points.SystemCall(),
    "stubs": lambda _: points.Stub(),
    "runs": lambda _: points.CpuRun(),
    "breakpoint": lambda program: points.Address(program.symbol("mark")),
    "block": lambda program: points.Block(program.symbol("mark"), program.symbol("mark")),
    "page faults": lambda _: points.PageFault(),
    "mappings": lambda _: points.Mapping(),
    "objects": lambda _: points.ObjectLoaded(),
    "signals sent": lambda _: points.SignalSent(),
    "signals forced": lambda _: points.SignalForced(),
    "signals delivered": lambda _: points.SignalDelivered(),
    "tasks created": lambda _: points.TaskCreated(),
    "programs": lambda _: points.TaskExec(),
    "tasks that end": lambda _: points.TaskExited(),
    "tasks woken": lambda _: points.TaskWoken(),
    "on the CPU": lambda _: points.OnCpu(),
    "off the CPU": lambda _: points.OffCpu(),
    "clock": lambda _: points.Clock("realtime"),
    "ticks": lambda _: points.Tick(5_000),
    "randomness": lambda _: points.Randomness(),
    "packets": lambda _: points.Packet(),
    "data of the host": lambda _: points.HostData(),
}  # fmt: skip
"""What every round meets, whose process ever makes it."""

IN_RING0: Final[Points] = {
    "deliveries": lambda _: points.Delivery(),
    "breakpoint of the kernel": entry_code,
    "data of the kernel": in_kernel,
}
"""What puts the full path in force."""

DEAR: Final[Points] = {
    "instructions": lambda _: points.Instruction(frozenset((3,)), full_path=False),
    "instructions of ring 0": lambda _: points.Instruction(frozenset((0,))),
}
"""What slows a machine down so much that it is tried by itself alone."""

OF_ONE_SPACE: Final[Points] = {
    "breakpoint of one space": lambda program: points.Address(program.symbol("mark"), program.task.mm),
    "data": lambda program: points.Data(program.task.mm, program.symbol("watched"), 4),
}
"""What only the rounds of the first process meet."""

OF_LINUX: Final[Points] = {
    "layer": lambda _: points.Layer("__do_sys_getpid"),
    "function": lambda _: points.Function("vfs_write"),
    "tasks about to end": lambda _: points.TaskExiting(),
}
OF_SOLARIS: Final[Points] = {
    "function": lambda _: points.Function("genunix`write"),
}
SINGLY: Final[Points] = {**EVERYWHERE, **IN_RING0, **DEAR, **OF_ONE_SPACE, **OF_LINUX}


class Noting(CallObserver, CpuObserver):
    """Notes in which rounds it is told something, at whatever point."""

    def __init__(self, rounds: Rounds) -> None:
        self.seen: set[int] = set()
        self._rounds = rounds

    def __call__(self, *_told: object) -> None:
        self.seen.add(self._rounds.number)

    def entry(self, call: Call) -> None:
        self(call)

    def before(self, task: Task) -> None:
        self(task)


class Pair:
    """Two observers of one point: one comes in the first round, the other in the second.

    Attributes:
        seen: In which rounds each was told something.
    """

    def __init__(self, rounds: Rounds, make: Callable[[Program], Point], first_leaves_first: bool) -> None:
        self._make = make
        self._observers = Noting(rounds), Noting(rounds)
        self._order = (0, 1) if first_leaves_first else (1, 0)
        self._attached: list[Attachment] = []

    @property
    def seen(self) -> tuple[set[int], set[int]]:
        return self._observers[0].seen, self._observers[1].seen

    def come(self, program: Program) -> None:
        """The next one is attached."""
        observer = self._observers[len(self._attached)]
        self._attached.append(program.machine.kernel.probes.attach(self._make(program), observer))

    def leave(self, which: int) -> None:
        """The one that leaves first is detached, or the one that leaves last."""
        self._attached[self._order[which]].detach()


class Rounds(CallObserver):
    """Counts rounds by their first call, and changes who watches when it has returned.

    Of each pair one leaves in the fourth round, which a child makes, the other in the sixth.

    Attributes:
        number: Which round it is; 0 before the first.
        pairs: Who watches, by name.
        states: What attaching may exchange, as it was in the first round and is in the last.
    """

    def __init__(self, machine: Computer, file: Path, watched: Points, first_leaves_first: bool) -> None:
        self.number = 0
        self.pairs = {name: Pair(self, make, first_leaves_first) for name, make in watched.items()}
        self.states: list[dict[object, object]] = []
        self._machine, self._file = machine, file

    def returned(self, call: Call) -> None:
        """A round has begun."""
        assert call.task is not None
        self.number += 1
        if self.number in (1, ROUNDS):
            self.states.append(state(self._machine))
        for pair in self.pairs.values():
            if self.number <= 2:
                pair.come(Program(self._machine, self._file, call.task))
            elif self.number in (4, 6):
                pair.leave(self.number == 6)


UNBOUND: Final = {"_first_call", "_first_work"}
"""What is behind a stub that was not used yet."""


def hidden_methods(owner: object) -> set[str]:
    """The methods of an object that something else stands in for."""
    return {name for name in vars(owner) if callable(getattr(type(owner), name, None))}


def state(machine: Computer) -> dict[object, object]:
    """All that attaching may exchange in a kernel, and the code of all functions that have names there."""
    kernel = machine.kernel
    bound = {
        address: stub
        for address, stub in kernel.stubs.items()
        if getattr(getattr(stub, "func", stub), "__name__", "") not in UNBOUND
    }
    return {
        **bound,
        **{row.key: row.function.__code__ for row in kernel.function_table},
        "run": kernel.run_cpu,
        "microcode": machine.machine.microcode,
        "kernel": hidden_methods(kernel),
        "clocks": hidden_methods(kernel.clocks),
        "randomness": kernel.random_bytes,
    }


@pytest.fixture
def linux_program(toolchain: Toolchain) -> Path:
    return toolchain.program("probes/rounds.c")


@pytest.fixture(scope="module")
def solaris_program(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rounds")
    return solaris_linked.program(toolchain, "../../probes/rounds.c", folder / "rounds")


def check(machine: Computer, program: Path, watched: Points, first_leaves_first: bool = True) -> None:
    """Two observers of each point are told something in each of their rounds; nothing is left of them in the last."""
    rounds = Rounds(machine, program, watched, first_leaves_first)
    with machine.kernel.probes.attach(points.SystemCall("umask"), rounds):
        outcome = guest.run(machine, program)
    assert (outcome.stdout, outcome.stderr, outcome.status) == (b"." * ROUNDS, b"", 0)
    assert rounds.number == ROUNDS
    before, after = rounds.states
    assert {name for name, what in before.items() if after[name] != what} == set()
    ends = (4, 6) if first_leaves_first else (6, 4)
    wanted = tuple(set(range(begin, end)) for begin, end in zip((1, 2), ends, strict=True))
    for name, pair in rounds.pairs.items():
        met = BEFORE_FORK if name in OF_ONE_SPACE else ALL
        assert (name, pair.seen) == (name, tuple(numbers & met for numbers in wanted))


@pytest.mark.parametrize("name", SINGLY)
def test_one_point(linux_program: Path, name: str) -> None:
    if name == "ticks":
        only_emulated("there this machine's time passes by stops, and the program makes few")
    with guest.boot() as linux:
        check(linux, linux_program, {name: SINGLY[name]})


def test_who_watches_instructions_hides_no_breakpoint(linux_program: Path) -> None:
    with guest.boot() as linux:
        check(linux, linux_program, {name: SINGLY[name] for name in ("instructions", "breakpoint")})


@IN_ANY_ORDER
@PATHS
def test_all_points_of_linux(linux_program: Path, path: PathThrough, first_leaves_first: bool) -> None:
    chosen = {**EVERYWHERE, **OF_ONE_SPACE, **OF_LINUX, **(IN_RING0 if path == "full" else {})}
    with guest.boot(path) as linux:
        check(linux, linux_program, chosen, first_leaves_first)


@IN_ANY_ORDER
@PATHS
def test_all_points_of_solaris(solaris_program: Path, path: PathThrough, first_leaves_first: bool) -> None:
    chosen = {**EVERYWHERE, **OF_ONE_SPACE, **OF_SOLARIS, **(IN_RING0 if path == "full" else {})}
    with guest.boot_solaris(path) as solaris:
        check(solaris, solaris_program, chosen, first_leaves_first)


class Rival(Noting):
    """Takes another observer off its point as soon as it is told something."""

    attached: Attachment
    other: Rival

    def __call__(self, *_told: object) -> None:
        super().__call__()
        self.other.attached.detach()


class Rivalry(Rounds):
    """Two rivals at each point, from the first round on."""

    def __init__(self, machine: Computer, file: Path, watched: Points) -> None:
        super().__init__(machine, file, {}, first_leaves_first=True)
        self.rivals = {name: (Rival(self), Rival(self)) for name in watched}
        self._watched = watched

    def returned(self, call: Call) -> None:
        """A round has begun."""
        super().returned(call)
        if self.number != 1:
            return
        assert call.task is not None
        program = Program(self._machine, self._file, call.task)
        for name, (first, second) in self.rivals.items():
            first.other, second.other = second, first
            for rival in (first, second):
                point = self._watched[name](program)
                rival.attached = self._machine.kernel.probes.attach(point, rival)


@PATHS
def test_who_is_taken_off_by_another_one_is_told_no_more(linux_program: Path, path: PathThrough) -> None:
    chosen = {**EVERYWHERE, **OF_ONE_SPACE, **OF_LINUX, **({**IN_RING0, **DEAR} if path == "full" else {})}
    with guest.boot(path) as linux:
        rounds = Rivalry(linux, linux_program, chosen)
        with linux.kernel.probes.attach(points.SystemCall("umask"), rounds):
            assert guest.run(linux, linux_program).status == 0
    told = {name: sum(bool(rival.seen) for rival in rivals) for name, rivals in rounds.rivals.items()}
    assert told == dict.fromkeys(chosen, 1)


def test_each_point_is_tried(toolchain: Toolchain) -> None:
    """A point that is new in `kernel.points` has to come here too."""
    file = toolchain.program("probes/rounds.c")
    with guest.boot() as machine:
        program = Program(machine, file, machine.load(str(file), environment={}))
        tried = {type(make(program)) for make in SINGLY.values()}
    assert tried == {
        kind for kind in vars(points).values() if getattr(kind, "__module__", "") == points.__name__
    }
