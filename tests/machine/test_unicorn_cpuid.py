"""What the emulated CPU gives for CPUID, asked beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.machine.cpu import Event
from ring3.machine.registers import Gpr
from ring3.machine.unicorn_cpu import UnicornCpu
from ring3.machine.unicorn_cpuid import Cpuid
from tests.machine.bare import Bare

CR4_PAE, CR4_OSXSAVE = 1 << 5, 1 << 18
OSXSAVE = 1 << 27


@pytest.fixture
def bare() -> Iterator[Bare]:
    made = Bare()
    yield made
    made.machine.close()


def ask(bare: Bare, cr4: int, leaf: int, subleaf: int) -> tuple[int, ...]:
    """What is told twice, the second time without a run."""
    assert isinstance(bare.cpu, UnicornCpu)
    cpuid = Cpuid(bare.cpu._lib, cr4)
    told = [cpuid.ask(leaf, subleaf) for _ in range(2)]
    assert told[0] == told[1]
    cpuid.close()
    return told[0]


@pytest.mark.parametrize(
    ("leaf", "subleaf"), [(0, 0), (1, 0), (2, 0), (4, 0), (4, 3), (7, 0), (13, 0), (1 << 31, 0), (1 << 30, 0)]
)
def test_it_is_what_a_program_is_told(bare: Bare, leaf: int, subleaf: int) -> None:
    told = ask(bare, bare.cpu.control(4), leaf | 1 << 32, subleaf | 1 << 63)
    bare.cpu.set_gpr(Gpr.RAX, leaf)
    bare.cpu.set_gpr(Gpr.RCX, subleaf)
    bare.put_code(bytes.fromhex("0fa2 89ce 0f05"))  # cpuid; mov %ecx,%esi; syscall
    bare.ring3()
    assert bare.cpu.run() is Event.SYSCALL
    assert tuple(bare.cpu.gpr(number) for number in (Gpr.RAX, Gpr.RBX, Gpr.RSI, Gpr.RDX)) == told


def test_whether_there_is_xsave_is_a_control_registers(bare: Bare) -> None:
    assert not ask(bare, CR4_PAE, 1, 0)[2] & OSXSAVE
    assert ask(bare, CR4_PAE | CR4_OSXSAVE, 1, 0)[2] & OSXSAVE
