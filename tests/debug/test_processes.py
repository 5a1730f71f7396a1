"""Programs that are debugged: stops, steps, breakpoints, and what becomes of threads and children."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.abi import elf
from ring3.abi.signals import Sig
from ring3.computer import Linux
from ring3.debug import NoMemory, ProcessTarget, Reason, Stop, Thread
from ring3.errors import UserError
from tests.support import guest
from tests.support.elf_file import CODE, DATA, program, put
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@pytest.fixture
def linux() -> Iterator[Linux]:
    with guest.boot() as booted:
        yield booted


class Debugged:
    """A program at its first instruction, and its target."""

    def __init__(self, linux: Linux, path: Path, *arguments: str) -> None:
        self.symbols = {symbol.name: symbol.value for symbol in elf.symbols(path.read_bytes())}
        self.target = ProcessTarget(linux.kernel)
        self.target.attach(linux.load(str(path), arguments))
        first = self.target.wait()
        assert first is not None
        assert first.reason is Reason.INTERRUPT
        self.thread = first.thread

    def go_on(self, thread: Thread | None = None, signal: int = 0) -> Stop:
        self.target.resume(thread or self.thread, signal)
        return self.wait()

    def step(self, inside: range = range(0)) -> Stop:
        self.target.step(self.thread, inside=inside)
        return self.wait()

    def wait(self) -> Stop:
        stop = self.target.wait()
        assert stop is not None
        return stop

    def break_at(self, name: str) -> None:
        self.target.breakpoints.add(self.symbols[name], self.thread.memory.mm)


@pytest.fixture
def events(toolchain: Toolchain) -> Path:
    return toolchain.program("debug/events.c")


def exits(linux: Linux, tmp_path: Path, code: str) -> Debugged:
    """A program of a few instructions of 64 bits, and then exit(rdi)."""
    raw = bytes.fromhex(code + "b83c000000 0f05")
    return Debugged(linux, put(tmp_path / "program", program(raw)))


def test_starts_before_its_first_instruction(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "bf07000000")
    assert debugged.thread.registers["rip"] == CODE
    stop = debugged.go_on()
    assert (stop.reason, stop.number) == (Reason.EXIT, 7 << 8)
    assert debugged.target.threads == []


def test_steps_are_instructions_and_a_call_is_one(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "b827000000 0f05 89c7")  # getpid
    places = []
    for _ in range(3):
        assert debugged.step().reason is Reason.STEP
        places.append(debugged.thread.registers["rip"] - CODE)
    assert places == [5, 7, 9]
    assert debugged.thread.registers["rdi"] == debugged.thread.pid


def test_steps_in_a_range_end_outside_of_it(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "b905000000 ffc9 75fc 90")
    assert debugged.step(range(CODE, CODE + 9)).reason is Reason.STEP
    assert debugged.thread.registers["rip"] == CODE + 9
    assert debugged.thread.registers["rcx"] == 0


def test_a_breakpoint_in_a_range_stops_the_step(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "b905000000 ffc9 75fc 90")
    debugged.target.breakpoints.add(CODE + 7, debugged.thread.memory.mm)
    assert debugged.step(range(CODE, CODE + 9)).reason is Reason.BREAKPOINT
    assert debugged.thread.registers["rcx"] == 4


def test_a_breakpoint_stops_before_its_instruction_each_time(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "b903000000 ffc9 75fc")
    made = debugged.target.breakpoints.add(CODE + 5, debugged.thread.memory.mm)
    seen = []
    while (stop := debugged.go_on()).reason is Reason.BREAKPOINT:
        seen.append(debugged.thread.registers["rcx"])
    assert seen == [3, 2, 1]
    assert (stop.reason, made.hits) == (Reason.EXIT, 3)


def test_a_thread_that_goes_on_elsewhere_is_stopped_when_it_comes_back(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "90 90 bf03000000")
    debugged.target.breakpoints.add(CODE + 1, debugged.thread.memory.mm)
    assert debugged.go_on().reason is Reason.BREAKPOINT
    debugged.thread.registers.pc = CODE
    assert debugged.go_on().reason is Reason.BREAKPOINT
    assert debugged.go_on().reason is Reason.EXIT


def test_a_condition_chooses(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "b90a000000 ffc9 75fc")
    debugged.target.breakpoints.add(
        CODE + 5, debugged.thread.memory.mm, lambda thread: thread.registers["rcx"] == 4
    )
    assert debugged.go_on().reason is Reason.BREAKPOINT
    assert debugged.thread.registers["rcx"] == 4
    assert debugged.go_on().reason is Reason.EXIT


def test_registers_and_memory_are_changed_for_the_program(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "8b3c2500005000")  # mov 0x500000, %edi
    memory = debugged.thread.memory
    memory.write(DATA, b"\x2a")
    debugged.step()
    assert debugged.thread.registers["rdi"] == 42
    debugged.thread.registers["rdi"] = 43
    memory.write(CODE + 8, b"\x3c")  # the number of exit, in code
    assert debugged.go_on().number == 43 << 8


def test_memory_that_is_not_there_is_said_to_be(linux: Linux, tmp_path: Path) -> None:
    memory = exits(linux, tmp_path, "").thread.memory
    assert len(memory.read_available(DATA + 0xFFE, 8)) == 2
    for address in (0, DATA + 0xFFE, (1 << 63) + 5):
        with pytest.raises(NoMemory):
            memory.read(address, 8)
    with pytest.raises(NoMemory, match="0x501000"):
        memory.write(DATA + 0xFFE, bytes(8))


def test_calls_stop_at_entry_and_return(linux: Linux, tmp_path: Path) -> None:
    debugged = exits(linux, tmp_path, "b827000000 0f05 89c7")
    debugged.target.calls = None
    stop = debugged.go_on()
    assert (stop.reason, stop.number) == (Reason.SYSCALL_ENTRY, 39)
    assert debugged.thread.registers["orig_rax"] == 39
    debugged.thread.registers["orig_rax"] = 110  # getppid
    stop = debugged.go_on()
    assert (stop.reason, stop.number) == (Reason.SYSCALL_RETURN, 110)
    debugged.target.calls = {60}
    assert debugged.thread.registers["rax"] == 1
    assert debugged.go_on().number == 60


@BITS
def test_signals_stop_before_they_are_taken(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    debugged = Debugged(linux, toolchain.program("debug/events.c", bits=bits), "signals")
    stop = debugged.go_on()
    assert (stop.reason, stop.signal) == (Reason.SIGNAL, Sig.SIGUSR1)
    assert stop.info is not None
    assert stop.info.pid == debugged.thread.pid
    assert debugged.go_on(signal=stop.signal).number == 1 << 8


def test_a_signal_can_be_kept_from_the_program(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "signals")
    assert debugged.go_on().reason is Reason.SIGNAL
    assert debugged.go_on().number == 0


def test_signals_that_nobody_wants_are_passed(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "signals")
    debugged.target.passed = {int(Sig.SIGUSR1)}
    assert debugged.go_on().number == 1 << 8


def test_a_step_with_a_signal_stops_in_its_handler(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "signals")
    stop = debugged.go_on()
    debugged.target.step(debugged.thread, stop.signal)
    assert debugged.wait().reason is Reason.STEP
    assert debugged.thread.registers["rip"] == debugged.symbols["on_signal"]


def test_a_breakpoint_stops_every_thread(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "threads")
    debugged.break_at("count")
    threads = set()
    while (stop := debugged.go_on(debugged.thread)).reason is Reason.BREAKPOINT:
        threads.add(stop.thread.tid)
        debugged.target.halt()
        assert all(thread.stop is not None for thread in debugged.target.threads)
        for thread in debugged.target.threads:
            debugged.target.resume(thread)
    assert len(threads) == 2
    assert debugged.thread.tid not in threads
    assert stop.number == 2 << 8


def test_threads_are_told_when_that_is_wanted(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "threads")
    debugged.target.tells_threads = True
    reasons = []
    stop = debugged.go_on()
    while stop.reason is not Reason.EXIT:
        reasons.append(stop.reason)
        stop = debugged.go_on(stop.thread)
    assert sorted(reason.name for reason in reasons) == ["CREATED"] * 2 + ["THREAD_EXIT"] * 2


@pytest.mark.parametrize(("what", "number", "times"), [("threads", 60, 2), ("children", 231, 3)])
def test_calls_of_threads_and_children_to_come_are_told(
    linux: Linux, events: Path, what: str, number: int, times: int
) -> None:
    debugged = Debugged(linux, events, what)
    debugged.target.calls = {number}  # exit, exit_group
    debugged.target.follows_children = True
    seen = set()
    stop = debugged.go_on()
    while len(debugged.target.threads) > 0:
        if stop.reason is Reason.SYSCALL_ENTRY:
            seen.add(stop.thread.tid)
        if stop.child is not None:
            debugged.target.resume(stop.child)
        stop = debugged.go_on(stop.thread)
    assert len(seen) == times


def test_children_are_their_own_unless_they_are_followed(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "children")
    debugged.target.passed = {int(Sig.SIGCHLD)}
    debugged.break_at("count")
    assert debugged.go_on().number == 6 << 8


def test_children_are_followed(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "children")
    target = debugged.target
    target.follows_children = True
    stop = debugged.go_on()
    assert stop.reason is Reason.FORK
    child = stop.child
    assert child is not None
    assert child.registers["rax"] == 0
    target.breakpoints.add(debugged.symbols["count"], child.memory.mm)
    stop = debugged.go_on(child)
    assert (stop.reason, stop.thread) == (Reason.BREAKPOINT, child)
    stop = debugged.go_on(child)
    assert (stop.reason, stop.number, stop.thread) == (Reason.EXIT, 5 << 8, child)
    target.passed = {int(Sig.SIGCHLD)}
    stop = debugged.go_on()
    assert stop.reason is Reason.VFORK
    assert stop.child is not None
    target.resume(debugged.thread)
    assert debugged.go_on(stop.child).number == 6 << 8
    assert debugged.wait().reason is Reason.VFORK_DONE
    assert debugged.go_on().number == 6 << 8


def test_another_program_has_no_breakpoints(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "exec")
    debugged.break_at("main")
    assert debugged.go_on().reason is Reason.BREAKPOINT
    stop = debugged.go_on()
    assert (stop.reason, stop.path) == (Reason.EXEC, str(events))
    assert debugged.go_on().number == 99 << 8


def test_who_runs_is_interrupted_and_let_go(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "spin")
    soon = linux.kernel.clocks.monotonic() + 1_000_000
    linux.kernel.timers.add(soon, lambda: debugged.target.interrupt(debugged.thread))
    assert debugged.go_on().reason is Reason.INTERRUPT
    task = linux.kernel.tasks[debugged.thread.tid]
    with pytest.raises(UserError, match="traced already"):
        ProcessTarget(linux.kernel).attach(task)
    debugged.target.kill(debugged.thread.pid)
    stop = debugged.go_on()
    assert (stop.reason, stop.number) == (Reason.EXIT, int(Sig.SIGKILL))


def test_a_program_that_is_let_go_runs_as_if_nothing_had_been(linux: Linux, events: Path) -> None:
    debugged = Debugged(linux, events, "counts")
    debugged.break_at("count")
    task = linux.kernel.tasks[debugged.thread.tid]
    assert debugged.go_on().reason is Reason.BREAKPOINT
    debugged.target.close()
    assert linux.run(task) == 45
