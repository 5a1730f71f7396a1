"""What a call does to every register, on both paths: the rules are those of the machine code in image/solaris."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest

from ring3.abi.solaris.regs import PS_C
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

NAMES = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
    "flags",
)  # fmt: skip
KEPT = [name for name in NAMES if name not in ("rax", "rcx", "rdx", "r11", "flags")]
CALLS = 14


@dataclass(frozen=True)
class Passage:
    before: dict[str, int]
    after: dict[str, int]

    @property
    def carry(self) -> bool:
        return bool(self.after["flags"] & PS_C)


def passages(toolchain: Toolchain, path: PathThrough) -> list[Passage]:
    program = solaris.program(toolchain, "doors.S", libc=False)
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, program)
    assert outcome.status == CALLS
    words = struct.iter_unpack(f"<{2 * len(NAMES)}Q", outcome.stdout)
    return [Passage(_named(numbers[: len(NAMES)]), _named(numbers[len(NAMES) :])) for numbers in words]


def _named(numbers: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(NAMES, numbers, strict=True))


@pytest.fixture(scope="module", params=["short", "full"])
def made(request: pytest.FixtureRequest, toolchain: Toolchain) -> list[Passage]:
    return passages(toolchain, request.param)


def test_paths_leave_the_same_in_every_register(toolchain: Toolchain) -> None:
    assert passages(toolchain, "short") == passages(toolchain, "full")


def test_registers_that_no_call_touches(made: list[Passage]) -> None:
    assert len(made) == CALLS
    for passage in made:
        assert {name: passage.before[name] for name in KEPT} == {name: passage.after[name] for name in KEPT}
        assert passage.after["flags"] & ~PS_C == passage.before["flags"] & ~PS_C


def test_two_values(made: list[Passage]) -> None:
    for passage in made[:2]:
        assert not passage.carry
        assert (passage.after["rax"], passage.after["rdx"]) == (2, 1)  # the first program's pid, and init's
    assert not made[2].carry


def test_one_value_leaves_the_third_argument(made: list[Passage]) -> None:
    for passage in made[3:5]:
        assert not passage.carry
        assert passage.after["rax"] == 4096
        assert passage.after["rdx"] == passage.before["rdx"]
    assert (made[5].after["rax"], made[5].after["rdx"], made[5].carry) == (0, 0, False)
    assert made[10].after["rax"] > 1 << 24


def test_success_returns_by_sysret(made: list[Passage]) -> None:
    simple = [passage for number, passage in enumerate(made) if not passage.carry and number != 12]
    assert len(simple) == 7
    for passage in simple:
        assert passage.after["rcx"] == passage.after["rip"]
        assert passage.after["r11"] == passage.after["flags"] == passage.before["flags"] & ~PS_C


def test_errors_are_positive_numbers_with_carry(made: list[Passage]) -> None:
    failed = {number: passage.after["rax"] for number, passage in enumerate(made) if passage.carry}
    assert failed == {6: 9, 7: 9, 8: 14, 9: failed[9], 11: 48, 13: 9}
    assert failed[9] in (1, 22)  # as the user who runs the tests has privileges or not
    for number in failed:
        assert made[number].after["rdx"] == made[number].before["rdx"]


def test_anything_else_returns_by_iret(made: list[Passage]) -> None:
    """rcx comes from struct regs then, where it is the fourth argument."""
    assert not made[12].carry
    for number in (6, 7, 8, 9, 11, 12, 13):
        assert made[number].after["rcx"] == made[number].before["r10"]
