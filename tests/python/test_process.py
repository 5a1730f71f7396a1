"""Programs as objects: what people try first, each in a few public lines."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import ring3
from tests.support.toolchain import Toolchain


@pytest.fixture(scope="session")
def target(toolchain: Toolchain) -> str:
    """A program that reads a line."""
    return str(toolchain.program("python/target.c"))


@pytest.fixture
def linux() -> Iterator[ring3.Linux]:
    """A machine."""
    with ring3.Linux() as machine:
        yield machine


def spawn(linux: ring3.Linux, target: str, line: bytes = b"R3\n") -> ring3.Process:
    return linux.spawn([target], stdin=line, stdout=ring3.PIPE, env={"KEY": "k"})


def test_input_output_environment_and_files_are_given_and_taken(linux: ring3.Linux, target: str) -> None:
    files = {"/etc/config.r3": "here\n"}
    process = linux.spawn([target], stdin=b"R3\n", stdout=ring3.PIPE, env={"KEY": "é"}, files=files)
    assert process.run() == 0
    assert process.stdout.decode() == "KEY=é line=R3 check=1 add=42\nconfig here\n"
    assert not Path("/etc/config.r3").exists()


def test_a_directory_of_the_host_is_shown_elsewhere(linux: ring3.Linux, target: str, tmp_path: Path) -> None:
    (tmp_path / "config.r3").write_text("mounted\n")
    linux.mount(str(tmp_path), "/etc")
    process = spawn(linux, target)
    assert process.run() == 0
    assert process.stdout.endswith(b"config mounted\n")


def test_a_system_call_is_looked_at_changed_and_answered(linux: ring3.Linux, target: str) -> None:
    seen = []

    @linux.on_syscall("read")
    def reading(call: ring3.SystemCall) -> None:
        seen.append(call.name)
        call["count"] = 2

    @linux.on_syscall("open")
    def opening(call: ring3.SystemCall) -> None:
        seen.append(call.string("filename"))
        call.fail("EMFILE")

    process = spawn(linux, target)
    assert process.run() == 0
    assert seen == ["read", "read", "/etc/config.r3"]
    opening.remove()
    reading.remove()


def test_results_are_changed(linux: ring3.Linux, target: str) -> None:
    @linux.on_syscall("read", when="return")
    def lie(call: ring3.SystemCall) -> None:
        call.value = 0

    process = spawn(linux, target)
    assert process.run() == 5
    assert b"line= check=0" in process.stdout
    lie.remove()


def test_it_runs_up_to_addresses_and_goes_on(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target)
    assert process.run_until(ring3.At("check")).address == process.symbol("check")
    assert process.memory.string(process.registers.rdi) == "R3"
    assert process.run_until(ring3.At("add")).address == process.registers.rip
    assert process.run_until(ring3.Exit()).status == 0


def test_it_runs_up_to_calls_and_returns(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target)
    call = process.run_until(ring3.Return("read")).call
    assert call is not None
    assert call.value == 3
    call = process.run_until(ring3.Call("open")).call
    assert call is not None
    call.fail("EMFILE")
    again = process.run_until(ring3.Return("open")).call
    assert again is not None
    assert again.error is ring3.E.EMFILE
    assert process.run() == 0


def test_it_runs_up_to_calls_that_a_hook_answers(linux: ring3.Linux, target: str) -> None:
    @linux.on_syscall("read")
    def failing(call: ring3.SystemCall) -> None:
        call.fail("EIO")

    process = spawn(linux, target)
    stop = process.run_until(ring3.Call("read"))
    assert stop.call is not None
    assert stop.call["fd"] == 0
    stop = process.run_until(ring3.Return("read"))
    assert stop.call is not None
    assert stop.call.error is ring3.E.EIO
    assert process.run() is not None


def test_it_runs_up_to_signals_functions_and_predicates(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target, b"!\n")
    assert process.run_until(ring3.KernelFunction("do_writev")).status is None
    process.run_until(lambda seen: b"config" in seen.stdout)
    assert process.stdout.endswith(b"config none\n")
    assert process.run_until(ring3.Signal(signal.SIGSEGV)).signal == signal.SIGSEGV
    assert process.run() == 128 + signal.SIGSEGV


def test_instructions_are_stepped(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target)
    process.run_until(ring3.At("check"))
    first, second, *_ = process.disassemble()
    assert process.step().address == second.address
    assert first.address == process.symbol("check")
    assert process.run() == 0


def test_functions_are_called_and_code_is_patched(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target, b"no\n")
    process.run_until(ring3.At("check"))
    before = process.registers.values()
    assert process.call("add", 5, 7) == 57
    assert process.registers.values() == before
    process.patch("check", bytes.fromhex("b807000000c3"))
    process.run()
    assert b"check=7" in process.stdout


def test_time_runs_out_and_it_can_go_on(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target, b"~\n")
    with pytest.raises(TimeoutError):
        process.run(timeout=0.01)
    process.kill()
    assert process.run() == 128 + signal.SIGKILL


def test_what_a_hook_raises_comes_out_and_it_can_go_on(linux: ring3.Linux, target: str) -> None:
    @linux.on_syscall("open")
    def wrong(call: ring3.SystemCall) -> None:
        raise LookupError(call.name)

    process = spawn(linux, target)
    with pytest.raises(LookupError, match="open"):
        process.run()
    wrong.remove()
    assert process.run() == 0


def test_it_is_fed_as_it_asks(linux: ring3.Linux) -> None:
    process = linux.spawn(
        ["/bin/sh", "-c", "echo first; read a; echo $((a+1))"], stdin=ring3.PIPE, stdout=ring3.PIPE
    )
    process.run_until(lambda seen: bool(seen.stdout))
    process.feed(b"4\n")
    assert process.run() == 0
    assert process.stdout == b"first\n5\n"


def test_a_crash_is_kept(linux: ring3.Linux, target: str) -> None:
    with linux.trace():
        process = spawn(linux, target, b"!\n")
        assert process.run() == 128 + signal.SIGSEGV
    crash = process.crash
    assert crash is not None
    assert crash.place.startswith("main")
    assert crash.calls[-1].name in {"write", "writev"}
    assert "SIGSEGV" in str(crash)
    with pytest.raises(ring3.UserError, match="has ended"):
        _ = process.memory


def test_memory_and_blocks_are_watched(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target)
    process.run_until(ring3.At("check"))
    reads, blocks = [], []

    @linux.on_read(process, process.registers.rdi, 2)
    def reading(access: object) -> None:
        reads.append(access)

    add = process.symbol("add")

    @linux.on_block(add, add)
    def entering(_process: ring3.Process, address: int, _size: int) -> None:
        blocks.append(address)

    assert process.run() == 0
    assert reads
    assert blocks == [add]
    reading.remove()
    entering.remove()


def test_registers_are_set_at_an_address(linux: ring3.Linux, target: str) -> None:
    process = spawn(linux, target)

    @linux.on_address("add", process)
    def adding(seen: ring3.Process) -> None:
        seen.registers.rsi = 9

    process.run()
    assert b"add=49" in process.stdout
    adding.remove()


def test_machines_run_in_threads(target: str) -> None:
    results: list[int | None] = []

    def run() -> None:
        with ring3.Linux() as machine:
            results.append(spawn(machine, target).run())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0, 0]


def test_it_is_awaited(linux: ring3.Linux, target: str) -> None:
    assert asyncio.run(spawn(linux, target).wait()) == 0


def test_coverage_is_written_for_others(toolchain: Toolchain, tmp_path: Path) -> None:
    program = str(toolchain.program("python/target.c", flags=("-g",)))
    with ring3.Linux() as machine, machine.coverage() as coverage:
        spawn(machine, program).run()
        coverage.drcov(tmp_path / "run.drcov")
        coverage.lcov(tmp_path / "run.info")
    drcov = (tmp_path / "run.drcov").read_bytes()
    assert drcov.startswith(b"DRCOV VERSION: 2\n")
    count = int(drcov.split(b"BB Table: ")[1].split()[0])
    assert len(drcov.split(b" bbs\n", 1)[1]) == 8 * count > 0
    source = (tmp_path / "run.info").read_text().split("target.c\n")[1].split("end_of_record")[0]
    hit = {
        int(line[3:].split(",")[0]): int(line.split(",")[1])
        for line in source.splitlines()
        if line[:3] == "DA:"
    }
    text = (Path(__file__).parents[1] / "programs/python/target.c").read_text().splitlines()
    assert hit[text.index("        if (s[1] == '3')") + 1] > 0
    assert hit[text.index("        *(volatile int *)0 = 1;") + 1] == 0


def test_a_program_without_a_captured_stream_says_so(linux: ring3.Linux, target: str) -> None:
    process = linux.spawn([target], stdin=b"")
    with pytest.raises(ring3.UserError, match="not captured"):
        _ = process.stdout


def test_a_name_is_looked_for_in_path() -> None:
    with ring3.Linux() as machine:
        process = machine.spawn(["sh", "-c", "echo found"], stdout=ring3.PIPE)
        assert (process.run(), process.stdout) == (0, b"found\n")
        with pytest.raises(ring3.UserError, match="not found in PATH") as refused:
            machine.spawn(["no-such-program"], env={"PATH": "/nowhere"})
        assert refused.value.status == 127
