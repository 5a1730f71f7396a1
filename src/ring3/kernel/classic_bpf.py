"""Classic BPF: checking and running the programs that filter system calls and packets (net/core/filter.c of Linux 6.x).

A program is a list of instructions on a 32-bit accumulator A, an index register X and sixteen cells of memory. It only
jumps forward, so it ends. What it may load besides its cells is said by who has it run: a `Dialect` when it is checked,
`Data` when it runs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NewType, Protocol

from ring3.abi.kinds import NamedTuple

MAX_INSTRUCTIONS: Final = 4096
CELLS: Final = 16
_M32: Final = 0xFFFF_FFFF

# from include/uapi/linux/bpf_common.h: the classes, the sizes and modes, the operations, the jumps
LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
W, H, B = 0x00, 0x08, 0x10
IMM, ABS, IND, MEM, LEN, MSH = 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0
ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR = range(0x00, 0xB0, 0x10)
JA, JEQ, JGT, JGE, JSET = range(0x00, 0x50, 0x10)
BY_X: Final = 0x08
RET_A: Final = 0x10
TXA: Final = 0x80
_SIZE: Final = 0x18
_MODE: Final = 0xE0
_OPERATIONS: Final = (ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, XOR)
_JUMPS: Final = (JEQ, JGT, JGE, JSET)
CODES: Final = frozenset(
    (
        LD | LEN, LDX | LEN, LD | IMM, LDX | IMM, LD | MEM, LDX | MEM, ST, STX,
        *(ALU | operation | source for operation in _OPERATIONS for source in (0, BY_X)), ALU | NEG,
        JMP | JA, *(JMP | jump | source for jump in _JUMPS for source in (0, BY_X)),
        RET, RET | RET_A, MISC, MISC | TXA,
    )
)  # fmt: skip
"""The instructions that all programs may have: they load nothing but their cells and how long the data is."""


class BadProgram(Exception):
    """A program that the checks refuse."""


class Instruction(NamedTuple):
    """One instruction (struct sock_filter).

    Attributes:
        code: Class, size, mode or operation.
        jt: How many instructions a conditional jump skips if the condition holds.
        jf: How many if it does not.
        k: The constant.
    """

    code: int
    jt: int
    jf: int
    k: int


Program = NewType("Program", bytes)
"""A checked program: its instructions as they were given, for as objects they would take thirty times as much."""
_FORM: Final = struct.Struct("<HBBI")
SIZE: Final = _FORM.size
"""Bytes of an instruction."""


def instructions(program: bytes) -> Iterator[Instruction]:
    """The instructions of a program."""
    return (Instruction(*fields) for fields in _FORM.iter_unpack(program))


class Dialect(NamedTuple):
    """What else than `CODES` programs of one kind may have.

    Attributes:
        codes: Those instructions.
        has_data: Whether there is something where an instruction with ABS loads from.
    """

    codes: frozenset[int]
    has_data: Callable[[int], bool]


class OutOfData(Exception):
    """There is nothing at the place from which a program loads: it ends with 0."""


class Data(Protocol):
    """What a program runs on."""

    def __len__(self) -> int:
        """How long it is."""

    def load(self, size: int, at: int, a: int, x: int) -> int:
        """The number at a place.

        Args:
            size: `W`, `H` or `B`.
            at: The place, 32 bits, of which negative ones have a meaning of their own.
            a: The accumulator.
            x: The index register.

        Raises:
            OutOfData: There is none.
        """


def parse(raw: bytes, dialect: Dialect) -> Program:
    """A checked program from memory.

    Args:
        raw: The instructions, 8 bytes each.
        dialect: What it may have.

    Raises:
        BadProgram: It is empty or too long, has an unknown instruction, jumps or loads out of bounds, reads a cell
            that nothing wrote, divides by 0, or its end can be reached.
    """
    program = tuple(instructions(raw))
    if not 1 <= len(program) <= MAX_INSTRUCTIONS:
        raise BadProgram
    for at, instruction in enumerate(program):
        _check(instruction, len(program) - at - 1, dialect)
    if program[-1].code not in (RET, RET | RET_A):
        raise BadProgram
    _check_cells(program)
    return Program(bytes(raw))


def _check(instruction: Instruction, left: int, dialect: Dialect) -> None:
    """Checks one instruction; ``left`` is how many follow it."""
    code, k = instruction.code, instruction.k
    if code not in CODES and code not in dialect.codes:
        raise BadProgram
    if code & 7 == LD and code & _MODE == ABS:
        wrong = not dialect.has_data(k)
    elif code in (ALU | DIV, ALU | MOD):
        wrong = k == 0
    elif code in (ALU | LSH, ALU | RSH):
        wrong = k >= 32
    elif code in (LD | MEM, LDX | MEM, ST, STX):
        wrong = k >= CELLS
    elif code == JMP | JA:
        wrong = k >= left
    elif code & 7 == JMP:
        wrong = max(instruction.jt, instruction.jf) >= left
    else:
        wrong = False
    if wrong:
        raise BadProgram


def _check_cells(program: Sequence[Instruction]) -> None:
    """Whether every cell is written before it is read, on every way (check_load_and_stores)."""
    everything = (1 << CELLS) - 1
    masks = [everything] * len(program)
    valid = 0
    for at, instruction in enumerate(program):
        valid &= masks[at]
        code, k = instruction.code, instruction.k
        if code in (ST, STX):
            valid |= 1 << k
        elif code in (LD | MEM, LDX | MEM):
            if not valid >> k & 1:
                raise BadProgram
        elif code & 7 == JMP:
            skips = (k,) if code == JMP | JA else (instruction.jt, instruction.jf)
            for skip in skips:
                masks[at + 1 + skip] &= valid
            valid = everything


def converted_length(program: Program) -> int:
    """How many instructions Linux makes of a program, which is what its limits count (bpf_convert_filter)."""
    return 3 + sum(map(_converted, instructions(program)))


def _converted(instruction: Instruction) -> int:
    code = instruction.code
    if code == RET:
        return 2
    if code in (ALU | DIV | BY_X, ALU | MOD | BY_X):
        return 5
    if code & 7 != JMP or code == JMP | JA:
        return 1
    load = 0 if code & BY_X else instruction.k >> 31
    one = not instruction.jf or (not instruction.jt and code & 0xF0 != JSET)
    return load + (1 if one else 2)


def run(program: Program, data: Data) -> int:
    """The number that a checked program returns for ``data``; 0 if it divides by an X of 0 or leaves the data."""
    a = x = at = 0
    cells = [0] * CELLS
    fetch = _FORM.unpack_from
    while True:
        code, jt, jf, k = fetch(program, at)
        at += SIZE
        kind = code & 7
        if kind == JMP:
            skipped = k if code == JMP | JA else jt if _holds(code, a, x if code & BY_X else k) else jf
            at += SIZE * skipped
        elif kind == RET:
            return a if code & RET_A else k
        elif kind == ALU:
            operand = x if code & BY_X else k
            if code & 0xF0 in (DIV, MOD) and not operand:
                return 0
            a = _compute(code & 0xF0, a, operand)
        elif kind in (ST, STX):
            cells[k] = a if kind == ST else x
        elif kind == MISC:
            a, x = (x, x) if code & TXA else (a, a)
        else:
            try:
                value = cells[k] if code & _MODE == MEM else _loaded(code, k, data, a, x)
            except OutOfData:
                return 0
            a, x = (value, x) if kind == LD else (a, value)


def _loaded(code: int, k: int, data: Data, a: int, x: int) -> int:
    """What an instruction loads that is not in a cell."""
    mode, size = code & _MODE, code & _SIZE
    if mode == ABS:
        return data.load(size, k, a, x)
    if mode == IND:
        return data.load(size, k + x & _M32, a, x)
    if mode == MSH:
        return (data.load(B, k, a, x) & 0xF) << 2
    return k if mode == IMM else len(data)


def _holds(code: int, a: int, operand: int) -> bool:
    """Whether the condition of a jump holds."""
    condition = code & 0xF0
    if condition == JEQ:
        return a == operand
    if condition == JGT:
        return a > operand
    if condition == JGE:
        return a >= operand
    return a & operand != 0


def _compute(operation: int, a: int, operand: int) -> int:
    """A after an operation; shifts take the low five bits of what they shift by."""
    return _COMPUTE[operation](a, operand) & _M32


_COMPUTE: Final[dict[int, Callable[[int, int], int]]] = {
    ADD: lambda a, b: a + b,
    SUB: lambda a, b: a - b,
    MUL: lambda a, b: a * b,
    DIV: lambda a, b: a // b,
    OR: lambda a, b: a | b,
    AND: lambda a, b: a & b,
    LSH: lambda a, b: a << (b & 31),
    RSH: lambda a, b: a >> (b & 31),
    NEG: lambda a, _: -a,
    MOD: lambda a, b: a % b,
    XOR: lambda a, b: a ^ b,
}
