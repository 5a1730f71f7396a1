"""/proc/config.gz: what this kernel is made of, in the words of Linux's Kconfig.

Programs and test suites ask it what they may expect. An option about calls is on when the calls are there.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Final

from ring3.linux.model.release import RELEASE

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem

BUILT_IN: Final = (
    "64BIT", "X86_64", "X86", "MMU", "IA32_EMULATION", "X86_VSYSCALL_EMULATION", "LEGACY_VSYSCALL_XONLY",
    "MODIFY_LDT_SYSCALL", "MULTIUSER", "PROC_FS", "PROC_SYSCTL", "PROC_PAGE_MONITOR", "SYSFS", "TMPFS", "SHMEM",
    "TMPFS_XATTR", "BINFMT_ELF", "BINFMT_SCRIPT", "ELF_CORE", "COREDUMP", "UNIX98_PTYS", "TTY", "NET", "UNIX", "INET",
    "IPV6", "POSIX_TIMERS", "HIGH_RES_TIMERS", "FUTEX", "FUTEX_PI", "SYSVIPC_SYSCTL",
    "POSIX_MQUEUE_SYSCTL", "NAMESPACES", "UTS_NS", "IPC_NS", "USER_NS", "NET_NS", "TIME_NS", "PREEMPT_NONE",
    "IKCONFIG", "IKCONFIG_PROC", "FILE_LOCKING", "KSM",
)  # fmt: skip
"""What is there always."""
BY_CALL: Final = {
    "ADVISE_SYSCALLS": "sys_madvise",
    "AIO": "sys_io_setup",
    "BPF_SYSCALL": "sys_bpf",
    "CACHESTAT_SYSCALL": "sys_cachestat",
    "CROSS_MEMORY_ATTACH": "sys_process_vm_readv",
    "EPOLL": "sys_epoll_create1",
    "EVENTFD": "sys_eventfd2",
    "FANOTIFY": "sys_fanotify_init",
    "FHANDLE": "sys_name_to_handle_at",
    "INOTIFY_USER": "sys_inotify_init1",
    "IO_URING": "sys_io_uring_setup",
    "KCMP": "sys_kcmp",
    "KEYS": "sys_add_key",
    "MEMBARRIER": "sys_membarrier",
    "MEMFD_CREATE": "sys_memfd_create",
    "NUMA": "sys_set_mempolicy",
    "PERF_EVENTS": "sys_perf_event_open",
    "POSIX_MQUEUE": "sys_mq_open",
    "RSEQ": "sys_rseq",
    "SECCOMP": "sys_seccomp",
    "SECCOMP_FILTER": "sys_seccomp",
    "SECURITY_LANDLOCK": "sys_landlock_create_ruleset",
    "SIGNALFD": "sys_signalfd4",
    "SYSVIPC": "sys_semget",
    "TIMERFD": "sys_timerfd_create",
    "USERFAULTFD": "sys_userfaultfd",
}
"""What is there if a call is."""
ABSENT: Final = (
    "AUDIT", "BLK_DEV_LOOP", "BLOCK", "BSD_PROCESS_ACCT", "CGROUPS", "DEBUG_FS", "HUGETLBFS", "KEXEC",
    "MAGIC_SYSRQ", "MEMCG", "MEMORY_FAILURE", "MEM_SOFT_DIRTY", "MODULES", "PREEMPT", "PREEMPT_RT", "QUOTA", "SECURITY",
    "SMP", "SWAP", "TASKSTATS", "TASK_IO_ACCOUNTING", "TRANSPARENT_HUGEPAGE", "VIRT_CPU_ACCOUNTING_GEN",
    "X86_16BIT_ESPFIX", "X86_X32_ABI",
)  # fmt: skip
"""What is not there, and is asked for."""


def text(kernel: LinuxSystem) -> bytes:
    """The file."""
    on = set(BUILT_IN) | {option for option, call in BY_CALL.items() if kernel.defines(call)}
    rows = [
        f"CONFIG_{option}=y\n" if option in on else f"# CONFIG_{option} is not set\n"
        for option in sorted({*BUILT_IN, *BY_CALL, *ABSENT})
    ]
    head = f"#\n# Linux/x86 {RELEASE} Kernel Configuration\n#\n"
    return gzip.compress((head + "".join(rows)).encode(), mtime=0)
