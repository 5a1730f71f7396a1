"""A build of the emulator that keeps its registers otherwise is refused when the machine is switched on."""

from __future__ import annotations

import pytest

from ring3.errors import UserError
from ring3.machine import unicorn_state as at
from ring3.machine.msr import Msr
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.machine.unicorn_cpu import UnicornCpu


def make() -> UnicornCpu:
    return UnicornCpu(Ram(64 * PAGE_SIZE))


def test_the_pinned_build_is_known() -> None:
    make()


@pytest.mark.parametrize("msr", [msr for msr in at.MSRS if msr.name != "MSR_EFER"])
def test_a_moved_msr_is_named(monkeypatch: pytest.MonkeyPatch, msr: Msr) -> None:
    monkeypatch.setitem(at.MSRS, msr, at.MSRS[msr] + 8)
    with pytest.raises(UserError, match=r"keeps MSR_.* in an unknown place"):
        make()


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("ERROR_CODE", "the error code"),
        ("IS_INT", "the software interrupt flag"),
        ("OLD_EXCEPTION", "the exception in flight"),
        ("EFLAGS", "the flags"),
    ],
)
def test_another_moved_field_is_named(monkeypatch: pytest.MonkeyPatch, field: str, name: str) -> None:
    monkeypatch.setattr(at, field, getattr(at, field) + 16)
    with pytest.raises(UserError, match=f"keeps {name} in an unknown place"):
        make()


def test_registers_that_are_not_in_a_row_are_refused() -> None:
    probe = at.Probe(
        lambda: bytes(4096), lambda number, value: None, lambda number, value: None, lambda code: -1
    )
    with pytest.raises(UserError, match="keeps its registers in an unknown way"):
        at.find_registers(probe)


def test_registers_are_found_wherever_they_lie() -> None:
    registers = [0] * 16

    def write(number: int, value: int) -> None:
        registers[number] = value

    def snapshot() -> bytes:
        return b"x" * 24 + b"".join(value.to_bytes(8, "little") for value in registers)

    assert at.find_registers(at.Probe(snapshot, write, lambda number, value: None, lambda code: -1)) == 24
