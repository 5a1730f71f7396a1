"""Conditions that gdb hands over with a breakpoint: its agent expressions (GDB's manual, appendix F).

So a condition that does not hold costs no packets. An expression is a program of a stack machine of 64-bit words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.debug.gdb.packets import Malformed
from ring3.debug.memory import NoMemory

if TYPE_CHECKING:
    from ring3.debug.memory import Memory

_M64: Final = (1 << 64) - 1
_MOST: Final = 100_000
"""Steps of an expression that is taken for one that does not end."""
ReadRegister = Callable[[int], int]


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _divide(left: int, right: int) -> int:
    """Division that rounds towards zero, as C has it."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_BINARY: Final[dict[int, Callable[[int, int], int]]] = {
    0x02: lambda a, b: a + b,
    0x03: lambda a, b: a - b,
    0x04: lambda a, b: a * b,
    0x05: lambda a, b: _divide(_signed(a), _signed(b)),
    0x06: lambda a, b: a // b,
    0x07: lambda a, b: _signed(a) - _divide(_signed(a), _signed(b)) * _signed(b),
    0x08: lambda a, b: a % b,
    0x09: lambda a, b: a << b if b < 64 else 0,
    0x0A: lambda a, b: _signed(a) >> min(b, 63),
    0x0B: lambda a, b: a >> b,
    0x0F: lambda a, b: a & b,
    0x10: lambda a, b: a | b,
    0x11: lambda a, b: a ^ b,
    0x13: lambda a, b: a == b,
    0x14: lambda a, b: _signed(a) < _signed(b),
    0x15: lambda a, b: a < b,
}
_UNARY: Final[dict[int, Callable[[int], int]]] = {0x0E: lambda a: not a, 0x12: lambda a: ~a}
_LOADS: Final = {0x17: 1, 0x18: 2, 0x19: 4, 0x1A: 8}
_CONSTANTS: Final = {0x22: 1, 0x23: 2, 0x24: 4, 0x25: 8}
_EXT, _ZERO_EXT, _IF_GOTO, _GOTO, _REG, _END = 0x16, 0x2A, 0x20, 0x21, 0x26, 0x27
_DUP, _POP, _SWAP, _PICK, _ROT = 0x28, 0x29, 0x2B, 0x32, 0x33
_OPERANDS: Final = {**_CONSTANTS, _EXT: 1, _ZERO_EXT: 1, _IF_GOTO: 2, _GOTO: 2, _REG: 2, _PICK: 1}
_KNOWN: Final = frozenset(
    (*_BINARY, *_UNARY, *_LOADS, *_OPERANDS, _END, _DUP, _POP, _SWAP, _ROT)
)  # fmt: skip


class Expression:
    """An expression that is taken apart: its operations by their places."""

    def __init__(self, code: bytes) -> None:
        """Reads one.

        Raises:
            Malformed: It has an operation that conditions do not have, or is cut short.
        """
        self._steps: dict[int, tuple[int, int, int]] = {}
        at = 0
        while at < len(code):
            operation = code[at]
            size = _OPERANDS.get(operation, 0)
            if operation not in _KNOWN or at + size >= len(code) + (operation == _END):
                raise Malformed(f"operation {operation:#x} of an agent expression")
            after = at + 1 + size
            self._steps[at] = operation, int.from_bytes(code[at + 1 : after], "big"), after
            at = after

    def value(self, register: ReadRegister, memory: Memory) -> int:
        """What it gives.

        Raises:
            NoMemory: It looks at memory that is not there.
            Malformed: It takes more than there is, divides by zero, or does not end.
        """
        try:
            return self._run(register, memory)
        except (IndexError, KeyError, ZeroDivisionError):
            raise Malformed("an agent expression that cannot be evaluated") from None

    def holds(self, register: ReadRegister, memory: Memory) -> bool:
        """Whether it is true; gdb looks itself where that cannot be told."""
        try:
            return bool(self.value(register, memory))
        except (NoMemory, Malformed):
            return True

    def _run(self, register: ReadRegister, memory: Memory) -> int:
        stack: list[int] = []
        at = 0
        for _ in range(_MOST):
            operation, operand, at = self._steps[at]
            if operation in _CONSTANTS:
                stack.append(operand)
            elif operation == _REG:
                stack.append(register(operand))
            elif operation in _LOADS:
                stack.append(memory.integer(stack.pop(), _LOADS[operation]))
            elif operation == _END:
                return stack[-1]
            elif operation in (_GOTO, _IF_GOTO):
                if operation == _GOTO or stack.pop():
                    at = operand
            else:
                _compute(operation, operand, stack)
        raise Malformed("an agent expression that does not end")


def _compute(operation: int, operand: int, stack: list[int]) -> None:
    """The operations that look at nothing but the stack."""
    if operation in _BINARY:
        right, left = stack.pop(), stack.pop()
        stack.append(_BINARY[operation](left, right) & _M64)
    elif operation in _UNARY:
        stack.append(int(_UNARY[operation](stack.pop())) & _M64)
    elif operation == _ZERO_EXT:
        stack.append(stack.pop() & (1 << operand) - 1)
    elif operation == _EXT:
        low = stack.pop() & (1 << operand) - 1
        stack.append((low - (1 << operand) if low >> operand - 1 else low) & _M64)
    else:
        _arrange(operation, operand, stack)


def _arrange(operation: int, operand: int, stack: list[int]) -> None:
    """The operations that only move what is on the stack."""
    if operation == _DUP:
        stack.append(stack[-1])
    elif operation == _POP:
        stack.pop()
    elif operation == _SWAP:
        stack[-1], stack[-2] = stack[-2], stack[-1]
    elif operation == _PICK:
        stack.append(stack[-1 - operand])
    elif operation == _ROT:
        stack[-3:] = [stack[-1], stack[-3], stack[-2]]
