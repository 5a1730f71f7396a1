"""keyctl(2) (security/keys/keyctl.c of Linux 6.x): a function an operation, and the table that leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT, Int, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.linux.calls.keys.add_key import read_text, read_type
from ring3.linux.definition import syscall
from ring3.linux.keys import making
from ring3.linux.keys.access import (
    Found,
    Lookup,
    Special,
    allows,
    join_session,
    keyrings_of,
    lookup,
    may_administrate,
    new_keyring,
    now,
    require,
    require_keyring,
    search,
)  # fmt: skip
from ring3.linux.model.keys import ALL, GROUP, OTHER, POSSESSOR, USER, Need

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_PAGE: Final = 4096
_MAX_PAYLOAD: Final = (1 << 20) - 1
_UNCHANGED: Final = 0xFFFF_FFFF
_MAX_ERRNO: Final = 4095
_RIGHTS: Final = ALL << POSSESSOR | ALL << USER | ALL << GROUP | ALL << OTHER
_PERSISTENT_RIGHTS: Final = (ALL & ~Need.SETATTR) << POSSESSOR | (Need.VIEW | Need.READ) << USER


class Capability(IntFlag):
    """What KEYCTL_CAPABILITIES tells of, in its first byte."""

    CAPABILITIES = 1
    PERSISTENT_KEYRINGS = 2
    BIG_KEY = 0x10
    INVALIDATE = 0x20
    RESTRICT_KEYRING = 0x40
    MOVE = 0x80


class Keyctl(IntEnum):
    """What keyctl(2) is to do (include/uapi/linux/keyctl.h)."""

    GET_KEYRING_ID = 0
    JOIN_SESSION_KEYRING = 1
    UPDATE = 2
    REVOKE = 3
    CHOWN = 4
    SETPERM = 5
    DESCRIBE = 6
    CLEAR = 7
    LINK = 8
    UNLINK = 9
    SEARCH = 10
    READ = 11
    INSTANTIATE = 12
    NEGATE = 13
    SET_REQKEY_KEYRING = 14
    SET_TIMEOUT = 15
    ASSUME_AUTHORITY = 16
    GET_SECURITY = 17
    SESSION_TO_PARENT = 18
    REJECT = 19
    INSTANTIATE_IOV = 20
    INVALIDATE = 21
    GET_PERSISTENT = 22
    RESTRICT_KEYRING = 29
    MOVE = 30
    CAPABILITIES = 31


def _give(task: LinuxTask, address: int, size: int, data: bytes) -> int:
    """Stores what there is room for, all or nothing; returns how much there is."""
    if address and size >= len(data):
        task.memory.write(address, data)
    return len(data)


# -- keyrings of one's own ---------------------------------------------------------------------------------------------


def _get_keyring_id(task: LinuxTask, number: int, create: int, *_: int) -> int:
    how = Lookup.CREATE if create & _UNCHANGED else Lookup.PLAIN
    return lookup(task, INT.cast(number), Need.SEARCH, how).key.serial


def _join_session_keyring(task: LinuxTask, name: int, *_: int) -> int:
    if not name:
        return join_session(task, None)
    text = read_text(task, name)
    if text.startswith(b"."):
        raise Errno(E.EPERM)
    return join_session(task, text)


def _session_to_parent(task: LinuxTask, *_: int) -> int:
    """Gives the parent the session keyring of the caller, if it is one that the caller could have started itself."""
    session = lookup(task, Special.SESSION_KEYRING, Need.LINK).key
    parent = task.process.parent
    if parent is None or len(parent.threads) != 1:
        raise Errno(E.EPERM)
    theirs, mine = parent.threads[0].credentials, task.credentials
    users = {theirs.uid, theirs.euid, theirs.suid, mine.uid, mine.suid}
    groups = {theirs.gid, theirs.egid, theirs.sgid, mine.gid, mine.sgid}
    if users != {mine.euid} or groups != {mine.egid} or session.uid != mine.euid:
        raise Errno(E.EPERM)
    keyrings_of(parent.threads[0]).replace("session", session)
    return 0


def _get_persistent(task: LinuxTask, uid: int, target: int, *_: int) -> int:
    who, keys = task.credentials, task.kernel.keys
    wanted = who.uid if uid & _UNCHANGED == _UNCHANGED else who.user_ns.user(uid & _UNCHANGED)
    if wanted is None:
        raise Errno(E.EINVAL)
    if wanted not in (who.uid, who.euid) and not who.has(Cap.SETUID):
        raise Errno(E.EPERM)
    keyring = lookup(task, INT.cast(target), Need.WRITE, Lookup.CREATE)
    require_keyring(keyring.key, now(task))
    name = b"_persistent.%d" % wanted
    found = keys.kept.get(name)
    if found is None or found.has_expired(now(task)):
        keys.drop(found)
        found = keys.kept[name] = keys.hold(new_keyring(task, name, _PERSISTENT_RIGHTS))
        found.uid, found.gid = wanted, _UNCHANGED
    making.link(task, keyring.key, found)
    found.expiry = now(task) + keys.persistent_keyring_expiry
    return found.serial


# -- one key -----------------------------------------------------------------------------------------------------------


def _update(task: LinuxTask, number: int, payload: int, size: int, *_: int) -> int:
    if size > _PAGE:
        raise Errno(E.EINVAL)
    data = task.memory.read(payload, size) if payload else b""
    making.update(task, lookup(task, INT.cast(number), Need.WRITE), data)
    return 0


def _revoke(task: LinuxTask, number: int, *_: int) -> int:
    try:
        found = lookup(task, INT.cast(number), Need.WRITE)
    except Errno as error:
        if error.number != E.EACCES:
            raise
        found = lookup(task, INT.cast(number), Need.SETATTR)
    making.revoke(task, found.key)
    return 0


def _invalidate(task: LinuxTask, number: int, *_: int) -> int:
    lookup(task, INT.cast(number), Need.SEARCH).key.invalidated = True
    task.kernel.keys.sweep(now(task))
    return 0


def _chown(task: LinuxTask, number: int, uid: int, gid: int, *_: int) -> int:
    who, keys = task.credentials, task.kernel.keys
    uid, gid = uid & _UNCHANGED, gid & _UNCHANGED
    user = who.user_ns.user(uid) if uid != _UNCHANGED else None
    group = who.user_ns.group_of(gid) if gid != _UNCHANGED else None
    if (uid != _UNCHANGED and user is None) or (gid != _UNCHANGED and group is None):
        raise Errno(E.EINVAL)
    if uid == gid == _UNCHANGED:
        return 0
    key = lookup(task, INT.cast(number), Need.SETATTR, Lookup.CREATE | Lookup.PARTIAL).key
    if not may_administrate(task):
        if user is not None and user != key.uid:
            raise Errno(E.EACCES)
        if group is not None and group not in (key.gid, who.fsgid, *who.groups):
            raise Errno(E.EACCES)
    if user is not None and user != key.uid:
        keys.give(key, user)
    if group is not None:
        key.gid = group
    return 0


def _setperm(task: LinuxTask, number: int, rights: int, *_: int) -> int:
    rights &= _UNCHANGED
    if rights & ~_RIGHTS:
        raise Errno(E.EINVAL)
    key = lookup(task, INT.cast(number), Need.SETATTR, Lookup.CREATE | Lookup.PARTIAL).key
    if key.uid != task.credentials.fsuid and not may_administrate(task):
        raise Errno(E.EACCES)
    key.rights = rights
    return 0


def _set_timeout(task: LinuxTask, number: int, seconds: int, *_: int) -> int:
    key = lookup(task, INT.cast(number), Need.SETATTR, Lookup.CREATE | Lookup.PARTIAL).key
    seconds &= _UNCHANGED
    key.expiry = now(task) + seconds if seconds else 0
    return 0


def _describe(task: LinuxTask, number: int, address: int, size: int, *_: int) -> int:
    key = lookup(task, INT.cast(number), Need.VIEW, Lookup.PARTIAL).key
    namespace = task.credentials.user_ns
    owner = namespace.shown_user(key.uid), namespace.shown_group(key.gid)
    numbers = ";".join(str(INT.cast(number)) for number in owner)
    text = f"{key.type.name.decode()};{numbers};{key.rights:08x};".encode() + key.description + b"\0"
    return _give(task, address, size, text)


def _get_security(task: LinuxTask, number: int, address: int, size: int, *_: int) -> int:
    """The label that a security module gave the key: there is no such module."""
    lookup(task, INT.cast(number), Need.VIEW, Lookup.PARTIAL)
    return _give(task, address, size, b"\0")


def _read(task: LinuxTask, number: int, address: int, size: int, *_: int) -> int:
    try:
        found = lookup(task, INT.cast(number), Need(0), Lookup.UNCHECKED)
    except Errno:
        raise Errno(E.ENOKEY) from None
    key = found.key
    if key.error:
        raise Errno(E(key.error))
    if not allows(task, found, Need.READ) and not found.possessed:
        raise Errno(E.EACCES)
    if not key.type.readable:
        raise Errno(E.EOPNOTSUPP)
    key.validate(now(task))
    if key.type.is_keyring and address and size % 4:  # keyring_read: numbers of four bytes each
        raise Errno(E.EINVAL)
    links = b"".join(held.serial.to_bytes(4, "little") for held in key.links.values())
    return _give(task, address, size, links if key.type.is_keyring else key.payload)


# -- keys in keyrings --------------------------------------------------------------------------------------------------


def _clear(task: LinuxTask, number: int, *_: int) -> int:
    keyring = lookup(task, INT.cast(number), Need.WRITE, Lookup.CREATE).key
    if not keyring.type.is_keyring:
        raise Errno(E.ENOTDIR)
    task.kernel.keys.clear(keyring)
    return 0


def _link(task: LinuxTask, number: int, target: int, *_: int) -> int:
    keyring = lookup(task, INT.cast(target), Need.WRITE, Lookup.CREATE).key
    making.link(task, keyring, lookup(task, INT.cast(number), Need.LINK, Lookup.CREATE).key)
    return 0


def _unlink(task: LinuxTask, number: int, source: int, *_: int) -> int:
    keyring = lookup(task, INT.cast(source), Need.WRITE).key
    key = lookup(task, INT.cast(number), Need(0), Lookup.PARTIAL | Lookup.UNLINK).key
    require_keyring(keyring, now(task))
    task.kernel.keys.unlink(keyring, key)
    return 0


def _move(task: LinuxTask, number: int, source: int, target: int, flags: int) -> int:
    if flags & _UNCHANGED & ~1:
        raise Errno(E.EINVAL)
    key = lookup(task, INT.cast(number), Need.LINK, Lookup.CREATE).key
    before = lookup(task, INT.cast(source), Need.WRITE).key
    after = lookup(task, INT.cast(target), Need.WRITE, Lookup.CREATE).key
    making.move(task, key, before, after, exclusive=bool(flags & 1))
    return 0


def _search(task: LinuxTask, number: int, kind: int, description: int, target: int) -> int:
    name, text = read_type(task, kind), read_text(task, description)
    top = lookup(task, INT.cast(number), Need.SEARCH)
    keyring = lookup(task, INT.cast(target), Need.WRITE, Lookup.CREATE) if INT.cast(target) else None
    wanted = making.key_type(name, E.ENOKEY)
    try:
        found = search(task, top, (wanted.name, text))
    except Errno as error:
        raise Errno(E.ENOKEY) if error.number == E.EAGAIN else error from None
    if keyring is not None:
        require(task, found, Need.LINK)
        making.link(task, keyring.key, found.key)
    return found.key.serial


def _restrict_keyring(task: LinuxTask, number: int, kind: int, restriction: int, *_: int) -> int:
    keyring: Found = lookup(task, INT.cast(number), Need.SETATTR)
    if kind:
        read_type(task, kind)
        if restriction:
            read_text(task, restriction)
        raise Errno(E.ENOENT)  # only asymmetric keys can be asked whom they trust
    if restriction:
        raise Errno(E.EINVAL)
    if not keyring.key.type.is_keyring:
        raise Errno(E.ENOTDIR)
    if keyring.key.closed:
        raise Errno(E.EEXIST)
    keyring.key.closed = True
    return 0


# -- making keys for others, which nobody is ever asked for ------------------------------------------------------------


def _instantiate(task: LinuxTask, number: int, payload: int, size: int, *_: int) -> int:
    if size > _MAX_PAYLOAD:
        raise Errno(E.EINVAL)
    raise Errno(E.EPERM)


def _negate(task: LinuxTask, *_: int) -> int:
    raise Errno(E.EPERM)


def _reject(task: LinuxTask, number: int, seconds: int, error: int, *_: int) -> int:
    error &= _UNCHANGED
    if not 0 < error < _MAX_ERRNO or 512 <= error <= 516:
        raise Errno(E.EINVAL)
    raise Errno(E.EPERM)


def _assume_authority(task: LinuxTask, number: int, *_: int) -> int:
    if INT.cast(number) < 0:
        raise Errno(E.EINVAL)
    if INT.cast(number):
        raise Errno(E.ENOKEY)
    return 0


def _set_reqkey_keyring(task: LinuxTask, default: int, *_: int) -> int:
    return making.set_default(task, INT.cast(default))


def _capabilities(task: LinuxTask, address: int, size: int, *_: int) -> int:
    known = bytes([sum(Capability), 0])
    if size:
        task.memory.write(address, known[:size].ljust(size, b"\0"))
    return len(known)


OPERATIONS: Final[dict[int, Callable[[LinuxTask, int, int, int, int], int]]] = {
    Keyctl.GET_KEYRING_ID: _get_keyring_id,
    Keyctl.JOIN_SESSION_KEYRING: _join_session_keyring,
    Keyctl.UPDATE: _update,
    Keyctl.REVOKE: _revoke,
    Keyctl.CHOWN: _chown,
    Keyctl.SETPERM: _setperm,
    Keyctl.DESCRIBE: _describe,
    Keyctl.CLEAR: _clear,
    Keyctl.LINK: _link,
    Keyctl.UNLINK: _unlink,
    Keyctl.SEARCH: _search,
    Keyctl.READ: _read,
    Keyctl.INSTANTIATE: _instantiate,
    Keyctl.NEGATE: _negate,
    Keyctl.SET_REQKEY_KEYRING: _set_reqkey_keyring,
    Keyctl.SET_TIMEOUT: _set_timeout,
    Keyctl.ASSUME_AUTHORITY: _assume_authority,
    Keyctl.GET_SECURITY: _get_security,
    Keyctl.SESSION_TO_PARENT: _session_to_parent,
    Keyctl.REJECT: _reject,
    Keyctl.INSTANTIATE_IOV: _instantiate,
    Keyctl.INVALIDATE: _invalidate,
    Keyctl.GET_PERSISTENT: _get_persistent,
    Keyctl.RESTRICT_KEYRING: _restrict_keyring,
    Keyctl.MOVE: _move,
    Keyctl.CAPABILITIES: _capabilities,
}


@syscall(
    "partial",
    "no asymmetric keys, no Diffie-Hellman, no notices of changes: EOPNOTSUPP",
    compat_sys_keyctl=32,
)
def sys_keyctl(
    task: LinuxTask,
    option: Int,
    arg2: UnsignedLong,
    arg3: UnsignedLong,
    arg4: UnsignedLong,
    arg5: UnsignedLong,
    *,
    bits: int = 64,
) -> int:
    """Does something with keys and keyrings."""
    operation = OPERATIONS.get(option)
    if operation is None:
        raise Errno(E.EOPNOTSUPP)
    return operation(task, arg2, arg3, arg4, arg5)
