"""The registers `uregs[]` gives, by the numbers of sys/regset.h for amd64 and i386."""

AMD64 = [
    "R15",
    "R14",
    "R13",
    "R12",
    "R11",
    "R10",
    "R9",
    "R8",
    "RDI",
    "RSI",
    "RBP",
    "RBX",
    "RDX",
    "RCX",
    "RAX",
    "TRAPNO",
    "ERR",
    "RIP",
    "CS",
    "RFL",
    "RSP",
    "SS",
    "FS",
    "GS",
    "ES",
    "DS",
    "FSBASE",
    "GSBASE",
]
"""Names of the 64-bit registers in the order of their numbers (REG_R15 is 0)."""

COUNT = len(AMD64)

_I386 = [
    "GS",
    "FS",
    "ES",
    "DS",
    "EDI",
    "ESI",
    "EBP",
    "ESP",
    "EBX",
    "EDX",
    "ECX",
    "EAX",
    "TRAPNO",
    "ERR",
    "EIP",
    "CS",
    "EFL",
    "UESP",
    "SS",
]
_WIDE = {
    "EDI": "RDI",
    "ESI": "RSI",
    "EBP": "RBP",
    "ESP": "RSP",
    "EBX": "RBX",
    "EDX": "RDX",
    "ECX": "RCX",
    "EAX": "RAX",
    "EIP": "RIP",
    "EFL": "RFL",
    "UESP": "RSP",
}

CONSTANTS = {f"R_{name}": number for number, name in enumerate(AMD64)} | {
    f"R_{name}": AMD64.index(_WIDE.get(name, name)) for name in _I386
}
"""`R_RAX`, `R_EAX` ... and their numbers; the 32-bit names mean the 64-bit registers."""
CONSTANTS |= {"R_PC": AMD64.index("RIP"), "R_SP": AMD64.index("RSP"), "R_FP": AMD64.index("RBP")}
CONSTANTS |= {"R_PS": AMD64.index("RFL"), "R_R0": AMD64.index("RAX"), "R_R1": AMD64.index("RBX")}
