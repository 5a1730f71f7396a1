"""The registers of a stopped CPU as a picture, and what differs between two pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ring3.machine.cpu import Cpu
from ring3.machine.msr import Msr
from ring3.machine.registers import Flags, Gpr, Seg
from ring3.trace.explain.facts import Change, Value

GENERAL: Final = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
"""General registers in the order in which they are shown."""

SPECIAL: Final = ("rip", "rflags", "cs", "ss", "gs_base", "kernel_gs_base")

STATUS: Final = (Flags.CF, Flags.PF, Flags.AF, Flags.ZF, Flags.SF, Flags.OF)
"""The flags that arithmetic and comparisons set."""

Picture = Mapping[str, int]
"""Registers by name, those of `GENERAL` and `SPECIAL`."""

_NUMBERS: Final = {name: Gpr[name.upper()] for name in GENERAL}


def picture(cpu: Cpu) -> Picture:
    """All registers as they are now."""
    found = {name: cpu.gpr(number) for name, number in _NUMBERS.items()}
    found["rip"], found["rflags"] = cpu.rip, cpu.rflags
    found["cs"], found["ss"] = cpu.selector(Seg.CS), cpu.selector(Seg.SS)
    found["gs_base"], found["kernel_gs_base"] = cpu.rdmsr(Msr.MSR_GS_BASE), cpu.rdmsr(Msr.MSR_KERNEL_GS_BASE)
    return found


def values(registers: Picture) -> tuple[Value, ...]:
    """A picture as a sequence of values."""
    return tuple(Value(name, value) for name, value in registers.items())


def changes(before: Picture, after: Picture, without: Iterable[str] = ()) -> tuple[Change, ...]:
    """The registers that differ."""
    return tuple(
        Change(name, old, after[name])
        for name, old in before.items()
        if old != after[name] and name not in without
    )


def flag_names(flags: int) -> list[str]:
    """The names of the single-bit flags that are set, from the lowest bit to the highest."""
    named = [flag for flag in Flags if flag is not Flags.FIXED and flag.bit_count() == 1]
    return [str(flag.name) for flag in named if flags & flag]
