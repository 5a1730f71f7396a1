"""One instruction as Solaris's libdisasm writes it.

The name in six columns and a blank, operands without blanks between them, immediates and displacements in hexadecimal
with a sign where they are small and negative, branches as a displacement; what an operand points at stands behind a
tab, as ``<sym+0x8>``.

Sources: what dis(1) and mdb(1) print, the tests of illumos's disassembler among it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

from ring3.debug.disassembly import names

LONGEST: Final = 15
"""Bytes of the longest instruction (SDM 2A, 2.3.11)."""

Lookup = Callable[[int], str | None]
"""What an address is called, None where nothing is there."""

_M64: Final = (1 << 64) - 1
_SMALL: Final = -255
"""The lowest number that is taken for a negative one."""
_UNSIGNED: Final = (
    "or", "and", "xor", "test", "in", "out", "lcall", "ljmp", "rcr", "rcl", "ror", "rol", "shl", "shr", "sal", "psr",
    "psl",
)  # fmt: skip
"""Names, or their beginnings, of instructions on bits, whose numbers have no sign."""
_SEGMENTS: Final = {0x26: "%es:", 0x2E: "%cs:", 0x36: "%ss:", 0x3E: "%ds:", 0x64: "%fs:", 0x65: "%gs:"}
_MIXED_SIZES: Final = (
    "vinsertf", "vcvtpd2", "vcvttpd2", "vcvtdq2pd", "vcvtps2p", "vcvtph2ps", "vbroadcast", "vpbroadcast",
    "vextract", "vpgather", "vgather", "vmov", "vpextr", "vpinsr",
)  # fmt: skip
"""VEX instructions whose operands are written in their own sizes; elsewhere all have that of the prefix."""
_BY_POINTER: Final = ("call", "jmp", "lcall", "ljmp")
_MASK: Final = re.compile(r"(?:\s*\{(?:%k\d|z)\})+$")
_REVERSED: Final = ("invept", "invvpid")
_IMPLIED: Final = frozenset(("blendvps", "blendvpd", "pblendvb", "sha256rnds2"))
_ONE: Final = frozenset((0xD0, 0xD1))
"""Shifts by one, whose count is written."""


class Instruction(NamedTuple):
    """An instruction: where it is, its bytes, and its text."""

    address: int
    raw: bytes
    text: str

    @property
    def end(self) -> int:
        """The address of the next one."""
        return self.address + len(self.raw)


@cache
def _engine(bits: int) -> Any:  # noqa: ANN401
    import capstone  # noqa: PLC0415 - takes 30 ms, and most commands of a debugger need none

    mode = {16: capstone.CS_MODE_16, 32: capstone.CS_MODE_32, 64: capstone.CS_MODE_64}[bits]
    engine = capstone.Cs(capstone.CS_ARCH_X86, mode)
    engine.syntax = capstone.CS_OPT_SYNTAX_ATT
    engine.detail = True
    return engine


def decode(
    raw: bytes, address: int, bits: int = 64, lookup: Lookup | None = None, *, immediates: bool = True
) -> Instruction | None:
    """The instruction that bytes begin with; None if they begin with none.

    Args:
        raw: The bytes, 15 or as many as there are.
        address: Virtual address of the first.
        bits: 16, 32 or 64.
        lookup: What addresses are called.
        immediates: Whether immediates and displacements are looked up too; in a relocatable file they are no addresses.
    """
    found = next(_engine(bits).disasm(raw, address, 1), None)
    if found is None:
        return None
    printer = _Printer(found, bits, lookup or _nameless, immediates=immediates)
    return Instruction(address, bytes(found.bytes), printer.text())


def _without_fifth_bit(register: str) -> str:
    """An EVEX prefix's second source as libdisasm has it, which does not look at V'."""
    found = re.fullmatch(r"(%[xyz]mm)(\d+)", register)
    return register if found is None else f"{found[1]}{int(found[2]) & 15}"


def _nameless(_address: int) -> str | None:
    return None


class _Printer:
    """Writes one instruction."""

    def __init__(self, found: Any, bits: int, lookup: Lookup, *, immediates: bool) -> None:  # noqa: ANN401
        self._found = found
        self._bits = bits
        self._lookup = lookup
        self._immediates = immediates
        self._name = ""
        self._target = 0
        self._relative: int | None = None
        self._positive = ""

    def text(self) -> str:
        """The whole line; what operands point at is noted behind tabs."""
        found = self._found
        words = names.prefixes(found)
        if self._bits == 64 and found.addr_size == 4:
            words.append("addr32")
        self._name = names.name(found, self._size())
        words.append(self._name)
        operands = ",".join(self._operands())
        return f"{' '.join(words):<6} {operands}{''.join(self._notes())}"

    def _notes(self) -> list[str]:
        notes = []
        if self._target and self._immediates and (name := self._lookup(self._target)):
            notes.append(f"\t<{name}>")
        if self._target and self._positive:
            notes.append(f"\t<{self._positive}>")
        if self._relative:
            notes.append(f"\t<{self._lookup(self._relative) or hex(self._relative)}>")
        return notes

    def _size(self) -> int:
        """Bytes of the operands: those of the last that is no immediate."""
        sizes = [operand.size for operand in self._found.operands if operand.type != _IMMEDIATE]
        if sizes:
            return int(sizes[0] if self._found.insn_name() == "out" else sizes[-1])
        return self._bits // 8 if not self._found.operands else int(self._found.operands[0].size)

    # -- operands --------------------------------------------------------------------------------------------------

    def _operands(self) -> list[str]:
        found = self._found
        if names.is_string(found):
            return self._string_operands()
        if names.is_floating(found) and found.modrm >= 0xC0:
            return self._floating_operands()
        if self._name in ("inb", "inw", "inl", "outb", "outw", "outl"):
            return self._port()
        return ["$0x3"] if found.opcode[0] == 0xCC else self._plain_operands()

    def _plain_operands(self) -> list[str]:
        """Registers, numbers and memory, as the encoding has them and as libdisasm orders them."""
        found = self._found
        written = [self._operand(operand) for operand in found.operands]
        if found.opcode[0] in _ONE and len(written) == 1:
            written.insert(0, "$0x1")
        if self._name in ("xchgw", "xchgl", "xchgq") and 0x90 < found.opcode[0] < 0x98:
            written.sort(key=lambda text: text in ("%ax", "%eax", "%rax"))
        if mask := _MASK.search(str(found.op_str)):
            written = [text for text in written if f"{{{text}}}" not in mask[0]]
            written[-1] += mask[0].replace(" ", "")
        if found.opcode[0] == 0x62 and len(written) > 2:
            written[-2] = _without_fifth_bit(written[-2])
        if self._name in _REVERSED:
            written.reverse()
        if written[:1] == ["%xmm0"] and self._name in _IMPLIED and len(written) == 3:
            written.pop(0)
        return written

    def _port(self) -> list[str]:
        """The port alone: the accumulator is not written."""
        immediates = [operand for operand in self._found.operands if operand.type == _IMMEDIATE]
        return [self._immediate(immediates[0])] if immediates else ["(%dx)"]

    def _string_operands(self) -> list[str]:
        prefix = {8: "r", 4: "e", 2: ""}[self._found.addr_size]
        source, destination = f"(%{prefix}si)", f"(%{prefix}di)"
        accumulator = {"b": "%al", "w": "%ax", "l": "%eax", "q": "%rax"}[self._name[-1]]
        segment = self._segment()
        match self._name[:-1]:
            case "movs" | "cmps":
                return [segment + source, destination]
            case "stos" | "scas":
                return [accumulator, segment + destination]
            case "lods":
                return [segment + source, accumulator]
        return []

    def _floating_operands(self) -> list[str]:
        """Registers of the x87: the stack's top is written where an instruction has two."""
        opcode, modrm = self._found.opcode[0], self._found.modrm
        register = f"%st({modrm & 7})"
        row = modrm >> 3 & 7
        if self._name.startswith(("fadd", "fmul", "fsub", "fdiv")):
            return ["%st", register] if opcode & 4 else [register, "%st"]
        if self._name.startswith("fcmov") or self._name in ("fucomip", "fcomip"):
            return [register, "%st"]
        if self._name == "fnstsw":
            return ["%ax"]
        alone = opcode == 0xD9 and row > 1 and self._name != "fstp"
        return [] if alone or self._name in ("fcompp", "fucompp", "fnclex", "fninit") else [register]

    def _operand(self, operand: Any) -> str:  # noqa: ANN401
        if operand.type == _REGISTER:
            star = "*" if self._name in ("call", "jmp") else ""
            return star + self._register(str(self._found.reg_name(operand.reg)))
        if operand.type == _IMMEDIATE:
            return self._branch() if self._is_branch() else self._immediate(operand)
        return ("*" if self._name in _BY_POINTER else "") + self._memory(operand)

    def _register(self, name: str) -> str:
        if name.startswith("xmm") and self._found.opcode[0] in (0xC4, 0xC5) and self._is_wide():
            name = f"y{name[1:]}"
        if name.startswith("dr"):
            name = f"db{name[2:]}"
        return f"%{name}"

    def _is_wide(self) -> bool:
        """The VEX prefix says 256 bits, and so all operands are written."""
        raw = bytes(self._found.bytes)
        start = next(place for place, byte in enumerate(raw) if byte in (0xC4, 0xC5))
        last = raw[start + (1 if raw[start] == 0xC5 else 2)]
        return bool(last & 4) and not self._name.startswith(_MIXED_SIZES)

    # -- numbers ---------------------------------------------------------------------------------------------------

    def _is_branch(self) -> bool:
        return self._name in ("call", "jmp") or (
            self._name[0] == "j" or self._name in ("loop", "loopz", "loopnz", "xbegin")
        )

    def _encoded(self, offset: int, size: int) -> int:
        raw = bytes(self._found.bytes)
        return int.from_bytes(raw[offset : offset + size], "little", signed=True)

    def _branch(self) -> str:
        encoding = self._found.encoding
        distance = self._encoded(encoding.imm_offset, encoding.imm_size)
        mask = (1 << self._bits) - 1
        self._relative = (self._found.address + self._found.size + distance) & mask
        return self._number(distance, mask, displacement=True)

    def _number(self, value: int, mask: int, *, displacement: bool = False) -> str:
        """A number as it stands in an operand."""
        if value < 0 and (displacement or value >= _SMALL) and not self._name.startswith(_UNSIGNED):
            return f"-{-value & mask:#x}"
        return f"{'+' if displacement else ''}{value & mask:#x}"

    def _immediate(self, operand: Any) -> str:  # noqa: ANN401
        found = self._found
        encoding = found.encoding
        if self._name == "enter":
            raw = bytes(found.bytes)
            value = int.from_bytes(raw[-3:-1], "little") if operand.imm & 0xFFFF != raw[-1] else raw[-1]
            return f"${value:#x}"
        size = encoding.imm_size
        if not size:  # capstone knows of one immediate; AMD's SSE4a has two
            return f"${operand.imm & 0xFF:#x}"
        value = self._encoded(encoding.imm_offset, size)
        width = self._immediate_width(size)
        self._target = value & _M64
        text = self._number(value, (1 << 8 * width) - 1)
        if text[0] == "-":
            self._positive = hex(value & ((1 << 8 * width) - 1))
        return f"${text}"

    def _immediate_width(self, size: int) -> int:
        """Bytes in which an immediate is written."""
        if self._name == "int" or self._name.startswith(("in", "out")):
            return size
        sizes = [each.size for each in self._found.operands if each.type != _IMMEDIATE]
        if self._found.opcode[0] == 0x0F or not sizes:
            return max(size, self._bits // 8 if not sizes and self._name[:4] == "push" else size)
        return max(size, min(int(sizes[-1]), 8) if self._found.opcode[0] not in (0xC4, 0xC5, 0x62) else size)

    # -- memory ----------------------------------------------------------------------------------------------------

    def _segment(self) -> str:
        return _SEGMENTS.get(self._found.prefix[1], "")

    def _memory(self, operand: Any) -> str:  # noqa: ANN401
        found, encoding = self._found, self._found.encoding
        mem = operand.mem
        base = self._address_register(mem.base)
        if found.opcode[0] in range(0xA0, 0xA4):
            return self._segment() + self._absolute(mem.disp)
        text = ""
        mask = (1 << (8 * found.addr_size)) - 1 if self._bits != 64 else _M64
        if encoding.disp_size:
            value = self._encoded(encoding.disp_offset, encoding.disp_size)
            if base == "%rip":
                self._relative = (found.address + found.size + value) & _M64
                return f"{self._segment()}{self._number(value, mask, displacement=True)}(%rip)"
            self._target = value & _M64
            text = self._number(value, mask)
            if self._bits == 16 and not base:
                text = f"${text}"
        return self._segment() + text + self._place(mem, base)

    def _absolute(self, address: int) -> str:
        self._target = address & _M64
        return self._number(address, _M64)

    def _place(self, mem: Any, base: str) -> str:  # noqa: ANN401
        index = self._address_register(mem.index)
        if index in ("%eiz", "%riz"):
            index = ""
        if not base and not index:
            return ""
        if not index:
            return f"({base})"
        is_vector = index[2:4] == "mm"
        scale = f",{mem.scale}" if mem.scale > 1 or is_vector else ""
        return f"({base},{index}{scale})"

    def _address_register(self, register: int) -> str:
        if not register:
            return ""
        name = str(self._found.reg_name(register))
        if self._bits == 64 and self._found.addr_size == 4:
            name = f"r{name[1:]}" if name[0] == "e" else name.removesuffix("d")
        return f"%{name}"


_REGISTER: Final = 1
_IMMEDIATE: Final = 2
"""CS_OP_REG and CS_OP_IMM of capstone 5, which is not imported for them."""
