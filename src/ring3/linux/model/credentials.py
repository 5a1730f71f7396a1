"""Whom a task runs as (credentials(7), capabilities(7)); `ring3.linux.tasks.identity` says how that changes.

Left out: user namespaces and capabilities of files.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, NamedTuple


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
        securebits: `credential_changes.Secure` bits.
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
