"""Solaris's structs that system calls take, of 64-bit programs.

Sources: usr/src/uts/common/sys (utsname.h, time_impl.h, stat.h, statvfs.h, resource.h, signal.h, poll.h, fcntl.h,
uio.h, times.h, socket.h) of illumos-gate.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ring3.abi.structs import Struct

_NAMES: Final = ("sysname", "nodename", "release", "version", "machine")
UTSNAME: Final = Struct("utsname", "\n".join(f"char {name}[257]: string" for name in _NAMES))
TIMESPEC: Final = Struct("timespec", "long tv_sec: seconds\nlong tv_nsec")
TIMEVAL: Final = Struct("timeval", "long tv_sec: seconds\nlong tv_usec")
ITIMERVAL: Final = Struct("itimerval", "struct timeval it_interval\nstruct timeval it_value", TIMEVAL)
ITIMERSPEC: Final = Struct("itimerspec", "struct timespec it_interval\nstruct timespec it_value", TIMESPEC)
TMS: Final = Struct(
    "tms", "long tms_utime: ticks\nlong tms_stime: ticks\nlong tms_cutime: ticks\nlong tms_cstime: ticks"
)
RLIMIT: Final = Struct("rlimit", "unsigned long rlim_cur: enum rlimit\nunsigned long rlim_max: enum rlimit")
IOVEC: Final = Struct("iovec", "void *iov_base: in bytes[iov_len]\nsize_t iov_len: size")
POLLFD: Final = Struct("pollfd", "int fd: fd\nshort events: flags poll\nshort revents: flags poll")
STAT: Final = Struct(
    "stat",
    """
    unsigned long st_dev: device
    unsigned long st_ino
    unsigned int st_mode: mode
    unsigned int st_nlink: count
    unsigned int st_uid: uid
    unsigned int st_gid: gid
    unsigned long st_rdev: device
    long st_size: size
    struct timespec st_atim
    struct timespec st_mtim
    struct timespec st_ctim
    int st_blksize: size
    long st_blocks: count
    char st_fstype[16]: string
    """,
    TIMESPEC,
)
STAT32: Final = Struct(
    "stat32",
    """
    u32 st_dev: device
    int st_pad1[3]: unused
    u32 st_ino
    u32 st_mode: mode
    u32 st_nlink: count
    u32 st_uid: uid
    u32 st_gid: gid
    u32 st_rdev: device
    int st_pad2[2]: unused
    int st_size: size
    int st_pad3: unused
    struct timespec st_atim
    struct timespec st_mtim
    struct timespec st_ctim
    int st_blksize: size
    int st_blocks: count
    char st_fstype[16]: string
    int st_pad4[8]: unused
    """,
    TIMESPEC,
)
STAT64_32: Final = Struct(
    "stat64_32",
    """
    u32 st_dev: device
    int st_pad1[3]: unused
    u64 st_ino
    u32 st_mode: mode
    u32 st_nlink: count
    u32 st_uid: uid
    u32 st_gid: gid
    u32 st_rdev: device
    int st_pad2[2]: unused
    s64 st_size: size
    struct timespec st_atim
    struct timespec st_mtim
    struct timespec st_ctim
    int st_blksize: size
    s64 st_blocks: count
    char st_fstype[16]: string
    int st_pad4[8]: unused
    """,
    TIMESPEC,
)
"""What ``stat`` and ``stat64`` of 32-bit programs get; both are of one width."""
STATVFS: Final = Struct(
    "statvfs",
    """
    unsigned long f_bsize: size
    unsigned long f_frsize: size
    unsigned long f_blocks: count
    unsigned long f_bfree: count
    unsigned long f_bavail: count
    unsigned long f_files: count
    unsigned long f_ffree: count
    unsigned long f_favail: count
    unsigned long f_fsid: hex
    char f_basetype[16]: string
    unsigned long f_flag: hex
    unsigned long f_namemax: size
    char f_fstr[32]: string
    """,
)
SIGACTION: Final = Struct(
    "sigaction",
    """
    int sa_flags: flags sigaction
    void *sa_handler: enum sighandler
    u32 sa_mask[4]: hex
    """,
)
STACK: Final = Struct(
    "stack_t", "void *ss_sp: address\nsize_t ss_size: size\nint ss_flags: flags sigaltstack"
)
SIGINFO: Final = Struct(
    "siginfo", "int si_signo: signal\nint si_code: si_code\nint si_errno: errno\nsize 256"
)
FLOCK: Final = Struct(
    "flock",
    """
    short l_type: enum file_lock
    short l_whence: enum whence
    off_t l_start: offset
    off_t l_len: size
    int l_sysid
    pid_t l_pid: pid
    long l_pad[4]: unused
    """,
)
SOCKADDR: Final = Struct("sockaddr", "u16 sa_family: enum family\nchar sa_data[14]: bytes[14]")
MSGHDR: Final = Struct(
    "msghdr",
    """
    void *msg_name: in struct sockaddr[msg_namelen]
    u32 msg_namelen: size
    void *msg_iov: in struct iovec[msg_iovlen]
    int msg_iovlen: count
    void *msg_control: in bytes[msg_controllen]
    u32 msg_controllen: size
    int msg_flags: flags msg
    """,
)
STRBUF: Final = Struct("strbuf", "int maxlen: size\nint len: size\nvoid *buf: in bytes[len]")
SENDFILEVEC: Final = Struct(
    "sendfilevec", "int sfv_fd: fd\nunsigned int sfv_flag: hex\nlong sfv_off: offset\nsize_t sfv_len: size"
)
PROCSET: Final = Struct(
    "procset", "int p_op\nint p_lidtype: enum idtype\nint p_lid\nint p_ridtype: enum idtype\nint p_rid"
)
DIRENT: Final = Struct(
    "dirent",
    """
    unsigned long d_ino
    long d_off: offset
    u16 d_reclen: size
    char d_name[]: string
    """,
    packed=True,
)


@cache
def every() -> dict[str, Struct]:
    """Every struct by name."""
    return {row.name: row for row in globals().values() if isinstance(row, Struct)}
