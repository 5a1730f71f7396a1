"""modctl (call 152): its commands, and ``struct modinfo``, which MODINFO fills.

``modctl(cmd, a1 .. a5)`` is how commands such as modinfo, modload and add_drv speak with the module
subsystem. MODINFO takes a module's id in a1 and the address of a ``struct modinfo`` in a2. The structure goes
both ways: the kernel reads mi_info (what is asked) and mi_id, and writes everything but mi_info and
mi_nextid.

Order of checks: the privilege first, then the command. So a process without privileges gets EPERM both for a
command it must not use and for one that does not exist; with privileges an unknown command gives EINVAL.

Offsets are those of a 64-bit program (``_LP64``). Left out: ``struct modinfo32`` and the other commands'
structures.

Sources: usr/src/uts/common/sys/modctl.h, common/os/modctl.c (modctl, modctl_modinfo, modinfo, mod_getinfo)
and common/os/policy.c (secpolicy_modctl) of illumos-gate; the third seed, whose DTrace run shows copyin and
copyout of 0x1b0 bytes and whose mdb prints a filled structure.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.solaris.layout import fields

MODMAXNAMELEN: Final = 32
"""Bytes for a module's name, the final NUL included."""

MODMAXLINKINFOLEN: Final = 32
"""Bytes for the description of one linkage, the final NUL included."""

MODMAXLINK: Final = 10
"""Linkage structures of one module, at most."""

MODREV_1: Final = 1
"""What mi_rev says of every loadable module (``ml_rev``); unix and genunix have no linkage and show 0."""


class ModctlCmd(IntEnum):
    """First argument of modctl. 25 and 30 are not used."""

    MODLOAD = 0
    MODUNLOAD = 1
    MODINFO = 2
    MODRESERVED = 3
    MODSETMINIROOT = 4
    MODADDMAJBIND = 5
    MODGETPATH = 6
    MODREADSYSBIND = 7
    MODGETMAJBIND = 8
    MODGETNAME = 9
    MODSIZEOF_DEVID = 10
    MODGETDEVID = 11
    MODSIZEOF_MINORNAME = 12
    MODGETMINORNAME = 13
    MODGETPATHLEN = 14
    MODEVENTS = 15
    MODGETFBNAME = 16
    MODREREADDACF = 17
    MODLOADDRVCONF = 18
    MODUNLOADDRVCONF = 19
    MODREMMAJBIND = 20
    MODDEVT2INSTANCE = 21
    MODGETDEVFSPATH_LEN = 22
    MODGETDEVFSPATH = 23
    MODDEVID2PATHS = 24
    MODSETDEVPOLICY = 26
    MODGETDEVPOLICY = 27
    MODALLOCPRIV = 28
    MODGETDEVPOLICYBYNAME = 29
    MODLOADMINORPERM = 31
    MODADDMINORPERM = 32
    MODREMMINORPERM = 33
    MODREMDRVCLEANUP = 34
    MODDEVEXISTS = 35
    MODDEVREADDIR = 36
    MODDEVNAME = 37
    MODGETDEVFSPATH_MI_LEN = 38
    MODGETDEVFSPATH_MI = 39
    MODRETIRE = 40
    MODUNRETIRE = 41
    MODISRETIRED = 42
    MODDEVEMPTYDIR = 43
    MODREMDRVALIAS = 44
    MODHPOPS = 45


UNPRIVILEGED: Final = frozenset(
    {
        ModctlCmd.MODINFO,
        ModctlCmd.MODGETPATH,
        ModctlCmd.MODGETMAJBIND,
        ModctlCmd.MODGETNAME,
        ModctlCmd.MODSIZEOF_DEVID,
        ModctlCmd.MODGETDEVID,
        ModctlCmd.MODSIZEOF_MINORNAME,
        ModctlCmd.MODGETMINORNAME,
        ModctlCmd.MODGETPATHLEN,
        ModctlCmd.MODGETFBNAME,
        ModctlCmd.MODDEVT2INSTANCE,
        ModctlCmd.MODGETDEVFSPATH_LEN,
        ModctlCmd.MODGETDEVFSPATH,
        ModctlCmd.MODGETDEVPOLICY,
        ModctlCmd.MODGETDEVPOLICYBYNAME,
        ModctlCmd.MODGETDEVFSPATH_MI_LEN,
        ModctlCmd.MODGETDEVFSPATH_MI,
    }
)
"""Commands that any process may use (secpolicy_modctl); all other numbers give it EPERM."""


class ModInfoFlag(IntFlag):
    """Bits of mi_info: what a caller of MODINFO asks for."""

    MI_INFO_ONE = 1
    """The module whose id is a1, and no other."""
    MI_INFO_ALL = 2
    """The first module, in the order of loading, whose id is greater than mi_id."""
    MI_INFO_CNT = 4
    """Modules that are not installed too, for their load count."""
    MI_INFO_LINKAGE = 8
    """The kernel's own: cleared in what a program passes."""
    MI_INFO_NOBASE = 16
    """The caller can do without mi_base. Matters to 32-bit programs only: no EOVERFLOW for it."""


class ModState(IntFlag):
    """Bits of mi_state."""

    MI_LOADED = 1
    MI_INSTALLED = 2


MODSPECIFIC_INFO_SIZE: Final = 36
"""Size of ``struct modspecific_info`` in bytes."""

MODSPECIFIC_INFO_LAYOUT: Final = fields(
    ("msi_linkinfo", 0, MODMAXLINKINFOLEN),
    ("msi_p0", MODMAXLINKINFOLEN, 4),
)
"""``struct modspecific_info``. msi_p0 is a major number, a call's number or the like, -1 for none."""

MODINFO_SIZE: Final = 0x1B0
"""Size of ``struct modinfo`` in bytes, as the seed's copyin and copyout show."""

MODINFO_LAYOUT: Final = fields(
    ("mi_info", 0x00, 4),
    ("mi_state", 0x04, 4),
    ("mi_id", 0x08, 4),
    ("mi_nextid", 0x0C, 4),
    ("mi_base", 0x10, 8),
    ("mi_size", 0x18, 8),
    ("mi_rev", 0x20, 4),
    ("mi_loadcnt", 0x24, 4),
    ("mi_name", 0x28, MODMAXNAMELEN),
    ("mi_msinfo", 0x48, MODMAXLINK * MODSPECIFIC_INFO_SIZE),
)
"""``struct modinfo``: the fields in the order of the seed's fook.d, lines 41 to 53."""
