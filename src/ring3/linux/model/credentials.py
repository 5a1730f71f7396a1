"""Whom a task runs as (credentials(7), capabilities(7)); `ring3.linux.tasks.identity` says how that changes.

Left out: user namespaces and capabilities of files.
"""

from __future__ import annotations

from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import ALL, Cap


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
