"""The files of /proc/PID that say how its namespaces translate: users, groups, clocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.linux.tasks.id_maps import shown_map, write_map, write_setgroups

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Read = Callable[["LinuxTask", "LinuxTask"], bytes]
"""Makes the text for who looks, about whom."""
Write = Callable[["LinuxTask", "LinuxTask", bytes], None]
SECOND: Final = 10**9
CLOCKS: Final = {b"monotonic": "monotonic", b"1": "monotonic", b"boottime": "boottime", b"7": "boottime"}
"""The clocks of a time namespace by the names that timens_offsets takes."""


def _map(viewer: LinuxTask, task: LinuxTask, groups: bool) -> bytes:
    return shown_map(task.credentials.user_ns, viewer.credentials.user_ns, groups).encode()


def _setgroups(viewer: LinuxTask, task: LinuxTask) -> bytes:
    return b"allow\n" if task.credentials.user_ns.may_set_groups else b"deny\n"


def _offsets(viewer: LinuxTask, task: LinuxTask) -> bytes:
    time = task.namespaces.time_for_children
    rows = (("monotonic", time.monotonic), ("boottime", time.boottime))
    return "".join(
        f"{name:<10} {offset // SECOND:10} {offset % SECOND:9}\n" for name, offset in rows
    ).encode()


def _write_offsets(writer: LinuxTask, task: LinuxTask, data: bytes) -> None:
    """Sets clocks of the namespace that the task's children will be in (proc_timens_set_offset).

    Raises:
        Errno: EINVAL, it makes no sense; EPERM, no CAP_SYS_TIME; EACCES, somebody is in it; ERANGE, out of bounds.
    """
    wanted: dict[str, int] = {}
    for line in data.split(b"\0")[0].splitlines():
        words = line.split()
        try:
            clock, seconds, rest = CLOCKS[words[0]], int(words[1]), int(words[2])
        except (KeyError, ValueError, IndexError):
            raise Errno(E.EINVAL) from None
        if len(words) != 3 or not 0 <= rest < SECOND:
            raise Errno(E.EINVAL)
        wanted[clock] = seconds * SECOND + rest
    time = task.namespaces.time_for_children
    if not writer.credentials.ns_capable(time.owner, Cap.SYS_TIME):
        raise Errno(E.EPERM)
    now = task.kernel.clocks.monotonic()
    if any(not 0 <= now + offset < 1 << 62 for offset in wanted.values()):
        raise Errno(E.ERANGE)
    if time.is_settled:
        raise Errno(E.EACCES)
    for clock, offset in wanted.items():
        setattr(time, clock, offset)


def _write_users(writer: LinuxTask, task: LinuxTask, data: bytes) -> None:
    write_map(writer.credentials, task.credentials.user_ns, data, groups=False)


def _write_groups(writer: LinuxTask, task: LinuxTask, data: bytes) -> None:
    write_map(writer.credentials, task.credentials.user_ns, data, groups=True)


def _write_setgroups(writer: LinuxTask, task: LinuxTask, data: bytes) -> None:
    write_setgroups(writer.credentials, task.credentials.user_ns, data)


TEXTS: Final[dict[bytes, tuple[Read, Write]]] = {
    b"uid_map": (partial(_map, groups=False), _write_users),
    b"gid_map": (partial(_map, groups=True), _write_groups),
    b"setgroups": (_setgroups, _write_setgroups),
    b"timens_offsets": (_offsets, _write_offsets),
}
"""What reads and what writes each."""
