"""Whom a task runs as (credentials(7), capabilities(7)); `ring3.linux.tasks.identity` says how that changes.

Numbers are the machine's; what a user namespace calls them is a matter of who looks. Left out: capabilities of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import ALL, Cap
from ring3.linux.model.user_namespace import INITIAL, UserNamespace

if TYPE_CHECKING:
    from ring3.fs.landlock import Domain


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
        user_ns: The user namespace in which it has its capabilities.
        domain: What it has given up for good (landlock(7)); None for nothing.
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
    user_ns: UserNamespace = INITIAL
    domain: Domain | None = None

    @classmethod
    def of(cls, uid: int, gid: int, groups: tuple[int, ...] = ()) -> Credentials:
        """One user and group in all roles; user 0 has all capabilities."""
        caps = 0 if uid else ALL
        return cls(uid, gid, uid, gid, uid, gid, uid, gid, tuple(sorted(groups)), 0, caps, caps)

    def capable(self, cap: Cap) -> bool:
        """Whether a capability is effective for the machine as a whole."""
        return bool(self.effective >> cap & 1) and self.user_ns is INITIAL

    def has(self, cap: Cap) -> bool:
        """Whether a capability is effective in its own user namespace."""
        return bool(self.effective >> cap & 1)

    def ns_capable(self, namespace: UserNamespace, cap: Cap) -> bool:
        """Whether a capability is effective for what belongs to a user namespace (cap_capable)."""
        at: UserNamespace | None = namespace
        while at is not None:
            if at is self.user_ns:
                return self.has(cap)
            if at.level <= self.user_ns.level:
                return False
            if at.parent is self.user_ns and at.owner == self.euid:
                return True
            at = at.parent
        return False

    @property
    def root(self) -> int:
        """The user who is user 0 where it is."""
        return self.user_ns.root

    def in_group(self, gid: int) -> bool:
        """Whether it may do what the group may do (in_egroup_p)."""
        return gid == self.egid or gid in self.groups

    def owns(self, other: Credentials) -> bool:
        """Whether its effective user is another's real or effective one (check_same_owner)."""
        return self.euid in (other.euid, other.uid)

    def may_ptrace(self, target: Credentials, *, by_fsids: bool = False) -> bool:
        """Whether it may look into a task of somebody (the credentials' part of __ptrace_may_access)."""
        if self.ns_capable(target.user_ns, Cap.SYS_PTRACE):
            return True
        uid, gid = (self.fsuid, self.fsgid) if by_fsids else (self.uid, self.gid)
        same = {target.euid, target.suid, target.uid} == {uid} and {target.egid, target.sgid, target.gid} == {
            gid
        }
        mine = self.effective if by_fsids else self.permitted
        if target.user_ns is not self.user_ns:
            return same and self.ns_capable(target.user_ns, Cap.SYS_PTRACE)
        return same and not target.permitted & ~mine

    def lowers(self, before: Credentials) -> bool:
        """Whether the change from ``before`` makes the process one that others may not look into (commit_creds)."""
        ids = (self.euid, self.egid, self.fsuid, self.fsgid)
        return ids != (before.euid, before.egid, before.fsuid, before.fsgid) or bool(
            self.permitted & ~before.permitted
        )
