"""Values whose text is more than names of bits: keys of IPC, priorities of I/O, quota commands, operations of futexes.

Each is a set of values in `tables.sets`; what is here stands before the way in which all others are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.errno import E
from ring3.abi.values import ValueSet
from ring3.trace.strace import special_devices, tables
from ring3.trace.strace.scalars import mode, permissions, signal_name

Named = Callable[[ValueSet, int], str]
"""Writes a value by a set in the usual way."""

_M32: Final = 0xFFFF_FFFF
_IPC_64: Final = 0x100
_PRIVATE: Final = 0x80
_CLOCK: Final = 0x100
_TIMED: Final = frozenset({"FUTEX_WAIT", "FUTEX_WAIT_BITSET", "FUTEX_WAIT_REQUEUE_PI"})
"""Operations on futexes that strace knows with FUTEX_CLOCK_REALTIME."""
_SWAP_PRIORITY: Final = 0x7FFF
_MS_MGC_VAL: Final = 0xC0ED_0000
_MS_MGC_MSK: Final = 0xFFFF_0000
_PAGE_SHIFT: Final = 12
_SIGNALS: Final = 64
_M64: Final = (1 << 64) - 1
_ERRORS: Final = {int(error): error.name for error in E}


def _ipc(number: int, named: Named) -> str:
    """Flags of msgget(2) and semget(2), and permissions."""
    number &= _M32
    return _with_mode("ipc_flag_bits", number & ~0o777, number, named)


def _shmget(number: int, named: Named) -> str:
    """The same of shmget(2), with the size of huge pages."""
    number &= _M32
    huge = number >> 26
    flags = _with_mode("shmget_flag_bits", number & ~0o777 & 0x3FF_FFFF, number, named)
    before, bar, permitted = flags.rpartition("|")
    return f"{before}{bar}{huge}<<SHM_HUGE_SHIFT|{permitted}" if huge else flags


def _with_mode(of: str, flags: int, number: int, named: Named) -> str:
    """Flags and permissions; there is no bar between them where no flag has a name, as strace has it."""
    group = tables.sets()[of]
    bar = "|" if group.split(flags).names else ""
    return (named(group, flags) if flags else "") + bar + permissions(number & 0o777)


def _ioprio(number: int, named: Named) -> str:
    number &= _M32
    return f"IOPRIO_PRIO_VALUE({named(tables.sets()['ioprio_class'], number >> 13)}, {number & 0x1FFF})"


def _quota(number: int, named: Named) -> str:
    number &= _M32
    kind = {0: "USRQUOTA", 1: "GRPQUOTA", 2: "PRJQUOTA"}.get(number & 0xFF)
    of = "quota_any" if number >> 8 in tables.sets()["quota_any"].by_value() else "quota_older"
    command = named(tables.sets()[of], number >> 8)
    return f"QCMD({command}, {kind or f'{number & 0xFF:#x} /* ???QUOTA */'})"


def _swap(number: int, named: Named) -> str:
    number &= _M32
    flags, priority = number & ~_SWAP_PRIORITY, number & _SWAP_PRIORITY
    found = [named(tables.sets()["swapon_flags"], flags)] if flags else []
    return "|".join([*found, str(priority)])


def _futex(number: int, _named: Named) -> str:
    """strace has names for whole operations only, and for the clock's flag only where Linux has it."""
    number &= _M32
    inner = tables.sets()["futex"].by_value().get(number & 0x7F)
    flags = number & ~0x7F
    if inner is None or flags & ~(_PRIVATE | _CLOCK) or (flags & _CLOCK and inner not in _TIMED):
        return f"{number:#x} /* FUTEX_??? */"
    if flags & _PRIVATE:
        inner += "|FUTEX_PRIVATE_FLAG" if inner == "FUTEX_FD" else "_PRIVATE"
    return inner + "|FUTEX_CLOCK_REALTIME" * bool(flags & _CLOCK)


def _futex_wake(number: int, _named: Named) -> str:
    """What FUTEX_WAKE_OP does and compares (futex(2))."""
    number &= _M32
    operation = _shifted("futex_wake_op", number >> 28 & 7, 28, "FUTEX_OP_???")
    compare = _shifted("futex_wake_compare", number >> 24 & 0xF, 24, "FUTEX_OP_CMP_???")
    shift = "FUTEX_OP_OPARG_SHIFT<<28|" * (number >> 31)
    first, second = number >> 12 & 0xFFF, number & 0xFFF
    return f"{shift}{operation}|{f'{first:#x}' if first else '0'}<<12|{compare}|{f'{second:#x}' if second else '0'}"


def _shifted(of: str, value: int, shift: int, unknown: str) -> str:
    name = tables.sets()[of].by_value().get(value)
    return f"{name}<<{shift}" if name else f"{value:#x}<<{shift} /* {unknown} */"


def _xfeature(number: int, _named: Named) -> str:
    """The number of a feature, with its name as a remark."""
    name = tables.sets()["xfeature"].by_value().get(number)
    return f"{f'{number:#x}' if number else '0'} /* {name or 'XFEATURE_???'} */"


def _xfeatures(number: int, named: Named) -> str:
    """A mask of features, with their names as a remark."""
    number &= (1 << 64) - 1
    return f"{number:#x} /* {named(tables.sets()['xfeature_mask'], number)} */" if number else "0"


def _socket_type(number: int, named: Named) -> str:
    """The kind of a socket and its flags; where the kind is not known, it counts as an unknown flag."""
    number &= _M32
    flags, kind = tables.sets()["socket_type_flags"], number & 0xF
    if kind not in tables.sets()["socket_kind"].by_value():
        return named(flags, number)
    rest = number & ~0xF
    return "|".join([named(tables.sets()["socket_kind"], kind), *([named(flags, rest)] if rest else [])])


def _mempolicy(number: int, named: Named) -> str:
    """A policy and its flags; where the policy is not known, it stands behind them."""
    number &= _M32 if number < 0 else _M64
    flags = tables.sets()["mempolicy_bits"]
    rest = flags.split(number).rest
    if rest == number:
        return named(tables.sets()["mempolicy"], number)
    shown = named(flags, number & ~rest)
    if rest in tables.sets()["mempolicy"].by_value():
        return f"{named(tables.sets()['mempolicy'], rest)}|{shown}"
    return f"{shown}|{rest:#x}"


def _with_ipc_64(of: str) -> Callable[[int, Named], str]:
    def text(number: int, named: Named) -> str:
        number &= _M32
        prefix = f"{named(tables.sets()['ipc_64'], _IPC_64)}|" if number & _IPC_64 else ""
        return prefix + named(tables.sets()[of], number & ~_IPC_64)

    return text


def _remarked(of: str, unknown: str) -> Callable[[int, Named], str]:
    """A number with its name as a remark."""

    def text(number: int, _named: Named) -> str:
        return f"{number} /* {tables.sets()[of].by_value().get(number) or unknown} */"

    return text


_USER_AREA_END: Final = 912
_USER_AREA: Final = (
    (0, "8*R15"), (8, "8*R14"), (16, "8*R13"), (24, "8*R12"), (32, "8*RBP"), (40, "8*RBX"), (48, "8*R11"),
    (56, "8*R10"), (64, "8*R9"), (72, "8*R8"), (80, "8*RAX"), (88, "8*RCX"), (96, "8*RDX"), (104, "8*RSI"),
    (112, "8*RDI"), (120, "8*ORIG_RAX"), (128, "8*RIP"), (136, "8*CS"), (144, "8*EFL"), (152, "8*RSP"), (160, "8*SS"),
    *((at, f"offsetof(struct user, {name})") for at, name in (
        (216, "u_fpvalid"), (224, "i387"), (736, "u_tsize"), (744, "u_dsize"), (752, "u_ssize"), (760, "start_code"),
        (768, "start_stack"), (776, "signal"), (784, "reserved"), (792, "u_ar0"), (800, "u_fpstate"), (808, "magic"),
        (816, "u_comm"), (848, "u_debugreg"),
    )),
    (_USER_AREA_END, "sizeof(struct user)"),
)  # fmt: skip
"""Places in ``struct user`` (sys/user.h), as strace names them for programs of both widths."""


def _page_offset(number: int, _named: Named) -> str:
    """A place in a file that is given in pages, in bytes."""
    return f"{number << _PAGE_SHIFT:#x}" if number else "0"


def _page_status(number: int, _named: Named) -> str:
    """The node that a page is on, or why it is on none."""
    error = _ERRORS.get(-number) if number < 0 else None
    return f"-{error}" if error else str(number)


def _personality(number: int, _named: Named) -> str | None:
    """The number that asks what the personality is has no names."""
    return f"{_M32:#x}" if number & _M32 == _M32 else None


def _vector_length(of: str) -> Callable[[int, Named], str]:
    """Flags of PR_SVE_SET_VL or PR_SME_SET_VL, and the length in bytes."""

    def text(number: int, named: Named) -> str:
        number &= _M64
        flags, length = number & ~0xFFFF, number & 0xFFFF
        return "|".join([*([named(tables.sets()[of], flags)] if flags else []), _hex(length)])

    return text


def _tagged_addresses(number: int, named: Named) -> str:
    """Whether addresses may have tags, how faults of tags are told, which tags are generated, what is beyond."""
    number &= _M64
    enabled = "PR_TAGGED_ADDR_ENABLE" if number & 1 else "!PR_TAGGED_ADDR_ENABLE"
    parts = [enabled, named(tables.sets()["prctl_tag_faults"], number & 6)]
    tags, rest = number >> 3 & 0xFFFF, number & ~0x7FFFF
    parts += [f"{tags:#x}<<PR_MTE_TAG_SHIFT"] if tags else []
    return "|".join([*parts, *([f"{rest:#x}"] if rest else [])])


def _death_signal(number: int, _named: Named) -> str:
    """A signal; what is none in all its bits."""
    number &= _M64
    return signal_name(number) if number <= _SIGNALS else str(number)


def _ptracer(number: int, _named: Named) -> str:
    """A process, or any."""
    number = (number & _M32 ^ 1 << 31) - (1 << 31)
    return "PR_SET_PTRACER_ANY" if number == -1 else str(number)


def _pid_type(number: int, _named: Named) -> str:
    """What kind of number of tasks it is, with its name as a remark."""
    return f"{_hex(number & _M32)} /* {tables.sets()['pid_type'].by_value().get(number & _M32) or 'PIDTYPE_???'} */"


def _int(number: int) -> int:
    return (number & _M32 ^ 1 << 31) - (1 << 31)


def _hex(number: int) -> str:
    return f"{number:#x}" if number else "0"


def _user_area(number: int, _named: Named) -> str:
    """A place in ``struct user``: the last one that has a name, and how far behind it."""
    number &= (1 << 64) - 1
    if number > _USER_AREA_END:
        return f"{number:#x}"
    at, name = next((at, name) for at, name in reversed(_USER_AREA) if at <= number)
    return f"{name}+{number - at}" if number > at else name


def _mount(number: int, named: Named) -> str | None:
    """Flags of mount(2) with the magic number that very old programs give."""
    if number & _MS_MGC_MSK != _MS_MGC_VAL:
        return None
    rest = number & _M64 & ~_MS_MGC_MSK
    magic = named(tables.sets()["mount_magic"], _MS_MGC_VAL)
    return f"{magic}|{named(tables.sets()['mount'], rest)}" if rest else magic


def _ipc_call(number: int, _named: Named) -> str:
    """The number of a call that ipc(2) would stand for, behind its version."""
    version, call = (number & _M32) >> 16, number & 0xFFFF
    return f"{version}<<16|{call}" if version else str(call)


def _socketcall(number: int, _named: Named) -> str | None:
    """A call that socketcall(2) does not have is its number."""
    known = tables.sets()["socketcall"].by_value()
    return None if number in known else str((number & _M32 ^ 1 << 31) - (1 << 31))


SPECIAL: Final[Mapping[str, Callable[[int, Named], str | None]]] = {
    "mount": _mount,
    "ipc": _ipc_call,
    "socketcall": _socketcall,
    "ipc_flags": _ipc,
    "shmget_flags": _shmget,
    "ioprio_value": _ioprio,
    "quotactl": _quota,
    "swapon": _swap,
    "futex_op": _futex,
    "socket_type": _socket_type,
    "mempolicy_flags": _mempolicy,
    "msgctl": _with_ipc_64("msgctl_command"),
    "shmctl": _with_ipc_64("shmctl_command"),
    "semctl": _with_ipc_64("semctl_command"),
    "syslog_action": _remarked("syslog_action", "SYSLOG_ACTION_???"),
    "loglevel": _remarked("loglevel", "LOGLEVEL_???"),
    "futex_wake": _futex_wake,
    "xfeature_remark": _xfeature,
    "xfeatures_remark": _xfeatures,
    "map": lambda number, _named: None if number else "MAP_FILE",
    "user_area": _user_area,
    "prctl_vector_length_value": _vector_length("prctl_vector_length"),
    "prctl_matrix_length_value": _vector_length("prctl_matrix_length"),
    "prctl_tagged_addr": _tagged_addresses,
    "death_signal": _death_signal,
    "ptracer": _ptracer,
    "pid_type": _pid_type,
    "page_offset": _page_offset,
    "indirect_address": lambda number, _named: f"[{number & _M64:#x}]" if number else "[NULL]",
    "page_status": _page_status,
    "personality_flags": _personality,
    "mode": lambda number, _named: mode(number),
    "sigval_pair": lambda number, _named: f"{{sival_int={_int(number)}, sival_ptr={_hex(number)}}}",
    **special_devices.SPECIAL,
}
"""By the name of the set; None for what is written in the usual way."""

COMPOSED: Final = frozenset(
    {
        "mount", "ipc_flags", "shmget_flags", "socket_type", "syslog_action", "loglevel", "msgctl", "shmctl", "semctl",
        "futex_wake", "xfeature_remark", "xfeatures_remark", "user_area", "page_offset", "page_status",
        "indirect_address", "prctl_vector_length_value", "prctl_matrix_length_value", "prctl_tagged_addr",
        "death_signal", "pid_type", "sigval_pair", "swapon", "ipc", "socketcall",
    }
)  # fmt: skip
"""Those that are composed of parts, which are written as is wanted already; others are written so as a whole."""
SEPARATE: Final = frozenset({"personality_flags", "clone", "fanotify_init", "kexec", "memfd"})
"""Sets whose fields are written apart from their flags where more than names is wanted."""
REMARKED: Final = frozenset({"kexec", "memfd"})
"""Sets of which flags without a name are remarked on even where there are fields beside them."""
