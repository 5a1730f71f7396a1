"""The steps of the CPU between two rings, in the manuals' words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ring3.machine.descriptors import GateType
from ring3.machine.msr import Msr
from ring3.machine.registers import Seg, Vector
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
from ring3.trace.explain import bits
from ring3.trace.explain.bits import Unfolded
from ring3.trace.explain.events import CpuStep

_SYSCALL: Final = {
    "RCX": " (address of the next instruction)",
    "R11": " (RFLAGS)",
    "CS": " (STAR[47:32]), flat, DPL 0: CPL is now 0",
    "SS": " (STAR[47:32] + 8), flat",
    "RFLAGS": " (the mask's bits cleared)",
}
_SYSENTER: Final = {
    "RFLAGS": " (IF, VM and RF cleared)",
    "CS": ", flat, DPL 0: CPL is now 0",
    "SS": " (SYSENTER_CS + 8), flat",
    "RIP": "; neither the return address nor the stack was saved",
}
_GATE: Final = {"SS": " (null selector)", "RFLAGS": " (TF, NT, RF and VM cleared)"}
_INTERRUPT_GATE: Final = {**_GATE, "RFLAGS": " (TF, NT, RF, VM and IF cleared)"}


def told(
    steps: Sequence[Step], rsp: int, annotated: Callable[[str], str], place: Callable[[int], str]
) -> tuple[CpuStep, ...]:
    """Each step as an explanation has it.

    Args:
        steps: The steps.
        rsp: The stack pointer after them.
        annotated: Adds the symbols to a text with addresses.
        place: What lies at an address, "" if that has no name.
    """
    remarks: dict[str, str] = {}
    found: list[CpuStep] = []
    for step in steps:
        remarks = _remarks(step, rsp) or remarks
        line = _line(step, remarks)
        if line is not None:
            what, subject, value, address = line
            where = place(address) if address is not None else ""
            raw, unfolded = _unfolded(step, subject)
            if isinstance(step, Check) and unfolded is None and found:
                unfolded = found[-1].bits  # what is checked is the descriptor that was read just before
            found.append(CpuStep(what, subject, annotated(value), address, where, raw, unfolded))
    return tuple(found)


def _unfolded(step: Step, subject: str) -> tuple[int | None, Unfolded | None]:
    """The number that a step is about, and its bit fields, where it has any."""
    if isinstance(step, MsrRead):
        return step.value, bits.msr(step.msr, step.value)
    if isinstance(step, GateRead | SegmentRead):
        told = (
            bits.gate(subject, step.gate)
            if isinstance(step, GateRead)
            else bits.segment(subject, step.segment)
        )
        return told.raw, told
    if isinstance(step, SegmentSet):
        return step.selector, bits.selector(subject, step.selector)
    if isinstance(step, Check):
        efer = step.requirement is Requirement.SCE
        return None, bits.msr(Msr.MSR_EFER, step.left) if efer else None
    register = step.register if isinstance(step, RegisterSet) else step.what if isinstance(step, Push) else ""
    if register in ("RFLAGS", "R11"):  # only syscall sets R11, and to RFLAGS
        return step.value, bits.rflags("RFLAGS", step.value)
    if register in ("CS", "SS"):
        return step.value, bits.selector(register, step.value)
    return step.value, None


def _remarks(step: Step, rsp: int) -> dict[str, str] | None:
    """What is said of registers after a step that shows by which way ring 0 is entered; None after any other."""
    if isinstance(step, MsrRead) and step.msr is Msr.MSR_EFER:
        return {**_SYSCALL, "RIP": f"; RSP stays {rsp:#x}: the stack is still the user's"}
    if isinstance(step, MsrRead) and step.msr is Msr.MSR_IA32_SYSENTER_CS:
        return _SYSENTER
    if isinstance(step, GateRead):
        return _INTERRUPT_GATE if step.gate.type == GateType.INTERRUPT else _GATE
    return None


def _line(step: Step, remarks: dict[str, str]) -> tuple[str, str, str, int | None] | None:
    """What was done, with what, with which value and where; None for what another line says too."""
    if isinstance(step, MsrRead):
        name = f"{step.msr.name} ({step.msr.value:#x})"
        return None if step.msr is Msr.MSR_EFER else ("read", name, f"{step.value:#x}", None)
    if isinstance(step, GateRead):
        return "read", f"IDT gate {step.vector:#x}", str(step.gate), step.address
    if isinstance(step, SegmentRead):
        return "read", f"GDT descriptor {step.selector:#x}", str(step.segment), step.address
    if isinstance(step, StackRead):
        return "read", f"TSS.{step.field}", f"{step.value:#x}", step.address
    if isinstance(step, Push):
        return "write", f"push {step.what}", f"{step.value:#x}", step.address
    if isinstance(step, RegisterSet):
        return "set", step.register, f"{step.value:#x}{remarks.get(step.register, '')}", None
    if isinstance(step, SegmentSet):
        return "set", step.segment.name, _selector(step, remarks), None
    return "check", *_check(step), None


def _selector(step: SegmentSet, remarks: dict[str, str]) -> str:
    remark = remarks.get(step.segment.name)
    if remark is None and step.segment is Seg.CS:
        remark = f": CPL {step.cpl_before} -> {step.cpl}"
    return f"{step.selector:#x}{remark or ''}"


def _check(step: Check) -> tuple[str, str]:
    """A condition and what came of it."""
    fault = step.fault
    with_error = fault.error or step.requirement is Requirement.SYSENTER_CS
    no = f"no: #{Vector(fault.vector).name}" + (f"({fault.error:#x})" if with_error else "")
    if step.requirement is Requirement.SCE and step.holds:
        return "MSR_EFER.SCE", f"{step.left:#x}: syscall is enabled"
    subject = {
        Requirement.SCE: "MSR_EFER.SCE is set",
        Requirement.SYSENTER_CS: "SYSENTER_CS is not the null selector",
        Requirement.GATE_TYPE: "gate type is interrupt or trap",
        Requirement.GATE_DPL: f"gate DPL {step.left} >= CPL {step.right}",
        Requirement.GATE_PRESENT: "gate is present",
        Requirement.CODE_SEGMENT: f"64-bit code segment, DPL {step.left} <= CPL {step.right}",
        Requirement.CANONICAL_OFFSET: "gate offset is canonical",
    }[step.requirement]
    return subject, "yes" if step.holds else no
