"""Machines that are closed, stopped, run by several threads, or used where they cannot be."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ring3
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.native import Run
from tests.support.toolchain import Toolchain


@pytest.fixture(scope="session")
def target(toolchain: Toolchain) -> str:
    """A program that reads a line."""
    return str(toolchain.program("python/target.c"))


def spawn(machine: ring3.Linux, target: str) -> ring3.Process:
    return machine.spawn([target], stdin=b"R3\n", stdout=ring3.PIPE, env={"KEY": "k"})


USES: dict[str, Callable[[ring3.Linux, ring3.Process], object]] = {
    "run": lambda _, process: process.run(),
    "step": lambda _, process: process.step(),
    "call": lambda _, process: process.call("add", 1, 2),
    "kill": lambda _, process: process.kill(),
    "memory": lambda _, process: process.memory,
    "registers": lambda _, process: process.registers,
    "symbol": lambda _, process: process.symbol("add"),
    "spawn": lambda machine, _: machine.spawn(["examples/hello/hello"]),
    "hook": lambda machine, _: machine.on_syscall("read")(print),
    "trace": lambda machine, _: machine.trace(),
    "coverage": lambda machine, _: machine.coverage(),
    "snapshot": lambda machine, _: machine.snapshot(),
    "put": lambda machine, _: machine.put("/etc/x", b""),
    "cpu": lambda machine, _: machine.machine.cpu.run(),
    "task": lambda machine, process: machine.kernel.run(process.task),
}


@pytest.mark.parametrize("use", USES)
def test_a_closed_machine_says_so(target: str, use: str) -> None:
    machine = ring3.Linux()
    process = spawn(machine, target)
    process.run_until(ring3.At("check"))
    machine.close()
    with pytest.raises(ring3.UserError, match=r"^the machine is closed$"):
        USES[use](machine, process)
    assert (process.status, process.stdout, repr(machine)) == (None, b"", "<Linux: closed>")
    machine.close()


@pytest.mark.parametrize("use", ["run", "step", "call", "close"])
def test_a_hook_cannot_run_the_machine_that_calls_it(target: str, use: str) -> None:
    refused = []
    with ring3.Linux() as machine:
        process = spawn(machine, target)

        @machine.on_address("check", process)
        def checking(seen: ring3.Process) -> None:
            with pytest.raises(ring3.UserError, match="a hook cannot") as told:
                (USES | {"close": lambda machine, _: machine.close()})[use](machine, seen)
            refused.append(told)
            checking.remove()

        assert process.run() == 0
    assert len(refused) == 1


def test_a_hook_of_an_address_is_called_while_instructions_are_counted(target: str) -> None:
    seen = []
    with ring3.Linux() as machine:
        process = spawn(machine, target)

        @machine.on_address("check", process)
        def checking(_: ring3.Process) -> None:
            seen.append("check")

        process.run_until(ring3.Instructions(1_000_000))
    assert seen == ["check"]


def test_a_hook_stops_the_machine_and_it_goes_on(target: str) -> None:
    with ring3.Linux() as machine:
        process = spawn(machine, target)

        @machine.on_syscall("read")
        def reading(_call: ring3.SystemCall) -> None:
            machine.stop()
            reading.remove()

        assert process.run() is None
        assert not process.ended

        @machine.on_syscall("open")
        def opening(_call: ring3.SystemCall) -> None:
            machine.stop()
            opening.remove()

        assert process.run_until(ring3.Exit()).event is None
        assert process.run(timeout=60) == 0


def test_threads_that_run_one_machine_wait_for_each_other(target: str) -> None:
    async def run() -> list[int | None]:
        with ring3.Linux() as machine:
            processes = [spawn(machine, target) for _ in range(3)]
            return await asyncio.gather(*(process.wait() for process in processes))

    assert asyncio.run(run()) == [0, 0, 0]


def test_who_is_cancelled_leaves_a_machine_that_stands_still(target: str) -> None:
    async def run() -> int | None:
        with ring3.Linux() as machine:
            waits = machine.spawn(["/bin/sleep", "1000"])
            begun = asyncio.Event()
            loop = asyncio.get_running_loop()
            machine.on_syscall("clock_nanosleep")(lambda _call: loop.call_soon_threadsafe(begun.set))
            waiting = asyncio.create_task(waits.wait())
            await begun.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert not waits.ended
            return await spawn(machine, target).wait()

    assert asyncio.run(run()) == 0


def test_a_machine_that_is_closed_while_it_runs_is_stopped_first() -> None:
    machine = ring3.Linux()
    waits = machine.spawn(["/bin/sleep", "1000"])
    begun, came = threading.Event(), []
    machine.on_syscall("clock_nanosleep")(lambda _call: begun.set())
    thread = threading.Thread(target=lambda: came.append(waits.run()))
    thread.start()
    begun.wait()
    machine.close()
    thread.join()
    assert came == [None]


SCRIPT = """
import sys, threading, ring3
came = []
def run():
    for _ in range(3):
        with ring3.Linux() as machine:
            came.append(machine.spawn([sys.argv[1]], stdin=b"R3\\n", stdout=ring3.PIPE).run())
threads = [threading.Thread(target=run) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(came)
"""


def test_the_first_machines_of_a_process_are_made_by_several_threads(target: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, target], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{[0] * 12}\n"), done.stderr


def test_what_cannot_be_named_is_told_with_what_is_near(target: str) -> None:
    with ring3.Linux() as machine:
        process = spawn(machine, target)
        with pytest.raises(ring3.UserError, match=r"no system call opena; there is .*openat"):
            machine.on_syscall("opena")(print)
        with pytest.raises(ring3.UserError, match="no function of the kernel vfs_writ; there is vfs_write"):
            machine.on_function("vfs_writ")(print)
        with pytest.raises(ring3.UserError, match="nothing to run up to"):
            process.run_until("main")  # type: ignore[arg-type]
        wrong: tuple[Any, ...] = ("./hello", [], b"x")
        for words in wrong:
            with pytest.raises(ring3.UserError, match="a list of words"):
                machine.spawn(words)
        with pytest.raises(ring3.UserError, match="standard input is bytes"):
            machine.spawn([target], stdin="text")  # type: ignore[arg-type]
        assert machine.spawn([Path(target)], stdin=b"R3\n", stdout=ring3.PIPE).run() == 0


@NEEDS_HOST_CPU
def test_threads_take_turns_on_the_hosts_processor(toolchain: Toolchain, native: Run) -> None:
    """Each has stubs of its own, as only their tracer can run them; what registers hold goes from one to the next."""
    program = toolchain.program("tasks/vectors.c", kind="static")
    with ring3.Linux(cpu="host") as machine:
        process = machine.spawn([str(program)], stdout=ring3.PIPE)
        while not process.ended:
            thread = threading.Thread(target=lambda: process.run_until(ring3.Call()))
            thread.start()
            thread.join()
    assert (process.status, process.stdout) == (0, native(program).stdout)
