"""setns(2): entering namespaces of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import opened
from ring3.linux.tasks.access import may_look_into
from ring3.linux.tasks.identity import set_credentials
from ring3.linux.tasks.namespace_file import NamespaceFile, of_task
from ring3.linux.tasks.namespaces import FLAG_OF, NEWUSER, enter
from ring3.linux.tasks.pid_file import PidFile

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


@syscall("full")
def sys_setns(task: LinuxTask, fd: Int, flags: Int) -> int:
    """Enters a namespace that a descriptor stands for, or those of a process that flags name."""
    file = opened(task, fd & 0xFFFF_FFFF)
    if isinstance(file, NamespaceFile):
        if flags and flags != FLAG_OF[file.name]:
            raise Errno(E.EINVAL)
        _take(task, [file])
    elif isinstance(file, PidFile):
        _take(task, _of_process(task, file, flags))
    else:
        raise Errno(E.EINVAL)
    return 0


def _of_process(task: LinuxTask, file: PidFile, flags: int) -> list[NamespaceFile]:
    """The namespaces of a process that flags name, that of users first.

    Raises:
        Errno: EINVAL, no flags, or others; ESRCH, it has ended; EPERM, one may not look into it.
    """
    if not flags or flags & ~sum(set(FLAG_OF.values())):
        raise Errno(E.EINVAL)
    target = file.thread
    if target is None:
        raise Errno(E.ESRCH)
    if not may_look_into(task, target, by_fsids=False):
        raise Errno(E.EPERM)
    names = [name for name in FLAG_OF if flags & FLAG_OF[name] and not name.endswith(b"_for_children")]
    return [of_task(target, name) for name in sorted(names, key=lambda name: FLAG_OF[name] != NEWUSER)]


def _take(task: LinuxTask, files: list[NamespaceFile]) -> None:
    """Enters all of them, or none."""
    before, root, cwd = (task.credentials, task.namespaces), task.fs.root, task.fs.cwd
    try:
        for file in files:
            credentials, task.namespaces = enter(task, file.name, file.namespace)
            set_credentials(task, credentials)
    except Errno:
        task.namespaces, task.fs.root, task.fs.cwd = before[1], root, cwd
        set_credentials(task, before[0])
        raise
