"""Whom a task runs as, and the rules by which that changes (credentials(7), capabilities(7)).

A `Credentials` is a value: each call here gives the one that a task has afterwards, or fails. Rules: kernel/sys.c
(setuid and its relatives), security/commoncap.c (what they do to capability sets, execve, prctl) of Linux 6.x.

Left out: user namespaces and capabilities of files.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

from ring3.abi.errno import E, Errno


class Cap(IntEnum):
    """A capability: its number is that of its bit in a set (include/uapi/linux/capability.h)."""

    CHOWN = 0
    DAC_OVERRIDE = 1
    DAC_READ_SEARCH = 2
    FOWNER = 3
    FSETID = 4
    KILL = 5
    SETGID = 6
    SETUID = 7
    SETPCAP = 8
    LINUX_IMMUTABLE = 9
    NET_BIND_SERVICE = 10
    NET_BROADCAST = 11
    NET_ADMIN = 12
    NET_RAW = 13
    IPC_LOCK = 14
    IPC_OWNER = 15
    SYS_MODULE = 16
    SYS_RAWIO = 17
    SYS_CHROOT = 18
    SYS_PTRACE = 19
    SYS_PACCT = 20
    SYS_ADMIN = 21
    SYS_BOOT = 22
    SYS_NICE = 23
    SYS_RESOURCE = 24
    SYS_TIME = 25
    SYS_TTY_CONFIG = 26
    MKNOD = 27
    LEASE = 28
    AUDIT_WRITE = 29
    AUDIT_CONTROL = 30
    SETFCAP = 31
    MAC_OVERRIDE = 32
    MAC_ADMIN = 33
    SYSLOG = 34
    WAKE_ALARM = 35
    BLOCK_SUSPEND = 36
    AUDIT_READ = 37
    PERFMON = 38
    BPF = 39
    CHECKPOINT_RESTORE = 40


ALL: Final = (1 << len(Cap)) - 1
"""The set of all capabilities."""

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


class Credentials(NamedTuple):
    """Whom a task runs as.

    Attributes:
        uid: The real user.
        gid: The real group.
        euid: The effective user.
        egid: The effective group.
        suid: The saved user.
        sgid: The saved group.
        fsuid: The user for access to files.
        fsgid: The group for access to files.
        groups: Supplementary groups, in order.
        inheritable: The capabilities that execve(2) may keep, a bit each as `Cap` numbers them.
        permitted: Those it may use.
        effective: Those in use.
        bounding: The most that execve(2) gives.
        ambient: Those that execve(2) keeps without more ado.
        securebits: `Secure` bits.
    """

    uid: int = 1000
    gid: int = 1000
    euid: int = 1000
    egid: int = 1000
    suid: int = 1000
    sgid: int = 1000
    fsuid: int = 1000
    fsgid: int = 1000
    groups: tuple[int, ...] = ()
    inheritable: int = 0
    permitted: int = 0
    effective: int = 0
    bounding: int = ALL
    ambient: int = 0
    securebits: int = 0

    @classmethod
    def of(cls, uid: int, gid: int, groups: tuple[int, ...] = ()) -> Credentials:
        """One user and group in all roles; user 0 has all capabilities."""
        caps = 0 if uid else ALL
        return cls(uid, gid, uid, gid, uid, gid, uid, gid, tuple(sorted(groups)), 0, caps, caps)

    def capable(self, cap: Cap) -> bool:
        """Whether a capability is effective."""
        return bool(self.effective >> cap & 1)

    def in_group(self, gid: int) -> bool:
        """Whether it may do what the group may do (in_egroup_p)."""
        return gid == self.egid or gid in self.groups

    def owns(self, other: Credentials) -> bool:
        """Whether its effective user is another's real or effective one (check_same_owner)."""
        return self.euid in (other.euid, other.uid)

    def may_ptrace(self, target: Credentials, *, by_fsids: bool = False) -> bool:
        """Whether it may look into a task of somebody (the credentials' part of __ptrace_may_access)."""
        if self.capable(Cap.SYS_PTRACE):
            return True
        uid, gid = (self.fsuid, self.fsgid) if by_fsids else (self.uid, self.gid)
        same = {target.euid, target.suid, target.uid} == {uid} and {target.egid, target.sgid, target.gid} == {
            gid
        }
        mine = self.effective if by_fsids else self.permitted
        return same and not target.permitted & ~mine

    def lowers(self, before: Credentials) -> bool:
        """Whether the change from ``before`` makes the process one that others may not look into (commit_creds)."""
        ids = (self.euid, self.egid, self.fsuid, self.fsgid)
        return ids != (before.euid, before.egid, before.fsuid, before.fsgid) or bool(
            self.permitted & ~before.permitted
        )

    def as_real_user(self) -> Credentials:
        """With the real user's and group's rights to files, as access(2) asks (access_override_creds)."""
        effective = self.effective
        if not self.securebits & Secure.NO_SETUID_FIXUP:
            effective = 0 if self.uid else self.permitted
        return self._replace(fsuid=self.uid, fsgid=self.gid, effective=effective)

    # -- users -------------------------------------------------------------------------------------------------

    def setuid(self, uid: int) -> Credentials:
        """After setuid(2).

        Raises:
            Errno: EINVAL, no such number; EPERM, neither the real nor the saved user, and no CAP_SETUID.
        """
        _check(uid)
        if self.capable(Cap.SETUID):
            new = self._replace(uid=uid, suid=uid, euid=uid, fsuid=uid)
        elif uid in (self.uid, self.suid):
            new = self._replace(euid=uid, fsuid=uid)
        else:
            raise Errno(E.EPERM)
        return new._users_changed(self)

    def setreuid(self, ruid: int, euid: int) -> Credentials:
        """After setreuid(2).

        Raises:
            Errno: EPERM, an id that it has not, and no CAP_SETUID.
        """
        may = self.capable(Cap.SETUID)
        new_uid, new_euid, new_suid = self.uid, self.euid, self.suid
        if ruid != UNCHANGED:
            new_uid = ruid
            if ruid not in (self.uid, self.euid) and not may:
                raise Errno(E.EPERM)
        if euid != UNCHANGED:
            new_euid = euid
            if euid not in (self.uid, self.euid, self.suid) and not may:
                raise Errno(E.EPERM)
        if ruid != UNCHANGED or (euid not in (UNCHANGED, self.uid)):
            new_suid = new_euid
        return self._replace(uid=new_uid, euid=new_euid, suid=new_suid, fsuid=new_euid)._users_changed(self)

    def setresuid(self, ruid: int, euid: int, suid: int) -> Credentials:
        """After setresuid(2).

        Raises:
            Errno: EPERM, an id that it has not, and no CAP_SETUID.
        """
        if (
            ruid in (UNCHANGED, self.uid)
            and (euid == UNCHANGED or euid == self.euid == self.fsuid)
            and suid in (UNCHANGED, self.suid)
        ):
            return self
        mine = (UNCHANGED, self.uid, self.euid, self.suid)
        if not {ruid, euid, suid} <= set(mine) and not self.capable(Cap.SETUID):
            raise Errno(E.EPERM)
        effective = _choose(euid, self.euid)
        new = self._replace(
            uid=_choose(ruid, self.uid), euid=effective, suid=_choose(suid, self.suid), fsuid=effective
        )
        return new._users_changed(self)

    def setfsuid(self, uid: int) -> Credentials:
        """After setfsuid(2), which never fails: a number it may not have changes nothing."""
        if uid in (UNCHANGED, self.fsuid):
            return self
        if uid not in (self.uid, self.euid, self.suid) and not self.capable(Cap.SETUID):
            return self
        effective = self.effective
        if not self.securebits & Secure.NO_SETUID_FIXUP:
            if self.fsuid == 0:
                effective &= ~FILE_CAPABILITIES
            elif uid == 0:
                effective |= self.permitted & FILE_CAPABILITIES
        return self._replace(fsuid=uid, effective=effective)

    def _users_changed(self, before: Credentials) -> Credentials:
        """What a change of users does to the capabilities (cap_emulate_setxuid)."""
        if self.securebits & Secure.NO_SETUID_FIXUP:
            return self
        permitted, effective, ambient = self.permitted, self.effective, self.ambient
        if 0 in (before.uid, before.euid, before.suid) and 0 not in (self.uid, self.euid, self.suid):
            if not self.securebits & Secure.KEEP_CAPS:
                permitted = effective = 0
            ambient = 0
        if before.euid == 0 and self.euid != 0:
            effective = 0
        if before.euid != 0 and self.euid == 0:
            effective = permitted
        return self._replace(permitted=permitted, effective=effective, ambient=ambient)

    # -- groups ------------------------------------------------------------------------------------------------

    def setgid(self, gid: int) -> Credentials:
        """After setgid(2).

        Raises:
            Errno: EINVAL, no such number; EPERM, neither the real nor the saved group, and no CAP_SETGID.
        """
        _check(gid)
        if self.capable(Cap.SETGID):
            return self._replace(gid=gid, sgid=gid, egid=gid, fsgid=gid)
        if gid in (self.gid, self.sgid):
            return self._replace(egid=gid, fsgid=gid)
        raise Errno(E.EPERM)

    def setregid(self, rgid: int, egid: int) -> Credentials:
        """After setregid(2).

        Raises:
            Errno: EPERM, an id that it has not, and no CAP_SETGID.
        """
        may = self.capable(Cap.SETGID)
        if rgid not in (UNCHANGED, self.gid, self.egid) and not may:
            raise Errno(E.EPERM)
        if egid not in (UNCHANGED, self.gid, self.egid, self.sgid) and not may:
            raise Errno(E.EPERM)
        effective = _choose(egid, self.egid)
        saved = effective if rgid != UNCHANGED or egid not in (UNCHANGED, self.gid) else self.sgid
        return self._replace(gid=_choose(rgid, self.gid), egid=effective, sgid=saved, fsgid=effective)

    def setresgid(self, rgid: int, egid: int, sgid: int) -> Credentials:
        """After setresgid(2).

        Raises:
            Errno: EPERM, an id that it has not, and no CAP_SETGID.
        """
        if (
            rgid in (UNCHANGED, self.gid)
            and (egid == UNCHANGED or egid == self.egid == self.fsgid)
            and sgid in (UNCHANGED, self.sgid)
        ):
            return self
        mine = (UNCHANGED, self.gid, self.egid, self.sgid)
        if not {rgid, egid, sgid} <= set(mine) and not self.capable(Cap.SETGID):
            raise Errno(E.EPERM)
        effective = _choose(egid, self.egid)
        return self._replace(
            gid=_choose(rgid, self.gid), egid=effective, sgid=_choose(sgid, self.sgid), fsgid=effective
        )

    def setfsgid(self, gid: int) -> Credentials:
        """After setfsgid(2), which never fails: a number it may not have changes nothing."""
        if gid == UNCHANGED:
            return self
        if gid in (self.gid, self.egid, self.sgid, self.fsgid) or self.capable(Cap.SETGID):
            return self._replace(fsgid=gid)
        return self

    def setgroups(self, groups: list[int]) -> Credentials:
        """After setgroups(2), which only CAP_SETGID allows.

        Raises:
            Errno: EINVAL, one is no number of a group.
        """
        for gid in groups:
            _check(gid)
        return self._replace(groups=tuple(sorted(groups)))

    # -- capabilities ------------------------------------------------------------------------------------------

    def capset(self, effective: int, permitted: int, inheritable: int) -> Credentials:
        """After capset(2).

        Raises:
            Errno: EPERM, a set would grow beyond what it may be.
        """
        if not self.capable(Cap.SETPCAP) and inheritable & ~(self.inheritable | self.permitted):
            raise Errno(E.EPERM)
        if inheritable & ~(self.inheritable | self.bounding):
            raise Errno(E.EPERM)
        if permitted & ~self.permitted or effective & ~permitted:
            raise Errno(E.EPERM)
        ambient = self.ambient & permitted & inheritable
        return self._replace(
            effective=effective, permitted=permitted, inheritable=inheritable, ambient=ambient
        )

    def drop_bounding(self, cap: int) -> Credentials:
        """After PR_CAPBSET_DROP.

        Raises:
            Errno: EPERM, no CAP_SETPCAP; EINVAL, no such capability.
        """
        if not self.capable(Cap.SETPCAP):
            raise Errno(E.EPERM)
        _check_capability(cap)
        return self._replace(bounding=self.bounding & ~(1 << cap))

    def raise_ambient(self, cap: int) -> Credentials:
        """After PR_CAP_AMBIENT_RAISE.

        Raises:
            Errno: EPERM, the capability is not both permitted and inheritable, or it is forbidden.
        """
        if not self.permitted & self.inheritable & 1 << cap or self.securebits & Secure.NO_CAP_AMBIENT_RAISE:
            raise Errno(E.EPERM)
        return self._replace(ambient=self.ambient | 1 << cap)

    def lower_ambient(self, cap: int) -> Credentials:
        """After PR_CAP_AMBIENT_LOWER."""
        return self._replace(ambient=self.ambient & ~(1 << cap))

    def clear_ambient(self) -> Credentials:
        """After PR_CAP_AMBIENT_CLEAR_ALL."""
        return self._replace(ambient=0)

    def set_securebits(self, bits: int) -> Credentials:
        """After PR_SET_SECUREBITS.

        Raises:
            Errno: EPERM, a lock, an unknown bit, or no CAP_SETPCAP where it is needed.
        """
        old = self.securebits
        locked = old & _LOCKS
        if (locked >> 1) & (old ^ bits) or locked & ~bits or bits & ~(_LOCKABLE | _LOCKS):
            raise Errno(E.EPERM)
        changed = old ^ bits
        if not self.capable(Cap.SETPCAP) and (not changed or changed & ~_UNPRIVILEGED):
            raise Errno(E.EPERM)
        return self._replace(securebits=bits)

    def set_keep_caps(self, keep: int) -> Credentials:
        """After PR_SET_KEEPCAPS.

        Raises:
            Errno: EINVAL, neither 0 nor 1; EPERM, it is locked.
        """
        if keep > 1:
            raise Errno(E.EINVAL)
        if self.securebits & Secure.KEEP_CAPS_LOCKED:
            raise Errno(E.EPERM)
        rest = self.securebits & ~int(Secure.KEEP_CAPS)
        return self._replace(securebits=rest | (int(Secure.KEEP_CAPS) if keep else 0))

    def after_exec(self, uid: int | None = None, gid: int | None = None) -> Credentials:
        """Whom a program runs as that execve(2) starts (cap_bprm_creds_from_file).

        Args:
            uid: The owner of a set-user-ID program that is honoured.
            gid: The group of a set-group-ID program that is honoured.
        """
        euid = self.euid if uid is None else uid
        egid = self.egid if gid is None else gid
        ambient = self.ambient if euid == self.euid and (egid == self.fsgid or egid in self.groups) else 0
        permitted = effective = ambient
        if not self.securebits & Secure.NOROOT and 0 in (euid, self.uid):
            permitted |= self.bounding | self.inheritable
            effective = permitted if euid == 0 else ambient
        return self._replace(euid=euid, egid=egid, suid=euid, sgid=egid, fsuid=euid, fsgid=egid, permitted=permitted,
            effective=effective, ambient=ambient, securebits=self.securebits & ~int(Secure.KEEP_CAPS),
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
