"""What a CPU does between two rings, step by step, as values; `machine.microcode` does it."""

from __future__ import annotations

from ring3.abi.kinds import Enum, NamedTuple
from ring3.machine.cpu import Trap
from ring3.machine.descriptors import Gate, Segment
from ring3.machine.msr import Msr
from ring3.machine.registers import Seg


class Requirement(Enum):
    """A condition that has to hold; each with what ``left`` and ``right`` of a `Check` are."""

    SCE = "EFER.SCE is set"
    """Left: EFER."""
    SYSENTER_CS = "SYSENTER_CS is not the null selector"
    """Left: the selector."""
    GATE_TYPE = "the gate is an interrupt or trap gate"
    """Left: its type."""
    GATE_DPL = "gate DPL >= CPL"
    """Left: the gate's DPL. Right: CPL."""
    GATE_PRESENT = "the gate is present"
    """Left: its P bit."""
    CODE_SEGMENT = "64-bit code segment, DPL <= CPL"
    """Left: the segment's DPL. Right: CPL."""
    CANONICAL_OFFSET = "the gate's offset is canonical"
    """Left: the offset."""


class MsrRead(NamedTuple):
    """An MSR was read."""

    msr: Msr
    value: int


class GateRead(NamedTuple):
    """A gate of the IDT was read, at a linear address."""

    vector: int
    gate: Gate
    address: int


class SegmentRead(NamedTuple):
    """A descriptor was read, at a linear address."""

    selector: int
    segment: Segment
    address: int


class StackRead(NamedTuple):
    """A stack pointer was read from the TSS, at a linear address; ``field`` is ``RSP0``, ``IST1`` or the like."""

    field: str
    value: int
    address: int


class Check(NamedTuple):
    """A condition was checked; without it, ``fault`` is raised."""

    requirement: Requirement
    holds: bool
    left: int
    right: int
    fault: Trap


class Push(NamedTuple):
    """A word was pushed; its linear address, and what it is: ``SS``, ``RSP``, ..., ``error code``."""

    what: str
    value: int
    address: int


class RegisterSet(NamedTuple):
    """A register got a value: ``RIP``, ``RFLAGS`` or a general one."""

    register: str
    value: int


class SegmentSet(NamedTuple):
    """A segment register was loaded; the privilege level before and after."""

    segment: Seg
    selector: int
    descriptor: Segment
    cpl_before: int
    cpl: int


Step = MsrRead | GateRead | SegmentRead | StackRead | Check | Push | RegisterSet | SegmentSet
