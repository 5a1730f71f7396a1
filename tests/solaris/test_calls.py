"""Every call that is there, with good arguments and bad ones: calls.c prints what came of each, as calls.txt says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.kernel.clock import VirtualClocks
from ring3.solaris.credentials import Cred
from tests.support import guest, solaris
from tests.support.guest import Outcome, PathThrough
from tests.support.toolchain import Toolchain

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])
ROOT = Cred(0, 0, 0, 0)
SOMEBODY = Cred(101, 10, 102, 11)


@pytest.fixture
def calls(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "calls.c")


def outcome(program: Path, path: PathThrough, cred: Cred, *, watch: bool = False) -> Outcome:
    with guest.boot_solaris(path) as machine:
        machine.cred = cred
        machine.kernel.clocks = VirtualClocks()  # a watched run of the full path counts some code twice
        return guest.run(
            machine, program, ["a", "b"], environment={"A": "B"}, stdin=b"input for reading", watch=watch
        )


@BOTH_PATHS
def test_results(calls: Path, path: PathThrough) -> None:
    finished = outcome(calls, path, ROOT)
    assert finished.stdout.decode() == (solaris.FOLDER / "calls.txt").read_text()
    assert finished.status == 7


def test_paths_cannot_be_told_apart(calls: Path) -> None:
    short, full = (outcome(calls, path, ROOT, watch=True) for path in ("short", "full"))
    assert short.journal == full.journal
    assert short == full
    assert len(short.journal) > 300


@BOTH_PATHS
def test_without_privileges(calls: Path, path: PathThrough) -> None:
    expected = (solaris.FOLDER / "calls.txt").read_text().splitlines()
    shown = outcome(calls, path, SOMEBODY).stdout.decode().splitlines()
    assert [line for line in shown if line not in expected] == [
        "pid 2 ppid 1 uid 102 euid 101 gid 11 egid 10",
        "set the host's name: error 1",
        "the host's name: 6",
        "ring3",
        "set it to nothing: error 1",
        "set it to what is at a bad address: error 1",
        "set the domain: error 1",
        "the domain: 1",
        "",
        "modctl, unknown command: error 1",
        "modctl, command -1: error 1",
    ]


DEATHS = {
    "nosys_0": 12,
    "nosys_35": 12,
    "loadable_8": 12,
    "loadable_named_51": 12,
    "old_handler_21": 12,
    "absent_55": 12,
    "number_256": 12,
    "number_100000": 12,
    "number_minus_1": 12,
    "int_80": 11,
    "int_21": 11,
    "int_7f": 4,
    "int_of": 8,
    "fasttrap_7": 11,
    "fasttrap_minus_1": 11,
    "sysenter": 4,
    "far_jump_to_32_bits": 11,
    "divide": 8,
    "breakpoint": 5,
    "ud2": 4,
    "rdmsr": 11,
    "cli": 11,
    "hlt": 11,
    "in": 11,
    "mov_cr3": 11,
    "swapgs": 11,
    "sysret": 11,
    "bad_segment": 11,
    "read_nowhere": 11,
    "write_text": 11,
    "run_data": 11,
    "read_kernel": 11,
    "write_kernel": 11,
    "jump_to_kernel": 11,
    "not_canonical": 11,
    "stack_overflow": 11,
    "single_step": 5,
}
"""The signal that ends a program, by what it did."""

SURVIVED = {
    "number_is_32_bits": b"rax 2 carry 0\n",
    "int_91": b"rax 2 carry 0\n",
    "fasttrap_null": b"rax 0 carry 1\n",
    "fasttrap_wide": b"rax 0 carry 0\n",
}


@pytest.fixture
def deeds(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "deeds.c")


def test_every_deed_is_judged(deeds: Path) -> None:
    with guest.boot_solaris() as machine:
        listed = guest.run(machine, deeds).stdout.decode().split()
    assert sorted(listed) == sorted([*DEATHS, *SURVIVED])


@pytest.mark.parametrize("deed", DEATHS)
def test_deaths(deeds: Path, deed: str) -> None:
    outcomes = []
    for path in ("short", "full"):
        with guest.boot_solaris(path) as machine:
            outcomes.append(guest.run(machine, deeds, [deed], watch=True))
    short, full = outcomes
    assert (short.stdout, short.status) == (b"", 128 + DEATHS[deed])
    assert short == full


@BOTH_PATHS
@pytest.mark.parametrize("deed", SURVIVED)
def test_deeds_without_consequence(deeds: Path, deed: str, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        finished = guest.run(machine, deeds, [deed])
    assert (finished.stdout, finished.status) == (SURVIVED[deed], 0)
