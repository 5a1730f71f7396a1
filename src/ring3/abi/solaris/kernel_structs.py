"""Structures of the kernel that lie in guest memory and can be walked: from ``practive``, from ``modules``.

Offsets are those of a 64-bit kernel of illumos. Left out: ``proc_t`` behind p_model, ``cred_t`` behind cr_sgid, and
what is always 0 here.

Sources: usr/src/uts/common/sys/proc.h, user.h, file.h, vnode.h, cred_impl.h, modctl.h, vm/as.h, vm/seg.h of
illumos-gate.
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
    ("p_flag", 204, 4),
    ("p_brkbase", 264, 8),
    ("p_brksize", 272, 8),
    ("p_sig", 284, 12),
    ("p_ignore", 308, 12),
    ("p_stopsig", 360, 1),
    ("p_lwpid", 364, 4),
    ("p_lwpcnt", 368, 4),
    ("p_lwprcnt", 372, 4),
    ("p_zombcnt", 388, 4),
    ("p_tlist", 392, 8),
    ("u_auxv", 1120, 400),
    ("u_start", 1520, 16),
    ("u_comm", 1544, 17),
    ("u_psargs", 1561, 80),
    ("u_argc", 1644, 4),
    ("u_argv", 1648, 8),
    ("u_envp", 1656, 8),
    ("u_cdir", 1672, 8),
    ("u_rdir", 1680, 8),
    ("u_cmask", 1704, 4),
    ("u_signal", 2720, 584),
    ("fi_nfiles", 3352, 4),
    ("fi_list", 3360, 8),
    ("p_usrstack", 3504, 8),
    ("p_stkprot", 3512, 4),
    ("p_datprot", 3516, 4),
    ("p_model", 3520, 4),
)
"""``proc_t``, up to p_model, with those of its p_user (``user_t``) and u_finfo (``uf_info_t``) that are filled."""
PROC_SIZE: Final = 3528

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

FILE_LAYOUT: Final = fields(
    ("f_flag", 8, 2), ("f_vnode", 16, 8), ("f_offset", 24, 8), ("f_cred", 32, 8), ("f_count", 48, 4)
)
"""``file_t``."""
FILE_SIZE: Final = 64
UF_ENTRY_LAYOUT: Final = fields(("uf_file", 8, 8), ("uf_flag", 32, 2), ("uf_busy", 34, 2))
"""``uf_entry_t``, an element of fi_list."""
UF_ENTRY_SIZE: Final = 64
VNODE_LAYOUT: Final = fields(("v_count", 12, 4), ("v_type", 40, 4), ("v_rdev", 48, 8), ("v_path", 128, 8))
"""``vnode_t``."""
VNODE_SIZE: Final = 224
"""With what the next one is aligned by."""
AS_LAYOUT: Final = fields(
    ("a_userlimit", 32, 8),
    ("a_size", 56, 8),
    ("avl_root", 80, 8),
    ("avl_offset", 96, 8),
    ("avl_numnodes", 104, 8),
    ("avl_size", 112, 8),
    ("a_proc", 216, 8),
    ("a_resvsize", 224, 8),
)
"""``struct as``, with its a_segtree."""
SEG_LAYOUT: Final = fields(
    ("s_base", 0, 8),
    ("s_size", 8, 8),
    ("s_as", 24, 8),
    ("avl_left", 32, 8),
    ("avl_right", 40, 8),
    ("avl_pcb", 48, 8),
)
"""``struct seg``, with its place in the tree."""
SEG_SIZE: Final = 96
SEG_TREE: Final = 32
"""Where the node of the tree is in a ``struct seg``."""
KTHREAD_LAYOUT: Final = fields(
    ("t_procp", 0x28, 8), ("t_forw", 0x30, 8), ("t_tid", 0x38, 4), ("t_state", 0x3C, 4)
)
"""``kthread_t``, beside what the machine code uses; offsets of Ring3's own (image/solaris/layout.h)."""
KLWP_LAYOUT: Final = fields(("lwp_procp", 0x10, 8), ("lwp_thread", 0x18, 8))
"""``klwp_t``, the same."""
TS_SLEEP: Final = 1
TS_RUN: Final = 2
TS_ONPROC: Final = 4
TS_STOPPED: Final = 0x10
SRUN: Final = 2
SZOMB: Final = 3
SSTOP: Final = 4
