"""C types of system-call arguments.

A handler's signature is annotated with these; mypy sees plain ``int``. From the same annotation come the casts
(a register of 64 bits becomes the C type as C's conversion does it) and the documentation. What an argument means
beyond its type stands in the call's row (`ring3.abi.rows`).

Sizes are those of the LP64 kernel; a 32-bit program's ``long`` is a compat type (Linux: include/linux/compat.h).
"""

from __future__ import annotations

from typing import Annotated, Final, NewType

from ring3.abi.kinds import NamedTuple


class CType(NamedTuple):
    """A scalar C type.

    Attributes:
        name: As C spells it.
        bits: Width, 8 to 64.
        signed: Whether it is a signed type.
    """

    name: str
    bits: int
    signed: bool

    def cast(self, value: int) -> int:
        """The value that C's conversion of a 64-bit integer to this type gives."""
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value >> (self.bits - 1) else value

    def cast_expression(self, operand: str) -> str:
        """Python source of the same conversion; ``operand`` is source of a value from 0 to 2**64-1."""
        if self.signed:
            sign = 1 << (self.bits - 1)
            masked = operand if self.bits == 64 else f"({operand} & {(1 << self.bits) - 1:#x})"
            return f"({masked} ^ {sign:#x}) - {sign:#x}"
        return operand if self.bits == 64 else f"{operand} & {(1 << self.bits) - 1:#x}"


Fd = NewType("Fd", int)
"""A file descriptor."""

UserAddress = NewType("UserAddress", int)
"""A virtual address in the calling program."""

INT: Final = CType("int", 32, True)
UNSIGNED_INT: Final = CType("unsigned int", 32, False)
LONG: Final = CType("long", 64, True)
UNSIGNED_LONG: Final = CType("unsigned long", 64, False)
SIZE_T: Final = CType("size_t", 64, False)
POINTER: Final = CType("void __user *", 64, False)
OFF_T: Final = CType("off_t", 64, True)
COMPAT_LONG: Final = CType("compat_long_t", 32, True)
COMPAT_ULONG: Final = CType("compat_ulong_t", 32, False)
COMPAT_OFF_T: Final = CType("compat_off_t", 32, True)
COMPAT_SIZE_T: Final = CType("compat_size_t", 32, False)
MODE_T: Final = CType("umode_t", 16, False)
SHORT: Final = CType("short", 16, True)
UNSIGNED_SHORT: Final = CType("unsigned short", 16, False)

COMPAT: Final = {
    LONG: COMPAT_LONG,
    UNSIGNED_LONG: COMPAT_ULONG,
    SIZE_T: COMPAT_SIZE_T,
    OFF_T: COMPAT_OFF_T,
}
"""What a type is in a compatibility entry point, where 32-bit programs have another one."""

Int = Annotated[int, INT]
UnsignedInt = Annotated[int, UNSIGNED_INT]
Long = Annotated[int, LONG]
UnsignedLong = Annotated[int, UNSIGNED_LONG]
SizeT = Annotated[int, SIZE_T]
OffT = Annotated[int, OFF_T]
Pid = Annotated[int, INT]
Signal = Annotated[int, INT]
Mode = Annotated[int, MODE_T]
FdArg = Annotated[int, UNSIGNED_INT]
DirFd = Annotated[int, INT]
Path = Annotated[int, POINTER]
Pointer = Annotated[int, POINTER]
BufferIn = Annotated[int, POINTER]
BufferOut = Annotated[int, POINTER]
Address = Annotated[int, UNSIGNED_LONG]
CompatLong = Annotated[int, COMPAT_LONG]
CompatULong = Annotated[int, COMPAT_ULONG]
