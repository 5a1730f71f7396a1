"""Structures of the kernel that lie in guest memory and can be walked: from ``practive``, from ``modules``.

Offsets are those of a 64-bit kernel of illumos. Left out: ``proc_t`` behind p_pgidp, ``cred_t`` behind cr_sgid.

Sources: usr/src/uts/common/sys/proc.h, sys/cred_impl.h, sys/modctl.h of illumos-gate.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.solaris.layout import fields

PROC_LAYOUT: Final = fields(
    ("p_exec", 0, 8),
    ("p_as", 8, 8),
    ("p_lockp", 16, 8),
    ("p_crlock", 24, 8),
    ("p_cred", 32, 8),
    ("p_swapcnt", 40, 4),
    ("p_stat", 44, 1),
    ("p_wcode", 45, 1),
    ("p_pidflag", 46, 2),
    ("p_wdata", 48, 4),
    ("p_ppid", 52, 4),
    ("p_link", 56, 8),
    ("p_parent", 64, 8),
    ("p_child", 72, 8),
    ("p_sibling", 80, 8),
    ("p_psibling", 88, 8),
    ("p_sibling_ns", 96, 8),
    ("p_child_ns", 104, 8),
    ("p_next", 112, 8),
    ("p_prev", 120, 8),
    ("p_nextofkin", 128, 8),
    ("p_orphan", 136, 8),
    ("p_nextorph", 144, 8),
    ("p_pglink", 152, 8),
    ("p_ppglink", 160, 8),
    ("p_sessp", 168, 8),
    ("p_pidp", 176, 8),
    ("p_pgidp", 184, 8),
)
"""``proc_t``, up to p_pgidp."""

PID_LAYOUT: Final = fields(
    ("pid_prslot", 0, 4),
    ("pid_id", 4, 4),
    ("pid_pglink", 8, 8),
    ("pid_pgtail", 16, 8),
    ("pid_link", 24, 8),
    ("pid_ref", 32, 4),
)
"""``struct pid``; pid_prslot shares its word with three bits and a padding."""

CRED_LAYOUT: Final = fields(
    ("cr_ref", 0, 4),
    ("cr_uid", 4, 4),
    ("cr_gid", 8, 4),
    ("cr_ruid", 12, 4),
    ("cr_rgid", 16, 4),
    ("cr_suid", 20, 4),
    ("cr_sgid", 24, 4),
)
"""The start of ``cred_t``."""

MODCTL_LAYOUT: Final = fields(
    ("mod_next", 0, 8),
    ("mod_prev", 8, 8),
    ("mod_id", 16, 4),
    ("mod_mp", 24, 8),
    ("mod_inprogress_thread", 32, 8),
    ("mod_modinfo", 40, 8),
    ("mod_linkage", 48, 8),
    ("mod_filename", 56, 8),
    ("mod_modname", 64, 8),
    ("mod_busy", 72, 1),
    ("mod_want", 73, 1),
    ("mod_prim", 74, 1),
    ("mod_ref", 76, 4),
    ("mod_loaded", 80, 1),
    ("mod_installed", 81, 1),
    ("mod_loadflags", 82, 1),
    ("mod_delay_unload", 83, 1),
    ("mod_requisites", 88, 8),
    ("mod_unused", 96, 8),
    ("mod_loadcnt", 104, 4),
    ("mod_nenabled", 108, 4),
    ("mod_text", 112, 8),
    ("mod_text_size", 120, 8),
    ("mod_gencount", 128, 4),
    ("mod_requisite_loading", 136, 8),
)
"""``struct modctl``."""
MODCTL_SIZE: Final = 144

SRUN: Final = 2
SZOMB: Final = 3
SSTOP: Final = 4
