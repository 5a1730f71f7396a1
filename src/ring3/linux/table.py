"""Which calls there are, and which file defines each.

A family is imported when one of its calls is first made: importing all of them would be a third of the start of a
program. `scripts/build-table` writes the list from the definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from ring3.linux import definition
from ring3.linux.definition import Syscall

FAMILIES: Final = {
    "files.aio": (
        "compat_sys_io_pgetevents compat_sys_io_pgetevents_time64 compat_sys_io_setup "
        "compat_sys_io_submit sys_io_cancel sys_io_destroy sys_io_getevents sys_io_getevents_time32 "
        "sys_io_pgetevents sys_io_setup sys_io_submit"
    ),
    "files.attributes": (
        "sys_access sys_chmod sys_chown sys_chown16 sys_faccessat sys_faccessat2 sys_fchmod sys_fchmodat "
        "sys_fchmodat2 sys_fchown sys_fchown16 sys_fchownat sys_lchown sys_lchown16 sys_umask"
    ),
    "files.descriptors": "compat_sys_fcntl64 sys_dup sys_dup2 sys_dup3 sys_fcntl",
    "files.directories": (
        "compat_sys_getdents compat_sys_old_readdir sys_chdir sys_chroot sys_fchdir sys_getcwd "
        "sys_getdents sys_getdents64"
    ),
    "files.fanotify.calls": "compat_sys_fanotify_mark sys_fanotify_init sys_fanotify_mark",
    "files.file_locks": "sys_flock",
    "files.file_times": (
        "sys_futimesat sys_futimesat_time32 sys_utime sys_utime32 sys_utimensat sys_utimensat_time32 "
        "sys_utimes sys_utimes_time32"
    ),
    "files.handles": "compat_sys_open_by_handle_at sys_name_to_handle_at sys_open_by_handle_at",
    "files.inotify": "sys_inotify_add_watch sys_inotify_init sys_inotify_init1 sys_inotify_rm_watch",
    "files.ioctl": "compat_sys_ioctl sys_ioctl",
    "files.memfd": "sys_memfd_create",
    "files.mount_objects": (
        "sys_fsconfig sys_fsmount sys_fsopen sys_fspick sys_mount_setattr sys_move_mount sys_open_tree"
    ),
    "files.mount_queries": "sys_listmount sys_statmount",
    "files.mounts": "sys_mount sys_oldumount sys_pivot_root sys_umount",
    "files.names": (
        "sys_link sys_linkat sys_mkdir sys_mkdirat sys_mknod sys_mknodat sys_readlink sys_readlinkat "
        "sys_rename sys_renameat sys_renameat2 sys_rmdir sys_symlink sys_symlinkat sys_unlink "
        "sys_unlinkat"
    ),
    "files.open_close": (
        "compat_sys_open compat_sys_openat sys_close sys_close_range sys_creat sys_open sys_openat "
        "sys_openat2"
    ),
    "files.pipes": "sys_eventfd sys_eventfd2 sys_pipe sys_pipe2",
    "files.read_write": (
        "compat_sys_lseek sys_ia32_pread64 sys_ia32_pwrite64 sys_llseek sys_lseek sys_pread64 "
        "sys_pwrite64 sys_read sys_write"
    ),
    "files.space": (
        "compat_sys_ftruncate compat_sys_truncate sys_fadvise64 sys_fallocate sys_fdatasync sys_fsync "
        "sys_ftruncate sys_ia32_fadvise64 sys_ia32_fadvise64_64 sys_ia32_fallocate sys_ia32_ftruncate64 "
        "sys_ia32_readahead sys_ia32_sync_file_range sys_ia32_truncate64 sys_readahead sys_sync "
        "sys_sync_file_range sys_syncfs sys_truncate"
    ),
    "files.splice": "sys_splice sys_tee sys_vmsplice",
    "files.stat": (
        "compat_sys_ia32_fstat64 compat_sys_ia32_fstatat64 compat_sys_ia32_lstat64 compat_sys_ia32_stat64 "
        "compat_sys_newfstat compat_sys_newlstat compat_sys_newstat sys_fstat sys_lstat sys_newfstat "
        "sys_newfstatat sys_newlstat sys_newstat sys_stat sys_statx"
    ),
    "files.statfs": (
        "compat_sys_fstatfs compat_sys_fstatfs64 compat_sys_statfs compat_sys_statfs64 sys_fstatfs sys_statfs"
    ),
    "files.transfer": "compat_sys_sendfile sys_copy_file_range sys_sendfile64",
    "files.types": "compat_sys_ustat sys_sysfs sys_ustat",
    "files.vectors": (
        "compat_sys_preadv compat_sys_preadv2 compat_sys_pwritev compat_sys_pwritev2 sys_preadv "
        "sys_preadv2 sys_pwritev sys_pwritev2 sys_readv sys_writev"
    ),
    "files.xattr": (
        "sys_fgetxattr sys_flistxattr sys_fremovexattr sys_fsetxattr sys_getxattr sys_getxattrat "
        "sys_lgetxattr sys_listxattr sys_listxattrat sys_llistxattr sys_lremovexattr sys_lsetxattr "
        "sys_removexattr sys_removexattrat sys_setxattr sys_setxattrat"
    ),
    "ids.capabilities": "sys_capget sys_capset",
    "ids.identity": (
        "sys_getegid sys_getegid16 sys_geteuid sys_geteuid16 sys_getgid sys_getgid16 sys_getpid "
        "sys_getppid sys_gettid sys_getuid sys_getuid16"
    ),
    "ids.ids": (
        "sys_getgroups sys_getgroups16 sys_getresgid sys_getresgid16 sys_getresuid sys_getresuid16 "
        "sys_setfsgid sys_setfsgid16 sys_setfsuid sys_setfsuid16 sys_setgid sys_setgid16 sys_setgroups "
        "sys_setgroups16 sys_setregid sys_setregid16 sys_setresgid sys_setresgid16 sys_setresuid "
        "sys_setresuid16 sys_setreuid sys_setreuid16 sys_setuid sys_setuid16"
    ),
    "ipc.messages": (
        "compat_sys_msgctl compat_sys_msgrcv compat_sys_msgsnd sys_msgctl sys_msgget sys_msgrcv sys_msgsnd"
    ),
    "ipc.mqueue": (
        "compat_sys_mq_getsetattr compat_sys_mq_notify compat_sys_mq_open sys_mq_getsetattr sys_mq_notify "
        "sys_mq_open sys_mq_timedreceive sys_mq_timedreceive_time32 sys_mq_timedsend "
        "sys_mq_timedsend_time32 sys_mq_unlink"
    ),
    "ipc.multiplexed": "compat_sys_ipc",
    "ipc.segments": "compat_sys_shmat compat_sys_shmctl sys_shmat sys_shmctl sys_shmdt sys_shmget",
    "ipc.semaphores": "compat_sys_semctl sys_semctl sys_semget sys_semop sys_semtimedop",
    "keys.add_key": "sys_add_key sys_request_key",
    "keys.keyctl": "compat_sys_keyctl sys_keyctl",
    "memory.cachestat": "sys_cachestat",
    "memory.memory": (
        "compat_sys_ia32_mmap sys_brk sys_madvise sys_mincore sys_mlock sys_mmap sys_mmap_pgoff "
        "sys_mprotect sys_mremap sys_munlock sys_munmap"
    ),
    "memory.memory_lock": (
        "sys_mlock2 sys_mlockall sys_mseal sys_msync sys_munlockall sys_pkey_alloc sys_pkey_free "
        "sys_pkey_mprotect sys_remap_file_pages"
    ),
    "memory.policy": (
        "sys_get_mempolicy sys_mbind sys_migrate_pages sys_move_pages sys_set_mempolicy "
        "sys_set_mempolicy_home_node"
    ),
    "memory.process_vm": (
        "sys_process_madvise sys_process_mrelease sys_process_vm_readv sys_process_vm_writev"
    ),
    "processes.clone": "compat_sys_ia32_clone sys_clone sys_clone3 sys_fork sys_unshare sys_vfork",
    "processes.compare": "sys_kcmp",
    "processes.execve": "compat_sys_execve compat_sys_execveat sys_execve sys_execveat",
    "processes.exit": "sys_exit sys_exit_group sys_set_tid_address",
    "processes.futex": (
        "sys_futex sys_futex_requeue sys_futex_time32 sys_futex_wait sys_futex_waitv sys_futex_wake"
    ),
    "processes.limits": (
        "compat_sys_getrlimit compat_sys_old_getrlimit compat_sys_setrlimit sys_getrlimit sys_prlimit64 "
        "sys_setrlimit"
    ),
    "processes.personality": "sys_personality",
    "processes.pidfd": "sys_pidfd_getfd sys_pidfd_open sys_pidfd_send_signal",
    "processes.prctl": "sys_prctl",
    "processes.robust_list": (
        "compat_sys_get_robust_list compat_sys_set_robust_list sys_get_robust_list sys_set_robust_list"
    ),
    "processes.rusage": "compat_sys_getrusage compat_sys_times sys_getrusage sys_times",
    "processes.sessions": "sys_getpgid sys_getpgrp sys_getsid sys_setpgid sys_setsid",
    "processes.setns": "sys_setns",
    "processes.wait_child": "compat_sys_wait4 compat_sys_waitid sys_wait4 sys_waitid sys_waitpid",
    "sched.membarrier": "sys_membarrier",
    "sched.priority": "sys_getpriority sys_ioprio_get sys_ioprio_set sys_nice sys_setpriority",
    "sched.rseq": "sys_rseq",
    "sched.scheduling": (
        "compat_sys_sched_getaffinity compat_sys_sched_setaffinity sys_sched_get_priority_max "
        "sys_sched_get_priority_min sys_sched_getaffinity sys_sched_getattr sys_sched_getparam "
        "sys_sched_getscheduler sys_sched_rr_get_interval sys_sched_rr_get_interval_time32 "
        "sys_sched_setaffinity sys_sched_setattr sys_sched_setparam sys_sched_setscheduler "
        "sys_sched_yield"
    ),
    "security.landlock": "sys_landlock_add_rule sys_landlock_create_ruleset sys_landlock_restrict_self",
    "security.modules": "sys_lsm_get_self_attr sys_lsm_list_modules sys_lsm_set_self_attr",
    "signals.altstack": "compat_sys_sigaltstack sys_sigaltstack",
    "signals.sgetmask": "sys_sgetmask sys_ssetmask",
    "signals.signalfd": "compat_sys_signalfd compat_sys_signalfd4 sys_signalfd sys_signalfd4",
    "signals.signals": (
        "compat_sys_rt_sigaction compat_sys_rt_sigpending compat_sys_rt_sigprocmask "
        "compat_sys_rt_sigqueueinfo compat_sys_rt_sigreturn compat_sys_rt_sigsuspend "
        "compat_sys_rt_sigtimedwait_time32 compat_sys_rt_sigtimedwait_time64 compat_sys_rt_tgsigqueueinfo "
        "compat_sys_sigaction compat_sys_sigpending compat_sys_sigprocmask compat_sys_sigreturn sys_kill "
        "sys_pause sys_restart_syscall sys_rt_sigaction sys_rt_sigpending sys_rt_sigprocmask "
        "sys_rt_sigqueueinfo sys_rt_sigreturn sys_rt_sigsuspend sys_rt_sigtimedwait sys_rt_tgsigqueueinfo "
        "sys_signal sys_sigsuspend sys_tgkill sys_tkill"
    ),
    "sockets.connecting": (
        "sys_accept sys_accept4 sys_bind sys_connect sys_getpeername sys_getsockname sys_listen sys_shutdown"
    ),
    "sockets.making": "sys_socket sys_socketpair",
    "sockets.options": "sys_getsockopt sys_setsockopt",
    "sockets.receiving": (
        "compat_sys_recvfrom compat_sys_recvmmsg_time32 compat_sys_recvmmsg_time64 compat_sys_recvmsg "
        "sys_recvfrom sys_recvmmsg sys_recvmsg"
    ),
    "sockets.sending": "compat_sys_sendmmsg compat_sys_sendmsg sys_sendmmsg sys_sendmsg sys_sendto",
    "sockets.socketcall": "compat_sys_socketcall",
    "system.ldt": "sys_modify_ldt",
    "system.privileged": (
        "compat_sys_kexec_load sys_acct sys_delete_module sys_finit_module sys_init_module sys_ioperm "
        "sys_iopl sys_kexec_file_load sys_kexec_load sys_reboot sys_swapoff sys_swapon sys_vhangup"
    ),
    "system.random": "sys_getrandom",
    "system.sysinfo": "compat_sys_sysinfo sys_sysinfo",
    "system.syslog": "sys_syslog",
    "system.tls": "sys_arch_prctl sys_get_thread_area sys_set_thread_area",
    "system.uname": "sys_newuname sys_olduname sys_setdomainname sys_sethostname sys_uname",
    "time.itimer": "compat_sys_getitimer compat_sys_setitimer sys_alarm sys_getitimer sys_setitimer",
    "time.posix_timer": (
        "compat_sys_timer_create sys_timer_create sys_timer_delete sys_timer_getoverrun sys_timer_gettime "
        "sys_timer_gettime32 sys_timer_settime sys_timer_settime32"
    ),
    "time.sleep": "sys_clock_nanosleep sys_clock_nanosleep_time32 sys_nanosleep sys_nanosleep_time32",
    "time.time": (
        "compat_sys_gettimeofday compat_sys_settimeofday sys_adjtimex sys_adjtimex_time32 "
        "sys_clock_adjtime sys_clock_adjtime32 sys_clock_getres sys_clock_getres_time32 sys_clock_gettime "
        "sys_clock_gettime32 sys_clock_settime sys_clock_settime32 sys_getcpu sys_gettimeofday "
        "sys_settimeofday sys_stime32 sys_time sys_time32"
    ),
    "time.timerfd": (
        "sys_timerfd_create sys_timerfd_gettime sys_timerfd_gettime32 sys_timerfd_settime "
        "sys_timerfd_settime32"
    ),
    "tracing.ptrace": "compat_sys_ptrace sys_ptrace",
    "tracing.seccomp": "sys_seccomp",
    "waiting.epoll": (
        "compat_sys_epoll_pwait2 sys_epoll_create sys_epoll_create1 sys_epoll_ctl sys_epoll_pwait "
        "sys_epoll_pwait2 sys_epoll_wait"
    ),
    "waiting.poll": "compat_sys_ppoll_time32 compat_sys_ppoll_time64 sys_poll sys_ppoll",
    "waiting.select": (
        "compat_sys_old_select compat_sys_pselect6_time32 compat_sys_pselect6_time64 compat_sys_select "
        "sys_pselect6 sys_select"
    ),
}
"""Entry points by the module below `ring3.linux.calls` that defines them."""


class Calls(Mapping[str, Syscall]):
    """Every call by entry point; looking one up imports its family."""

    is_state = False

    def __init__(self) -> None:
        self._module = {entry: module for module, entries in FAMILIES.items() for entry in entries.split()}

    def __getitem__(self, entry: str) -> Syscall:
        found = definition.DEFINED.get(entry)
        if found is None:
            import_module(f"ring3.linux.calls.{self._module[entry]}")
            found = definition.DEFINED[entry]
        return found

    def __contains__(self, entry: object) -> bool:
        return entry in self._module or entry in definition.DEFINED

    def __iter__(self) -> Iterator[str]:
        return iter(self._module)

    def __len__(self) -> int:
        return len(self._module)


DEFINED: Final = Calls()
"""Every call that Linux has here."""
