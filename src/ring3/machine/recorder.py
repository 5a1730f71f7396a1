"""The microcode that tells each of its steps: it stands in for the plain one while somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ring3.machine.cpu import Cpu, Trap
from ring3.machine.descriptors import Gate, Segment
from ring3.machine.microcode import Microcode
from ring3.machine.msr import Msr
from ring3.machine.ram import Ram
from ring3.machine.registers import Gpr, Seg
from ring3.machine.steps import (
    Check,
    GateRead,
    MsrRead,
    Push,
    RegisterSet,
    Requirement,
    SegmentRead,
    SegmentSet,
    StackRead,
    Step,
)

_FRAME = ("SS", "RSP", "RFLAGS", "CS", "RIP", "error code")


class RecordingMicrocode(Microcode):
    """Delivery into ring 0, told step by step."""

    def __init__(self, cpu: Cpu, ram: Ram, tell: Callable[[Step], None]) -> None:
        super().__init__(cast(Cpu, _RecordingCpu(cpu, tell)), ram)
        self._real = cpu
        self._tell = tell

    def _holds(self, requirement: Requirement, holds: bool, left: int, right: int, fault: Trap) -> bool:
        self._tell(Check(requirement, holds, left, right, fault))
        return holds

    def _read_gate(self, vector: int, address: int) -> Gate:
        gate = super()._read_gate(vector, address)
        self._tell(GateRead(vector, gate, address))
        return gate

    def _read_segment(self, selector: int, address: int) -> Segment:
        segment = super()._read_segment(selector, address)
        self._tell(SegmentRead(selector, segment, address))
        return segment

    def _read_stack(self, name: str, address: int) -> int:
        stack = super()._read_stack(name, address)
        self._tell(StackRead(name, stack, address))
        return stack

    def _push(self, address: int, frame: list[int]) -> None:
        super()._push(address, frame)
        for slot, (name, value) in enumerate(zip(_FRAME, frame, strict=False)):
            self._tell(Push(name, value, address + 8 * (len(frame) - 1 - slot)))

    def _back_to(self, rip: int) -> None:
        self._real.rip = rip


class _RecordingCpu:
    """A CPU that tells which of its registers are read and set; only what the microcode does counts."""

    def __init__(self, cpu: Cpu, tell: Callable[[Step], None]) -> None:
        vars(self).update(_cpu=cpu, _tell=tell)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the CPU has
        return getattr(vars(self)["_cpu"], name)

    def __setattr__(self, name: str, value: int) -> None:
        setattr(vars(self)["_cpu"], name, value)
        if name in ("rip", "rflags"):
            self._tell(RegisterSet(name.upper(), getattr(vars(self)["_cpu"], name)))

    def rdmsr(self, number: int) -> int:
        """Value of an MSR."""
        value: int = self._cpu.rdmsr(number)
        self._tell(MsrRead(Msr(number), value))
        return value

    def set_gpr(self, number: int, value: int) -> None:
        """Sets a general register."""
        self._cpu.set_gpr(number, value)
        self._tell(RegisterSet(Gpr(number).name, self._cpu.gpr(number)))

    def load_segment(self, segment: Seg, selector: int, descriptor: Segment) -> None:
        """Sets a segment register."""
        before = self._cpu.cpl
        self._cpu.load_segment(segment, selector, descriptor)
        self._tell(SegmentSet(segment, selector, descriptor, before, self._cpu.cpl))
