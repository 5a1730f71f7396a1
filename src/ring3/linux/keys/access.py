"""Which key a number names, and what a task may do with it (security/keys/{permission,process_keys,keyring}.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.linux.model.keys import (
    ALL,
    GROUP,
    KEYRING,
    MAX_DEPTH,
    OTHER,
    POSSESSOR,
    USER,
    Key,
    Need,
    TaskKeyrings,
)  # fmt: skip

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_OF_USER: Final = (ALL & ~Need.SETATTR) << POSSESSOR | ALL << USER
_OF_TASK: Final = ALL << POSSESSOR | Need.VIEW << USER
_OF_SESSION: Final = _OF_TASK | Need.READ << USER
NAMED_SESSION: Final = _OF_SESSION | Need.LINK << USER


class Special(IntEnum):
    """Numbers that name keyrings of who asks (include/uapi/linux/keyctl.h)."""

    THREAD_KEYRING = -1
    PROCESS_KEYRING = -2
    SESSION_KEYRING = -3
    USER_KEYRING = -4
    USER_SESSION_KEYRING = -5
    GROUP_KEYRING = -6
    REQKEY_AUTH_KEY = -7
    REQUESTOR_KEYRING = -8


class Lookup(IntFlag):
    """How a number is looked up (KEY_LOOKUP_CREATE, KEY_LOOKUP_PARTIAL, KEY_NEED_UNLINK, KEY_DEFER_PERM_CHECK)."""

    PLAIN = 0
    CREATE = 1
    PARTIAL = 2
    UNLINK = 4
    UNCHECKED = 8


class Found(NamedTuple):
    """A key, and whether who asked possesses it: some keyring of its own leads there."""

    key: Key
    possessed: bool


def now(task: LinuxTask) -> int:
    """Seconds since 1970."""
    return task.kernel.wall_clock() // 1_000_000_000


def serials(task: LinuxTask) -> Callable[[], int]:
    """Draws numbers for keys."""
    return lambda: int.from_bytes(task.kernel.random_bytes(4), "little") >> 1


def keyrings_of(task: LinuxTask) -> TaskKeyrings:
    """Those of a task, which may be none."""
    if task.keyrings is None:
        task.keyrings = TaskKeyrings(task.kernel.keys)
    return task.keyrings


# -- permission --------------------------------------------------------------------------------------------------------


def allows(task: LinuxTask, found: Found, need: Need) -> bool:
    """Whether a task may do something with a key (key_task_permission)."""
    key, who = found.key, task.credentials
    if key.uid == who.fsuid:
        rights = key.rights >> USER
    elif key.rights >> GROUP & ALL and (key.gid == who.fsgid or key.gid in who.groups):
        rights = key.rights >> GROUP
    else:
        rights = key.rights >> OTHER
    if found.possessed:
        rights |= key.rights >> POSSESSOR
    return not need & ~rights


def require(task: LinuxTask, found: Found, need: Need) -> None:
    """Refuses what a task may not do.

    Raises:
        Errno: EACCES.
    """
    if not allows(task, found, need):
        raise Errno(E.EACCES)


def require_keyring(key: Key, second: int) -> None:
    """Refuses a key that holds no links, and one that has ended.

    Raises:
        Errno: ENOTDIR, and those of `Key.validate`.
    """
    key.validate(second)
    if not key.type.is_keyring:
        raise Errno(E.ENOTDIR)


# -- the keyrings of a task --------------------------------------------------------------------------------------------


def new_keyring(task: LinuxTask, description: bytes, rights: int, *, overrun: bool = True) -> Key:
    """A keyring of the task's user.

    Raises:
        Errno: EDQUOT.
    """
    who = task.credentials
    return task.kernel.keys.new(
        serials(task), KEYRING, description, (who.uid, who.gid), rights, overrun=overrun
    )


def user_keyrings(task: LinuxTask) -> tuple[Key, Key]:
    """A user's keyring, and that of the sessions of a user who has none, which holds it (look_up_user_keyrings)."""
    keys, uid = task.kernel.keys, task.credentials.uid
    names = b"_uid.%d" % uid, b"_uid_ses.%d" % uid
    for name in names:
        if name not in keys.kept:
            owner = uid, -1 & 0xFFFF_FFFF
            keys.kept[name] = keys.hold(keys.new(serials(task), KEYRING, name, owner, _OF_USER, overrun=True))
            if name is names[1]:
                keys.link(keys.kept[name], keys.kept[names[0]])
    return keys.kept[names[0]], keys.kept[names[1]]


def join_session(task: LinuxTask, name: bytes | None) -> int:
    """Gives the task another session keyring: a new one, or the one of a name; returns its number.

    Raises:
        Errno: EDQUOT, EACCES.
    """
    own = keyrings_of(task)
    if name is None:
        keyring = new_keyring(task, b"_ses", _OF_SESSION, overrun=own.session is None)
    else:
        named = _with_name(task, name)
        if named is not None and named is own.session:
            return 0
        keyring = named or new_keyring(task, name, NAMED_SESSION, overrun=False)
    own.replace("session", keyring)
    return keyring.serial


def _with_name(task: LinuxTask, name: bytes) -> Key | None:
    """A keyring of a name that anybody may search who is what the task is (find_keyring_by_name)."""
    for key in task.kernel.keys:
        usable = key.type.is_keyring and key.description == name and not key.revoked
        if usable and allows(task, Found(key, possessed=False), Need.SEARCH):
            return key
    return None


def _special(task: LinuxTask, number: int, *, create: bool) -> Key:
    """The keyring that a negative number names.

    Raises:
        Errno: ENOKEY, there is none; EINVAL, it is no such number.
    """
    own = keyrings_of(task)
    if number in (Special.THREAD_KEYRING, Special.PROCESS_KEYRING):
        name, description = ("thread", b"_tid") if number == Special.THREAD_KEYRING else ("process", b"_pid")
        found: Key | None = getattr(own, name)
        if found is None:
            if not create:
                raise Errno(E.ENOKEY)
            found = new_keyring(task, description, _OF_TASK)
            own.replace(name, found)
        return found
    if number == Special.SESSION_KEYRING:
        return _session(task, create=create)
    if number == Special.USER_KEYRING:
        return user_keyrings(task)[0]
    if number == Special.USER_SESSION_KEYRING:
        return user_keyrings(task)[1]
    # no key is ever being made for anybody, so that nobody has the authority to answer for one
    raise Errno(E.ENOKEY if number in (Special.REQKEY_AUTH_KEY, Special.REQUESTOR_KEYRING) else E.EINVAL)


def _session(task: LinuxTask, *, create: bool) -> Key:
    own = keyrings_of(task)
    of_user = user_keyrings(task)[1]
    if own.session is None and not create:
        own.replace("session", of_user)
    elif own.session is None or (own.session is of_user and create):
        join_session(task, None)
    assert own.session is not None
    return own.session


def roots(task: LinuxTask) -> Iterator[Key]:
    """The keyrings from which a task's own keys are found, in their order."""
    own = task.keyrings
    session = None if own is None else own.session
    if own is not None:
        yield from (found for found in (own.thread, own.process) if found is not None)
    if session is None:
        session = task.kernel.keys.kept.get(b"_uid_ses.%d" % task.credentials.uid)
    if session is not None:
        yield session


# -- finding -----------------------------------------------------------------------------------------------------------


def lookup(task: LinuxTask, number: int, need: Need, how: Lookup = Lookup.PLAIN) -> Found:
    """The key that a number names, for something to be done with it (lookup_user_key).

    Raises:
        Errno: EINVAL, ENOKEY, EACCES, and that the key has ended.
    """
    keys = task.kernel.keys
    second = now(task)
    keys.sweep(second)
    if number < 0:
        found = Found(_special(task, number, create=bool(how & Lookup.CREATE)), possessed=True)
    elif number == 0:
        raise Errno(E.EINVAL)
    elif (key := keys.by_serial.get(number)) is None:
        raise Errno(E.ENOKEY)
    else:
        found = Found(key, possesses(task, key))
    if how & (Lookup.UNLINK | Lookup.UNCHECKED):
        return found
    if not how & Lookup.PARTIAL and found.key.error:
        raise Errno(E(found.key.error))
    found.key.validate(second)
    require(task, found, need)
    return found


def possesses(task: LinuxTask, wanted: Key) -> bool:
    """Whether a keyring of the task leads to the key, and it may be searched for."""
    return allows(task, Found(wanted, possessed=True), Need.SEARCH) and any(
        root is wanted or any(key is wanted for key, _ in _below(task, Found(root, possessed=True)))
        for root in roots(task)
        if allows(task, Found(root, possessed=True), Need.SEARCH)
    )


def _below(task: LinuxTask, top: Found, depth: int = 1) -> Iterator[tuple[Key, Found]]:
    """All keys in a keyring and in those in it that may be searched, with the keyring in which each lies."""
    yield from [(key, top) for key in top.key.links.values()]
    if depth < MAX_DEPTH:
        for key in list(top.key.links.values()):
            below = Found(key, top.possessed)
            searched = key.type.is_keyring and not key.revoked and not key.invalidated
            if searched and allows(task, below, Need.SEARCH):
                yield from _below(task, below, depth + 1)


def search(task: LinuxTask, top: Found, index: tuple[bytes, bytes]) -> Found:
    """The key of a kind and description in a keyring and those in it (keyring_search_rcu).

    Raises:
        Errno: EAGAIN, there is none; ENOTDIR; EACCES; otherwise what is wrong with the one that there is.
    """
    second = now(task)
    require_keyring(top.key, second)
    require(task, top, Need.SEARCH)
    wrong = Errno(E.EAGAIN)
    for key in (key for key, _ in [(top.key, top), *_below(task, top)] if key.index == index):
        try:
            key.validate(second)
            require(task, Found(key, top.possessed), Need.SEARCH)
            if key.error:
                raise Errno(E(key.error))
        except Errno as error:
            wrong = error
        else:
            return Found(key, top.possessed)
    raise wrong


def search_own(task: LinuxTask, index: tuple[bytes, bytes]) -> Found:
    """The same in all keyrings of the task (search_process_keyrings_rcu).

    Raises:
        Errno: As `search`; that a key is known not to be counts more than other reasons.
    """
    wrong = None
    absent = None
    for root in roots(task):
        try:
            return search(task, Found(root, possessed=True), index)
        except Errno as error:
            if error.number == E.ENOKEY:
                absent = absent or error
            elif error.number != E.EAGAIN:
                wrong = error
    raise absent or wrong or Errno(E.EAGAIN)


def leads_to(keyring: Key, wanted: Key, depth: int = 1) -> bool:
    """Whether a keyring holds another, in whatever depth.

    Raises:
        Errno: ELOOP, it is deeper than keyrings may be.
    """
    if keyring is wanted:
        return True
    inner = [key for key in keyring.links.values() if key.type.is_keyring]
    if inner and depth >= MAX_DEPTH:
        raise Errno(E.ELOOP)
    return any(leads_to(key, wanted, depth + 1) for key in inner)


def may_administrate(task: LinuxTask) -> bool:
    """Whether the task may do with keys of others what only their owners may."""
    return task.credentials.capable(Cap.SYS_ADMIN)
