"""What belongs to the processor and what to the program on it; writes to MSRs by the machine."""

from __future__ import annotations

import pytest

from ring3.errors import UserError
from ring3.machine.board import Machine
from ring3.machine.msr import Efer, Msr

EFER = int(Efer.SCE | Efer.LME | Efer.LMA | Efer.NXE)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine(64 << 20)


def test_efer_of_the_machine_keeps_lma(machine: Machine) -> None:
    machine.wrmsr(Msr.MSR_EFER, EFER & ~Efer.LMA & ~Efer.SCE)
    assert machine.rdmsr(Msr.MSR_EFER) == EFER & ~Efer.SCE


@pytest.mark.parametrize("msr", Msr)
def test_value_written_is_read_back_and_announced(machine: Machine, msr: Msr) -> None:
    announced = []
    machine.on_change = lambda: announced.append(msr)
    value = EFER if msr is Msr.MSR_EFER else 0x1230
    machine.wrmsr(msr, value)
    assert machine.rdmsr(msr) == value
    assert announced == [msr]
    with pytest.raises(UserError, match=f"{msr.name} cannot be"):
        machine.wrmsr(msr, 1 << 64)
    assert machine.rdmsr(msr) == value
    assert announced == [msr]


def test_loading_a_programs_registers_leaves_the_processors(machine: Machine) -> None:
    cpu = machine.cpu
    machine.wrmsr(Msr.MSR_FS_BASE, 0x1000)
    before = cpu.save()
    for msr in Msr:
        machine.wrmsr(msr, EFER & ~Efer.SCE if msr is Msr.MSR_EFER else 0x4560)
    cpu.set_table_register("idtr", 0, 0xFFFF_8000_0000_0000, 0xFFF)
    cpu.load(before)
    assert cpu.table_register("idtr") == (0xFFFF_8000_0000_0000, 0xFFF)
    programs = {Msr.MSR_FS_BASE: 0x1000, Msr.MSR_GS_BASE: None, Msr.MSR_KERNEL_GS_BASE: None}
    for msr in Msr:
        if msr is Msr.MSR_EFER:
            assert machine.rdmsr(msr) == EFER & ~Efer.SCE
        elif msr not in programs:
            assert machine.rdmsr(msr) == 0x4560
        else:
            assert machine.rdmsr(msr) != 0x4560
    assert machine.rdmsr(Msr.MSR_FS_BASE) == 0x1000
