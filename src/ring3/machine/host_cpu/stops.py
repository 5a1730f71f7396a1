"""What a stop of a stub means: the event or the trap that a processor would tell its kernel.

A system call stops the stub before the host's kernel looks at it; everything else comes as a signal. What ptrace does
not tell is found out: the error code of a page fault by the page tables and the instruction, that of the other
exceptions by having the signal delivered to the stub, whose frame says it.

| stop | becomes |
| --- | --- |
| system call, RCX is RIP, 64-bit CS | SYSCALL |
| system call behind ``int $0x80`` | that trap |
| another one in compatibility mode | SYSCALL_COMPAT; EBP is in ECX, and EIP is lost, which no kernel uses |
| SIGILL at ``sysenter`` | SYSENTER: so it is on processors of AMD |
| SIGSEGV with an address | #PF |
| SIGSEGV or SIGBUS without | ``int n``; else #GP, #NP, #SS, #OF, as the frame says |
| SIGSYS | a call of the host's vsyscall page, undone: #PF, a fetch |
| SIGTRAP | #BP, #DB or the end of a step |
| SIGFPE, SIGBUS of alignment, SIGILL | #DE, #MF or #XM; #AC; #UD |
"""

from __future__ import annotations

import signal
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import Enum, NamedTuple
from ring3.errors import UserError
from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu import instructions, mappings, ptrace
from ring3.machine.host_cpu.stub import SIZE, USER_TOP, Stub
from ring3.machine.host_cpu.turn import check
from ring3.machine.host_cpu.veil import CPUID, Veil
from ring3.machine.paging import PF_FETCH, PF_PRESENT, PF_USER, PF_WRITE, PTE_NX, PTE_P, PTE_U, PTE_W
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE
from ring3.machine.registers import Flags, Gpr, Vector

if TYPE_CHECKING:
    from ring3.machine.host_cpu.processor import Processor
    from ring3.machine.moving_cpu import MovingCpu

_SI_KERNEL: Final = 0x80
_FPE_INTDIV: Final = 1
_BUS_ADRALN: Final = 1
_TRAP_HWBKPT: Final = 4
_VSYSCALL_PAGE: Final = 0xFFFF_FFFF_FF60_0000
_CANONICAL: Final = 1 << 47
_INT80: Final = b"\xcd\x80"
_SYSENTER: Final = b"\x0f\x34"
_TRIES: Final = 3
"""So often the same page may be mapped again in a row."""
_X87: Final = 0x3F


class Elsewhere(Enum):
    """What is no stop of the program's."""

    EMULATED = "the emulated CPU has to run what comes next"


class Told(NamedTuple):
    """What is known of a stop by a signal.

    Attributes:
        stub: Who has stopped.
        pmap: The address space that it runs in.
        steps: One instruction was to be run.
        code: ``si_code``.
        address: ``si_addr``.
    """

    stub: Stub
    pmap: Pmap
    steps: bool
    code: int
    address: int


class Stops:
    """Tells what a stop means; it belongs to one CPU."""

    def __init__(self, cpu: MovingCpu, processor: Processor) -> None:
        self._cpu = cpu
        self._at = processor
        self._tried = 0, 0, 0
        self._meanings: dict[int, Callable[[Told], _Meaning]] = {
            signal.SIGSEGV: self._access,
            signal.SIGTRAP: self._trap,
            signal.SIGILL: self._undefined,
            signal.SIGSYS: self._vsyscall,
            signal.SIGFPE: self._arithmetic,
            signal.SIGBUS: self._bus,
        }

    def call(self) -> Stop:
        """A system call by another door than ``syscall`` in 64-bit code."""
        cpu = self._cpu
        if self._at.code(-2, 2) == _INT80:
            return Trap(0x80, 0, True)
        if cpu.long_mode:
            return Event.SYSCALL
        cpu.set_gpr(Gpr.RBP, cpu.gpr(Gpr.RCX))
        cpu.rip &= 0xFFFF_FFFF
        return Event.SYSCALL_COMPAT

    def signal(self, status: int, stub: Stub, pmap: Pmap, request: int) -> _Meaning:
        """A stop by a signal; None if the program is to go on, because it was no business of its own.

        Raises:
            UserError: The stub is gone, or the host cannot go on with it.
        """
        cpu = self._cpu
        number = check(status) >> 8 & 0xFF
        if number == signal.SIGSTOP:
            return Event.INTERRUPTED if self._at.was_interrupted() else None
        if stub.base <= cpu.rip < stub.base + SIZE:
            return Trap(Vector.PF, PF_USER | PF_FETCH, False, cpu.rip)  # nobody but us runs anything there
        meaning = self._meanings.get(number)
        if meaning is None:
            return None  # somebody has sent it to the stub
        code, address = struct.unpack_from("<i4xQ", self._at.turn.info, 8)
        return meaning(Told(stub, pmap, request == ptrace.SYSEMU_SINGLESTEP, code, address))

    def _access(self, told: Told) -> _Meaning:
        if told.code != _SI_KERNEL:
            return self._page_fault(told.stub, told.pmap, told.address)
        cpu = self._cpu
        if cpu.rip & -PAGE_SIZE == _VSYSCALL_PAGE:  # a fetch from that page that is none of its calls
            return Trap(Vector.PF, PF_USER | PF_PRESENT | PF_FETCH, False, cpu.rip)
        code = self._at.code(0, 2)
        if code[:1] == b"\xcd" and len(code) == 2:
            cpu.rip += 2
            return Trap(code[1], 0, True)
        return self._exception(told.stub, signal.SIGSEGV)

    def _trap(self, told: Told) -> _Meaning:
        if told.code == _SI_KERNEL:
            return Trap(Vector.BP, 0, True)
        veil = told.stub.veil
        if told.code == _TRAP_HWBKPT and veil is not None and self._at.linear_rip in veil.breakpoints:
            return self._cpuid(told, veil)
        return Event.STEPPED if told.steps else Trap(Vector.DB)

    def _cpuid(self, told: Told, veil: Veil) -> _Meaning:
        """A breakpoint at that instruction, which is done here: a run of the emulated CPU would go on behind it."""
        cpu = self._cpu
        if self._at.code(0, 2) != CPUID:
            return Elsewhere.EMULATED  # somebody has written another one there
        veil.met(self._at.linear_rip)
        cpu.pass_cpuid()
        cpu.rflags &= ~int(Flags.RF)
        if told.steps:
            return Event.STEPPED
        return Trap(Vector.DB) if cpu.rflags & Flags.TF else None

    def _undefined(self, told: Told) -> Stop:
        cpu = self._cpu
        if self._at.code(0, 2) == _SYSENTER:
            cpu.rflags &= ~int(Flags.RF)  # that it was an exception is the processor's business
            return Event.SYSENTER
        return Trap(Vector.UD)

    def _vsyscall(self, told: Told) -> Trap:
        """The host's kernel has skipped the call, and returned from it: goes back to the fetch."""
        cpu = self._cpu
        (number,) = struct.unpack_from("<I", self._at.turn.info, 24)
        cpu.rip = address = wall.VSYSCALLS[number]
        cpu.set_gpr(Gpr.RSP, cpu.gpr(Gpr.RSP) - 8)
        return Trap(Vector.PF, PF_USER | PF_PRESENT | PF_FETCH, False, address)

    def _arithmetic(self, told: Told) -> Trap:
        cpu = self._cpu
        raw = self._at.code(0, instructions.MAX_SIZE)
        if told.code == _FPE_INTDIV and instructions.divides(raw, long_mode=cpu.long_mode):
            return Trap(Vector.DE)
        control, state = struct.unpack_from("<HH", self._at.vectors.read())
        return Trap(Vector.MF if state & ~control & _X87 else Vector.XM)

    def _bus(self, told: Told) -> Trap:
        if told.code == _BUS_ADRALN:
            return Trap(Vector.AC)
        if told.code == _SI_KERNEL:
            return self._exception(told.stub, signal.SIGBUS)
        raise UserError(f"the host has no memory left for guest RAM (a page at {told.address:#x})")

    def _exception(self, stub: Stub, number: int) -> Trap:
        vector, error = self._at.deliver(stub, number)
        if vector == Vector.OF:
            return Trap(vector, 0, True)
        if vector == Vector.BR:
            return Trap(vector)
        return Trap(vector, error) if vector in _WITH_ERROR_CODE else Trap(Vector.GP)

    # -- page faults -------------------------------------------------------------------------------------------

    def _page_fault(self, stub: Stub, pmap: Pmap, address: int) -> Trap | Elsewhere | None:
        rip = self._at.linear_rip
        entry = pmap.lookup(address) if address < _CANONICAL else self._at.has_page(address)
        ours = stub.base <= address < stub.base + SIZE
        usable = bool(entry & PTE_U) and address < USER_TOP and not ours
        present = PF_PRESENT if entry & PTE_P else 0
        if usable and address >> PAGE_SHIFT not in stub.pages:
            of_code = rip <= address < rip + instructions.MAX_SIZE
            if not entry & PTE_W and not of_code and self._stores():
                return Trap(Vector.PF, PF_USER | PF_PRESENT | PF_WRITE, False, address)
            mappings.missing(stub, pmap, address)
            return None
        if address == rip or self._is_second_page(rip, address):
            if not usable or entry & PTE_NX:
                return Trap(Vector.PF, PF_USER | PF_FETCH | present, False, address)
            if stub.veil is not None and stub.veil.has(address):
                return None if stub.veil.lift(pmap, address, rip) else Elsewhere.EMULATED
        if not usable:
            store = PF_WRITE if self._stores() else 0
            return Trap(Vector.PF, PF_USER | present | store, False, address)
        if entry & PTE_W:
            self._map_again(stub, pmap, address)
            return None
        return Trap(Vector.PF, PF_USER | PF_PRESENT | PF_WRITE, False, address)  # all else is allowed

    def _stores(self) -> bool:
        """Whether the instruction certainly stores."""
        return instructions.stores(self._at.code(0, instructions.MAX_SIZE), long_mode=self._cpu.long_mode)

    def _map_again(self, stub: Stub, pmap: Pmap, address: int) -> None:
        """The stub has the page, and the page tables allow everything."""
        where = stub.pid, address
        tries = self._tried[2] + 1 if self._tried[:2] == where else 1
        if tries > _TRIES:
            raise UserError(f"the host does not allow an access to {address:#x} that the page tables allow")
        self._tried = *where, tries
        mappings.missing(stub, pmap, address)

    def _is_second_page(self, rip: int, address: int) -> bool:
        """Whether an address is where an instruction goes on in its second page."""
        if address % PAGE_SIZE or not rip < address < rip + instructions.MAX_SIZE:
            return False
        cpu = self._cpu
        return instructions.reaches(self._at.code(0, address - rip), long_mode=cpu.long_mode)


_Meaning = Stop | Elsewhere | None
_WITH_ERROR_CODE: Final = frozenset((Vector.TS, Vector.NP, Vector.SS, Vector.GP))
