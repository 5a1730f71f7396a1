"""The auxiliary vector that Linux gives a program.

Order and contents: fs/binfmt_elf.c (create_elf_tables) and arch/x86/include/asm/elf.h (ARCH_DLINFO); getauxval(3).
"""

from __future__ import annotations

from ring3.abi.kinds import IntEnum, NamedTuple
from ring3.linux.model.credentials import Credentials
from ring3.loader.program import Mapped, Program
from ring3.loader.stack import Places


class Aux(IntEnum):
    """``a_type`` of an entry (include/uapi/linux/auxvec.h, arch/x86/include/uapi/asm/auxvec.h)."""

    AT_PHDR = 3
    AT_PHENT = 4
    AT_PHNUM = 5
    AT_PAGESZ = 6
    AT_BASE = 7
    AT_FLAGS = 8
    AT_ENTRY = 9
    AT_UID = 11
    AT_EUID = 12
    AT_GID = 13
    AT_EGID = 14
    AT_PLATFORM = 15
    AT_HWCAP = 16
    AT_CLKTCK = 17
    AT_SECURE = 23
    AT_RANDOM = 25
    AT_HWCAP2 = 26
    AT_RSEQ_FEATURE_SIZE = 27
    AT_RSEQ_ALIGN = 28
    AT_EXECFN = 31
    AT_SYSINFO = 32
    AT_SYSINFO_EHDR = 33
    AT_MINSIGSTKSZ = 51


HWCAP2_FSGSBASE = 1 << 1
"""Ring 3 may use rdfsbase and its like (arch/x86/include/uapi/asm/hwcap2.h)."""


class AuxFacts(NamedTuple):
    """What the vector says beyond the program itself.

    Attributes:
        vdso: Address of the vDSO's ELF header.
        vsyscall: Address of ``__kernel_vsyscall``, 0 where the vDSO has none.
        interpreter: Where the interpreter was loaded, 0 for none.
        hwcap: Feature bits of CPUID leaf 1, EDX.
        minsigstksz: Bytes of the largest signal frame.
        credentials: Whom the program runs as.
    """

    vdso: int
    vsyscall: int
    interpreter: int
    hwcap: int
    minsigstksz: int
    credentials: Credentials


def entries(program: Program, mapped: Mapped, places: Places, facts: AuxFacts) -> list[tuple[int, int]]:
    """The entries in Linux's order, without the null one; ``places.extra`` is platform name, random bytes."""
    who = facts.credentials
    platform, random = places.extra
    rows: list[tuple[int, int]] = []
    if facts.vsyscall:
        rows.append((Aux.AT_SYSINFO, facts.vsyscall))
    rows += [
        (Aux.AT_SYSINFO_EHDR, facts.vdso),
        (Aux.AT_MINSIGSTKSZ, facts.minsigstksz),
        (Aux.AT_HWCAP, facts.hwcap),
        (Aux.AT_PAGESZ, 4096),
        (Aux.AT_CLKTCK, 100),
        (Aux.AT_PHDR, mapped.headers),
        (Aux.AT_PHENT, program.header.phentsize),
        (Aux.AT_PHNUM, program.header.phnum),
        (Aux.AT_BASE, facts.interpreter),
        (Aux.AT_FLAGS, 0),
        (Aux.AT_ENTRY, mapped.entry),
        (Aux.AT_UID, who.user_ns.shown_user(who.uid)),
        (Aux.AT_EUID, who.user_ns.shown_user(who.euid)),
        (Aux.AT_GID, who.user_ns.shown_group(who.gid)),
        (Aux.AT_EGID, who.user_ns.shown_group(who.egid)),
        (Aux.AT_SECURE, int(who.uid != who.euid or who.gid != who.egid)),
        (Aux.AT_RANDOM, random),
        (Aux.AT_HWCAP2, HWCAP2_FSGSBASE),
        (Aux.AT_EXECFN, places.name),
        (Aux.AT_PLATFORM, platform),
        (Aux.AT_RSEQ_FEATURE_SIZE, 28),
        (Aux.AT_RSEQ_ALIGN, 32),
    ]
    return rows
