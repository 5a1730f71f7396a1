"""How credentials change: by setuid(2) and its relatives, capset(2), prctl(2) and execve(2).

`Credentials` are a value: each function here gives those that a task has afterwards, or fails. Rules: kernel/sys.c and
security/commoncap.c of Linux 6.x.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.kernel.functions import function
from ring3.linux.model.credentials import Credentials

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

FILE_CAPABILITIES: Final = sum(
    1 << cap
    for cap in (
        Cap.CHOWN, Cap.DAC_OVERRIDE, Cap.DAC_READ_SEARCH, Cap.FOWNER, Cap.FSETID, Cap.LINUX_IMMUTABLE, Cap.MKNOD,
        Cap.MAC_OVERRIDE,
    )
)  # fmt: skip
"""Those that come and go with fsuid 0 (CAP_FS_MASK)."""

UNCHANGED: Final = 0xFFFF_FFFF
"""The number -1, with which a call leaves an id as it is."""


class Secure(IntFlag):
    """The securebits of prctl(2); each has a lock, the bit above it."""

    NOROOT = 1 << 0
    NOROOT_LOCKED = 1 << 1
    NO_SETUID_FIXUP = 1 << 2
    NO_SETUID_FIXUP_LOCKED = 1 << 3
    KEEP_CAPS = 1 << 4
    KEEP_CAPS_LOCKED = 1 << 5
    NO_CAP_AMBIENT_RAISE = 1 << 6
    NO_CAP_AMBIENT_RAISE_LOCKED = 1 << 7
    EXEC_RESTRICT_FILE = 1 << 8
    EXEC_RESTRICT_FILE_LOCKED = 1 << 9
    EXEC_DENY_INTERACTIVE = 1 << 10
    EXEC_DENY_INTERACTIVE_LOCKED = 1 << 11


_LOCKABLE: Final = 0x555
_LOCKS: Final = _LOCKABLE << 1
_UNPRIVILEGED: Final = 0xF00
"""The bits, with their locks, that a program may set for itself."""


@function("int commit_creds(struct cred *new)")
def commit_creds(task: LinuxTask, new: Credentials) -> None:
    """Gives a thread other credentials, with what depends on them (commit_creds)."""
    if new.lowers(task.credentials):
        task.mm_context.dumpable = 0
        task.parent_death_signal = 0
    set_credentials(task, new)


def start_program(task: LinuxTask) -> None:
    """Gives a thread the credentials of the program that it has just begun to run."""
    old, new = task.credentials, after_exec(task.credentials)
    lowered = new.lowers(old)
    same = (new.euid, new.egid) == (new.uid, new.gid)
    task.mm_context.dumpable = int(same and not lowered)
    if lowered or not same:
        task.parent_death_signal = 0
    set_credentials(task, new)


def as_real_user(old: Credentials) -> Credentials:
    """With the real user's and group's rights to files, as access(2) asks (access_override_creds)."""
    effective = old.effective
    if not old.securebits & Secure.NO_SETUID_FIXUP:
        effective = old.permitted if old.uid == old.root else 0
    return old._replace(fsuid=old.uid, fsgid=old.gid, effective=effective)


# -- users -------------------------------------------------------------------------------------------------


def setuid(old: Credentials, uid: int) -> Credentials:
    """The credentials that setuid gives.

    Raises:
        Errno: EINVAL, no such number; EPERM, neither the real nor the saved user, and no CAP_SETUID.
    """
    _check(uid)
    if old.has(Cap.SETUID):
        new = old._replace(uid=uid, suid=uid, euid=uid, fsuid=uid)
    elif uid in (old.uid, old.suid):
        new = old._replace(euid=uid, fsuid=uid)
    else:
        raise Errno(E.EPERM)
    return _users_changed(old, new)


def setreuid(old: Credentials, ruid: int, euid: int) -> Credentials:
    """The credentials that setreuid gives.

    Raises:
        Errno: EPERM, an id that it has not, and no CAP_SETUID.
    """
    may = old.has(Cap.SETUID)
    new_uid, new_euid, new_suid = old.uid, old.euid, old.suid
    if ruid != UNCHANGED:
        new_uid = ruid
        if ruid not in (old.uid, old.euid) and not may:
            raise Errno(E.EPERM)
    if euid != UNCHANGED:
        new_euid = euid
        if euid not in (old.uid, old.euid, old.suid) and not may:
            raise Errno(E.EPERM)
    if ruid != UNCHANGED or (euid not in (UNCHANGED, old.uid)):
        new_suid = new_euid
    return _users_changed(old, old._replace(uid=new_uid, euid=new_euid, suid=new_suid, fsuid=new_euid))


def setresuid(old: Credentials, ruid: int, euid: int, suid: int) -> Credentials:
    """The credentials that setresuid gives.

    Raises:
        Errno: EPERM, an id that it has not, and no CAP_SETUID.
    """
    if (
        ruid in (UNCHANGED, old.uid)
        and (euid == UNCHANGED or euid == old.euid == old.fsuid)
        and suid in (UNCHANGED, old.suid)
    ):
        return old
    mine = (UNCHANGED, old.uid, old.euid, old.suid)
    if not {ruid, euid, suid} <= set(mine) and not old.has(Cap.SETUID):
        raise Errno(E.EPERM)
    effective = _choose(euid, old.euid)
    new = old._replace(
        uid=_choose(ruid, old.uid), euid=effective, suid=_choose(suid, old.suid), fsuid=effective
    )
    return _users_changed(old, new)


def setfsuid(old: Credentials, uid: int) -> Credentials:
    """The credentials that setfsuid gives, which never fails: a number it may not have changes nothing."""
    if uid in (UNCHANGED, old.fsuid):
        return old
    if uid not in (old.uid, old.euid, old.suid) and not old.has(Cap.SETUID):
        return old
    effective = old.effective
    if not old.securebits & Secure.NO_SETUID_FIXUP:
        if old.fsuid == old.root:
            effective &= ~FILE_CAPABILITIES
        elif uid == old.root:
            effective |= old.permitted & FILE_CAPABILITIES
    return old._replace(fsuid=uid, effective=effective)


def _users_changed(old: Credentials, new: Credentials) -> Credentials:
    """What a change of users does to the capabilities (cap_emulate_setxuid)."""
    if old.securebits & Secure.NO_SETUID_FIXUP:
        return new
    permitted, effective, ambient = old.permitted, old.effective, old.ambient
    root = old.root
    if root in (old.uid, old.euid, old.suid) and root not in (new.uid, new.euid, new.suid):
        if not old.securebits & Secure.KEEP_CAPS:
            permitted = effective = 0
        ambient = 0
    if old.euid == root and new.euid != root:
        effective = 0
    if old.euid != root and new.euid == root:
        effective = permitted
    return new._replace(permitted=permitted, effective=effective, ambient=ambient)


# -- groups ------------------------------------------------------------------------------------------------


def setgid(old: Credentials, gid: int) -> Credentials:
    """The credentials that setgid gives.

    Raises:
        Errno: EINVAL, no such number; EPERM, neither the real nor the saved group, and no CAP_SETGID.
    """
    _check(gid)
    if old.has(Cap.SETGID):
        return old._replace(gid=gid, sgid=gid, egid=gid, fsgid=gid)
    if gid in (old.gid, old.sgid):
        return old._replace(egid=gid, fsgid=gid)
    raise Errno(E.EPERM)


def setregid(old: Credentials, rgid: int, egid: int) -> Credentials:
    """The credentials that setregid gives.

    Raises:
        Errno: EPERM, an id that it has not, and no CAP_SETGID.
    """
    may = old.has(Cap.SETGID)
    if rgid not in (UNCHANGED, old.gid, old.egid) and not may:
        raise Errno(E.EPERM)
    if egid not in (UNCHANGED, old.gid, old.egid, old.sgid) and not may:
        raise Errno(E.EPERM)
    effective = _choose(egid, old.egid)
    saved = effective if rgid != UNCHANGED or egid not in (UNCHANGED, old.gid) else old.sgid
    return old._replace(gid=_choose(rgid, old.gid), egid=effective, sgid=saved, fsgid=effective)


def setresgid(old: Credentials, rgid: int, egid: int, sgid: int) -> Credentials:
    """The credentials that setresgid gives.

    Raises:
        Errno: EPERM, an id that it has not, and no CAP_SETGID.
    """
    if (
        rgid in (UNCHANGED, old.gid)
        and (egid == UNCHANGED or egid == old.egid == old.fsgid)
        and sgid in (UNCHANGED, old.sgid)
    ):
        return old
    mine = (UNCHANGED, old.gid, old.egid, old.sgid)
    if not {rgid, egid, sgid} <= set(mine) and not old.has(Cap.SETGID):
        raise Errno(E.EPERM)
    effective = _choose(egid, old.egid)
    return old._replace(
        gid=_choose(rgid, old.gid), egid=effective, sgid=_choose(sgid, old.sgid), fsgid=effective
    )


def setfsgid(old: Credentials, gid: int) -> Credentials:
    """The credentials that setfsgid gives, which never fails: a number it may not have changes nothing."""
    if gid == UNCHANGED:
        return old
    if gid in (old.gid, old.egid, old.sgid, old.fsgid) or old.has(Cap.SETGID):
        return old._replace(fsgid=gid)
    return old


def setgroups(old: Credentials, groups: list[int]) -> Credentials:
    """The credentials that setgroups gives, which only CAP_SETGID allows.

    Raises:
        Errno: EINVAL, one is no number of a group.
    """
    for gid in groups:
        _check(gid)
    return old._replace(groups=tuple(sorted(groups)))


# -- capabilities ------------------------------------------------------------------------------------------


def capset(old: Credentials, effective: int, permitted: int, inheritable: int) -> Credentials:
    """The credentials that capset gives.

    Raises:
        Errno: EPERM, a set would grow beyond what it may be.
    """
    if not old.has(Cap.SETPCAP) and inheritable & ~(old.inheritable | old.permitted):
        raise Errno(E.EPERM)
    if inheritable & ~(old.inheritable | old.bounding):
        raise Errno(E.EPERM)
    if permitted & ~old.permitted or effective & ~permitted:
        raise Errno(E.EPERM)
    ambient = old.ambient & permitted & inheritable
    return old._replace(effective=effective, permitted=permitted, inheritable=inheritable, ambient=ambient)


def drop_bounding(old: Credentials, cap: int) -> Credentials:
    """The credentials after PR_CAPBSET_DROP.

    Raises:
        Errno: EPERM, no CAP_SETPCAP; EINVAL, no such capability.
    """
    if not old.has(Cap.SETPCAP):
        raise Errno(E.EPERM)
    _check_capability(cap)
    return old._replace(bounding=old.bounding & ~(1 << cap))


def raise_ambient(old: Credentials, cap: int) -> Credentials:
    """The credentials after PR_CAP_AMBIENT_RAISE.

    Raises:
        Errno: EPERM, the capability is not both permitted and inheritable, or it is forbidden.
    """
    if not old.permitted & old.inheritable & 1 << cap or old.securebits & Secure.NO_CAP_AMBIENT_RAISE:
        raise Errno(E.EPERM)
    return old._replace(ambient=old.ambient | 1 << cap)


def lower_ambient(old: Credentials, cap: int) -> Credentials:
    """The credentials after PR_CAP_AMBIENT_LOWER."""
    return old._replace(ambient=old.ambient & ~(1 << cap))


def clear_ambient(old: Credentials) -> Credentials:
    """The credentials after PR_CAP_AMBIENT_CLEAR_ALL."""
    return old._replace(ambient=0)


def set_securebits(old: Credentials, bits: int) -> Credentials:
    """The credentials after PR_SET_SECUREBITS.

    Raises:
        Errno: EPERM, a lock, an unknown bit, or no CAP_SETPCAP where it is needed.
    """
    now = old.securebits
    locked = now & _LOCKS
    if (locked >> 1) & (now ^ bits) or locked & ~bits or bits & ~(_LOCKABLE | _LOCKS):
        raise Errno(E.EPERM)
    changed = now ^ bits
    if not old.has(Cap.SETPCAP) and (not changed or changed & ~_UNPRIVILEGED):
        raise Errno(E.EPERM)
    return old._replace(securebits=bits)


def set_keep_caps(old: Credentials, keep: int) -> Credentials:
    """The credentials after PR_SET_KEEPCAPS.

    Raises:
        Errno: EINVAL, neither 0 nor 1; EPERM, it is locked.
    """
    if keep > 1:
        raise Errno(E.EINVAL)
    if old.securebits & Secure.KEEP_CAPS_LOCKED:
        raise Errno(E.EPERM)
    rest = old.securebits & ~int(Secure.KEEP_CAPS)
    return old._replace(securebits=rest | (int(Secure.KEEP_CAPS) if keep else 0))


def after_exec(old: Credentials, uid: int | None = None, gid: int | None = None) -> Credentials:
    """The credentials of a program that execve(2) starts (cap_bprm_creds_from_file).

    Args:
        old: Those of the program before.
        uid: The owner of a set-user-ID program that is honoured.
        gid: The group of a set-group-ID program that is honoured.
    """
    euid = old.euid if uid is None else uid
    egid = old.egid if gid is None else gid
    ambient = old.ambient if euid == old.euid and (egid == old.fsgid or egid in old.groups) else 0
    permitted = effective = ambient
    if not old.securebits & Secure.NOROOT and old.root in (euid, old.uid):
        permitted |= old.bounding | old.inheritable
        effective = permitted if euid == old.root else ambient
    return old._replace(euid=euid, egid=egid, suid=euid, sgid=egid, fsuid=euid, fsgid=egid, permitted=permitted,
        effective=effective, ambient=ambient, securebits=old.securebits & ~int(Secure.KEEP_CAPS),
    )  # fmt: skip


def _check(number: int) -> None:
    """The one number that no user and no group has is -1."""
    if number == UNCHANGED:
        raise Errno(E.EINVAL)


def _check_capability(cap: int) -> None:
    if not 0 <= cap < len(Cap):
        raise Errno(E.EINVAL)


def _choose(new: int, old: int) -> int:
    return old if new == UNCHANGED else new


def set_credentials(task: LinuxTask, credentials: Credentials) -> None:
    """Replaces whom a task runs as, and tells those who enforce it."""
    task.credentials = credentials
    may_lock = credentials.capable(Cap.IPC_LOCK)
    if task.memory.limits.ipc_lock != may_lock:
        limits = task.memory.limits = copy(task.memory.limits)
        limits.ipc_lock = may_lock
