"""What each door of 32-bit programs does to every register, on both paths: the rules are those of image/solaris."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest

from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.regs import PS_C
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

NAMES = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "flags", "eip")
DOORS = ("int", "lcall", "lcall7", "syscall", "sysenter")
GETPID, SYSCONFIG, LLSEEK, WRITE, ABSENT = range(5)
CALLS = 5


@dataclass(frozen=True)
class Passage:
    before: dict[str, int]
    after: dict[str, int]

    @property
    def carry(self) -> bool:
        return bool(self.after["flags"] & PS_C)


def passages(toolchain: Toolchain, path: PathThrough) -> list[Passage]:
    program = solaris.program(toolchain, "doors32.S", libc=False, bits=32)
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, program)
    assert outcome.status == CALLS * len(DOORS)
    words = struct.iter_unpack(f"<{2 * len(NAMES)}I", outcome.stdout)
    named = [
        Passage(
            dict(zip(NAMES, row[: len(NAMES)], strict=True)), dict(zip(NAMES, row[len(NAMES) :], strict=True))
        )
        for row in words
    ]
    assert len(named) == CALLS * len(DOORS)
    return named


@pytest.fixture(scope="module", params=["short", "full"])
def made(request: pytest.FixtureRequest, toolchain: Toolchain) -> list[Passage]:
    return passages(toolchain, request.param)


def calls(made: list[Passage], door: str) -> list[Passage]:
    at = CALLS * DOORS.index(door)
    return made[at : at + CALLS]


def test_paths_leave_the_same_in_every_register(toolchain: Toolchain) -> None:
    assert passages(toolchain, "short") == passages(toolchain, "full")


@pytest.mark.parametrize("door", DOORS)
def test_results(made: list[Passage], door: str) -> None:
    found = calls(made, door)
    assert [passage.carry for passage in found] == [False, False, True, True, True]
    assert found[GETPID].after["eax"] == 2  # the first program's
    assert found[SYSCONFIG].after["eax"] == 4096
    assert [found[number].after["eax"] for number in (LLSEEK, WRITE, ABSENT)] == [
        SolarisE.EBADF, SolarisE.EBADF, SolarisE.ENOSYS,
    ]  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_registers_that_no_call_touches(made: list[Passage], door: str) -> None:
    for passage in calls(made, door):
        for name in ("ebx", "esp", "ebp", "esi", "edi"):
            assert passage.after[name] == passage.before[name]
        assert passage.after["flags"] & ~PS_C == passage.before["flags"] & ~PS_C


@pytest.mark.parametrize("door", ["int", "lcall", "lcall7", "syscall"])
def test_every_result_is_two(made: list[Passage], door: str) -> None:
    found = calls(made, door)
    assert found[GETPID].after["edx"] == 1  # init's
    assert found[SYSCONFIG].after["edx"] == 0
    assert found[WRITE].after["edx"] == found[WRITE].before["edx"]


@pytest.mark.parametrize("door", ["int", "lcall", "lcall7"])
def test_a_trap_leaves_ecx(made: list[Passage], door: str) -> None:
    for passage in calls(made, door):
        assert passage.after["ecx"] == passage.before["ecx"]


def test_syscall_leaves_its_return_address(made: list[Passage]) -> None:
    for passage in calls(made, "syscall"):
        assert passage.after["ecx"] == passage.after["eip"]


def test_sysenter_leaves_what_its_program_said(made: list[Passage]) -> None:
    for passage in calls(made, "sysenter"):
        assert passage.after["ecx"] == passage.before["ecx"] == passage.before["esp"]
        assert passage.after["edx"] == passage.before["edx"]
