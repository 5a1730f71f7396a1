"""How a task comes to other namespaces: by clone(2), unshare(2) and setns(2) (kernel/nsproxy.c).

There is one way: `renewed` makes new ones of those that flags name, and `enter` takes those of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import ALL, Cap
from ring3.fs.mounts import NODEV, NOEXEC, NOSUID, RDONLY, make_slave, top
from ring3.linux.model.namespaces import (
    IpcNamespace,
    MountNamespace,
    Namespace,
    Namespaces,
    NetNamespace,
    PidNamespace,
    TimeNamespace,
    UtsNamespace,
)
from ring3.linux.model.user_namespace import UserNamespace
from ring3.linux.tasks.identity import set_credentials

if TYPE_CHECKING:
    from ring3.fs.mount_copies import Copied
    from ring3.fs.mounts import MountTree
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

NEWTIME: Final = 0x80
NEWNS: Final = 0x20000
NEWCGROUP: Final = 0x2000000
NEWUTS: Final = 0x4000000
NEWIPC: Final = 0x8000000
NEWUSER: Final = 0x10000000
NEWPID: Final = 0x20000000
NEWNET: Final = 0x40000000
FLAG_OF: Final[dict[bytes, int]] = {
    b"cgroup": NEWCGROUP,
    b"ipc": NEWIPC,
    b"mnt": NEWNS,
    b"net": NEWNET,
    b"pid": NEWPID,
    b"pid_for_children": NEWPID,
    b"time": NEWTIME,
    b"time_for_children": NEWTIME,
    b"user": NEWUSER,
    b"uts": NEWUTS,
}
"""The flag of each name in /proc/PID/ns."""
KEPT: Final = RDONLY | NODEV | NOSUID | NOEXEC
"""Flags of mounts that a user namespace below cannot clear."""
LEVELS: Final = 32
"""How deep namespaces of users, and of numbers, may be nested."""


class Renewed(NamedTuple):
    """What somebody has who gets new namespaces.

    Attributes:
        credentials: Whom it runs as.
        namespaces: Its namespaces.
        copied: Its mounts, if they were copied.
    """

    credentials: Credentials
    namespaces: Namespaces
    copied: Copied | None = None

    def give(self, task: LinuxTask) -> None:
        """Gives all that to a task, which has a place in the tree that it shares with nobody."""
        set_credentials(task, self.credentials)
        task.namespaces = self.namespaces
        if self.copied is not None:
            task.fs.root, task.fs.cwd = self.copied.place(task.fs.root), self.copied.place(task.fs.cwd)


def renewed(task: LinuxTask, flags: int) -> Renewed:
    """The credentials and namespaces of who gets new ones of those that flags name.

    Args:
        task: Who asks.
        flags: ``CLONE_NEW...``.

    Raises:
        Errno: EPERM, no CAP_SYS_ADMIN, or a user namespace cannot be made; ENOSPC, one would be nested too deep;
            EINVAL, its children are to be born in another namespace of numbers already.
    """
    kernel, credentials, now = task.kernel, task.credentials, task.namespaces
    if flags & NEWUSER:
        credentials = _in_new_user_namespace(kernel, credentials)
    if not flags & ~NEWUSER:
        return Renewed(credentials, now)
    owner = credentials.user_ns
    if not credentials.ns_capable(owner, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    copied = None
    if flags & NEWNS:
        from ring3.fs.mount_copies import Copied  # noqa: PLC0415 - few programs ask for it

        _require_room(task)
        copied = Copied(now.mnt.tree.mounts, now.mnt.tree.root, whole=True)
        if owner is not now.mnt.owner:
            lock(copied.tree)
        now = now._replace(mnt=MountNamespace(kernel.new_namespace_number(), owner, copied.tree))
    if flags & NEWPID:
        now = now._replace(pid_for_children=_new_pid_namespace(task, owner))
    return Renewed(credentials, _others(kernel, owner, now, flags), copied)


def _require_room(task: LinuxTask) -> None:
    """Refuses one more copy of all mounts, where all namespaces together have many.

    Raises:
        Errno: ENOSPC.
    """
    trees = {thread.namespaces.mnt.tree for thread in task.kernel.threads()}
    if sum(len(tree.mounts) for tree in trees) > 2 * task.kernel.mount_max:
        raise Errno(E.ENOSPC)


def _new_pid_namespace(task: LinuxTask, owner: UserNamespace) -> PidNamespace:
    """A namespace of numbers below the task's own (copy_pid_ns)."""
    from ring3.linux.model.pid_namespace import InnerPidNamespace  # noqa: PLC0415 - few programs make one

    parent = task.pid_ns
    if task.namespaces.pid_for_children is not parent:
        raise Errno(E.EINVAL)
    if parent.level >= LEVELS:
        raise Errno(E.ENOSPC)
    return InnerPidNamespace(task.kernel.new_namespace_number(), owner, parent)


def _others(kernel: LinuxSystem, owner: UserNamespace, now: Namespaces, flags: int) -> Namespaces:
    """New ones of what is not a tree of mounts."""
    number = kernel.new_namespace_number
    if flags & NEWUTS:
        now = now._replace(uts=UtsNamespace(number(), owner, now.uts.hostname, now.uts.domainname))
    if flags & NEWIPC:
        now = now._replace(ipc=IpcNamespace(number(), owner))
    if flags & NEWNET:
        now = now._replace(net=NetNamespace(number(), owner, kernel.new_network))
    if flags & NEWCGROUP:
        now = now._replace(cgroup=Namespace(number(), owner))
    if flags & NEWTIME:
        time = now.time_for_children
        now = now._replace(time_for_children=TimeNamespace(number(), owner, time.monotonic, time.boottime))
    return now


def lock(tree: MountTree) -> None:
    """Has mounts stay as they are that come from a user namespace above; what happens there is followed (copy_tree)."""
    for mount in tree.mounts:
        mount.locked = mount.at is not None
        mount.kept_flags |= mount.flags & KEPT
        mount.keeps_times = True
        make_slave(mount)


def for_child(namespaces: Namespaces) -> Namespaces:
    """Those that a child process has: the time namespace is the one that was made for it."""
    time = namespaces.time_for_children
    if time is namespaces.time:
        return namespaces
    time.is_settled = True
    return namespaces._replace(time=time)


def _in_new_user_namespace(kernel: LinuxSystem, old: Credentials) -> Credentials:
    """The credentials in a new user namespace: all capabilities there, and none above (create_user_ns)."""
    parent = old.user_ns
    if parent.level > LEVELS:
        raise Errno(E.ENOSPC)
    if not parent.maps(old.euid, old.egid):
        raise Errno(E.EPERM)
    made = UserNamespace(kernel.new_namespace_number(), parent, old.euid, old.egid)
    return in_user_namespace(old, made)


def in_user_namespace(old: Credentials, namespace: UserNamespace) -> Credentials:
    """The credentials of who has just come into a user namespace (set_cred_user_ns)."""
    return old._replace(
        user_ns=namespace, securebits=0, inheritable=0, permitted=ALL, effective=ALL, bounding=ALL, ambient=0
    )


def enter(task: LinuxTask, name: bytes, found: Namespace | UserNamespace) -> tuple[Credentials, Namespaces]:
    """The credentials and namespaces of who enters another one (setns(2)).

    Args:
        task: Who enters.
        name: What kind it is, as in /proc/PID/ns.
        found: The namespace.

    Raises:
        Errno: EPERM, it may not; EINVAL, it is in that user namespace, or that of numbers is not below its own; EUSERS,
            it has threads that would stay outside.
    """
    credentials = task.credentials
    if isinstance(found, UserNamespace):
        _require_user_namespace(task, found)
        return in_user_namespace(credentials, found), task.namespaces
    if not credentials.has(Cap.SYS_ADMIN) or not credentials.ns_capable(found.owner, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    now = task.namespaces
    if isinstance(found, MountNamespace):
        if not credentials.has(Cap.SYS_CHROOT):
            raise Errno(E.EPERM)
        if _shares_places(task):
            raise Errno(E.EINVAL)
        task.fs.root = task.fs.cwd = top(found.tree.root)
    if isinstance(found, TimeNamespace):
        if len(task.process.threads) > 1:
            raise Errno(E.EUSERS)
        found.is_settled = True
        return credentials, now._replace(time=found, time_for_children=found)
    if isinstance(found, PidNamespace):
        if not found.is_within(task.pid_ns):
            raise Errno(E.EINVAL)
        return credentials, now._replace(pid_for_children=found)
    taken = (
        found if field == name.decode() else own for field, own in zip(Namespaces._fields, now, strict=True)
    )
    return credentials, Namespaces(*taken)  # type: ignore[arg-type]  # of the kind that its name says


def _require_user_namespace(task: LinuxTask, found: UserNamespace) -> None:
    """Refuses what userns_install does."""
    credentials = task.credentials
    if found is credentials.user_ns or len(task.process.threads) > 1 or _shares_places(task):
        raise Errno(E.EINVAL)
    if not credentials.ns_capable(found, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)


def _shares_places(task: LinuxTask) -> bool:
    """Whether another task stands where it stands, whatever becomes of that."""
    return any(other.fs is task.fs for other in task.kernel.threads() if other is not task)
