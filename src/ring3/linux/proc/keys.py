"""/proc/keys and /proc/key-users: the keys that who looks may see, and what they amount to (security/keys/proc.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.linux.keys.access import Found, allows, now, possesses
from ring3.linux.model.keys import Key, Need
from ring3.linux.proc.texts import Text

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

_UNITS = ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h"), (7 * 86400, 86400, "d"))


def _time_left(key: Key, second: int) -> str:
    """How long a key lives on, in one unit."""
    if not key.expiry:
        return "perm"
    left = key.expiry - second
    if left <= 0:
        return "expd"
    for end, unit, letter in _UNITS:
        if left < end:
            return f"{left // unit}{letter}"
    return f"{left // (7 * 86400)}w"


def _description(key: Key) -> str:
    text = key.description.decode("utf-8", "surrogateescape")
    if key.error:
        return text
    if key.type.is_keyring:
        return f"{text}: {len(key.links) or 'empty'}"
    return f"{text}: {len(key.payload)}"


def _line(task: LinuxTask, key: Key, second: int) -> str:
    namespace = task.credentials.user_ns
    marks = (("I", True), ("R", key.revoked), ("D", False), ("Q", True), ("U", False), ("N", bool(key.error)))
    flags = "".join(letter if is_set else "-" for letter, is_set in marks)
    owner = f"{INT.cast(namespace.shown_user(key.uid)):5} {INT.cast(namespace.shown_group(key.gid)):5}"
    return (
        f"{key.serial:08x} {flags}{'i' if key.invalidated else '-'} {key.holders:5} {_time_left(key, second):>4} "
        f"{key.rights:08x} {owner} {key.type.name.decode():9.9} {_description(key)}\n"
    )


def keys(kernel: LinuxSystem) -> str:
    """The keys that the reader may view."""
    task = kernel.running_task()
    second = now(task)
    kernel.keys.sweep(second)
    return "".join(
        _line(task, key, second)
        for key in kernel.keys
        if allows(task, Found(key, possesses(task, key)), Need.VIEW)
    )


def key_users(kernel: LinuxSystem) -> str:
    """What each user has, and may have."""
    all_keys, lines = kernel.keys, []
    for uid, account in sorted(all_keys.accounts.items()):
        most, room = all_keys.limits(account)
        counts = f"{account.keys}/{account.keys} {account.counted}/{most} {account.bytes}/{room}"
        lines.append(f"{uid:5}: {account.keys:5} {counts}\n")
    return "".join(lines)


TEXTS: Final[dict[bytes, Text]] = {b"keys": keys, b"key-users": key_users}
