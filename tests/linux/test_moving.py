"""Programs that are moved between the emulated CPU and the host's processor, or thrown to and fro, notice nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import ring3
from ring3.computer import Linux
from ring3.machine.board import CpuKind
from ring3.machine.home import Home
from ring3.machine.moving_cpu import MovingCpu
from tests.linux.test_host_cpu import SAME, run_on
from tests.support import guest
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """Leaves the choice of the other tests alone."""
    kept, thrown = list(guest.CPU), list(guest.THROWN)
    yield
    guest.CPU[:], guest.THROWN[:] = kept, thrown


@NEEDS_HOST_CPU
@BITS
@pytest.mark.parametrize(("name", "arguments"), SAME, ids=[name for name, _ in SAME])
def test_a_program_that_is_thrown_to_and_fro_does_the_same(
    toolchain: Toolchain, name: str, arguments: Sequence[str], bits: Bits
) -> None:
    program = toolchain.program(name, bits=bits, kind="static")
    emulated = run_on(CpuKind.EMULATED, program, arguments)
    guest.THROWN[:] = [True]
    assert run_on(CpuKind.AUTO, program, arguments).finished == emulated.finished


@NEEDS_HOST_CPU
@BITS
def test_floating_point_is_as_natively_wherever_it_is_computed(
    toolchain: Toolchain, native: Run, bits: Bits
) -> None:
    program = toolchain.program("floating_point/unmasked.c", bits=bits)
    guest.THROWN[:] = [True]
    assert run_on(CpuKind.AUTO, program).finished == native(program)


@NEEDS_HOST_CPU
def test_a_program_that_computes_is_moved(toolchain: Toolchain) -> None:
    program = toolchain.program("basic/compute.c", kind="static")
    with Linux(cpu="auto", ram_bytes=256 << 20) as linux:
        task = linux.load(str(program), ["600000"])
        pmap = task.memory.pmap
        assert linux.run(task) == 0
        assert isinstance(pmap.home, Home)
        assert pmap.home.is_away or pmap.home.returns


def command_line(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ring3", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [["run"], ["strace", "-o", "/dev/null"]], ids=["run", "strace"])
def test_the_command_line(toolchain: Toolchain, command: list[str]) -> None:
    program = str(toolchain.program("basic/exit_status.c", kind="static"))
    done = command_line(command[0], "--cpu", "auto", *command[1:], program, "7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


def test_programs_of_solaris_are_the_emulated_cpus() -> None:
    done = command_line("run", "--os", "solaris", "--cpu", "auto", "uname", "-s")
    assert (done.returncode, done.stdout) == (0, "SunOS\n")


def test_a_repeatable_run_is_the_emulated_cpus(toolchain: Toolchain) -> None:
    program = toolchain.program("basic/getpid_loop.c", kind="static")
    with Linux(cpu="auto", seed=1, virtual_time=True, ram_bytes=64 << 20) as linux:
        assert not linux.machine.cpu.wants_ticks()
        assert linux.run(linux.load(str(program), ["10"])) == 0


@NEEDS_HOST_CPU
def test_a_snapshot_of_a_program_that_was_moved(toolchain: Toolchain, tmp_path: Path) -> None:
    program = toolchain.program("basic/compute.c", kind="static")
    with ring3.Linux(cpu="auto") as machine:
        cpu = machine.kernel.machine.cpu
        assert isinstance(cpu, MovingCpu)
        process = machine.spawn([str(program), "300000"], stdout=ring3.PIPE)
        process.run_until(ring3.Call("brk"))
        cpu.move(away=True)
        process.run_until(ring3.Call("writev"))
        snapshot = machine.snapshot()
        outcomes = [(process.run(), process.stdout)]
        snapshot.restore()
        assert not cpu.wants_ticks()
        outcomes.append((process.run(), process.stdout))
        snapshot.save(tmp_path / "snapshot")
    with ring3.Snapshot.load(tmp_path / "snapshot") as again:
        (process,) = again.processes
        outcomes.append((process.run(), process.stdout))
    assert outcomes[1:] == outcomes[:1] * 2
