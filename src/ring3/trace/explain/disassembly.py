"""Machine code as text and as operands, by capstone: AT&T syntax, as the kernel's sources have it.

Besides what capstone says, an instruction's implicit use of the stack is given (push, call, pop, ret, iret), because
that is where ``pt_regs`` come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import capstone
from capstone import x86_const

from ring3.errors import UserError
from ring3.machine.board import Machine
from ring3.machine.ram import PAGE_SIZE
from ring3.trace.explain.facts import Code

LONGEST: Final = 15
"""Bytes of the longest instruction (SDM 2A, 2.3.11)."""

_M64: Final = (1 << 64) - 1
_KERNEL_HALF: Final = 1 << 63
_NUMBER_BEFORE_PARENTHESIS: Final = re.compile(r"-?0x[0-9a-f]+(?=\()")
_POPS: Final = {"popq": 1, "popfq": 1, "retq": 1, "iretq": 5}
_PUSHES: Final = ("pushq", "pushfq", "callq")


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory operand.

    Attributes:
        segment: ``fs`` or ``gs`` where the operand names it, else "".
        base: Register, "" for none; ``rip`` is that of the next instruction.
        index: Register, "" for none.
        scale: What the index is multiplied by.
        displacement: Signed.
        size: Bytes.
        write: The instruction writes it.
    """

    segment: str
    base: str
    index: str
    scale: int
    displacement: int
    size: int
    write: bool

    def address(self, registers: Mapping[str, int], after: int) -> int:
        """The linear address.

        Args:
            registers: The registers before the instruction.
            after: The address of the next instruction.
        """
        found = self.displacement
        if self.base:
            found += after if self.base == "rip" else registers[self.base]
        if self.index:
            found += registers[self.index] * self.scale
        if self.segment == "gs":
            found += registers["gs_base"]
        return found & _M64


@dataclass(frozen=True, slots=True)
class Decoded:
    """An instruction taken apart.

    Attributes:
        code: The instruction.
        mnemonic: With the suffix of its size.
        operands: The operands' text.
        memory: Memory operands, implicit ones last.
        immediates: Immediate operands and jump targets, as signed numbers.
    """

    code: Code
    mnemonic: str
    operands: str
    memory: tuple[Memory, ...]
    immediates: tuple[int, ...]

    @property
    def end(self) -> int:
        """The address of the next instruction in memory."""
        return self.code.address + len(self.code.raw)

    @property
    def is_conditional_jump(self) -> bool:
        """A jump that depends on flags."""
        return self.mnemonic.startswith("j") and self.mnemonic != "jmp"

    @property
    def twice(self) -> bool:
        """Both operands are the same register."""
        first, _, second = self.operands.partition(", ")
        return first.startswith("%") and first == second


@cache
def _engine(mode: int) -> Any:  # noqa: ANN401
    engine = capstone.Cs(capstone.CS_ARCH_X86, mode)
    engine.syntax = capstone.CS_OPT_SYNTAX_ATT
    engine.detail = True
    return engine


def mapped_bytes(machine: Machine, address: int, size: int) -> bytes:
    """Up to ``size`` bytes at a virtual address, fewer where a page is not mapped."""
    parts = []
    while size > 0:
        part = min(size, PAGE_SIZE - address % PAGE_SIZE)
        try:
            parts.append(machine.read(address, part))
        except UserError:
            break
        address, size = address + part, size - part
    return b"".join(parts)


class Disassembler:
    """Takes instructions of one machine apart."""

    def __init__(
        self, machine: Machine, describe: Callable[[int], str], exact: Callable[[int], str | None]
    ) -> None:
        """Makes a disassembler.

        Args:
            machine: Where the code lies.
            describe: An address as ``symbol+0x1d``, "" or a plain number without a symbol.
            exact: The symbol exactly at an address.
        """
        self._machine = machine
        self._describe = describe
        self._exact = exact

    def decode(self, address: int, long_mode: bool = True) -> Decoded:
        """The instruction at an address; one without a mnemonic where there is no code."""
        raw = mapped_bytes(self._machine, address, LONGEST)
        engine = _engine(capstone.CS_MODE_64 if long_mode else capstone.CS_MODE_32)
        found = next(engine.disasm(raw, address, 1), None)
        where = self._where(address)
        if found is None:
            return Decoded(Code(address, where, b"", "(bad)" if raw else "(not mapped)"), "", "", (), ())
        operands = self._named(found)
        text = f"{found.mnemonic} {operands}".strip()
        immediates = tuple(int(o.imm) for o in found.operands if o.type == x86_const.X86_OP_IMM)
        return Decoded(
            Code(address, where, bytes(found.bytes), text),
            str(found.mnemonic),
            operands,
            (*_explicit(found), *_implicit(str(found.mnemonic))),
            immediates,
        )

    def _where(self, address: int) -> str:
        text = self._describe(address)
        return "" if text.startswith("0x") else text

    def _named(self, found: Any) -> str:  # noqa: ANN401
        """The operands' text with the names of addresses."""
        text = str(found.op_str).replace("(, %", "(,%").replace("(%", "(%")
        text = re.sub(r"\(([^)]*)\)", lambda group: group[0].replace(", ", ","), text)
        for operand in found.operands:
            if operand.type == x86_const.X86_OP_MEM and not operand.mem.segment:
                name = self._exact(operand.mem.disp & _M64)
                if name is not None and operand.mem.disp & _KERNEL_HALF:
                    text = _NUMBER_BEFORE_PARENTHESIS.sub(name, text)
            elif operand.type == x86_const.X86_OP_IMM and operand.imm < 0:
                text = text.replace(f"${operand.imm & _M64}", f"$-{-operand.imm:#x}")
            if operand.type == x86_const.X86_OP_IMM and text == f"{operand.imm & _M64:#x}":
                text = self._where(operand.imm & _M64) or text
        return text


def _explicit(found: Any) -> tuple[Memory, ...]:  # noqa: ANN401
    if found.mnemonic.startswith(("lea", "nop")):
        return ()
    memory = []
    for operand in found.operands:
        if operand.type == x86_const.X86_OP_MEM:
            mem = operand.mem
            segment, base, index = (
                str(found.reg_name(register)) if register else ""
                for register in (mem.segment, mem.base, mem.index)
            )
            writes = bool(operand.access & capstone.CS_AC_WRITE)
            memory.append(
                Memory(segment, base, index, int(mem.scale), int(mem.disp), int(operand.size), writes)
            )
    return tuple(memory)


def _implicit(mnemonic: str) -> tuple[Memory, ...]:
    if mnemonic in _PUSHES:
        return (Memory("", "rsp", "", 1, -8, 8, True),)
    return tuple(Memory("", "rsp", "", 1, 8 * slot, 8, False) for slot in range(_POPS.get(mnemonic, 0)))
