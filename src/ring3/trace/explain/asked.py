"""The user's side of a call: the instruction, the number and the arguments by the convention of its door."""

from __future__ import annotations

import re
from typing import Final

from ring3.abi import tbl
from ring3.errors import UserError
from ring3.linux.definition import Layers
from ring3.linux.kernel import LinuxKernel
from ring3.machine.board import Machine
from ring3.trace.explain.disassembly import Disassembler, mapped_bytes
from ring3.trace.explain.doors import SYSENTER, Call
from ring3.trace.explain.facts import Code
from ring3.trace.explain.model import Argument, Asked
from ring3.trace.explain.registers import Picture, picture, values

_SYSENTER_CODE: Final = b"\x0f\x34"
_AT_REGISTER: Final = re.compile(r"0\(%e(\w+)\)")


def asked(kernel: LinuxKernel, call: Call, disassembler: Disassembler) -> Asked:
    """What the program does, standing at its call, before the CPU has done anything."""
    cpu = kernel.machine.cpu
    registers = picture(cpu)
    code = _instruction(kernel.machine, call, disassembler)
    entry = bare_entry(call.slot.symbol) if call.slot is not None else ""
    layers = layers_of(kernel, entry)
    parameters = layers.definition.parameters if layers is not None else ()
    named = [(parameter.name, parameter.type.name) for parameter in parameters]
    if layers is None:
        named = [("", "")] * len(call.door.places)
    return Asked(
        call.door.name,
        cpu.long_mode,
        code,
        call.number,
        call.name,
        entry if call.name else "",
        call.door.abi,
        layers is not None,
        tuple(
            Argument(place, name, kind, _in_place(kernel.machine, place, registers))
            for place, (name, kind) in zip(call.door.places, named, strict=False)
        ),
        values({**registers, "rip": code.address}),
    )


def bare_entry(symbol: str) -> str:
    """A stub's symbol without what says by which table it is reached."""
    return symbol.removeprefix("__x64_").removeprefix("__ia32_")


def layers_of(kernel: LinuxKernel, entry: str) -> Layers | None:
    """The layers of a call by its entry point, None if the kernel has no such call."""
    if entry == tbl.NI_SYSCALL:
        return None
    try:
        return kernel.call(entry)
    except KeyError:
        return None


def _instruction(machine: Machine, call: Call, disassembler: Disassembler) -> Code:
    """The instruction of the door.

    At ``sysenter`` the CPU's RIP is somewhere before it on a straight line of code (the instruction saves none, and the
    emulator brings it up to date for those that need it); at the other doors it is that of the next instruction.
    """
    cpu = machine.cpu
    address = cpu.rip - call.door.size
    if call.door is SYSENTER:
        address = cpu.rip
        while mapped_bytes(machine, address, 2) != _SYSENTER_CODE:
            decoded = disassembler.decode(address, cpu.long_mode)
            if not decoded.code.raw:
                break
            address = decoded.end
    return disassembler.decode(address, cpu.long_mode).code


def _in_place(machine: Machine, place: str, registers: Picture) -> int | None:
    """What a register or a word of memory holds: all 64 bits of a register, also where the door takes 32."""
    memory = _AT_REGISTER.fullmatch(place)
    if memory is None:
        return registers[place if place in registers else f"r{place[1:]}"]
    try:
        raw = machine.read(registers[f"r{memory[1]}"] & 0xFFFF_FFFF, 4)
    except UserError:
        return None
    return int.from_bytes(raw, "little")
