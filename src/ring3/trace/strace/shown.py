"""Which fields of structs strace shows, and in which order, where that is not all of them in theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.trace.strace.scalars import permissions, signal_name, ticks


class Shown(NamedTuple):
    """What is shown of a struct.

    Attributes:
        fields: These fields, in this order.
        more: Whether there are others, which are shown only if all are asked for.
    """

    fields: tuple[str, ...]
    more: bool


_STAT: Final = Shown(("st_mode", "st_size"), more=True)
_PERMISSIONS: Final = Shown(("uid", "gid", "mode", "key", "cuid", "cgid"), more=False)
_PERMISSIONS_SET: Final = Shown(("uid", "gid", "mode"), more=False)
_ACTION: Final = Shown(("sa_handler", "sa_mask", "sa_flags", "sa_restorer"), more=False)

_TIMES: Final = tuple(f"st_{kind}time{part}" for kind in "amc" for part in ("", "_nsec"))
_STAT_WHOLE: Final = (
    "st_dev", "st_ino", "st_mode", "st_nlink", "st_uid", "st_gid", "st_blksize", "st_blocks", "st_size", *_TIMES
)  # fmt: skip
_DISK_QUOTA: Final = (
    "d_version", "d_flags", "d_fieldmask", "d_id", "d_blk_hardlimit", "d_blk_softlimit", "d_ino_hardlimit",
    "d_ino_softlimit", "d_bcount", "d_icount",
)  # fmt: skip
WHOLE: Final = {
    "stat": _STAT_WHOLE,
    "stat32": _STAT_WHOLE,
    "stat64": _STAT_WHOLE,
    "fs_disk_quota": (
        *_DISK_QUOTA,
        "d_itimer",
        "d_btimer",
        "d_iwarns",
        "d_bwarns",
        "d_rtb_hardlimit",
        "d_rtb_softlimit",
        "d_rtbcount",
        "d_rtbtimer",
        "d_rtbwarns",
    ),
}
"""The fields that are shown with ``-v``, where that is not all of them in their order."""

SHOWN: Final = {
    "stat": _STAT,
    "stat32": _STAT,
    "stat64": _STAT,
    "old_stat": _STAT,
    "statx": Shown(("stx_mask", "stx_attributes", "stx_mode", "stx_size"), more=True),
    "new_utsname": Shown(("sysname", "nodename"), more=True),
    "rusage": Shown(("ru_utime", "ru_stime"), more=True),
    "pollfd": Shown(("fd", "events"), more=False),
    **dict.fromkeys(("ipc64_perm", "ipc64_perm32"), _PERMISSIONS),
    **dict.fromkeys(("ipc64_perm_set", "ipc64_perm32_set"), _PERMISSIONS_SET),
    "fs_disk_quota": Shown(_DISK_QUOTA, more=True),
    "io_uring_params": Shown(
        (
            "flags",
            "sq_thread_cpu",
            "sq_thread_idle",
            "wq_fd",
            "resv",
            "sq_entries",
            "cq_entries",
            "features",
            "sq_off",
            "cq_off",
        ),
        more=False,
    ),
    **dict.fromkeys(("msqid_ds_set", "msqid_ds_set32"), Shown(("msg_perm", "msg_qbytes"), more=False)),
    **dict.fromkeys(("semid_ds_set", "semid_ds_set32"), Shown(("sem_perm",), more=False)),
    **dict.fromkeys(("shmid_ds_set", "shmid_ds_set32"), Shown(("shm_perm",), more=False)),
    **dict.fromkeys(
        ("msqid_ds", "msqid_ds32"),
        Shown(
            (
                "msg_perm",
                "msg_stime",
                "msg_rtime",
                "msg_ctime",
                "msg_qnum",
                "msg_qbytes",
                "msg_lspid",
                "msg_lrpid",
            ),
            more=False,
        ),
    ),
    **dict.fromkeys(
        ("semid_ds", "semid_ds32"), Shown(("sem_perm", "sem_otime", "sem_ctime", "sem_nsems"), more=False)
    ),
    **dict.fromkeys(
        ("shmid_ds", "shmid_ds32"),
        Shown(
            (
                "shm_perm",
                "shm_segsz",
                "shm_cpid",
                "shm_lpid",
                "shm_nattch",
                "shm_atime",
                "shm_dtime",
                "shm_ctime",
            ),
            more=False,
        ),
    ),
    "rtc_time": Shown(("tm_sec", "tm_min", "tm_hour", "tm_mday", "tm_mon", "tm_year"), more=True),
    "iocb": Shown(
        ("aio_data", "aio_key", "aio_rw_flags", "aio_lio_opcode", "aio_reqprio", "aio_fildes"), more=False
    ),
    "sigaction": _ACTION,
    "sigaction32": _ACTION,
    "old_sigaction": _ACTION,
}
"""By the name of the struct (from runs of strace 6.1)."""

MOST: Final[Mapping[str, int]] = {"kexec_segment": 16}
"""How many of a struct a call takes at most; more are not looked at."""

SIZED: Final[Mapping[str, tuple[str, int]]] = {
    "open_how": ("usize", 24), "mount_attr": ("usize", 32), "clone_args": ("size", 64),
    "landlock_ruleset_attr": ("size", 8),
}  # fmt: skip
"""Structs of which as much counts as an argument says, and how much is there at least."""

EXACT: Final[Mapping[str, tuple[str, int]]] = {
    "user_desc_sized": ("bytecount", 16),
}
"""Structs that are looked at only where an argument has a value."""

READ_AS_FAR: Final[Mapping[str, Mapping[int, int]]] = {
    "sigaction": {64: 88},
    "sigaction32": {32: 76},
}
"""Bytes by the program's width that must be readable where a struct is, if more than it has: room for a larger mask."""

SIZE_OF_DEVICE: Final = {"st_size": "st_rdev"}
"""What stands for a field where the mode says that the file is a device."""

Numbers = Mapping[str, int]

_SIGNALS: Final = 64
_CLONE_PIDFD: Final = 0x1000
_CLONE_SETTLS: Final = 0x80000
_CLONE_PARENT_SETTID: Final = 0x100000
_CLONE_CHILD: Final = 0x1200000
_CLONE_INTO_CGROUP: Final = 0x2_0000_0000
_CREATING: Final = 0o100 | 0o20000000
_ST_VALID: Final = 0x20
_IORING_SETUP_ATTACH_WQ: Final = 0x20
_SCHED_ATTR_SIZE_VER0: Final = 48
_KEEP_POLICY: Final = 8
_KEEP_PARAMS: Final = 0x10
_PARAMETERS: Final = ("sched_nice", "sched_priority", "sched_runtime", "sched_deadline", "sched_period")
_FILTER_OFF: Final = 8
"""Bytes of the first field of ``struct seccomp_metadata``, which a call may have filled alone."""
_SCHED_ATTR_SIZE_VER1: Final = 56


def _clone_args(numbers: Numbers, _result: int | None) -> set[str]:
    flags = numbers["flags"]
    shown = {
        "pidfd": flags & _CLONE_PIDFD,
        "child_tid": flags & _CLONE_CHILD,
        "parent_tid": flags & _CLONE_PARENT_SETTID,
        "tls": flags & _CLONE_SETTLS,
        "set_tid": numbers["set_tid"] or numbers["set_tid_size"],
        "set_tid_size": numbers["set_tid"] or numbers["set_tid_size"],
        "cgroup": flags & _CLONE_INTO_CGROUP or numbers["cgroup"],
    }
    return {name for name, is_shown in shown.items() if not is_shown}


def _sched_attr(numbers: Numbers, _result: int | None) -> set[str]:
    """The kernel looks at no more than the size says, and at nothing where that is less than the first version's."""
    size = numbers["size"]
    if size < _SCHED_ATTR_SIZE_VER0:
        return set(numbers) - {"size"}
    return set() if size >= _SCHED_ATTR_SIZE_VER1 else {"sched_util_min", "sched_util_max"}


def _sched_attr_set(numbers: Numbers, _result: int | None) -> set[str]:
    """What a call keeps as it is, it does not look at."""
    flags = numbers["sched_flags"]
    hidden = {"sched_policy"} if flags & (_KEEP_POLICY | _KEEP_PARAMS) else set()
    return hidden | (set(_PARAMETERS) if flags & _KEEP_PARAMS else set())


def _uring_params(numbers: Numbers, result: int | None) -> set[str]:
    """What the kernel fills is shown where it has."""
    hidden = set() if numbers["flags"] & _IORING_SETUP_ATTACH_WQ else {"wq_fd"}
    filled = {"sq_entries", "cq_entries", "features", "sq_off", "cq_off"}
    return hidden | filled if result is None else hidden


_STATX_BY_MASK: Final = {
    0x3: ("stx_mode",), 0x4: ("stx_nlink",), 0x8: ("stx_uid",), 0x10: ("stx_gid",), 0x20: ("stx_atime",),
    0x40: ("stx_mtime",), 0x80: ("stx_ctime",), 0x100: ("stx_ino",), 0x200: ("stx_size",), 0x400: ("stx_blocks",),
    0x800: ("stx_btime",), 0x1000: ("stx_mnt_id",), 0x2000: ("stx_dio_mem_align", "stx_dio_offset_align"),
    0x8000: ("stx_subvol",),
    0x10000: (
        "stx_atomic_write_unit_min", "stx_atomic_write_unit_max", "stx_atomic_write_segments_max",
        "stx_atomic_write_unit_max_opt",
    ),
    0x20000: ("stx_dio_read_offset_align",),
}  # fmt: skip
"""Fields of ``struct statx`` by the bits of its mask, one of which says that they are there."""

HIDDEN: Final[Mapping[str, Callable[[Numbers, int | None], set[str]]]] = {
    "clone_args": _clone_args,
    "sched_attr": _sched_attr,
    "sched_attr_set": _sched_attr_set,
    "seccomp_metadata": lambda _, result: {"flags"} if result is None or result <= _FILTER_OFF else set(),
    "statx": lambda numbers, _: {
        name for bits, names in _STATX_BY_MASK.items() if not numbers["stx_mask"] & bits for name in names
    },
    "open_how": lambda numbers, _: set() if numbers["mode"] or numbers["flags"] & _CREATING else {"mode"},
    "statfs": lambda numbers, _: set() if numbers["f_flags"] & _ST_VALID else {"f_flags"},
    "statfs64": lambda numbers, _: set() if numbers["f_flags"] & _ST_VALID else {"f_flags"},
    "iocb": lambda numbers, _: {
        name for name in ("aio_key", "aio_rw_flags", "aio_reqprio") if not numbers[name]
    },
    "io_uring_params": _uring_params,
    "pollfd": lambda numbers, _: {"events"} if numbers["fd"] < 0 else set(),
    "flock": lambda _, result: {"l_pid"} if result is None else set(),
    "flock64": lambda _, result: {"l_pid"} if result is None else set(),
}
"""Fields that are not shown, by the values of the others and by what the call returned, None if it failed."""

LABELS: Final[Mapping[tuple[str, str], str]] = {
    ("sigset_argpack", "ss"): "sigmask",
    **{
        ("user_regs_struct", name): f"r{name}"
        for name in ("bp", "bx", "ax", "cx", "dx", "si", "di", "ip", "sp")
    },
    ("user_regs_struct", "orig_ax"): "orig_rax",
    ("user_regs_struct", "flags"): "eflags",
    **{
        ("user_regs_struct32", name): f"e{name}"
        for name in ("bp", "bx", "ax", "cx", "dx", "si", "di", "ip", "sp", "flags")
    },
    **{("user_regs_struct32", name): f"x{name}" for name in ("cs", "ds", "es", "fs", "gs", "ss")},
    ("user_regs_struct32", "orig_ax"): "orig_eax",
    ("sigset_argpack", "ss_len"): "sigsetsize",
}
"""What strace calls a field, where that is not its name."""


MEANINGS: Final[Mapping[tuple[str, str], str]] = {
    ("mq_attr", "mq_flags"): "flags mq_flags",
    ("mount_attr", "propagation"): "u64 enum mount_propagation",
    ("fs_disk_quota", "d_flags"): "u8 flags xfs_quota",
}
"""Fields that mean something else for strace than their rows say."""
_USAGE: Final = (
    "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock", "msgsnd", "msgrcv",
    "nsignals", "nvcsw", "nivcsw",
)  # fmt: skip
UNSIGNED: Final = frozenset(
    {
        *((name + width, field) for width in ("", "32") for name, field in (
            ("timespec", "tv_nsec"), ("timeval", "tv_usec"), ("timex_time", "tv_usec"), ("statfs", "f_bsize"),
            ("statfs", "f_namelen"), ("statfs", "f_frsize"), ("msqid_ds", "msg_stime"), ("msqid_ds", "msg_rtime"),
            ("msqid_ds", "msg_ctime"), ("semid_ds", "sem_otime"), ("semid_ds", "sem_ctime"), ("shmid_ds", "shm_atime"),
            ("shmid_ds", "shm_dtime"), ("shmid_ds", "shm_ctime"), ("ptrace_peeksiginfo_args", "nr"),
            ("stat", "st_uid"), ("stat", "st_gid"), *(("rusage", f"ru_{field}") for field in _USAGE),
        )),
        ("stat64", "st_uid"), ("stat64", "st_gid"), ("old_stat", "st_uid"), ("old_stat", "st_gid"),
        ("fs_disk_quota", "d_id"),
    }
)  # fmt: skip
"""Fields with a sign that are shown without it, and users that are never -1."""
_PERMS: Final = ("ipc64_perm", "ipc64_perm32", "ipc64_perm_set", "ipc64_perm32_set")
FIELDS: Final[Mapping[tuple[str, str], Callable[[int], str]]] = {
    **{(name, "mode"): permissions for name in _PERMS},
    **{(name, "key"): lambda number: str(number & 0xFFFF_FFFF) for name in _PERMS},
    ("epoll_event", "data"): lambda number: f"{{u32={number & 0xFFFF_FFFF}, u64={number}}}",
    **{("tms", f"tms_{name}"): ticks for name in ("utime", "stime", "cutime", "cstime")},
    ("sockaddr_nl", "nl_groups"): lambda number: f"{number:#08x}" if number else "00000000",
    ("io_uring_params", "sq_thread_cpu"): lambda number: f"{number:#x}" if number else "0",
    ("clone_args", "exit_signal"): lambda number: signal_name(number) if number <= _SIGNALS else str(number),
    ("clone_args", "stack_size"): lambda number: f"{number:#x}" if number else "0",
    ("statx", "stx_mnt_id"): lambda number: f"{number:#x}" if number else "0",
    ("open_how", "mode"): lambda number: permissions(number & (1 << 64) - 1),
    ("kexec_segment", "mem"): lambda number: f"{number:#x}" if number else "NULL",
    ("io_event", "obj"): lambda number: f"{number:#x}" if number else "0",
}
"""Fields with a text of their own."""


def user_desc(numbers: Numbers, bits: int) -> str:
    """A segment of set_thread_area(2), with its bits."""
    number = numbers["entry_number"] & 0xFFFF_FFFF
    entry = -1 if number == 0xFFFF_FFFF else number
    flags = numbers["bits"]
    fields = [
        f"entry_number={entry}",
        f"base_addr={numbers['base_addr']:#08x}".replace("=0x000000", "=00000000"),
        f"limit={numbers['limit']:#08x}".replace("=0x000000", "=00000000"),
        f"seg_32bit={flags & 1}",
        f"contents={flags >> 1 & 3}",
        f"read_exec_only={flags >> 3 & 1}",
        f"limit_in_pages={flags >> 4 & 1}",
        f"seg_not_present={flags >> 5 & 1}",
        f"useable={flags >> 6 & 1}",
    ]
    return "{" + ", ".join([*fields, *([f"lm={flags >> 7 & 1}"] if bits == 64 else [])]) + "}"


ARRAYS: Final[Mapping[tuple[str, str], str]] = {
    ("statfs", "f_fsid"): "{{val={}}}",
    ("statfs64", "f_fsid"): "{{val={}}}",
}
"""What surrounds arrays in structs that are structs themselves for strace."""


STRUCTS: Final[Mapping[str, Callable[[Numbers, int], str]]] = {
    "user_desc": user_desc,
    "user_desc_sized": user_desc,
}
"""Structs with a text of their own."""
