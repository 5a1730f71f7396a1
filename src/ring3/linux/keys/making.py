"""Making, changing and linking keys (security/keys/{key,keyring,request_key}.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.linux.keys.access import (
    Found,
    Lookup,
    Special,
    keyrings_of,
    leads_to,
    lookup,
    now,
    require,
    require_keyring,
    search_own,
    serials,
    user_keyrings,
)  # fmt: skip
from ring3.linux.model.keys import KEYRING, TYPES, Key, KeyType, Need

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

NEGATIVE_TIMEOUT: Final = 60
"""Seconds for which it is remembered that there is no such key (key_negative_timeout)."""


class Default(IntEnum):
    """Where keys go that request_key(2) makes (KEY_REQKEY_DEFL_*)."""

    NO_CHANGE = -1
    DEFAULT = 0
    THREAD_KEYRING = 1
    PROCESS_KEYRING = 2
    SESSION_KEYRING = 3
    USER_KEYRING = 4
    USER_SESSION_KEYRING = 5
    GROUP_KEYRING = 6
    REQUESTOR_KEYRING = 7


def key_type(name: bytes, error: E) -> KeyType:
    """The kind of a name.

    Raises:
        Errno: What the caller says, there is no such kind.
    """
    kind = TYPES.get(name)
    if kind is None:
        raise Errno(error)
    return kind


def create_or_update(
    task: LinuxTask, keyring: Found, kind: KeyType, description: bytes, payload: bytes
) -> Key:
    """Puts a key with a payload into a keyring: the one that is there, or a new one (key_create_or_update).

    Raises:
        Errno: EINVAL, EDQUOT, EACCES, ENOTDIR, EPERM.
    """
    keys, who = task.kernel.keys, task.credentials
    require_keyring(keyring.key, now(task))
    kind.check(description, payload)
    if keyring.key.closed:
        raise Errno(E.EPERM)
    require(task, keyring, Need.WRITE)
    there = keyring.key.links.get((kind.name, description))
    if there is not None and kind.updatable:
        update(task, Found(there, keyring.possessed), payload)
        return there
    key = keys.new(serials(task), kind, description, (who.fsuid, who.fsgid), kind.rights, payload)
    _put(task, keyring.key, key)
    return key


def _put(task: LinuxTask, keyring: Key, key: Key) -> None:
    """Links a new key, which ends if that cannot be."""
    keys = task.kernel.keys
    keys.hold(key)
    try:
        keys.link(keyring, key)
    finally:
        keys.drop(key)


def update(task: LinuxTask, found: Found, payload: bytes) -> None:
    """Replaces what a key holds (key_update).

    Raises:
        Errno: EACCES, EOPNOTSUPP, EINVAL, EDQUOT.
    """
    key = found.key
    require(task, found, Need.WRITE)
    if not key.type.updatable:
        raise Errno(E.EOPNOTSUPP)
    key.type.check(key.description, payload)
    task.kernel.keys.set_payload(key, payload)
    key.expiry = key.error = 0


def link(task: LinuxTask, keyring: Key, key: Key) -> None:
    """Links a key into a keyring (key_link).

    Raises:
        Errno: ENOTDIR, EPERM, EDEADLK, ELOOP, EDQUOT.
    """
    require_keyring(keyring, now(task))
    if keyring.closed:
        raise Errno(E.EPERM)
    if key.type.is_keyring and leads_to(key, keyring):
        raise Errno(E.EDEADLK)
    task.kernel.keys.link(keyring, key)


def move(task: LinuxTask, key: Key, source: Key, target: Key, *, exclusive: bool) -> None:
    """Takes a key out of one keyring and puts it into another (key_move).

    Raises:
        Errno: ENOTDIR, ENOENT, EEXIST, and those of `link`.
    """
    second = now(task)
    if source is target:
        return
    require_keyring(source, second)
    require_keyring(target, second)
    if source.links.get(key.index) is not key:
        raise Errno(E.ENOENT)
    if exclusive and key.index in target.links:
        raise Errno(E.EEXIST)
    link(task, target, key)
    task.kernel.keys.unlink(source, key)


def revoke(task: LinuxTask, key: Key) -> None:
    """Ends the use of a key; a keyring lets go of what it holds (key_revoke)."""
    key.revoked = True
    keys = task.kernel.keys
    keys.clear(key)
    keys.set_payload(key, b"")
    key.expiry = min(key.expiry or now(task), now(task))


# -- asking for a key --------------------------------------------------------------------------------------------------


def request(task: LinuxTask, kind: KeyType, description: bytes, target: Found | None, *, make: bool) -> Key:
    """Finds a key of the task; one that is not there is remembered as absent, if it was to be made.

    Programs that make keys (request-key(8)) are never run: nobody could say what they would answer.

    Raises:
        Errno: ENOKEY, EPERM, and what is wrong with a key that there is.
    """
    index = kind.name, description
    try:
        found = search_own(task, index)
    except Errno as error:
        if error.number != E.EAGAIN:
            raise
        if make:
            _remember_absence(task, kind, description, target)
        raise Errno(E.ENOKEY) from None
    if target is not None:
        require(task, found, Need.LINK)
        link(task, target.key, found.key)
    return found.key


def _remember_absence(task: LinuxTask, kind: KeyType, description: bytes, target: Found | None) -> None:
    if kind is KEYRING:
        raise Errno(E.EPERM)
    if target is None:
        target = Found(_target(task), possessed=True)
        require(task, target, Need.WRITE)
    keyring, who = target.key, task.credentials
    require_keyring(keyring, now(task))
    key = task.kernel.keys.new(serials(task), kind, description, (who.fsuid, who.fsgid), kind.rights)
    key.expiry, key.error = now(task) + NEGATIVE_TIMEOUT, E.ENOKEY
    _put(task, keyring, key)


def _target(task: LinuxTask) -> Key:
    """Where a made key goes if nobody said (construct_get_dest_keyring)."""
    default = keyrings_of(task).default
    if default in (Default.USER_KEYRING, Default.USER_SESSION_KEYRING):
        return user_keyrings(task)[default - Default.USER_KEYRING]
    own = keyrings_of(task)
    choices = [own.thread, own.process, own.session]
    first = max(default, Default.THREAD_KEYRING) - Default.THREAD_KEYRING
    for keyring in choices[min(first, len(choices)) :]:
        if keyring is not None:
            return keyring
    return user_keyrings(task)[1]


def set_default(task: LinuxTask, default: int) -> int:
    """Chooses where made keys go; returns what was chosen before.

    Raises:
        Errno: EINVAL.
    """
    own = keyrings_of(task)
    before = own.default
    if default == Default.NO_CHANGE:
        return before
    if not Default.DEFAULT <= default <= Default.REQUESTOR_KEYRING or default == Default.GROUP_KEYRING:
        raise Errno(E.EINVAL)
    if default in (Default.THREAD_KEYRING, Default.PROCESS_KEYRING):
        special = Special.THREAD_KEYRING if default == Default.THREAD_KEYRING else Special.PROCESS_KEYRING
        lookup(task, special, Need.SEARCH, Lookup.CREATE)
    own.default = default
    return before
