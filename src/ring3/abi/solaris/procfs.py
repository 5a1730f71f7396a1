"""The structs in the files of /proc (proc(5)), for readers of both widths.

What Solaris's headers give by another struct lies here as it is packed: a signal set is four words, a ``siginfo_t`` 32
longs, ``struct sigaction`` and ``stack_t`` what they are. The registers at the end of ``lwpstatus_t`` have a form of
their own for each width, and are not in the row.

Source: usr/src/uts/common/sys/procfs.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import Final

from ring3.abi.solaris.structs import TIMESPEC
from ring3.abi.structs import Struct

LWPSINFO: Final = Struct(
    "lwpsinfo",
    """
    int pr_flag: hex
    int pr_lwpid
    void *pr_addr: address
    void *pr_wchan: address
    signed char pr_stype
    signed char pr_state
    signed char pr_sname
    signed char pr_nice
    short pr_syscall
    signed char pr_oldpri
    signed char pr_cpu
    int pr_pri
    unsigned short pr_pctcpu
    unsigned short pr_pad
    struct timespec pr_start
    struct timespec pr_time
    char pr_clname[8]: string
    char pr_name[16]: string
    int pr_onpro
    int pr_bindpro
    int pr_bindpset
    int pr_lgrp
    int pr_filler[4]: unused
    """,
    TIMESPEC,
)
PSINFO: Final = Struct(
    "psinfo",
    """
    int pr_flag: hex
    int pr_nlwp
    int pr_pid: pid
    int pr_ppid: pid
    int pr_pgid: pid
    int pr_sid: pid
    u32 pr_uid: uid
    u32 pr_euid: uid
    u32 pr_gid: gid
    u32 pr_egid: gid
    void *pr_addr: address
    size_t pr_size: size
    size_t pr_rssize: size
    size_t pr_pad1: unused
    unsigned long pr_ttydev: device
    unsigned short pr_pctcpu
    unsigned short pr_pctmem
    struct timespec pr_start
    struct timespec pr_time
    struct timespec pr_ctime
    char pr_fname[16]: string
    char pr_psargs[80]: string
    int pr_wstat
    int pr_argc: count
    void *pr_argv: address
    void *pr_envp: address
    signed char pr_dmodel
    signed char pr_pad2[3]: unused
    int pr_taskid
    int pr_projid
    int pr_nzomb
    int pr_poolid
    int pr_zoneid
    int pr_contract
    int pr_filler: unused
    struct lwpsinfo pr_lwp
    """,
    TIMESPEC,
    LWPSINFO,
)
LWPSTATUS: Final = Struct(
    "lwpstatus",
    """
    u32 pr_flags: hex
    int pr_lwpid
    short pr_why
    short pr_what
    short pr_cursig: signal
    short pr_pad1: unused
    long pr_info[32]: hex
    u32 pr_lwppend[4]: hex
    u32 pr_lwphold[4]: hex
    int pr_action_flags: hex
    void *pr_action_handler: address
    u32 pr_action_mask[4]: hex
    void *pr_altstack_sp: address
    size_t pr_altstack_size: size
    int pr_altstack_flags: hex
    void *pr_oldcontext: address
    short pr_syscall
    short pr_nsysarg
    int pr_errno: errno
    long pr_sysarg[8]: hex
    long pr_rval1
    long pr_rval2
    char pr_clname[8]: string
    struct timespec pr_tstamp
    struct timespec pr_utime
    struct timespec pr_stime
    """,
    TIMESPEC,
)
LWPSTATUS_TAIL: Final = {64: struct.Struct("<12xiQQ"), 32: struct.Struct("<28xiII")}
"""The filler, and behind it pr_errpriv, pr_ustack and pr_instr; then come the registers."""
PSTATUS: Final = Struct(
    "pstatus",
    """
    u32 pr_flags: hex
    int pr_nlwp
    int pr_pid: pid
    int pr_ppid: pid
    int pr_pgid: pid
    int pr_sid: pid
    int pr_aslwpid
    int pr_agentid
    u32 pr_sigpend[4]: hex
    void *pr_brkbase: address
    size_t pr_brksize: size
    void *pr_stkbase: address
    size_t pr_stksize: size
    struct timespec pr_utime
    struct timespec pr_stime
    struct timespec pr_cutime
    struct timespec pr_cstime
    u32 pr_sigtrace[4]: hex
    u32 pr_flttrace[4]: hex
    u32 pr_sysentry[16]: hex
    u32 pr_sysexit[16]: hex
    signed char pr_dmodel
    signed char pr_pad[3]: unused
    int pr_taskid
    int pr_projid
    int pr_nzomb
    int pr_zoneid
    int pr_filler[15]: unused
    """,
    TIMESPEC,
)
"""What comes before the ``lwpstatus_t`` of the representative lwp."""
_MAPPING: Final = """
    void *pr_vaddr: address
    size_t pr_size: size
    char pr_mapname[64]: string
    s64 pr_offset: offset
    int pr_mflags: hex
    int pr_pagesize: size
    int pr_shmid
"""
"""How both forms of a mapping begin."""
PRMAP: Final = Struct(
    "prmap",
    _MAPPING
    + """
    int pr_filler: unused
    """,
)
PRXMAP: Final = Struct(
    "prxmap",
    _MAPPING
    + """
    unsigned long pr_dev: device
    u64 pr_ino
    size_t pr_rss: count
    size_t pr_anon: count
    size_t pr_locked: count
    size_t pr_pad: unused
    u64 pr_hatpagesize: size
    """,
)
"""What comes before the filler: seven longs, or six in a 32-bit program."""
PRXMAP_FILLER: Final = {64: 56, 32: 24}
PRCRED: Final = Struct(
    "prcred",
    """
    u32 pr_euid: uid
    u32 pr_ruid: uid
    u32 pr_suid: uid
    u32 pr_egid: gid
    u32 pr_rgid: gid
    u32 pr_sgid: gid
    int pr_ngroups: count
    """,
)
"""Behind it come the groups, four bytes each; there is room for one where there are none."""
_TIMES: Final = (
    "tstamp", "create", "term", "rtime", "utime", "stime", "ttime", "tftime", "dftime", "kftime", "ltime", "slptime",
    "wtime", "stoptime", "fill0", "fill1", "fill2", "fill3", "fill4", "fill5",
)  # fmt: skip
_COUNTS: Final = (
    "minf", "majf", "nswap", "inblk", "oublk", "msnd", "mrcv", "sigs", "vctx", "ictx", "sysc", "ioch",
)  # fmt: skip
PRUSAGE: Final = Struct(
    "prusage",
    "\n".join(
        [
            "int pr_lwpid",
            "int pr_count: count",
            *(f"struct timespec pr_{name}" for name in _TIMES),
            *(f"unsigned long pr_{name}: count" for name in _COUNTS),
            "unsigned long pr_filler[10]: unused",
        ]
    ),
    TIMESPEC,
)
PRHEADER: Final = Struct("prheader", "long pr_nent: count\nlong pr_entsize: size")
"""What a file of several structs begins with (lstatus, lpsinfo, lusage)."""

MA_EXEC: Final = 0x01
MA_WRITE: Final = 0x02
MA_READ: Final = 0x04
MA_SHARED: Final = 0x08
MA_BREAK: Final = 0x10
MA_STACK: Final = 0x20
MA_ANON: Final = 0x40
MA_NORESERVE: Final = 0x100

PR_ASLEEP: Final = 0x10
PR_DETACH: Final = 0x100
PR_PCINVAL: Final = 0x20

PR_MODEL_ILP32: Final = 1
PR_MODEL_LP64: Final = 2

PRNODEV: Final = -1
