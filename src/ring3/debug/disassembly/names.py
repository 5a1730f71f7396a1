"""The names of instructions as Solaris's disassembler has them, from capstone's.

Sources: the Solaris x86 Assembly Language Reference Manual, and what dis(1) prints of illumos's tests.
"""

from __future__ import annotations

from typing import Any, Final

SUFFIXES: Final = {1: "b", 2: "w", 4: "l", 8: "q"}

SIZED: Final = frozenset((
    "adc", "add", "and", "bsf", "bsr", "bt", "btc", "btr", "bts", "cmp", "cmpxchg", "dec", "div", "idiv",
    "imul", "in", "inc", "lea", "lfs", "lgs", "lss", "lzcnt", "mov", "movabs", "movbe", "mul", "neg",
    "not", "or", "out", "pop", "popcnt", "push", "rcl", "rcr", "rol", "ror", "sal", "sar", "sbb", "shl",
    "shld", "shr", "shrd", "sub", "test", "xadd", "xchg", "xor",
))  # fmt: skip
"""Instructions whose name always ends in the letter of the operands' size."""

_RENAMED: Final = {
    "movabs": "mov",
    "cdq": "cltd",
    "cqo": "cqtd",
    "cwd": "cwtd",
    "cbw": "cbtw",
    "cwde": "cwtl",
    "cdqe": "cltq",
    "retf": "lret",
    "retfq": "lret",
    "iretd": "iret",
    "iretq": "iret",
    "sysexitq": "sysexit",
    "sysretq": "sysret",
    "jecxz": "jcxz",
    "jrcxz": "jcxz",
    "loope": "loopz",
    "loopne": "loopnz",
    "xlatb": "xlat",
    "wait": "fwait",
    "int3": "int",
    "int1": "icebp",
    "salc": "falc",
    "pushfd": "pushfl",
    "popfd": "popfl",
    "pushf": "pushfw",
    "popf": "popfw",
    "pushal": "pushal",
    "pushaw": "pushaw",
    "fucompi": "fucomip",
    "fcompi": "fcomip",
    "fxsave64": "fxsave",
    "fxrstor64": "fxrstor",
    "xsave64": "xsave",
    "xrstor64": "xrstor",
    "xsavec64": "xsavec",
    "xsaves64": "xsaves",
    "xrstors64": "xrstors",
    "xsaveopt64": "xsaveopt",
    **dict.fromkeys(("ljmpw", "ljmpl", "ljmpq"), "ljmp"),
    **dict.fromkeys(("lcallw", "lcalll", "lcallq"), "lcall"),
}
_STRING_OPCODES: Final = frozenset((*range(0x6C, 0x70), *range(0xA4, 0xA8), *range(0xAA, 0xB0)))
_PREDICATES: Final = ("eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord")
_CARRYLESS: Final = {0x00: "lqlq", 0x01: "hqlq", 0x10: "lqhq", 0x11: "hqhq"}
_PREFIXES: Final = {
    "lock": "lock",
    **dict.fromkeys(("rep", "repe", "repz"), "repz"),
    **dict.fromkeys(("repne", "repnz"), "repnz"),
}


def prefixes(found: Any) -> list[str]:  # noqa: ANN401
    """The prefixes that are written before the name."""
    return [_PREFIXES[word] for word in str(found.mnemonic).split()[:-1] if word in _PREFIXES]


def is_string(found: Any) -> bool:  # noqa: ANN401
    """An instruction on the memory that rsi and rdi point at."""
    return int(found.opcode[0]) in _STRING_OPCODES


def is_floating(found: Any) -> bool:  # noqa: ANN401
    """An instruction of the x87."""
    return 0xD8 <= int(found.opcode[0]) <= 0xDF


def name(found: Any, size: int) -> str:  # noqa: ANN401
    """The name of an instruction.

    Args:
        found: What capstone decoded.
        size: Bytes of the operands.
    """
    base = str(found.insn_name())
    written = str(found.mnemonic).split()[-1]
    suffix = SUFFIXES.get(size, "")
    if is_string(found):
        return f"{base[:-1]}{'l' if base[-1] == 'd' else base[-1]}"
    if is_floating(found):
        return _floating(found, written)
    if base in SIZED or (base == "nop" and found.operands):
        return _RENAMED.get(base, base) + suffix
    if written.startswith(("cmp", "vcmp")) and written[-2:] in ("ps", "pd", "ss", "sd"):
        return _comparison(found, written)
    return (
        _converted(found, base, suffix)
        or _RENAMED.get(base)
        or _RENAMED.get(written)
        or _plain(base, written)
    )


def _converted(found: Any, base: str, suffix: str) -> str | None:  # noqa: ANN401
    """The name of what its operands' kinds are written into, None of others."""
    match base:
        case "movzx" | "movsx":
            return f"mov{base[3]}{SUFFIXES[found.operands[0].size]}{suffix}"
        case "movsxd":
            return "movslq" if found.rex else "movzld"
        case "crc32":
            return base + SUFFIXES[found.operands[0].size]
        case "pclmulqdq" if found.bytes[-1] in _CARRYLESS:
            return f"pclmul{_CARRYLESS[found.bytes[-1]]}dq"
        case "movq" if found.opcode[0] == 0x0F and found.opcode[1] in (0x6E, 0x7E) and found.rex & 8:
            return "movd"
    if base.startswith("cmov"):
        return f"cmov{suffix}.{ {'p': 'pe', 'np': 'po'}.get(base[4:], base[4:]) }"
    return None


def _comparison(found: Any, written: str) -> str:  # noqa: ANN401
    if written[0] == "v":
        return f"vcmp{written[-2:]}"
    return f"cmp{_PREDICATES[found.bytes[-1] & 7]}{written[-2:]}"


def _floating(found: Any, written: str) -> str:  # noqa: ANN401
    if written.startswith("fcmov"):
        return f"fcmov.{written[5:]}"
    if found.modrm < 0xC0 and written[:2] == "fi" and written[-1] == "s" and found.opcode[0] in (0xDE, 0xDF):
        return written[:-1]
    return _RENAMED.get(written, written)


def _plain(base: str, written: str) -> str:
    """The name without the letter of a size that capstone adds."""
    return base if written[:-1] == base and written[-1] in "bwlq" else written
