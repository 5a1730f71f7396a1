"""Probes on running programs: each point, attached at any moment, in any order, on both paths, and gone again."""

from __future__ import annotations

import dis
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ring3.abi import elf
from ring3.abi.errno import E
from ring3.computer import Linux
from ring3.fs import host, host_os
from ring3.kernel import points
from ring3.kernel.events import (
    Created,
    DataAccess,
    Executed,
    Exited,
    Faulted,
    Loaded,
    MappingChanged,
    Sent,
    Taken,
)
from ring3.kernel.mm.fault import FaultingSpace, FaultOutcome
from ring3.kernel.mm.space import Space
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import Task
from ring3.kernel.watched_cpu import CpuObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.entry import deliver
from ring3.linux.kernel import LinuxKernel
from ring3.linux.signals import send
from ring3.machine.cpu import Event, Stop
from tests.support import guest
from tests.support.host_cpu import only_emulated
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@pytest.fixture
def events(toolchain: Toolchain) -> Path:
    return toolchain.program("probes/events.c")


class Noting(CallObserver):
    """Writes down what it is told of calls of one task or of all."""

    def __init__(self, log: list[str], name: str = "") -> None:
        self.log, self.name = log, name

    def note(self, what: str, call: Call) -> None:
        assert isinstance(call, StubCall)
        self.log.append(f"{self.name}{what} {call.what.names[0]}{' begun before' * call.begun_before}")

    def entry(self, call: Call) -> None:
        self.note("entry", call)

    def wait(self, call: Call) -> None:
        self.note("wait", call)

    def resume(self, call: Call) -> None:
        self.note("resume", call)

    def returned(self, call: Call) -> None:
        self.note("interrupted" if call.interrupted else str(call.error or call.value), call)

    def left(self, call: Call) -> None:
        self.note("left", call)


class Doing(CallObserver):
    """Does something when a call begins, the first time."""

    def __init__(self, what: Callable[[], object]) -> None:
        self.what: Callable[[], object] | None = what

    def entry(self, call: Call) -> None:
        what, self.what = self.what, None
        if what is not None:
            what()


class Runs(CpuObserver):
    """Collects why the CPU stopped."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []

    def after(self, task: Task, stop: Stop) -> None:
        self.stops.append(stop)


def run(linux: Linux, program: Path, what: str, stdin: bytes = b"") -> guest.Outcome:
    return guest.run(linux, program, [what], stdin=stdin)


def symbol(program: Path, name: str) -> int:
    raw = program.read_bytes()
    return next(found.value for found in elf.symbols(raw) if found.name == name)


# -- system calls ------------------------------------------------------------------------------------------------------


@BITS
def test_who_is_attached_in_a_handler_sees_the_next_call(
    linux: Linux, toolchain: Toolchain, bits: Bits
) -> None:
    log: list[str] = []
    attach = linux.kernel.probes.attach
    runs = Runs()

    def come() -> None:
        attach(points.SystemCall("getpid"), Noting(log))
        attach(points.CpuRun(), runs)

    attach(points.SystemCall("getpid"), Doing(come))
    outcome = run(linux, toolchain.program("probes/events.c", bits=bits), "calls")
    assert (outcome.stdout, outcome.status) == (b"1\n1\n1\n", 3)
    assert log == ["2 getpid begun before", *["entry getpid", "2 getpid"] * 2]
    assert sum(stop is (Event.SYSCALL if bits == 64 else Event.SYSENTER) for stop in runs.stops) >= 3


def test_two_at_one_call_leave_in_any_order_and_the_bound_stub_is_back(linux: Linux, events: Path) -> None:
    log: list[str] = []
    stubs, address = linux.kernel.stubs, linux.symbols["__x64_sys_getpid"]
    unbound = stubs[address]
    first = linux.kernel.probes.attach(points.SystemCall("getpid"), Noting(log, "1 "))
    second = linux.kernel.probes.attach(points.SystemCall("getpid"), Noting(log, "2 "))
    linux.kernel.probes.attach(points.SystemCall("getpid"), Doing(first.detach))
    run(linux, events, "calls")
    second.detach()
    assert log[:3] == ["1 entry getpid", "2 entry getpid", "2 2 getpid"]
    assert {line[0] for line in log[3:]} == {"2"}
    linux.kernel.probes.close()
    assert stubs[address] is not unbound
    assert stubs[address] is linux.kernel.call("sys_getpid").entry("__x64_sys_getpid")


def test_every_call_of_a_program_is_seen_by_any_door(linux: Linux, toolchain: Toolchain) -> None:
    for bits in (64, 32):
        calls: list[tuple[str, str]] = []

        class Names(CallObserver):
            def entry(self, call: Call, calls: list[tuple[str, str]] = calls) -> None:
                calls.append((call.what.names[0], call.what.abi))

        with linux.kernel.probes.attach(points.SystemCall(), Names()):
            outcome = run(linux, toolchain.program("probes/events.c", bits=bits), "calls")
        doors = (Event.SYSCALL,) if bits == 64 else (0x80, Event.SYSENTER)
        assert len(calls) == sum(outcome.count(door) for door in doors)
        assert Counter(name for name, _ in calls)["getpid"] == 3
        assert {abi for _, abi in calls} == {"x86_64" if bits == 64 else "i386"}
        assert calls[-1][0] == "exit_group"


def test_of_calls_that_share_a_stub_one_alone_is_seen(linux: Linux, toolchain: Toolchain) -> None:
    """putpmsg is absent, as is getpmsg: the program makes either once."""
    numbers: list[int] = []

    class Numbers(CallObserver):
        def entry(self, call: Call) -> None:
            assert isinstance(call, StubCall)
            numbers.append(call.number)

        returned = entry

    with linux.kernel.probes.attach(points.SystemCall("putpmsg"), Numbers()):
        run(linux, toolchain.program("basic/enosys.c"), "")
    assert numbers == [182, 182]


def test_a_call_that_waits_and_the_one_that_ends_its_task(linux: Linux, events: Path) -> None:
    log: list[str] = []
    for name in ("read", "exit_group"):
        linux.kernel.probes.attach(points.SystemCall(name), Noting(log))
    assert run(linux, events, "wait").stdout == b"read 1, child 7\n"
    assert [line for line in log if "read" in line] == ["entry read", "wait read", "resume read", "1 read"]
    assert [line for line in log if "exit" in line] == ["entry exit_group", "left exit_group"] * 2


@pytest.mark.parametrize("point", [points.SystemCall("read"), points.Stub("__x64_sys_read")])
def test_who_comes_while_a_call_waits_sees_its_end(
    linux: Linux, events: Path, point: tuple[object, ...]
) -> None:
    log: list[str] = []
    attach = linux.kernel.probes.attach
    attach(points.SystemCall("getppid"), Doing(lambda: attach(point, Noting(log))))
    assert run(linux, events, "wait").stdout == b"read 1, child 7\n"
    assert log == ["resume read begun before", "1 read begun before"]


def test_a_signal_interrupts_a_call(linux: Linux, events: Path) -> None:
    log: list[str] = []
    sent: list[Sent] = []
    taken: list[Taken] = []
    attach = linux.kernel.probes.attach
    attach(points.SystemCall("read"), Noting(log))
    attach(points.SignalSent(), sent.append)
    attach(points.SignalDelivered(), taken.append)
    assert run(linux, events, "signal").stdout == b"read -1, child 7\n"
    assert log == ["entry read", "wait read", "resume read", "interrupted read"]
    assert [(one.info.signo, one.discarded) for one in sent if one.info.signo != 17] == [
        (12, True),
        (10, False),
    ]
    assert [one.info.signo for one in taken if one.info.signo != 17] == [10]


def test_arguments_results_and_errors_can_be_changed(linux: Linux, events: Path) -> None:
    class Changing(CallObserver):
        def __init__(self) -> None:
            self.number = 0

        def entry(self, call: Call) -> None:
            self.number += 1
            if self.number == 2:
                call.answer(0)
            elif self.number == 3:
                call.fail(E.EPERM)

        def returned(self, call: Call) -> None:
            if self.number == 1:
                call.value = -5

    class Shorter(CallObserver):
        def entry(self, call: Call) -> None:
            call.arguments[2] = 3

    linux.kernel.probes.attach(points.SystemCall("getpid"), Changing())
    assert run(linux, events, "calls").stdout == b"0\n0\n0\n"
    linux.kernel.probes.close()
    linux.kernel.probes.attach(points.SystemCall("write"), Shorter())
    outcome = run(linux, events, "host", b"12345")
    assert (outcome.stdout, outcome.status) == (b"hel", 8)


# -- functions and layers ----------------------------------------------------------------------------------------------


def test_layers_of_a_call_that_waits_are_observed(linux: Linux, events: Path) -> None:
    log: list[str] = []

    class Layer(CallObserver):
        def entry(self, call: Call) -> None:
            log.append(f"entry {call.arguments[1:]}")

        def wait(self, call: Call) -> None:
            log.append("wait")

        def returned(self, call: Call) -> None:
            log.append(f"{call.value}")

    layers = linux.kernel.call("sys_read")
    before = dict(layers.namespace)
    with linux.kernel.probes.attach(points.Layer("__do_sys_read"), Layer()):
        run(linux, events, "wait")
    assert layers.namespace == before
    assert log[0].startswith("entry [3, ")
    assert log[1:] == ["wait", "1"]


# -- tasks -------------------------------------------------------------------------------------------------------------


def test_tasks_begin_become_another_program_and_end(linux: Linux, events: Path) -> None:
    created: list[Created] = []
    executed: list[Executed] = []
    exited: list[Exited] = []
    attach = linux.kernel.probes.attach
    attach(points.TaskCreated(), created.append)
    attach(points.TaskExec(), executed.append)
    attach(points.TaskExited(), exited.append)
    run(linux, events, "wait")
    parents = [one.parent.tid if one.parent else None for one in created]
    assert parents == [None, created[0].task.tid]
    assert [(one.task.tid, one.code) for one in exited] == [
        (created[1].task.tid, 7 << 8),
        (created[0].task.tid, 0),
    ]
    run(linux, events, "exec")
    assert [one.path for one in executed] == [bytes(events)]


def test_probes_stay_across_fork_and_exec(linux: Linux, events: Path) -> None:
    names: Counter[str] = Counter()

    class Names(CallObserver):
        def entry(self, call: Call) -> None:
            names[call.what.names[0]] += 1

    linux.kernel.probes.attach(points.SystemCall(), Names())
    run(linux, events, "exec")
    assert (names["execve"], names["getpid"]) == (1, 3)
    run(linux, events, "wait")
    assert names["getppid"] == 1


def test_the_cpu_goes_from_task_to_task(linux: Linux, events: Path) -> None:
    log: list[tuple[str, int]] = []
    linux.kernel.probes.attach(points.OnCpu(), lambda task: log.append(("on", task.tid)))
    linux.kernel.probes.attach(points.OffCpu(), lambda task: log.append(("off", task.tid)))
    run(linux, events, "wait")
    assert [what for what, _ in log] == ["on", "off"] * (len(log) // 2)
    assert all(log[at][1] == log[at + 1][1] for at in range(0, len(log), 2))
    assert len({tid for _, tid in log}) == 2


# -- addresses and data ------------------------------------------------------------------------------------------------


def test_breakpoints_of_one_program_and_of_all(linux: Linux, events: Path) -> None:
    mark = symbol(events, "mark")
    hits: list[tuple[int, int]] = []
    tids: set[int] = set()

    def hit(task: Task, address: int) -> None:
        hits.append((address, linux.machine.cpu.gpr(7)))
        tids.add(task.tid)

    with linux.kernel.probes.attach(points.Address(mark), hit):
        assert run(linux, events, "marks").status == 3
    assert hits == [(mark, value) for value in (1, 2, 3, 4)]
    assert len(tids) == 2
    hits.clear()

    started: list[Task] = []

    def first(made: Created) -> None:
        if not started:
            started.append(made.task)
            linux.kernel.probes.attach(points.Address(mark, made.task.memory), hit)

    linux.kernel.probes.attach(points.TaskCreated(), first)
    assert run(linux, events, "marks").status == 3
    assert [value for _, value in hits] == [1, 2, 3], "the child has an address space of its own"


def test_a_breakpoint_may_send_the_program_elsewhere(linux: Linux, events: Path) -> None:
    def skip(task: Task, address: int) -> None:
        cpu = linux.machine.cpu
        cpu.rip = int.from_bytes(linux.machine.read(cpu.gpr(4), 8), "little")
        cpu.set_gpr(4, cpu.gpr(4) + 8)

    linux.kernel.probes.attach(points.Address(symbol(events, "mark")), skip)
    assert run(linux, events, "marks").status == 0


def test_a_breakpoint_in_the_kernel_is_met_on_either_path(linux: Linux, events: Path) -> None:
    entry = linux.symbols["entry_SYSCALL_64"]
    hits: list[int] = []
    attachment = linux.kernel.probes.attach(points.Address(entry), lambda task, address: hits.append(address))
    outcome = run(linux, events, "calls")
    assert (outcome.stdout, len(hits)) == (b"1\n1\n1\n", outcome.count(Event.SYSCALL))
    attachment.detach()
    assert run(linux, events, "calls").status == 3
    assert linux.kernel.short_path is not linux.kernel.full_path


def test_data_and_blocks(linux: Linux, events: Path) -> None:
    accesses: list[DataAccess] = []
    blocks: list[int] = []
    mark, watched = symbol(events, "mark"), symbol(events, "watched")

    def start(made: Created) -> None:
        linux.kernel.probes.attach(points.Data(made.task.memory, watched, 4), accesses.append)

    linux.kernel.probes.attach(points.TaskCreated(), start)
    linux.kernel.probes.attach(points.Block(mark, mark), lambda task, address, size: blocks.append(address))
    assert run(linux, events, "marks").status == 3
    assert [(one.address, one.value) for one in accesses] == [(watched, value) for value in (1, 2, 3, 4)]
    assert all(mark <= one.ip < mark + 16 for one in accesses)
    assert len(blocks) >= 4


def test_instructions_of_either_ring(linux: Linux, events: Path) -> None:
    mark = symbol(events, "mark")
    seen: Counter[str] = Counter()

    class Steps(CpuObserver):
        def before(self, task: Task) -> None:
            cpu = linux.machine.cpu
            seen["ring 0" if cpu.cpl == 0 else "ring 3"] += 1
            seen["mark"] += cpu.rip == mark

    linux.kernel.probes.attach(points.Instruction(), Steps())
    assert run(linux, events, "marks").status == 3
    assert seen["mark"] == 4
    assert min(seen.values()) > 3


def test_ways_into_ring_0_are_told(linux: Linux, events: Path) -> None:
    causes: list[Stop] = []
    with linux.kernel.probes.attach(points.Delivery(), lambda told: causes.append(told.cause)):
        outcome = run(linux, events, "calls")
    assert causes == [stop for stop in outcome.stops if stop is not Event.INTERRUPTED]


# -- memory ------------------------------------------------------------------------------------------------------------


def test_faults_and_mappings(linux: Linux, events: Path) -> None:
    faults: list[Faulted] = []
    changes: list[MappingChanged] = []
    loaded: list[Loaded] = []
    attach = linux.kernel.probes.attach
    attach(points.PageFault(), faults.append)
    attach(points.Mapping(), changes.append)
    attach(points.ObjectLoaded(), loaded.append)
    run(linux, events, "memory")
    made = next(
        one.vma for one in reversed(changes) if one.change == "remove" and one.vma.end - one.vma.start == 4096
    )
    own = [(one.write, one.outcome) for one in faults if made.start <= one.address < made.end]
    assert own == [(True, FaultOutcome.OK)]
    kinds = [one.change for one in changes if one.vma.start == made.start]
    assert kinds[0] == "insert"
    assert kinds[-1] == "remove"
    assert "recast" in {one.change for one in changes}
    assert len(loaded) == 0 or all(one.vma.obj is not None for one in loaded)


# -- time and the host -------------------------------------------------------------------------------------------------


def test_what_comes_from_the_host(linux: Linux, events: Path) -> None:
    log: list[tuple[str, object]] = []

    class Host(CallObserver):
        def returned(self, call: Call) -> None:
            log.append((call.what.name, call.value))

    attach = linux.kernel.probes.attach
    for point in (points.HostData(), points.Randomness(), points.Clock("realtime")):
        attach(point, Host())
    clocks, random = linux.kernel.clocks, linux.kernel.random_bytes
    outcome = run(linux, events, "host", b"12345")
    assert (outcome.stdout, outcome.status) == (b"hello", 10)
    names = [name for name, _ in log]
    assert ("read", b"12345") in log
    assert ("write", 5) in log
    assert "random_bytes" in names
    assert "realtime" in names
    assert linux.kernel.random_bytes is random
    linux.kernel.probes.close()
    assert "realtime" not in vars(clocks)
    assert linux.kernel.random_bytes is not random


def test_time_ticks(linux: Linux, events: Path) -> None:
    only_emulated("there this machine's time passes by stops, and the program makes few")
    ticks: list[Task | None] = []
    with linux.kernel.probes.attach(points.Tick(1_000_000), ticks.append):
        run(linux, events, "spin")
    count = len(ticks)
    assert count > 5
    assert {task.name for task in ticks if task is not None} == {events.name[:15]}
    run(linux, events, "spin")
    assert len(ticks) == count


# -- nobody watches ----------------------------------------------------------------------------------------------------

SIMPLE: list[tuple[Any, ...]] = [
    points.SystemCall(), points.Stub(), points.CpuRun(), points.Instruction(), points.Delivery(),
    points.Address(0x1000), points.Address(0xFFFF_FFFF_8100_0000), points.Block(), points.PageFault(),
    points.Mapping(), points.ObjectLoaded(), points.SignalSent(), points.SignalDelivered(), points.TaskCreated(),
    points.TaskExec(), points.TaskExited(), points.OnCpu(), points.OffCpu(), points.Tick(10**9),
    points.Clock("monotonic"), points.Randomness(), points.HostData(), points.Layer("__do_sys_write"),
    points.Layer("__se_sys_write"),
]  # fmt: skip


FLAGS = {"is_watched", "is_changed", "in_doubt"}
"""What a kernel notes for itself once somebody has watched it."""


class Nothing(CallObserver, CpuObserver):
    """Observes without a word, at whatever point."""

    def __call__(self, *_told: object) -> None:
        pass


def state(linux: Linux) -> list[object]:
    """All that attaching may exchange, as it is now."""
    kernel = linux.kernel
    owners = (FaultingSpace, Space, send, deliver, host.HostFile, host_os)
    codes = [
        thing.__code__ for owner in owners for thing in vars(owner).values() if hasattr(thing, "__code__")
    ]
    return [
        *kernel.stubs.values(), *kernel.call("sys_write").namespace.values(), kernel.run_cpu, linux.machine.microcode,
        sorted(vars(kernel).keys() - FLAGS), sorted(vars(kernel.clocks)),
        kernel.random_bytes, kernel.short_path, *codes,
    ]  # fmt: skip


def test_detaching_leaves_every_object_that_was_there(linux: Linux, events: Path) -> None:
    run(linux, events, "calls")
    assert linux.kernel.probes is not None
    before = state(linux)
    attached = [linux.kernel.probes.attach(point, Nothing()) for point in SIMPLE * 2]
    run(linux, events, "marks")
    for attachment in (*attached[::2], *attached[1::2]):
        attachment.detach()
        attachment.detach()
    run(linux, events, "calls")
    linux.kernel.probes.attach(points.SystemCall(), Nothing()).detach()
    after = state(linux)
    bound = [(old, new) for old, new in zip(before, after, strict=True) if old is not new and old != new]
    first_use = {LinuxKernel._first_call, LinuxKernel._first_work}
    assert [
        pair
        for pair in bound
        if getattr(getattr(pair[0], "func", pair[0]), "__func__", None) not in first_use
    ] == [], "but stubs that were first used"


def test_the_short_path_asks_for_no_observer(linux: Linux) -> None:
    names = {str(step.argval) for step in dis.get_instructions(linux.kernel.run_short)}
    assert not {
        name for name in names if "probe" in name or "observ" in name or "watch" in name or "attach" in name
    }
    assert {"run_cpu", "short_path"} <= names


def test_another_thread_attaches_while_a_program_computes(linux: Linux, events: Path) -> None:
    runs = Runs()
    log: list[str] = []

    def come() -> None:
        linux.kernel.probes.attach(points.CpuRun(), runs)
        linux.kernel.probes.attach(points.SystemCall("exit_group"), Noting(log))

    timer = threading.Timer(0.05, come)
    timer.start()
    for _ in range(20):
        run(linux, events, "spin")
        if log:
            break
    timer.join()
    assert log[0] == "entry exit_group"
    assert runs.stops


def test_two_machines_do_not_see_each_other(events: Path) -> None:
    with guest.boot() as one, guest.boot() as other:
        faults: list[Faulted] = []
        one.kernel.probes.attach(points.PageFault(), faults.append)
        run(other, events, "memory")
        assert faults == []
        run(one, events, "memory")
        assert faults


def test_what_is_not_there_is_an_error(linux: Linux) -> None:
    for point in (
        points.SystemCall("no_such_call"),
        points.Function("no_such_function"),
        points.Stub("no_such_stub"),
    ):
        with pytest.raises(KeyError):
            linux.kernel.probes.attach(point, Nothing())
