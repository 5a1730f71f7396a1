"""Clocks, sleeping and timers: the same program on Ring3 and natively, for both widths and on both paths.

Ring3 runs them in virtual time, where a busy loop takes time only for its code; nothing here sleeps for real but the
host's run of the same program.
"""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.linux.model.credentials import Credentials
from tests.support import guest
from tests.support.guest import PathThrough
from tests.support.host_cpu import only_emulated
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


def leaves_nothing(linux: Linux) -> bool:
    kernel = linux.kernel
    kept = kernel.tasks, kernel.processes, kernel.timers, kernel.cpu_timers
    return not sum(len(some) for some in kept)


@BITS
def test_sleeping(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("threads/sleeping.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    assert leaves_nothing(linux)


@BITS
@pytest.mark.parametrize("part", ["interval", "posix", "descriptors"])
def test_timers(linux: Linux, toolchain: Toolchain, native: Run, part: str, bits: Bits) -> None:
    if part != "descriptors":
        only_emulated("there this machine's time passes by stops, and a busy loop makes none")
    program = toolchain.program("threads/timers.c", bits=bits)
    assert guest.run(linux, program, [part]).finished == native(program, [part])
    assert leaves_nothing(linux)


@BITS
def test_the_hosts_clock_interrupts_busy_loops(
    toolchain: Toolchain, native: Run, path: PathThrough, bits: Bits
) -> None:
    """With the host's time instead of virtual time: the loops end when the signals come."""
    program = toolchain.program("threads/timers.c", bits=bits)
    with Linux(full_path=path == "full", ram_bytes=guest.RAM) as linux:
        assert guest.run(linux, program, ["interval"]).finished == native(program, ["interval"])
        assert leaves_nothing(linux)


@BITS
def test_signals_that_are_read(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("threads/signals_read.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    assert leaves_nothing(linux)


def set_clock(linux: Linux, toolchain: Toolchain, bits: Bits, user: int) -> dict[str, int]:
    """What clock_set.c answers a user."""
    program = toolchain.program("threads/clock_set.c", bits=bits)

    def load(*arguments: object, **options: object) -> object:
        task = Linux.load(linux, str(program), [], {})
        task.credentials = Credentials.of(user, user)
        return task

    vars(linux)["load"] = load
    outcome = guest.run(linux, program)
    assert outcome.status == 0
    answers: dict[str, int] = {}
    for line in outcome.stdout.decode().splitlines():
        text, number = line.rsplit(None, 1)
        answers.setdefault(text.strip(), int(number))
    return answers


@BITS
def test_root_sets_the_clock_and_who_waits_by_it_is_told(
    linux: Linux, toolchain: Toolchain, bits: Bits
) -> None:
    answers = set_clock(linux, toolchain, bits, 0)
    assert answers["clock_settime"] == answers["settimeofday"] == answers["stime"] == answers["it is"] == 0
    assert answers["a timer that asked to be told"] == -125  # ECANCELED
    assert answers["and once only"] == -11
    assert answers["adjtimex"] == 5  # TIME_ERROR: nobody keeps it right
    assert answers["adjtimex changes"] == -1
    assert answers["adjtime tells"] == 5
    assert answers["left"] == 0
    assert answers["adjtimex, not valid"] == -22


@BITS
def test_others_do_not(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    answers = set_clock(linux, toolchain, bits, 1000)
    assert answers["clock_settime"] == answers["settimeofday"] == answers["stime"] == -1
    assert answers["clock_settime, not valid"] == answers["settimeofday, not valid"] == -22
    assert answers["a timer that asked to be told"] == -11
