"""The auxiliary vector on Solaris: what the kernel tells ld.so.1 at the top of a new stack.

An entry is an ``auxv_t``: a type (int, then 4 bytes of padding) and a value (long or pointer), 16 bytes. The
kernel makes a vector only for programs with an interpreter and for objects that are not ET_EXEC: **a static
ET_EXEC program gets none** (a recent kernel leaves three empty entries there, which read as AT_NULL).
`DYNAMIC_ORDER` is the order for a dynamic program.

Types below 2000 are the ABI's, those above Sun's. Left out: types of SPARC's own, and Solaris 11's
AT_SUN_SYSSTAT_ADDR and AT_SUN_SYSSTAT_ZONE_ADDR, whose numbers are in no public source we found.

Sources: usr/src/uts/common/sys/auxv.h and sys/auxv_386.h (numbers, AV_386_*), common/exec/elf/elf.c (which,
in what order), common/os/exec.c (strings) of illumos-gate; AT_SUN_BRAND_NROOT's number from libconv's table
in usr/src/cmd/sgs.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.solaris.layout import fields

AUXV_SIZE: Final = 16
"""Size of ``auxv_t`` in bytes."""

AUXV_LAYOUT: Final = fields(("a_type", 0, 4), ("a_un", 8, 8))
"""``auxv_t`` of a 64-bit program."""


class Aux(IntEnum):
    """The type of an entry."""

    AT_NULL = 0
    AT_IGNORE = 1
    AT_EXECFD = 2
    AT_PHDR = 3
    AT_PHENT = 4
    AT_PHNUM = 5
    AT_PAGESZ = 6
    AT_BASE = 7
    AT_FLAGS = 8
    AT_ENTRY = 9
    AT_RANDOM = 25
    AT_SUN_UID = 2000
    AT_SUN_RUID = 2001
    AT_SUN_GID = 2002
    AT_SUN_RGID = 2003
    AT_SUN_LDELF = 2004
    AT_SUN_LDSHDR = 2005
    AT_SUN_LDNAME = 2006
    AT_SUN_LPAGESZ = 2007
    AT_SUN_PLATFORM = 2008
    AT_SUN_HWCAP = 2009
    AT_SUN_IFLUSH = 2010
    AT_SUN_CPU = 2011
    AT_SUN_EXECNAME = 2014
    AT_SUN_MMU = 2015
    AT_SUN_LDDATA = 2016
    AT_SUN_AUXFLAGS = 2017
    AT_SUN_EMULATOR = 2018
    AT_SUN_BRANDNAME = 2019
    AT_SUN_BRAND_AUX1 = 2020
    AT_SUN_BRAND_AUX2 = 2021
    AT_SUN_BRAND_AUX3 = 2022
    AT_SUN_HWCAP2 = 2023
    AT_SUN_BRAND_NROOT = 2024
    AT_SUN_COMMPAGE = 2026
    AT_SUN_FPTYPE = 2027
    AT_SUN_FPSIZE = 2028
    AT_SUN_HWCAP3 = 2029


DYNAMIC_ORDER: Final = (
    Aux.AT_SUN_PLATFORM,
    Aux.AT_SUN_EXECNAME,
    Aux.AT_RANDOM,
    Aux.AT_PHDR,
    Aux.AT_PHENT,
    Aux.AT_PHNUM,
    Aux.AT_ENTRY,
    Aux.AT_SUN_LDDATA,
    Aux.AT_BASE,
    Aux.AT_FLAGS,
    Aux.AT_PAGESZ,
    Aux.AT_SUN_AUXFLAGS,
    Aux.AT_SUN_HWCAP,
    Aux.AT_SUN_HWCAP2,
    Aux.AT_SUN_COMMPAGE,
    Aux.AT_SUN_FPTYPE,
    Aux.AT_SUN_FPSIZE,
    Aux.AT_NULL,
)
"""Entries of a 64-bit program with an interpreter, in the native zone of a recent illumos.

AT_RANDOM, AT_SUN_COMMPAGE, AT_SUN_FPTYPE and AT_SUN_FPSIZE are younger than the seed; a reader must not count
on them.
"""


class AuxFlag(IntFlag):
    """Value of AT_SUN_AUXFLAGS."""

    AF_SUN_SETUGID = 1
    """The program gains rights by set-user-id or the like: ld.so.1 trusts no environment."""
    AF_SUN_HWCAPVERIFY = 2
    """ld.so.1 shall check the program's hardware capabilities."""
    AF_SUN_NOPLM = 4
    """No link map for the program."""


class FpType(IntEnum):
    """Value of AT_SUN_FPTYPE: how the kernel saves the floating-point state."""

    AT_386_FPINFO_NONE = 0
    AT_386_FPINFO_FXSAVE = 1
    AT_386_FPINFO_XSAVE = 2
    AT_386_FPINFO_XSAVE_AMD = 3


class HwCap(IntFlag):
    """Value of AT_SUN_HWCAP on x86 (``AV_386_*``)."""

    AV_386_FPU = 0x1
    AV_386_TSC = 0x2
    AV_386_CX8 = 0x4
    AV_386_SEP = 0x8
    AV_386_AMD_SYSC = 0x10
    AV_386_CMOV = 0x20
    AV_386_MMX = 0x40
    AV_386_AMD_MMX = 0x80
    AV_386_AMD_3DNOW = 0x100
    AV_386_AMD_3DNOWX = 0x200
    AV_386_FXSR = 0x400
    AV_386_SSE = 0x800
    AV_386_SSE2 = 0x1000
    AV_386_SSE3 = 0x4000
    AV_386_CX16 = 0x10000
    AV_386_AHF = 0x20000
    AV_386_TSCP = 0x40000
    AV_386_AMD_SSE4A = 0x80000
    AV_386_POPCNT = 0x100000
    AV_386_AMD_LZCNT = 0x200000
    AV_386_SSSE3 = 0x400000
    AV_386_SSE4_1 = 0x800000
    AV_386_SSE4_2 = 0x1000000
    AV_386_MOVBE = 0x2000000
    AV_386_AES = 0x4000000
    AV_386_PCLMULQDQ = 0x8000000
    AV_386_XSAVE = 0x10000000
    AV_386_AVX = 0x20000000
    AV_386_VMX = 0x40000000
    AV_386_AMD_SVM = 0x80000000
