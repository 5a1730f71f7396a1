"""The doors: by which instruction a program asks for a call, and where that door takes the arguments from.

Conventions: the x86-64 psABI, A.2.1; Linux's arch/x86/entry/entry_64.S and entry_64_compat.S.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ring3.abi import tbl
from ring3.image.linux.boot import SYSCALL_VECTOR
from ring3.machine.cpu import Cpu, Event, Stop, Trap
from ring3.machine.registers import Gpr


@dataclass(frozen=True, slots=True)
class Door:
    """One way into the kernel.

    Attributes:
        name: The instruction.
        abi: Whose numbers it takes.
        places: Where the six arguments are: registers, or memory at a register.
        size: Bytes of the instruction.
    """

    name: str
    abi: tbl.Abi
    places: tuple[str, ...]
    size: int = 2


SYSCALL: Final = Door("syscall", tbl.Abi.X86_64, ("rdi", "rsi", "rdx", "r10", "r8", "r9"))
INT80: Final = Door("int $0x80", tbl.Abi.I386, ("ebx", "ecx", "edx", "esi", "edi", "ebp"))
SYSENTER: Final = Door("sysenter", tbl.Abi.I386, ("ebx", "ecx", "edx", "esi", "edi", "0(%ebp)"))
SYSCALL_COMPAT: Final = Door("syscall", tbl.Abi.I386, ("ebx", "ebp", "edx", "esi", "edi", "0(%esp)"))

_BY_EVENT: Final = {Event.SYSCALL: SYSCALL, Event.SYSCALL_COMPAT: SYSCALL_COMPAT, Event.SYSENTER: SYSENTER}


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that a program is about to make.

    Attributes:
        door: By which door.
        number: Its number, as the kernel takes it: the lower half of rax.
        slot: The call of that number in the door's table, None where there is none.
    """

    door: Door
    number: int
    slot: tbl.Slot | None

    @property
    def name(self) -> str:
        """The call's name, "" where there is none."""
        return (self.slot.name or "") if self.slot is not None else ""


def call_at(stop: Stop, cpu: Cpu) -> Call | None:
    """The system call that a stop of the CPU stands for, None if it is something else."""
    if cpu.cpl != 3:
        return None
    if isinstance(stop, Trap):
        door = INT80 if stop.software and stop.vector == SYSCALL_VECTOR else None
    else:
        door = _BY_EVENT.get(stop)
    if door is None:
        return None
    number = cpu.gpr(Gpr.RAX) & 0xFFFF_FFFF
    table = tbl.sys_call_table(door.abi)
    return Call(door, number, table[number] if number < len(table) else None)


def call_names() -> frozenset[str]:
    """The names of all calls that a door can lead to."""
    tables = (tbl.sys_call_table(tbl.Abi.X86_64), tbl.sys_call_table(tbl.Abi.I386))
    return frozenset(slot.name for table in tables for slot in table if slot.name is not None)


def number_of(name: str, abi: tbl.Abi) -> int | None:
    """A call's number in a table, None if it has none there."""
    table = tbl.sys_call_table(abi)
    return next((number for number, slot in enumerate(table) if slot.name == name), None)
