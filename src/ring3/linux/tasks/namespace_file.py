"""A descriptor that stands for a namespace: what /proc/PID/ns has, what setns(2) takes, and ioctl_ns(2) (fs/nsfs.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDONLY, File
from ring3.linux.model.namespaces import MountNamespace, PidNamespace
from ring3.linux.model.user_namespace import UserNamespace
from ring3.linux.tasks.namespaces import FLAG_OF

if TYPE_CHECKING:
    from ring3.fs.file import Stat
    from ring3.fs.vfs import Vfs
    from ring3.linux.model.namespaces import Namespace
    from ring3.linux.model.task import LinuxTask


Tree = TypeVar("Tree", PidNamespace, UserNamespace)
"""The kinds of namespaces that lie in each other."""


class NsIoctl(IntEnum):
    """Requests (include/uapi/linux/nsfs.h)."""

    NS_GET_USERNS = 0xB701
    NS_GET_PARENT = 0xB702
    NS_GET_NSTYPE = 0xB703
    NS_GET_OWNER_UID = 0xB704
    NS_GET_MNTNS_ID = 0x8008_B705
    NS_GET_PID_FROM_PIDNS = 0x8004_B706
    NS_GET_TGID_FROM_PIDNS = 0x8004_B707
    NS_GET_PID_IN_PIDNS = 0x8004_B708
    NS_GET_TGID_IN_PIDNS = 0x8004_B709


ABOUT_NUMBERS: Final = range(NsIoctl.NS_GET_PID_FROM_PIDNS, NsIoctl.NS_GET_TGID_IN_PIDNS + 1)


KINDS: Final = {b"time_for_children": b"time", b"pid_for_children": b"pid"}
"""Names in /proc/PID/ns that are not those of the kind."""


class NamespaceFile(AnonymousFile):
    """A namespace.

    Attributes:
        name: What kind it is.
        namespace: The namespace.
    """

    requests = "namespace"
    pollable = False

    def __init__(self, vfs: Vfs, name: bytes, namespace: Namespace | UserNamespace) -> None:
        super().__init__(vfs, O_RDONLY)
        self.name = KINDS.get(name, name)
        self.namespace = namespace

    def stat(self) -> Stat:
        """All are files of one file system, by their numbers."""
        return super().stat()._replace(dev=self.vfs.namespaces_dev, ino=self.namespace.number, mode=0o100444)

    def path(self) -> bytes:
        """The kind and the number."""
        return b"%s:[%d]" % (self.name, self.namespace.number)

    def reopen(self, flags: int) -> File:
        """The same namespace."""
        if flags & 3 != O_RDONLY:
            raise Errno(E.EACCES)
        return NamespaceFile(self.vfs, self.name, self.namespace)


def of_task(task: LinuxTask, name: bytes) -> NamespaceFile:
    """A namespace of a task, by its name in /proc/PID/ns."""
    if name == b"user":
        return NamespaceFile(task.kernel.vfs, name, task.credentials.user_ns)
    found = task.pid_ns if name == b"pid" else getattr(task.namespaces, name.decode())
    return NamespaceFile(task.kernel.vfs, name, found)


def ns_ioctl(task: LinuxTask, file: NamespaceFile, cmd: int, arg: int) -> int:
    """Does a request.

    Raises:
        Errno: ENOTTY, no such request; EPERM, the other one is out of the caller's reach; EINVAL, there is none.
    """
    namespace = file.namespace
    if cmd == NsIoctl.NS_GET_NSTYPE:
        return FLAG_OF[file.name]
    if cmd == NsIoctl.NS_GET_OWNER_UID:
        if not isinstance(namespace, UserNamespace):
            raise Errno(E.EINVAL)
        task.memory.write_u32(arg, task.credentials.user_ns.shown_user(namespace.owner))
        return 0
    if cmd == NsIoctl.NS_GET_MNTNS_ID:
        if not isinstance(namespace, MountNamespace):
            raise Errno(E.EINVAL)
        task.memory.write_u64(arg, namespace.number)
        return 0
    if cmd in ABOUT_NUMBERS:
        return _translated(task, namespace, cmd, arg & 0xFFFF_FFFF)
    if cmd in (NsIoctl.NS_GET_PARENT, NsIoctl.NS_GET_USERNS):
        return _related(task, file, cmd)
    raise Errno(E.ENOTTY)


def _related(task: LinuxTask, file: NamespaceFile, cmd: int) -> int:
    """A descriptor for the namespace that another one lies in, or for the user namespace that it was made in."""
    namespace = file.namespace
    if isinstance(namespace, PidNamespace) and cmd == NsIoctl.NS_GET_PARENT:
        return _install(task, file, b"pid", namespace.parent, task.pid_ns)
    if isinstance(namespace, UserNamespace):
        return _install(task, file, b"user", namespace.parent, task.credentials.user_ns)
    if cmd == NsIoctl.NS_GET_PARENT:
        raise Errno(E.EINVAL)
    return _install(task, file, b"user", namespace.owner, task.credentials.user_ns)


def _translated(task: LinuxTask, namespace: Namespace | UserNamespace, cmd: int, number: int) -> int:
    """What a thread or process of one namespace of numbers is called in another one.

    Raises:
        Errno: EINVAL, it is a namespace of another kind; ESRCH, there is no such thread, or it has no number there.
    """
    if not isinstance(namespace, PidNamespace):
        raise Errno(E.EINVAL)
    own = task.pid_ns
    inward = cmd in (NsIoctl.NS_GET_PID_IN_PIDNS, NsIoctl.NS_GET_TGID_IN_PIDNS)
    there, here = (own, namespace) if inward else (namespace, own)
    thread = task.kernel.thread(there.found(number))
    if thread is None:
        raise Errno(E.ESRCH)
    wanted = (
        thread.tgid if cmd in (NsIoctl.NS_GET_TGID_FROM_PIDNS, NsIoctl.NS_GET_TGID_IN_PIDNS) else thread.tid
    )
    found = here.shown(wanted)
    if not found:
        raise Errno(E.ESRCH)
    return found


def _install(task: LinuxTask, file: NamespaceFile, name: bytes, found: Tree | None, own: Tree) -> int:
    """A descriptor for another namespace, which has to be the caller's own or below it.

    Raises:
        Errno: EPERM.
    """
    if found is None or not found.is_within(own):
        raise Errno(E.EPERM)
    return task.files.install(NamespaceFile(file.vfs, name, found), cloexec=True)
