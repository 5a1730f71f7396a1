"""Every forbidden deed of signals_fault.c ends as it does natively, on both paths and in both widths."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.machine.registers import Vector
from tests.support import faults, guest
from tests.support.faults import Fault
from tests.support.native import Finished
from tests.support.toolchain import Toolchain


@pytest.mark.parametrize("fault", faults.table(), ids=str)
def test_fault(linux: Linux, toolchain: Toolchain, fault: Fault) -> None:
    program = toolchain.program("basic/signals_fault.c", bits=fault.bits)
    outcome = guest.run(linux, program, [fault.name])
    assert outcome.finished == Finished(b"", b"", fault.status)


@pytest.mark.parametrize(
    ("name", "vector"),
    [
        ("read_null", Vector.PF),
        ("exec_data", Vector.PF),
        ("ud2", Vector.UD),
        ("int1", Vector.DB),
        ("int3", Vector.BP),
        ("int_0x21", 0x21),
        ("div_zero", Vector.DE),
        ("hlt", Vector.GP),
        ("cli", Vector.GP),
        ("in", Vector.GP),
        ("rdmsr", Vector.GP),
        ("read_cr3", Vector.GP),
        ("single_step", Vector.DB),
    ],
)
def test_a_fault_comes_by_its_vector(linux: Linux, toolchain: Toolchain, name: str, vector: int) -> None:
    outcome = guest.run(linux, toolchain.program("basic/signals_fault.c"), [name])
    assert outcome.left_by(vector)
