"""Processes: resources, scheduling, capabilities and how they begin."""

from __future__ import annotations

from typing import Final

from ring3.abi.linux.structs.time import TIMEVAL
from ring3.abi.structs import Struct

RUSAGE: Final = Struct(
    "rusage",
    """
    struct timeval ru_utime
    struct timeval ru_stime
    long ru_maxrss
    long ru_ixrss
    long ru_idrss
    long ru_isrss
    long ru_minflt: count
    long ru_majflt: count
    long ru_nswap: count
    long ru_inblock: count
    long ru_oublock: count
    long ru_msgsnd: count
    long ru_msgrcv: count
    long ru_nsignals: count
    long ru_nvcsw: count
    long ru_nivcsw: count
    """,
    TIMEVAL,
    c="struct rusage",
    header="linux/resource.h",
)

RLIMIT: Final = Struct(
    "rlimit",
    """
    unsigned long rlim_cur: enum rlimit
    unsigned long rlim_max: enum rlimit
    """,
    c="struct rlimit",
    header="linux/resource.h",
)

RLIMIT64: Final = Struct(
    "rlimit64",
    """
    u64 rlim_cur: enum rlimit
    u64 rlim_max: enum rlimit
    """,
    c="struct rlimit64",
    header="linux/resource.h",
)

SCHED_PARAM: Final = Struct(
    "sched_param",
    """
    int sched_priority
    """,
)

SCHED_ATTR: Final = Struct(
    "sched_attr",
    """
    u32 size: size
    u32 sched_policy: enum scheduler_policy
    u64 sched_flags: flags sched_attr
    s32 sched_nice
    u32 sched_priority
    u64 sched_runtime
    u64 sched_deadline
    u64 sched_period
    u32 sched_util_min
    u32 sched_util_max
    """,
    c="struct sched_attr",
    header="linux/sched/types.h",
)

CLONE_ARGS: Final = Struct(
    "clone_args",
    """
    u64 flags: flags clone3
    u64 pidfd: address
    u64 child_tid: address
    u64 parent_tid: address
    u64 exit_signal: signal
    u64 stack: address
    u64 stack_size: size
    u64 tls: address
    u64 set_tid: address
    u64 set_tid_size: count
    u64 cgroup: fd
    """,
    c="struct clone_args",
    header="linux/sched.h",
)

USER_DESC: Final = Struct(
    "user_desc",
    """
    unsigned int entry_number
    unsigned int base_addr: hex
    unsigned int limit: hex
    unsigned int bits: hex
    """,
    c="struct user_desc",
    header="asm/ldt.h",
)

CAP_HEADER: Final = Struct(
    "cap_user_header",
    """
    u32 version: enum capability_version
    int pid: pid
    """,
    c="struct __user_cap_header_struct",
    header="linux/capability.h",
)

CAP_DATA: Final = Struct(
    "cap_user_data",
    """
    u32 effective: hex
    u32 permitted: hex
    u32 inheritable: hex
    """,
    c="struct __user_cap_data_struct",
    header="linux/capability.h",
)

ROBUST_LIST: Final = Struct(
    "robust_list",
    """
    void *next: address
    """,
    c="struct robust_list",
    header="linux/futex.h",
)

ROBUST_LIST_HEAD: Final = Struct(
    "robust_list_head",
    """
    struct robust_list list
    long futex_offset
    void *list_op_pending: address
    """,
    ROBUST_LIST,
    c="struct robust_list_head",
    header="linux/futex.h",
)

FUTEX_WAITV: Final = Struct(
    "futex_waitv",
    """
    u64 val: hex
    u64 uaddr: address
    u32 flags: flags futex2
    u32 __reserved: unused
    """,
    c="struct futex_waitv",
    header="linux/futex.h",
)

RSEQ: Final = Struct(
    "rseq",
    """
    u32 cpu_id_start
    u32 cpu_id
    u64 rseq_cs: address
    u32 flags: flags rseq_cs
    u32 node_id
    u32 mm_cid
    size 32
    """,
)

RSEQ_CS: Final = Struct(
    "rseq_cs",
    """
    u32 version
    u32 flags: flags rseq_cs
    u64 start_ip: address
    u64 post_commit_offset
    u64 abort_ip: address
    """,
    c="struct rseq_cs",
    header="linux/rseq.h",
)

PRCTL_MM_MAP: Final = Struct(
    "prctl_mm_map",
    """
    u64 start_code: address
    u64 end_code: address
    u64 start_data: address
    u64 end_data: address
    u64 start_brk: address
    u64 brk: address
    u64 start_stack: address
    u64 arg_start: address
    u64 arg_end: address
    u64 env_start: address
    u64 env_end: address
    void *auxv: address
    u32 auxv_size: size
    u32 exe_fd: fd
    """,
    c="struct prctl_mm_map",
    header="linux/prctl.h",
)

KEXEC_SEGMENT: Final = Struct(
    "kexec_segment",
    """
    void *buf: address
    size_t bufsz: size
    unsigned long mem: hex
    size_t memsz: size
    """,
)

PIDFD_INFO: Final = Struct(
    "pidfd_info",
    """
    u64 mask: hex
    u64 cgroupid
    u32 pid: pid
    u32 tgid: pid
    u32 ppid: pid
    u32 ruid
    u32 rgid
    u32 euid
    u32 egid
    u32 suid
    u32 sgid
    u32 fsuid
    u32 fsgid
    s32 exit_code
    u32 coredump_mask: hex
    u32 coredump_signal: signal
    u32 coredump_code
    u32 coredump_pad
    u64 supported_mask: hex
    """,
    c="struct pidfd_info",
    header="linux/pidfd.h",
)
