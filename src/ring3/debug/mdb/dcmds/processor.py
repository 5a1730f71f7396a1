"""The processor's own tables: ::gdt, ::idt, ::tss, ::msr, ::rdmsr, ::wrmsr, ::cpuregs."""

from __future__ import annotations

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.dcmds.registers import regs
from ring3.debug.mdb.dcmds.system import machine_of
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.registry import dcmd
from ring3.errors import UserError
from ring3.machine.board import Machine
from ring3.machine.descriptors import Tss
from ring3.machine.msr import Msr


def _machine(call: Call) -> Machine:
    machine: Machine = machine_of(call.session).kernel.machine
    return machine


@dcmd("gdt", "?", "print the global descriptor table")
def gdt(call: Call) -> None:
    """Prints the descriptors that are there, or one by its number."""
    machine = _machine(call)
    base, limit = machine.cpu.table_register("gdtr")
    call.write(f"GDT at {base:x}, limit {limit:x}\n")
    for index in range((limit + 1) // 8):
        if call.given and index != call.address:
            continue
        raw = machine.read(base + 8 * index, 8)
        if any(raw) or call.given:
            call.write(f"{8 * index:>5x} {machine.segment(index)}\n")


@dcmd("idt", "?", "print the interrupt descriptor table")
def idt(call: Call) -> None:
    """Prints the gates that are there, or one by its vector."""
    machine = _machine(call)
    base, limit = machine.cpu.table_register("idtr")
    call.write(f"IDT at {base:x}, limit {limit:x}\n")
    for vector in range((limit + 1) // 16):
        if call.given and vector != call.address:
            continue
        if any(machine.read(base + 16 * vector, 16)) or call.given:
            gate = machine.gate(vector)
            name = call.session.target.describe(gate.offset) or ""
            call.write(f"{vector:>4x} {gate} {name}".rstrip() + "\n")


@dcmd("tss", "", "print the task-state segment")
def tss(call: Call) -> None:
    """Prints the stacks that the processor changes to."""
    machine = _machine(call)
    symbols = machine_of(call.session).kernel.image.symbols
    address = next((found for name in ("ktss0", "tss", "cpu_tss_rw") if (found := symbols.get(name))), None)
    if address is None:
        raise MdbError("this kernel has no symbol for its TSS")
    call.write(f"TSS at {address:x}\n")
    for ring in range(3):
        call.write(f"  rsp{ring} = {machine.read_q(address + Tss.rsp(ring)):016x}\n")
    for slot in range(1, 8):
        call.write(f"  ist{slot} = {machine.read_q(address + Tss.ist(slot)):016x}\n")


@dcmd("msr", "?", "print model-specific registers")
def msr(call: Call) -> None:
    """Prints those there are."""
    machine = _machine(call)
    for each in Msr:
        value = machine.rdmsr(each)
        name = call.session.target.describe(value) if value >> 63 else None
        call.write(f"{each:>8x} {each.name:<20} {value:016x} {name or ''}".rstrip() + "\n")


@dcmd("rdmsr", ":", "read an MSR")
def rdmsr(call: Call) -> None:
    """Reads one."""
    machine = _machine(call)
    call.emit(machine.rdmsr(_known(call.require_address())))


@dcmd("wrmsr", ":value", "write an MSR")
def wrmsr(call: Call) -> None:
    """Writes one."""
    if len(call.arguments) != 1:
        raise UsageError
    try:
        _machine(call).wrmsr(_known(call.require_address()), call.number(call.arguments[0]))
    except UserError as error:
        raise MdbError(f"wrmsr failed: {error}") from None


def _known(number: int) -> Msr:
    try:
        return Msr(number)
    except ValueError:
        raise MdbError(f"there is no MSR {number:x}") from None


@dcmd("cpuregs", "?[-c cpuid]", "print the registers of a CPU")
def cpuregs(call: Call) -> None:
    """Prints the registers, those of control among them."""
    machine = _machine(call)
    regs(call)
    cpu = machine.cpu
    call.write(f"%cr0 = 0x{cpu.control(0):08x}\n%cr2 = 0x{cpu.cr2:016x}\n%cr3 = 0x{cpu.cr3:016x}\n"
               f"%cr4 = 0x{cpu.control(4):08x}\n")  # fmt: skip
