"""The GDT and the IDT as Python sees them are those that the CPU uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.errors import UserError
from ring3.machine.descriptors import Gate, GateType, Segment
from tests.support.toolchain import Toolchain


@pytest.fixture
def linux() -> Iterator[Linux]:
    with Linux(ram_bytes=128 << 20) as machine:
        yield machine


@pytest.fixture(scope="session")
def exit_int80(toolchain: Toolchain) -> Path:
    return toolchain.program("seeds/exit_int80.c")


def test_entries_of_linux(linux: Linux) -> None:
    gate = linux.machine.gate(0x80)
    assert gate == Gate(linux.symbols["ia32_syscall"], 0x10, 0, GateType.INTERRUPT, 3, True)
    assert linux.machine.gate(14).offset == linux.symbols["asm_exc_page_fault"]
    assert linux.machine.segment(0x33 >> 3) == Segment(0, 0xFFFF_FFFF, 0xFB, 0xA)
    assert linux.machine.segment(0) == Segment(0, 0, 0, 0)


def test_entries_outside_of_the_tables(linux: Linux) -> None:
    for number in (-1, 16):
        with pytest.raises(UserError, match=f"the table of gdtr has the entries 0 to 15, not {number}"):
            linux.machine.segment(number)
        with pytest.raises(UserError):
            linux.machine.set_segment(number, Segment(0, 0, 0, 0))
    for number in (-1, 256):
        with pytest.raises(UserError, match=f"the table of idtr has the entries 0 to 255, not {number}"):
            linux.machine.gate(number)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda gate: gate, 42),
        (lambda gate: gate._replace(dpl=0), 139),
        (lambda gate: gate._replace(present=False), 135),
        (lambda gate: gate._replace(type=5), 139),
    ],
    ids=["as it is", "for ring 0 only", "not present", "no gate"],
)
def test_gate_that_is_written_is_the_one_in_force(
    linux: Linux, exit_int80: Path, change: Callable[[Gate], Gate], status: int
) -> None:
    linux.machine.set_gate(0x80, change(linux.machine.gate(0x80)))
    assert linux.run(linux.load(str(exit_int80))) == status


def test_segment_that_is_written_is_the_one_in_force(linux: Linux, exit_int80: Path) -> None:
    kernel_code = linux.machine.segment(0x10 >> 3)
    linux.machine.set_segment(0x10 >> 3, kernel_code._replace(access=kernel_code.access & ~0x80))
    linux.machine.set_gate(0x80, linux.machine.gate(0x80)._replace(selector=0x08))  # 32-bit code: #GP
    linux.machine.set_segment(0x10 >> 3, kernel_code)
    assert linux.run(linux.load(str(exit_int80))) == 139
