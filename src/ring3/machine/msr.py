"""The model-specific registers that this machine has.

Numbers and names: SDM volume 4, table 2-2, and the AMD64 manual volume 2, appendix A; the names are those of
Linux's ``asm/msr-index.h``.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Msr(IntEnum):
    """Number of an MSR, as in ECX of rdmsr and wrmsr."""

    MSR_IA32_SYSENTER_CS = 0x174
    MSR_IA32_SYSENTER_ESP = 0x175
    MSR_IA32_SYSENTER_EIP = 0x176
    MSR_EFER = 0xC000_0080
    MSR_STAR = 0xC000_0081
    MSR_LSTAR = 0xC000_0082
    MSR_CSTAR = 0xC000_0083
    MSR_SYSCALL_MASK = 0xC000_0084
    MSR_FS_BASE = 0xC000_0100
    MSR_GS_BASE = 0xC000_0101
    MSR_KERNEL_GS_BASE = 0xC000_0102
    MSR_TSC_AUX = 0xC000_0103


ALIASES = {
    "MSR_FMASK": Msr.MSR_SYSCALL_MASK,
    "MSR_SFMASK": Msr.MSR_SYSCALL_MASK,
    "IA32_SYSENTER_CS": Msr.MSR_IA32_SYSENTER_CS,
    "IA32_SYSENTER_ESP": Msr.MSR_IA32_SYSENTER_ESP,
    "IA32_SYSENTER_EIP": Msr.MSR_IA32_SYSENTER_EIP,
}
"""Other manuals' names of the same registers."""


class Efer(IntFlag):
    """Bits of MSR_EFER (SDM 3A, table 2-1)."""

    SCE = 1 << 0
    LME = 1 << 8
    LMA = 1 << 10
    NXE = 1 << 11


def parse_msr(text: str) -> Msr:
    """The MSR that a user names: a number in C's notation or hexadecimal without prefix, or a name.

    Names are taken in any case, with or without ``MSR_`` or ``IA32_`` in front.

    Raises:
        ValueError: No MSR of this machine has that number or name.
    """
    name = text.upper()
    for candidate in (name, f"MSR_{name}", f"IA32_{name}", f"MSR_IA32_{name}"):
        if candidate in Msr.__members__:
            return Msr[candidate]
        if candidate in ALIASES:
            return ALIASES[candidate]
    try:
        return Msr(int(text, 16))
    except ValueError:
        raise ValueError(f"{text}: this machine has no such MSR") from None
