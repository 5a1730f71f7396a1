"""Instructions as bytes: where one begins and ends, which opcode it has; what a CPU needs to know that executes none.

Capstone, which costs 40 ms to import, is only asked for lengths, and few programs ever make that necessary.
"""

from __future__ import annotations

from typing import Final

MAX_SIZE: Final = 15
"""The longest instruction (SDM 2A, 2.3.11)."""

_PREFIXES: Final = b"\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65"
_REPEATED: Final = frozenset(b"\x6c\x6d\x6e\x6f\xa4\xa5\xa6\xa7\xaa\xab\xac\xad\xae\xaf")


def opcode(code: bytes, *, long_mode: bool) -> bytes:
    """The bytes from the opcode on, without the prefixes before it."""
    rest = code.lstrip(_PREFIXES)
    if long_mode and rest and rest[0] & 0xF0 == 0x40:
        rest = rest[1:]
    return rest


def is_repeated(code: bytes, rest: bytes) -> bool:
    """Whether the instruction is a string operation with a repeat prefix.

    Args:
        code: Its bytes.
        rest: What `opcode` says of them.
    """
    if not rest or rest[0] not in _REPEATED:
        return False
    prefixes = code[: len(code) - len(rest)]
    return 0xF2 in prefixes or 0xF3 in prefixes


def size_of(code: bytes, *, long_mode: bool) -> int:
    """Bytes of the instruction that the code begins with; all of them where that is none."""
    import capstone  # noqa: PLC0415 -- costs 40 ms, and few programs ever need it

    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64 if long_mode else capstone.CS_MODE_32)
    return next(
        (int(size) for _address, size, _name, _operands in decoder.disasm_lite(code, 0, 1)), len(code)
    )
