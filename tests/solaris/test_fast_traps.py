"""int $0xd2: what comes back in rax and rdx, what is lost, and that both paths agree."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from ring3.computer import Solaris
from ring3.kernel.clock import VirtualClocks
from tests.support import guest, solaris
from tests.support.guest import Passage, PathThrough
from tests.support.toolchain import Toolchain

NAMES = (
    "rax",
    "rcx",
    "rdx",
    "rbx",
    "rbp",
    "rsi",
    "rdi",
    "r8",
    "r9",
    "r10",
    "r11",
    "r12",
    "r13",
    "r14",
    "r15",
    "flags",
)
BEFORE = {name: (number + 1) * 0x0101_0101_0101_0101 for number, name in enumerate(NAMES)}


@pytest.fixture(params=["short", "full"])
def machine(request: pytest.FixtureRequest) -> Iterator[Solaris]:
    with guest.boot_solaris(request.param) as booted:
        booted.kernel.clocks = StillClocks()
        yield booted


class StillClocks(VirtualClocks):
    """Clocks that tell what they are asked to."""

    def realtime(self) -> int:
        return 0x1_6000_0001 * 10**9 + 123_456_789

    def monotonic(self) -> int:
        return 0x1234_5678_9ABC

    def cpu(self) -> int:
        return 0xABC_DEF0_1234


def registers(machine: Solaris, toolchain: Toolchain) -> list[dict[str, int]]:
    outcome = guest.run(machine, solaris.program(toolchain, "fasttraps.S", libc=False))
    assert outcome.status == 0
    return [
        dict(zip(NAMES, words, strict=True))
        for words in struct.iter_unpack(f"<{len(NAMES)}Q", outcome.stdout)
    ]


def test_results(machine: Solaris, toolchain: Toolchain) -> None:
    null, fp1, fp2, hrtime, hrvtime, hrestime, lgrp = registers(machine, toolchain)
    for number, nothing in enumerate((null, fp1, fp2)):
        assert (nothing["rax"], nothing["rdx"], nothing["flags"] & 1) == (number, BEFORE["rdx"], 1)
    assert (hrtime["rax"], hrtime["rdx"]) == (0x1234_5678_9ABC, 0x1234)
    assert (hrvtime["rax"], hrvtime["rdx"]) == (0xABC_DEF0_1234, 0xABC)
    assert (hrestime["rax"], hrestime["rdx"]) == (0x6000_0001, 123_456_789)
    assert (lgrp["rax"], lgrp["rdx"]) == (0, 0)


def test_what_is_kept_and_what_is_lost(machine: Solaris, toolchain: Toolchain) -> None:
    kept = [name for name in NAMES if name not in ("rax", "rcx", "rdx", "r11", "flags")]
    for number, after in enumerate(registers(machine, toolchain)):
        assert {name: after[name] for name in kept} == {name: BEFORE[name] for name in kept}
        assert after["r11"] == machine.symbols["fasttable"] + 8 * number
        assert after["rcx"] == (machine.symbols["lpl_bootstrap"] if number == 6 else BEFORE["rcx"])
        assert after["flags"] & 1 == (number < 3)


def test_paths_cannot_be_told_apart(toolchain: Toolchain) -> None:
    def journal(path: PathThrough) -> tuple[Passage, ...]:
        with guest.boot_solaris(path) as machine:
            machine.kernel.clocks = VirtualClocks()  # a watched run of the full path counts some code twice
            return guest.run(
                machine, solaris.program(toolchain, "fasttraps.S", libc=False), watch=True
            ).journal

    assert journal("short") == journal("full")


def test_overwritten_slot_redirects_the_trap(machine: Solaris, toolchain: Toolchain) -> None:
    table = machine.symbols["fasttable"]
    machine.machine.write_q(table + 8 * 3, machine.symbols["getlgrp"])
    redirected = registers(machine, toolchain)[3]
    assert (redirected["rax"], redirected["rdx"]) == (0, 0)
    assert not machine.kernel.short_path


def test_clocks_are_functions_that_can_be_replaced(machine: Solaris, toolchain: Toolchain) -> None:
    machine.replace("tsc_gethrtime", lambda task: 42)
    assert registers(machine, toolchain)[3]["rax"] == 42
