"""What programs can do to what runs them on the host's own processor: nothing that Linux would not give them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from ring3 import resources
from ring3.abi import elf
from ring3.errors import Deadlock
from ring3.machine.board import CpuKind
from ring3.machine.host_cpu.stub import BASE
from tests.linux.test_random_code import Start, starts
from tests.support import guest
from tests.support.elf_file import put
from tests.support.fuzzing import ROUNDS
from tests.support.guest import OutOfTime
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

pytestmark = NEEDS_HOST_CPU

BITS = pytest.mark.parametrize("bits", [64, 32])
ATTACKS = 36
EXAMPLES = 100 * ROUNDS
SECONDS = 0.2
KILLS = 2 * ROUNDS


@pytest.fixture(autouse=True)
def on_host() -> Iterator[None]:
    kept, thrown = list(guest.CPU), list(guest.THROWN)
    guest.CPU[:], guest.THROWN[:] = [CpuKind.HOST], [False]
    yield
    guest.CPU[:], guest.THROWN[:] = kept, thrown


def places() -> list[str]:
    """Where in its page a stub starts, runs a list, makes a call and stops, as the program takes them."""
    at = {symbol.name: symbol.value for symbol in elf.symbols(resources.read_bytes("machine/host_cpu/stub"))}
    return [f"{at[name] - BASE:x}" for name in ("_start", "ring3_list", "ring3_call", "ring3_break")]


@BITS
@pytest.mark.parametrize("thrown", [False, True], ids=["", "thrown"])
@pytest.mark.parametrize("number", range(ATTACKS))
def test_an_attack_meets_what_it_would_natively(
    toolchain: Toolchain, native: Run, number: int, bits: Bits, thrown: bool
) -> None:
    if thrown:
        guest.CPU[:], guest.THROWN[:] = [CpuKind.AUTO], [True]
    program = toolchain.program("hostile/stub.c", bits=bits, kind="static")
    arguments = [str(number), *places()]
    with guest.boot(ram_bytes=64 << 20) as linux:
        assert guest.run(linux, program, arguments).finished == native(program, arguments)


@BITS
def test_each_instruction_comes_back_as_natively(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    """What belongs to ring 0, what no processor has, and what a program has no good use for: 600 of them."""
    program = toolchain.program("hostile/instructions.c", bits=bits, kind="static")
    with guest.boot(ram_bytes=64 << 20) as linux:
        assert guest.run(linux, program).finished == native(program)


@BITS
def test_frames_that_no_kernel_has_made(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("hostile/frames.c", bits=bits, kind="static")
    with guest.boot(ram_bytes=64 << 20) as linux:
        assert guest.run(linux, program).finished == native(program)


@BITS
@pytest.mark.parametrize("thrown", [False, True], ids=["", "thrown"])
def test_code_that_changes_and_changes_its_width(
    toolchain: Toolchain, native: Run, bits: Bits, thrown: bool
) -> None:
    if thrown:
        guest.CPU[:], guest.THROWN[:] = [CpuKind.AUTO], [True]
    program = toolchain.program("hostile/modes.c", bits=bits, kind="static")
    with guest.boot(ram_bytes=64 << 20) as linux:
        assert guest.run(linux, program).finished == native(program)


@BITS
def test_and_thrown_as_on_one_of_both_processors(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("hostile/instructions.c", bits=bits, kind="static")
    outcomes = [native(program, ["once"]).stdout.splitlines()]
    for kind, thrown in ((CpuKind.EMULATED, False), (CpuKind.AUTO, True)):
        guest.CPU[:], guest.THROWN[:] = [kind], [thrown]
        with guest.boot(ram_bytes=64 << 20) as linux:
            outcomes.append(guest.run(linux, program, ["once"]).stdout.splitlines())
    real, emulated, thrown_lines = outcomes
    assert len(thrown_lines) == len(real)
    assert [
        line for line, *either in zip(thrown_lines, real, emulated, strict=True) if line not in either
    ] == []


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random") / "program"


@settings(max_examples=EXAMPLES, derandomize=ROUNDS == 1, suppress_health_check=list(HealthCheck))
@given(start=starts())
def test_no_random_machine_code_gets_out(binary: Path, start: Start) -> None:
    """A call that reached the host would end the stub by its filter, and that would be an error here."""
    put(binary, start.program())
    with guest.boot(ram_bytes=64 << 20) as linux, contextlib.suppress(OutOfTime, Deadlock):
        assert 0 <= guest.run(linux, binary, seconds=SECONDS).status < 256


@pytest.mark.parametrize("cpu", ["host", "auto"])
def test_nothing_is_left_when_ring3_is_killed_while_a_program_runs(toolchain: Toolchain, cpu: str) -> None:
    """With ``auto`` the program that only calls stays where it is, and its first stub waits for a move."""
    program = toolchain.program("basic/getpid_loop.c", bits=64, kind="static")
    for number in range(KILLS):
        command = [sys.executable, "-m", "ring3", "run", "--cpu", cpu, str(program), "100000000"]
        ring3 = subprocess.Popen(command, stdout=subprocess.PIPE)
        children: list[int] = []
        while not children and ring3.poll() is None:
            children = children_of(ring3.pid)
        for _ in range(number * 37 % 1000):
            children = children_of(ring3.pid)  # some time passes, more each round
        ends = [os.pidfd_open(pid) for pid in children]
        ring3.send_signal(signal.SIGKILL)
        assert ring3.wait() == -signal.SIGKILL
        assert ring3.stdout is not None
        ring3.stdout.close()
        for end in ends:
            assert select.select([end], [], [], 60)[0]  # readable when the process has ended (pidfd_open(2))
            os.close(end)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
