"""The system: its name, its numbers, its disks' quotas, its counters."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

NEW_UTSNAME: Final = Struct(
    "new_utsname",
    """
    char sysname[65]: string
    char nodename[65]: string
    char release[65]: string
    char version[65]: string
    char machine[65]: string
    char domainname[65]: string
    """,
    c="struct new_utsname",
    header="linux/utsname.h",
)

OLD_UTSNAME: Final = Struct(
    "old_utsname",
    """
    char sysname[65]: string
    char nodename[65]: string
    char release[65]: string
    char version[65]: string
    char machine[65]: string
    """,
    c="struct old_utsname",
    header="linux/utsname.h",
)

OLDOLD_UTSNAME: Final = Struct(
    "oldold_utsname",
    """
    char sysname[9]: string
    char nodename[9]: string
    char release[9]: string
    char version[9]: string
    char machine[9]: string
    """,
    c="struct oldold_utsname",
    header="linux/utsname.h",
)

SYSINFO: Final = Struct(
    "sysinfo",
    """
    long uptime: seconds
    unsigned long loads[3]
    unsigned long totalram
    unsigned long freeram
    unsigned long sharedram
    unsigned long bufferram
    unsigned long totalswap
    unsigned long freeswap
    u16 procs: count
    u16 pad: unused
    unsigned long totalhigh
    unsigned long freehigh
    u32 mem_unit: size
    """,
    widths=(64,),
    c="struct sysinfo",
    header="linux/sysinfo.h",
)

SYSINFO32: Final = Struct(
    "sysinfo32",
    """
    long uptime: seconds
    unsigned long loads[3]
    unsigned long totalram
    unsigned long freeram
    unsigned long sharedram
    unsigned long bufferram
    unsigned long totalswap
    unsigned long freeswap
    u16 procs: count
    u16 pad: unused
    unsigned long totalhigh
    unsigned long freehigh
    u32 mem_unit: size
    char _f[8]: unused
    """,
    widths=(32,),
    c="struct sysinfo",
    header="linux/sysinfo.h",
)

IF_DQBLK: Final = Struct(
    "if_dqblk",
    """
    u64 dqb_bhardlimit: count
    u64 dqb_bsoftlimit: count
    u64 dqb_curspace: size
    u64 dqb_ihardlimit: count
    u64 dqb_isoftlimit: count
    u64 dqb_curinodes: count
    u64 dqb_btime: seconds
    u64 dqb_itime: seconds
    u32 dqb_valid: flags quota_valid
    """,
    widths=(64,),
    c="struct if_dqblk",
    header="linux/quota.h",
)

IF_DQBLK32: Final = Struct(
    "if_dqblk32",
    """
    u64 dqb_bhardlimit: count
    u64 dqb_bsoftlimit: count
    u64 dqb_curspace: size
    u64 dqb_ihardlimit: count
    u64 dqb_isoftlimit: count
    u64 dqb_curinodes: count
    u64 dqb_btime: seconds
    u64 dqb_itime: seconds
    u32 dqb_valid: flags quota_valid
    """,
    widths=(32,),
)

IF_NEXTDQBLK: Final = Struct(
    "if_nextdqblk",
    """
    u64 dqb_bhardlimit: count
    u64 dqb_bsoftlimit: count
    u64 dqb_curspace: size
    u64 dqb_ihardlimit: count
    u64 dqb_isoftlimit: count
    u64 dqb_curinodes: count
    u64 dqb_btime: seconds
    u64 dqb_itime: seconds
    u32 dqb_valid: flags quota_valid
    u32 dqb_id: uid
    """,
    widths=(64,),
    c="struct if_nextdqblk",
    header="linux/quota.h",
)

IF_DQINFO: Final = Struct(
    "if_dqinfo",
    """
    u64 dqi_bgrace: seconds
    u64 dqi_igrace: seconds
    u32 dqi_flags: hex
    u32 dqi_valid: hex
    """,
    c="struct if_dqinfo",
    header="linux/quota.h",
)

FS_DISK_QUOTA: Final = Struct(
    "fs_disk_quota",
    """
    s8 d_version
    s8 d_flags: hex
    u16 d_fieldmask: hex
    u32 d_id: uid
    u64 d_blk_hardlimit: count
    u64 d_blk_softlimit: count
    u64 d_ino_hardlimit: count
    u64 d_ino_softlimit: count
    u64 d_bcount: count
    u64 d_icount: count
    s32 d_itimer: seconds
    s32 d_btimer: seconds
    u16 d_iwarns: count
    u16 d_bwarns: count
    s8 d_itimer_hi
    s8 d_btimer_hi
    s8 d_rtbtimer_hi
    s8 d_padding2: unused
    u64 d_rtb_hardlimit: count
    u64 d_rtb_softlimit: count
    u64 d_rtbcount: count
    s32 d_rtbtimer: seconds
    u16 d_rtbwarns: count
    s16 d_padding3: unused
    char d_padding4[8]: unused
    """,
    widths=(64,),
    c="struct fs_disk_quota",
    header="linux/dqblk_xfs.h",
)

PERF_EVENT_ATTR: Final = Struct(
    "perf_event_attr",
    """
    u32 type: enum perf_type
    u32 size: size
    u64 config: hex
    u64 sample_period
    u64 sample_type: flags perf_sample
    u64 read_format: flags perf_read
    u64 bits: hex
    u32 wakeup_events: count
    u32 bp_type: hex
    u64 bp_addr: hex
    u64 bp_len: hex
    u64 branch_sample_type: flags perf_branch
    u64 sample_regs_user: hex
    u32 sample_stack_user: size
    s32 clockid: enum clock
    u64 sample_regs_intr: hex
    u32 aux_watermark: size
    u16 sample_max_stack: count
    u16 __reserved_2: unused
    u32 aux_sample_size: size
    u32 aux_action: hex
    u64 sig_data: hex
    u64 config3: hex
    """,
)

GETCPU_CACHE: Final = Struct(
    "getcpu_cache",
    """
    unsigned long blob[16]: unused
    """,
)

SYSCTL_ARGS: Final = Struct(
    "__sysctl_args",
    """
    void *name: address
    int nlen: count
    void *oldval: address
    void *oldlenp: address
    void *newval: address
    size_t newlen: size
    unsigned long __unused[4]: unused
    """,
    c="struct __sysctl_args",
    header="linux/sysctl.h",
)
