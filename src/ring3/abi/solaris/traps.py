"""Fast traps: ``int $0xd2``, a door into the kernel for calls too short for a system call.

eax chooses one of seven functions from ``fasttable``; a function answers in rax and rdx and returns with
iret. Nothing of the system-call path happens: no ``struct regs``, no accounting, no check for signals. rcx
and r8 to r11 may be lost, rsi and rdi are kept, the carry flag is as before. The first three functions are
only null: they set carry and return.

A number above T_LASTFAST, compared unsigned, becomes a #GP at the int instruction: the handler moves rip back
by two and goes to gptrap with error code `FASTTRAP_ERROR`, and the program gets SIGSEGV.

Sources: usr/src/uts/intel/ia32/sys/trap.h (numbers), ia32/ml/exception.s (fasttrap, fast_null),
ia32/os/desctbls.c (fasttable), i86pc/ml/fast_trap_asm.s (the functions) of illumos-gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ring3.abi.kinds import IntEnum

T_SYSCALLINT: Final = 0x91
"""Vector of a 32-bit program's system call; an interrupt gate of DPL 3 that leads to sys_syscall_int."""

T_FASTTRAP: Final = 0xD2
"""Vector of the fast traps; an interrupt gate of DPL 3."""

FASTTRAP_ERROR: Final = T_FASTTRAP * 16 + 2
"""Error code an unknown fast trap hands to gptrap: 0xd22 (the CPU itself would say 0x692)."""


class FastTrap(IntEnum):
    """The function a fast trap asks for, in eax."""

    T_FNULL = 0
    T_FGETFP = 1
    T_FSETFP = 2
    T_GETHRTIME = 3
    T_GETHRVTIME = 4
    T_GETHRESTIME = 5
    T_GETLGRP = 6


T_LASTFAST: Final = FastTrap.T_GETLGRP
"""The highest function."""


@dataclass(frozen=True, slots=True)
class FastTrapRow:
    """One element of fasttable.

    Attributes:
        trap: Its index.
        symbol: The kernel's function, in unix.
        rax: What comes back in rax, or None if rax stays as it is.
        rdx: What comes back in rdx, or None if rdx stays as it is.
        carry: Whether the carry flag is set afterwards; otherwise it is as before.
    """

    trap: FastTrap
    symbol: str
    rax: str | None
    rdx: str | None
    carry: bool = False


FASTTABLE: Final = (
    FastTrapRow(FastTrap.T_FNULL, "fast_null", None, None, carry=True),
    FastTrapRow(FastTrap.T_FGETFP, "fast_null", None, None, carry=True),
    FastTrapRow(FastTrap.T_FSETFP, "fast_null", None, None, carry=True),
    FastTrapRow(FastTrap.T_GETHRTIME, "get_hrtime", "ns since some time in the past", "rax >> 32"),
    FastTrapRow(FastTrap.T_GETHRVTIME, "gethrvtime", "ns this lwp ran in user mode", "rax >> 32"),
    FastTrapRow(FastTrap.T_GETHRESTIME, "get_hrestime", "low 32 bits of s since 1970", "ns of that second"),
    FastTrapRow(FastTrap.T_GETLGRP, "getlgrp", "CPU id", "locality group id"),
)
"""``fasttable``, indexed by FastTrap."""
