"""The changes of privilege that the emulator does not make: exceptions, ``int``, ``syscall``, ``sysenter``.

Each function takes a stopped CPU and leaves it at the first instruction of the handler, exactly as the manuals
say; whatever they read (gates, descriptors, the TSS, MSRs, page tables) is read from guest RAM and registers at
that moment. The ways back (``iret``, ``sysret``, ``sysexit``) are instructions the emulator executes itself.

Sources: SDM volume 3A, 6.12.1 and 6.14 (interrupt and exception handling, 64-bit mode), 6.15 (double fault);
volume 2B, SYSCALL and SYSENTER; AMD64 manual volume 3, SYSCALL (compatibility mode enters at CSTAR).

Not modelled: task gates (absent in 64-bit mode), call gates, virtual-8086 mode, shadow stacks.

Who wants to know the steps puts a `machine.recorder.RecordingMicrocode` in the place of this one; here nobody asks.
"""

from __future__ import annotations

import struct
from typing import Final

from ring3.errors import TripleFault
from ring3.machine.cpu import Cpu, Trap
from ring3.machine.descriptors import TI_LDT, Gate, GateType, Segment, Tss
from ring3.machine.msr import Efer, Msr
from ring3.machine.paging import is_canonical, walk
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.machine.registers import CONTRIBUTORY, ERROR_CODE_VECTORS, Flags, Gpr, Seg, Vector
from ring3.machine.steps import Requirement

FLAT_CODE64: Final = Segment(0, 0xFFFF_FFFF, 0x9B, 0xA)
"""What ``syscall`` and ``sysenter`` put in the hidden part of CS (SDM 2B): flat, 64-bit, DPL 0, whatever the GDT."""
FLAT_DATA: Final = Segment(0, 0xFFFF_FFFF, 0x93, 0xC)
NULL_STACK: Final = Segment(0, 0, 0, 0)

_M32: Final = 0xFFFF_FFFF
_CLEARED: Final = Flags.TF | Flags.NT | Flags.RF | Flags.VM
_UNDEFINED: Final = Trap(Vector.UD)
_PROTECTION: Final = Trap(Vector.GP)
_EXT: Final = 1
_IDT: Final = 2
_FAULTS: Final = frozenset(
    (Vector.DE, Vector.BR, Vector.UD, Vector.NM, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.MF,
     Vector.AC, Vector.XM)
)  # fmt: skip


class _Fault(Exception):
    """An exception met while delivering another."""

    def __init__(self, vector: int, error: int = 0, address: int = 0) -> None:
        super().__init__(vector, error)
        self.trap = Trap(vector, error, False, address)


class Microcode:
    """Delivery into ring 0 on one CPU."""

    def __init__(self, cpu: Cpu, ram: Ram) -> None:
        self._cpu = cpu
        self._ram = ram

    def deliver(self, trap: Trap) -> None:
        """Delivers an exception or a software interrupt through the IDT.

        Raises:
            TripleFault: Neither it nor the double fault that follows could be delivered.
        """
        pending = trap
        while True:
            if pending.vector == Vector.PF and not pending.software:
                self._cpu.cr2 = pending.address
            saved = self._cpu.save()
            try:
                self._through_gate(pending)
                return
            except _Fault as fault:
                self._cpu.load(saved)
                second = fault.trap
            if pending.vector == Vector.DF and not pending.software:
                raise TripleFault(
                    f"vector {second.vector} while delivering the double fault of vector {trap.vector} "
                    f"at {self._cpu.rip:#x}"
                )
            if second.vector == Vector.PF:
                self._cpu.cr2 = second.address
            if pending.software:
                self._back_to_instruction(pending)
                pending = second
            else:
                pending = Trap(Vector.DF) if _makes_double_fault(pending.vector, second.vector) else second

    def syscall(self) -> None:
        """Does what ``syscall`` does, from 64-bit and from compatibility mode; RIP is that of the next instruction."""
        cpu = self._cpu
        long_mode = cpu.long_mode
        efer = cpu.rdmsr(Msr.MSR_EFER)
        if not self._holds(Requirement.SCE, bool(efer & Efer.SCE), efer, 0, _UNDEFINED):
            self._back_to(cpu.rip - 2)
            self.deliver(_UNDEFINED)
            return
        rip, flags = cpu.rip, cpu.rflags
        cpu.set_gpr(Gpr.RCX, rip if long_mode else rip & _M32)
        cpu.set_gpr(Gpr.R11, flags)
        selector = cpu.rdmsr(Msr.MSR_STAR) >> 32 & 0xFFFC
        cpu.load_segment(Seg.CS, selector, FLAT_CODE64)
        cpu.load_segment(Seg.SS, selector + 8, FLAT_DATA)
        cpu.rflags = flags & ~(cpu.rdmsr(Msr.MSR_SYSCALL_MASK) & _M32) & ~Flags.RF
        cpu.rip = cpu.rdmsr(Msr.MSR_LSTAR if long_mode else Msr.MSR_CSTAR)

    def sysenter(self) -> None:
        """Does what ``sysenter`` does, from 64-bit and from compatibility mode."""
        cpu = self._cpu
        selector = cpu.rdmsr(Msr.MSR_IA32_SYSENTER_CS) & 0xFFFC
        if not self._holds(Requirement.SYSENTER_CS, bool(selector), selector, 0, _PROTECTION):
            self.deliver(_PROTECTION)
            return
        cpu.rflags = cpu.rflags & ~(Flags.VM | Flags.IF | Flags.RF)
        cpu.load_segment(Seg.CS, selector, FLAT_CODE64)
        cpu.load_segment(Seg.SS, selector + 8, FLAT_DATA)
        cpu.set_gpr(Gpr.RSP, cpu.rdmsr(Msr.MSR_IA32_SYSENTER_ESP))
        cpu.rip = cpu.rdmsr(Msr.MSR_IA32_SYSENTER_EIP)

    # -- the gate ----------------------------------------------------------------------------------------------

    def _through_gate(self, trap: Trap) -> None:
        """Enters the handler that the IDT names, or raises the exception that stands in the way."""
        cpu = self._cpu
        gate = self._gate(trap)
        cpl = cpu.cpl
        external = 0 if trap.software else _EXT
        code = self._code_segment(gate.selector, cpl, external)
        if not is_canonical(gate.offset):
            self._require(Requirement.CANONICAL_OFFSET, False, gate.offset, 0, Trap(Vector.GP, external))
        new_cpl = cpl if code.is_conforming else code.dpl
        flags = cpu.rflags
        frame = [
            cpu.selector(Seg.SS),
            cpu.gpr(Gpr.RSP),
            flags | (Flags.RF if not trap.software and trap.vector in _FAULTS else 0),
            cpu.selector(Seg.CS),
            cpu.rip,
        ]
        if trap.vector in ERROR_CODE_VECTORS and not trap.software:
            frame.append(trap.error)
        stack = (self._stack_for(gate, cpl, new_cpl, external) & ~15) - 8 * len(frame)
        self._push(stack, frame)
        cpu.load_segment(Seg.CS, (gate.selector & 0xFFFC) | new_cpl, code)
        if new_cpl < cpl:
            cpu.load_segment(Seg.SS, new_cpl, NULL_STACK)
        cpu.set_gpr(Gpr.RSP, stack)
        cpu.rflags = flags & ~_CLEARED & ~(Flags.IF if gate.type == GateType.INTERRUPT else 0)
        cpu.rip = gate.offset

    def _gate(self, trap: Trap) -> Gate:
        """The gate of a vector, checked."""
        base, limit = self._cpu.table_register("idtr")
        at = base + 16 * trap.vector
        error = trap.vector * 8 + _IDT + (0 if trap.software else _EXT)
        if trap.vector * 16 + 15 > limit:
            raise _Fault(Vector.GP, error)
        gate = self._read_gate(trap.vector, at)
        if gate.type not in (GateType.INTERRUPT, GateType.TRAP):
            self._require(Requirement.GATE_TYPE, False, gate.type, 0, Trap(Vector.GP, error))
        if trap.software:
            cpl = self._cpu.cpl
            self._require(Requirement.GATE_DPL, gate.dpl >= cpl, gate.dpl, cpl, Trap(Vector.GP, error))
        self._require(Requirement.GATE_PRESENT, gate.present, gate.present, 0, Trap(Vector.NP, error))
        return gate

    def _stack_for(self, gate: Gate, cpl: int, new_cpl: int, external: int) -> int:
        """The stack pointer that the handler starts with, before it is aligned."""
        if gate.ist:
            return self._stack_from_tss(Tss.ist(gate.ist), f"IST{gate.ist}", external)
        if new_cpl < cpl:
            return self._stack_from_tss(Tss.rsp(new_cpl), f"RSP{new_cpl}", external)
        return self._cpu.gpr(Gpr.RSP)

    def _code_segment(self, selector: int, cpl: int, external: int) -> Segment:
        """The code segment that a gate names, checked."""
        if not selector & ~3:
            raise _Fault(Vector.GP, external)
        base, limit = self._cpu.table_register("ldtr" if selector & TI_LDT else "gdtr")
        if (selector | 7) > limit:
            raise _Fault(Vector.GP, (selector & ~3) | external)
        at = base + (selector & ~7)
        segment = self._read_segment(selector, at)
        fits = segment.is_code and segment.is_long and not segment.flags & 4 and segment.dpl <= cpl
        fault = Trap(Vector.GP, (selector & ~3) | external)
        self._require(Requirement.CODE_SEGMENT, fits, segment.dpl, cpl, fault)
        if not segment.present:
            raise _Fault(Vector.NP, (selector & ~3) | external)
        return segment

    def _stack_from_tss(self, offset: int, name: str, external: int) -> int:
        base, limit = self._cpu.table_register("tr")
        if offset + 7 > limit:
            raise _Fault(Vector.TS, (self._cpu.task_register & ~3) | external)
        stack = self._read_stack(name, base + offset)
        if not is_canonical(stack):
            raise _Fault(Vector.SS, external)
        return stack

    def _back_to_instruction(self, trap: Trap) -> None:
        """After a refused ``int``, ``int3`` or ``into``, RIP is that of the instruction again (it faults)."""
        short = trap.vector in (Vector.BP, Vector.OF) and self._byte_before() in (0xCC, 0xCE)
        self._back_to(self._cpu.rip - (1 if short else 2))

    def _byte_before(self) -> int:
        found = walk(self._ram, self._cpu.cr3, self._cpu.rip - 1)
        return -1 if found is None else self._ram.bytes[found.physical]

    # -- what can be told ----------------------------------------------------------------------------------------

    def _holds(self, requirement: Requirement, holds: bool, left: int, right: int, fault: Trap) -> bool:
        """A condition is checked: see `steps.Check`."""
        return holds

    def _require(self, requirement: Requirement, holds: bool, left: int, right: int, fault: Trap) -> None:
        if not self._holds(requirement, holds, left, right, fault):
            raise _Fault(fault.vector, fault.error)

    def _read_gate(self, vector: int, address: int) -> Gate:
        return Gate.from_bytes(self._read(address, 16))

    def _read_segment(self, selector: int, address: int) -> Segment:
        return Segment.from_bytes(self._read(address, 8))

    def _read_stack(self, name: str, address: int) -> int:
        return int.from_bytes(self._read(address, 8), "little")

    def _back_to(self, rip: int) -> None:
        """RIP is that of an instruction that faults."""
        self._cpu.rip = rip

    # -- memory, with the rights of ring 0 -----------------------------------------------------------------------

    def _read(self, address: int, size: int) -> bytes:
        physical = self._translate(address, size, write=False)
        return b"".join(bytes(self._ram.bytes[start : start + part]) for start, part in physical)

    def _push(self, address: int, frame: list[int]) -> None:
        raw = struct.pack(f"<{len(frame)}Q", *reversed(frame))
        for start, part in self._translate(address, len(raw), write=True):
            self._ram.bytes[start : start + part], raw = raw[:part], raw[part:]

    def _translate(self, address: int, size: int, write: bool) -> list[tuple[int, int]]:
        """The physical pieces of a range of linear addresses.

        Raises:
            _Fault: A page of it cannot be accessed by ring 0.
        """
        pieces = []
        while size > 0:
            found = walk(self._ram, self._cpu.cr3, address)
            if found is None or (write and not found.writable):
                if not is_canonical(address):
                    raise _Fault(Vector.GP)
                raise _Fault(Vector.PF, (found is not None) | write << 1, address)
            part = min(size, PAGE_SIZE - address % PAGE_SIZE)
            pieces.append((found.physical, part))
            address, size = address + part, size - part
        return pieces


def _makes_double_fault(first: int, second: int) -> bool:
    """Whether an exception met while delivering another one makes a double fault (SDM 3A, table 6-5)."""
    if first == Vector.PF:
        return second == Vector.PF or second in CONTRIBUTORY
    return first in CONTRIBUTORY and second in CONTRIBUTORY
