"""Calls that stand for others: socketcall(2), ipc(2), and i386's old select and mmap, whose arguments lie in memory.

Such a call is shown as the one that it stands for. Where the arguments cannot be read, or the number stands for none,
it is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple

Read = Callable[[int, int], bytes]
_WORD: Final = 4


class Inner(NamedTuple):
    """What a call stands for.

    Attributes:
        name: The call's name.
        arguments: Its arguments.
    """

    name: str
    arguments: list[int]


_SOCKETCALLS: Final = (
    ("socket", 3), ("bind", 3), ("connect", 3), ("listen", 2), ("accept", 3), ("getsockname", 3), ("getpeername", 3),
    ("socketpair", 4), ("send", 4), ("recv", 4), ("sendto", 6), ("recvfrom", 6), ("shutdown", 2), ("setsockopt", 5),
    ("getsockopt", 5), ("sendmsg", 3), ("recvmsg", 3), ("accept4", 4), ("recvmmsg", 5), ("sendmmsg", 4),
)  # fmt: skip
"""From 1 on, with how many arguments (linux/net.h, net/socket.c)."""
_IPC: Final[Mapping[int, tuple[str, tuple[int, ...]]]] = {
    1: ("semop", (1, 4, 2)), 2: ("semget", (1, 2, 3)), 3: ("semctl", (1, 2, 3, 4)), 4: ("semtimedop", (1, 4, 2, 5)),
    11: ("msgsnd", (1, 4, 2, 3)), 12: ("msgrcv", (1, 4, 2, 5, 3)), 13: ("msgget", (1, 2)), 14: ("msgctl", (1, 2, 4)),
    21: ("shmat", (1, 4, 2)), 22: ("shmdt", (4,)), 23: ("shmget", (1, 2, 3)), 24: ("shmctl", (1, 2, 4)),
}  # fmt: skip
"""By number, with which arguments of ipc(2) are theirs, in order (linux/ipc.h, ipc/syscall.c)."""
_ENTRIES: Final = {
    "recvmmsg": "sys_recvmmsg_time32", "semtimedop": "sys_semtimedop_time32", "mmap": "sys_mmap",
    "semctl": "compat_ipc_semctl",
}  # fmt: skip
"""Entry points that are not named after their calls."""


def _words(read: Read, address: int, count: int) -> list[int]:
    raw = read(address, count * _WORD)
    return [int.from_bytes(raw[at : at + _WORD], "little") for at in range(0, len(raw), _WORD)]


def entry_of(name: str) -> str:
    """The entry point by whose row a call of a name is shown."""
    return _ENTRIES.get(name, f"compat_sys_{name}")


def _socketcall(read: Read, arguments: Sequence[int]) -> Inner | None:
    number = arguments[0]
    if not 1 <= number <= len(_SOCKETCALLS):
        return None
    name, count = _SOCKETCALLS[number - 1]
    return Inner(name, _words(read, arguments[1], count))


def _ipc(read: Read, arguments: Sequence[int]) -> Inner | None:
    version, number = arguments[0] >> 16, arguments[0] & 0xFFFF
    if number not in _IPC:
        return None
    name, order = _IPC[number]
    chosen = [arguments[at] for at in order]
    if name == "semctl":
        with suppress(Errno):  # what cannot be read is shown as where it would be
            chosen[3] = _words(read, chosen[3], 1)[0]
    if name == "msgrcv" and not version:
        chosen[1], chosen[3] = _words(read, chosen[1], 2)
    return Inner(name, chosen)


def _old_select(read: Read, arguments: Sequence[int]) -> Inner:
    return Inner("select", _words(read, arguments[0], 5))


def _old_mmap(read: Read, arguments: Sequence[int]) -> Inner:
    return Inner("mmap", _words(read, arguments[0], 6))


_MULTIPLEXED: Final[Mapping[str, Callable[[Read, Sequence[int]], Inner | None]]] = {
    "socketcall": _socketcall, "ipc": _ipc, "old_select": _old_select, "ia32_mmap": _old_mmap,
}  # fmt: skip


def _bare(symbol: str) -> str:
    return symbol.removeprefix("__ia32_").removeprefix("compat_").removeprefix("sys_")


def stands_for(symbol: str) -> Iterable[str]:
    """The names of the calls that the calls of an entry point may stand for; nothing for most."""
    return {
        "socketcall": tuple(name for name, _ in _SOCKETCALLS),
        "ipc": tuple(name for name, _ in _IPC.values()),
        "old_select": ("select",),
        "ia32_mmap": ("mmap",),
    }.get(_bare(symbol), ())


def inner(symbol: str, read: Read, arguments: Sequence[int]) -> Inner | None:
    """What a call stands for; None if it stands for itself."""
    take = _MULTIPLEXED.get(_bare(symbol))
    try:
        return None if take is None else take(read, arguments)
    except Errno:
        return None
