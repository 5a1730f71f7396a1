"""The model-specific registers that this machine has.

Numbers and names: SDM volume 4, table 2-2, and the AMD64 manual volume 2, appendix A; the names are those of
Linux's ``asm/msr-index.h``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag
from ring3.machine.paging import is_canonical


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


_ADDRESSES: Final = frozenset(
    (
        Msr.MSR_IA32_SYSENTER_ESP,
        Msr.MSR_IA32_SYSENTER_EIP,
        Msr.MSR_LSTAR,
        Msr.MSR_CSTAR,
        Msr.MSR_FS_BASE,
        Msr.MSR_GS_BASE,
        Msr.MSR_KERNEL_GS_BASE,
    )
)
"""The MSRs that hold a linear address, which must be canonical (SDM 2B, WRMSR)."""


def check_value(msr: Msr, value: int, old: int) -> None:
    """Does the checks of ``wrmsr`` in ring 0, of a CPU that runs in long mode with paging on.

    Sources: SDM 2B, WRMSR; volume 3A, 2.2.1 (EFER); volume 4, table 2-2 (TSC_AUX). The other registers' reserved
    bits are not checked.

    Args:
        msr: The register.
        value: What is to be written to it.
        old: What it holds.

    Raises:
        ValueError: The instruction would raise #GP; the message says why.
    """
    if not 0 <= value < 1 << 64:
        raise ValueError("that is no value of 64 bits")
    if msr in _ADDRESSES and not is_canonical(value):
        raise ValueError("the address is not canonical, wrmsr raises #GP")
    if msr is Msr.MSR_EFER and value & ~sum(Efer):
        raise ValueError("a reserved bit is set, wrmsr raises #GP")
    if msr is Msr.MSR_EFER and (value ^ old) & Efer.LME:
        raise ValueError("LME cannot change while paging is on, wrmsr raises #GP")
    if msr is Msr.MSR_TSC_AUX and value >> 32:
        raise ValueError("a reserved bit is set, wrmsr raises #GP")


def parse_msr(text: str) -> Msr:
    """The MSR that a user names: a number in C's notation or hexadecimal without prefix, or a name.

    Names are taken in any case, with or without ``MSR_`` or ``IA32_`` in front. A number that C's notation and
    hexadecimal read differently is what C makes of it, if this machine has such an MSR.

    Raises:
        LookupError: It is a number, and this machine has no such MSR; the argument is the number.
        ValueError: It is neither a number nor the name of an MSR.
    """
    name = text.upper()
    for candidate in (name, f"MSR_{name}", f"IA32_{name}", f"MSR_IA32_{name}"):
        if candidate in Msr.__members__:
            return Msr[candidate]
        if candidate in ALIASES:
            return ALIASES[candidate]
    numbers = []
    for base in (0, 16):
        with suppress(ValueError):
            numbers.append(int(text, base))
    if not numbers:
        raise ValueError(f"{text}: this machine has no MSR of that name")
    known = [number for number in numbers if number in Msr.__members__.values()]
    if not known:
        raise LookupError(numbers[0])
    return Msr(known[0])
