"""Values whose text is more than names of bits: keys of IPC, priorities of I/O, quota commands, operations of futexes.

Each is a set of values in `tables.sets`; what is here stands before the way in which all others are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.values import ValueSet
from ring3.trace.strace import tables
from ring3.trace.strace.scalars import mode, permissions

Named = Callable[[ValueSet, int], str]
"""Writes a value by a set in the usual way."""

_M32: Final = 0xFFFF_FFFF
_IPC_64: Final = 0x100
_SWAP_PRIORITY: Final = 0x7FFF


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
    command = named(tables.sets()["quota_any"], number >> 8)
    return f"QCMD({command}, {kind or f'{number & 0xFF:#x} /* ???QUOTA */'})"


def _swap(number: int, named: Named) -> str:
    number &= _M32
    flags, priority = number & ~_SWAP_PRIORITY, number & _SWAP_PRIORITY
    found = [named(tables.sets()["swapon_flags"], flags)] if flags else []
    return "|".join([*found, *([str(priority)] if priority or not flags else [])])


def _futex(number: int, _named: Named) -> str:
    """strace has names for whole operations only."""
    number &= _M32
    parts = tables.sets()["futex_op"].split(number)
    inner = tables.sets()["futex"].by_value().get(number & 0x7F)
    if inner is None or parts.rest:
        return f"{number:#x} /* FUTEX_??? */"
    names = list(parts.names)
    if "FUTEX_PRIVATE_FLAG" in names:
        names.remove("FUTEX_PRIVATE_FLAG")
        inner += "_PRIVATE"
    return "|".join([inner, *names])


def _merged(of: str, inner: str, mask: int) -> Callable[[int, Named], str]:
    """Flags with an enumeration in them, whose unknown values count as unknown flags."""

    def text(number: int, named: Named) -> str:
        known = tables.sets()[inner].by_value().get(number & mask)
        if known is not None and not number & mask and number:
            known = None  # the enumeration's zero is not shown beside flags
        rest = number & ~mask if known else number
        flags = tables.sets()[of]
        if known is None:
            return named(flags, number)
        parts = [named(tables.sets()[inner], number & mask), *([named(flags, rest)] if rest else [])]
        return "|".join(part.partition(" /* ")[0] if "???" in part else part for part in parts)

    return text


def _with_ipc_64(of: str) -> Callable[[int, Named], str]:
    def text(number: int, named: Named) -> str:
        number &= _M32
        prefix = "IPC_64|" if number & _IPC_64 else ""
        return prefix + named(tables.sets()[of], number & ~_IPC_64)

    return text


def _syslog(number: int, _named: Named) -> str:
    """An action by its number, with its name as a remark."""
    name = tables.sets()["syslog_action"].by_value().get(number)
    return f"{number} /* {name or 'SYSLOG_ACTION_???'} */"


_ALSO: Final = {
    "TCSETS": "SNDCTL_TMR_START", "TCSETSW": "SNDCTL_TMR_STOP", "TCSETSF": "SNDCTL_TMR_CONTINUE",
    "FICLONE": "BTRFS_IOC_CLONE", "FICLONERANGE": "BTRFS_IOC_CLONE_RANGE",
    "FIDEDUPERANGE": "BTRFS_IOC_FILE_EXTENT_SAME", "VT_GETSTATE": "VBG_IOCTL_VMMDEV_REQUEST_BIG",
    "RNDZAPENTCNT": "FASTRPC_IOCTL_INIT_ATTACH",
}  # fmt: skip
"""Commands of other devices that have the same numbers, which strace names first."""


def _ioctl(number: int, _named: Named) -> str:
    """A command; one without a name by its direction, type, number and size."""
    number &= _M32
    direction, size, kind, nr = number >> 30, number >> 16 & 0x3FFF, number >> 8 & 0xFF, number & 0xFF
    name = tables.sets()["ioctl"].by_value().get(number) if kind or number in (1, 2) else None
    if name is not None:
        return f"{_ALSO[name]} or {name}" if name in _ALSO else name
    directions = ("_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE")
    fields = (f"{field:#x}" if field else "0" for field in (kind, nr, size))
    return f"_IOC({directions[direction]}, {', '.join(fields)})"


SPECIAL: Final[Mapping[str, Callable[[int, Named], str | None]]] = {
    "ipc_flags": _ipc,
    "shmget_flags": _shmget,
    "ioprio_value": _ioprio,
    "quotactl": _quota,
    "swapon": _swap,
    "futex_op": _futex,
    "socket_type": _merged("socket_type_flags", "socket_kind", 0xF),
    "mempolicy_flags": _merged("mempolicy_bits", "mempolicy", 0xFFF),
    "msgctl": _with_ipc_64("msgctl_command"),
    "shmctl": _with_ipc_64("shmctl_command"),
    "semctl": _with_ipc_64("semctl_command"),
    "syslog_action": _syslog,
    "map": lambda number, _named: None if number else "MAP_FILE",
    "ioctl": _ioctl,
    "mode": lambda number, _named: mode(number),
}
"""By the name of the set; None for what is written in the usual way."""

COMPOSED: Final = frozenset({"ipc_flags", "shmget_flags", "socket_type", "mempolicy_flags", "syslog_action"})
"""Those that are composed of parts, which are written as is wanted already; others are written so as a whole."""
SEPARATE: Final = frozenset({"personality_flags", "clone", "fanotify_init", "kexec", "memfd"})
"""Sets whose fields are written apart from their flags where more than names is wanted."""
