"""Calls of Solaris by what a program of Linux makes in their place: so that a script finds them on either system.

Names that both systems have are not here. A name without a counterpart is one of calls that programs make no more; its
probes never fire. Sources: usr/src/uts/common/os/sysent.c of illumos, and what its libc and the GNU C library call.
"""

from __future__ import annotations

from typing import Final

BEHIND_FIRST: Final = frozenset(("open64", "stat64"))
"""Names whose calls elsewhere have a descriptor of a directory as one argument more, the first."""
ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "exec": (),
    "exece": ("execve",),
    "execve": ("exece",),
    "rexit": ("exit_group",),
    "forksys": ("clone", "clone3", "fork", "vfork"),
    "fork1": (),
    "forkall": (),
    "waitsys": ("wait4", "waitid"),
    "gtime": ("time",),
    "systeminfo": ("uname",),
    "sigaction": ("rt_sigaction",),
    "sigprocmask": ("rt_sigprocmask",),
    "lwp_sigmask": ("rt_sigprocmask",),
    "sigsuspend": ("rt_sigsuspend",),
    "sigpending": ("rt_sigpending",),
    "sigtimedwait": ("rt_sigtimedwait",),
    "lwp_create": ("clone", "clone3"),
    "lwp_exit": ("exit",),
    "lwp_kill": ("tgkill", "tkill"),
    "lwp_self": ("gettid",),
    "lwp_park": ("futex",),
    "nanosleep": ("clock_nanosleep",),
    "pollsys": ("poll", "ppoll"),
    "llseek": ("lseek",),
    "fstatat": ("newfstatat",),
    "fstatat64": (),
    "getdents64": ("getdents",),
    "mmap64": (),
    "open64": ("openat",),
    "openat64": (),
    "creat64": (),
    "stat64": ("newfstatat",),
    "lstat64": (),
    "xstat": ("newfstatat",),
    "lxstat": (),
    "fxstat": (),
    "fstat64": (),
    "pread": ("pread64",),
    "pwrite": ("pwrite64",),
    "resolvepath": ("readlink",),
    "so_socket": ("socket",),
    "so_socketpair": ("socketpair",),
    "send": ("sendto",),
    "recv": ("recvfrom",),
    "yield": ("sched_yield",),
    "utime": ("utimensat",),
    "pgrpsys": ("getpgrp", "setsid", "getpgid", "setpgid", "getsid"),
    "brk": ("brk",),
}
"""Names of calls, each with the calls that stand in its place on a system without it."""
