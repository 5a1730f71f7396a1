"""The register file as names and bits: the vocabulary of everything that looks at a CPU.

Sources: SDM volume 1, chapter 3 (general registers, RFLAGS); volume 3A, 2.5 (control registers).
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag


class Gpr(IntEnum):
    """General registers in the order of their encoding (SDM 2A, table 2-2)."""

    RAX = 0
    RCX = 1
    RDX = 2
    RBX = 3
    RSP = 4
    RBP = 5
    RSI = 6
    RDI = 7
    R8 = 8
    R9 = 9
    R10 = 10
    R11 = 11
    R12 = 12
    R13 = 13
    R14 = 14
    R15 = 15


class Seg(IntEnum):
    """Segment registers in the order of their encoding (SDM 2A, table 2-8)."""

    ES = 0
    CS = 1
    SS = 2
    DS = 3
    FS = 4
    GS = 5


class Flags(IntFlag):
    """Bits of RFLAGS (SDM 1, figure 3-8)."""

    CF = 1 << 0
    FIXED = 1 << 1
    PF = 1 << 2
    AF = 1 << 4
    ZF = 1 << 6
    SF = 1 << 7
    TF = 1 << 8
    IF = 1 << 9
    DF = 1 << 10
    OF = 1 << 11
    IOPL = 3 << 12
    NT = 1 << 14
    RF = 1 << 16
    VM = 1 << 17
    AC = 1 << 18
    VIF = 1 << 19
    VIP = 1 << 20
    ID = 1 << 21


class Vector(IntEnum):
    """Exception vectors (SDM 3A, table 6-1)."""

    DE = 0
    DB = 1
    NMI = 2
    BP = 3
    OF = 4
    BR = 5
    UD = 6
    NM = 7
    DF = 8
    TS = 10
    NP = 11
    SS = 12
    GP = 13
    PF = 14
    MF = 16
    AC = 17
    MC = 18
    XM = 19


ERROR_CODE_VECTORS: Final = frozenset(
    {Vector.DF, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.AC}
)
"""The exceptions that push an error code (SDM 3A, table 6-1)."""

CONTRIBUTORY: Final = frozenset({Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP})
"""Two of these, or a page fault and then one of these or a page fault, make a double fault (SDM 3A, table 6-5)."""
