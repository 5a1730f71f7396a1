"""Threads and what they wait by: the same program on Ring3 and natively, for both widths and on both paths."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.kernel.timers import Meter
from tests.support import guest
from tests.support.guest import PathThrough
from tests.support.native import Run
from tests.support.stop_clocks import StopClocks
from tests.support.toolchain import PROGRAMS, Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
SHORT_TURN = 3000
"""Bytes of code after which the next thread runs: many switches at any place."""


def switch_often(linux: Linux) -> None:
    assert isinstance(linux.kernel.slices, Meter | StopClocks)
    linux.kernel.slices.tick = SHORT_TURN


def leaves_nothing(linux: Linux) -> bool:
    kernel = linux.kernel
    kept = kernel.tasks, kernel.processes, kernel.futexes, kernel.timers, kernel.cpu_timers
    return not sum(len(some) for some in kept)


@BITS
@pytest.mark.parametrize("arguments", [[], ["numbered"]], ids=["threads", "numbered"])
def test_futex_answers_as_natively(
    linux: Linux, toolchain: Toolchain, native: Run, arguments: list[str], bits: Bits
) -> None:
    program = toolchain.program("threads/futex_calls.c", bits=bits)
    expected = native(program, arguments)
    assert expected.stdout.count(b"\n") > 90
    if b"futex_wait, past                             -38" in expected.stdout:
        pytest.skip("the host's kernel has no futex_wait (Linux 6.7)")
    assert guest.run(linux, program, arguments).finished == expected
    assert leaves_nothing(linux)


@BITS
@pytest.mark.parametrize("often", [False, True], ids=["", "often"])
def test_many_threads_come_to_the_same(
    linux: Linux, toolchain: Toolchain, native: Run, bits: Bits, often: bool
) -> None:
    program = toolchain.program("threads/stress.c", bits=bits)
    arguments = ["64", "10"]
    if often:
        switch_often(linux)
    assert guest.run(linux, program, arguments).finished == native(program, arguments)
    assert leaves_nothing(linux)


@BITS
@pytest.mark.parametrize("part", ["kinds", "processes", "timed", "cancel"])
def test_locks_of_every_kind(
    linux: Linux, toolchain: Toolchain, native: Run, part: str, path: PathThrough, bits: Bits
) -> None:
    program = toolchain.program("threads/mutexes.c", bits=bits)
    assert guest.run(linux, program, [part]).finished == native(program, [part])
    assert leaves_nothing(linux)


@BITS
@pytest.mark.parametrize("part", ["processes", "timed", "cancel"])
def test_locks_where_threads_take_turns_at_any_place(
    linux: Linux, toolchain: Toolchain, native: Run, part: str, bits: Bits
) -> None:
    switch_often(linux)
    program = toolchain.program("threads/mutexes.c", bits=bits)
    assert guest.run(linux, program, [part]).finished == native(program, [part])
    assert leaves_nothing(linux)


@BITS
def test_signals_to_many_threads(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("threads/signals_shared.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    assert leaves_nothing(linux)


@BITS
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("stress", ["64", "10"]),
        ("mutexes", ["kinds"]),
        ("mutexes", ["timed"]),
        ("mutexes", ["cancel"]),
        ("signals_shared", []),
    ],
)
def test_threads_of_static_glibc(
    linux: Linux, native: Run, tmp_path: Path, name: str, arguments: list[str], bits: Bits
) -> None:
    """The C library that the host's compiler links."""
    if shutil.which("gcc") is None:
        pytest.skip("the host has no gcc")
    source, program = PROGRAMS / "threads" / f"{name}.c", tmp_path / name
    command = ["gcc", f"-m{bits}", "-O1", "-w", "-static", "-pthread", str(source), "-o", str(program)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"the host's gcc links no static {bits}-bit programs")
    assert guest.run(linux, program, arguments).finished == native(program, arguments)
    assert leaves_nothing(linux)


@BITS
def test_threads_leave_no_frame_behind(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    program = toolchain.program("threads/stress.c", bits=bits)
    counts = []
    for _ in range(3):
        guest.run(linux, program, ["64", "3"])
        counts.append(linux.machine.ram.frames_in_use)
    assert counts[1] == counts[2]
    assert leaves_nothing(linux)


def test_threads_are_preempted_by_the_hosts_clock_too(
    toolchain: Toolchain, native: Run, path: PathThrough
) -> None:
    """With the host's time instead of virtual time."""
    program: Path = toolchain.program("threads/stress.c")
    with Linux(full_path=path == "full", ram_bytes=guest.RAM) as linux:
        assert guest.run(linux, program, ["16", "100"]).finished == native(program, ["16", "100"])


@BITS
@pytest.mark.parametrize("how", ["pause", "yield"])
def test_waiters_that_spin_come_to_an_end_on_one_cpu(
    linux: Linux, toolchain: Toolchain, native: Run, how: str, bits: Bits
) -> None:
    program = toolchain.program("threads/spinning.c", bits=bits)
    assert guest.run(linux, program, [how]).finished == native(program, [how])


@pytest.mark.parametrize("how", ["pause", "yield"])
def test_waiters_that_spin_end_by_the_clocks_of_the_host(
    path: PathThrough, toolchain: Toolchain, how: str
) -> None:
    program = toolchain.program("threads/spinning.c")
    with Linux(full_path=path == "full") as linux:
        assert guest.run(linux, program, [how]).finished.stdout == b"20 rounds, 20 turns\n"
