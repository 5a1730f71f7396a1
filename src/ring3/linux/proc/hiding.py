"""What /proc hides: processes of others (hidepid=, gid=), and all but processes (subset=pid); see proc(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.fs.pseudo import PseudoDirectory
from ring3.linux.model.process import Process
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File, Stat
    from ring3.fs.inode import Inode
    from ring3.fs.pseudo import PseudoFileSystem
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


class Level(IntEnum):
    """Values of hidepid=."""

    OFF = 0
    NOACCESS = 1
    INVISIBLE = 2
    PTRACEABLE = 4


OWN: Final = (b"self", b"thread-self")


class PidHiding:
    """What is hidden, and from whom.

    Attributes:
        level: How much of others' processes.
        gid: Who belongs to this group sees all; 0 for nobody.
        only_pids: All that is no process is hidden from everybody.
    """

    def __init__(
        self, kernel: LinuxSystem, fs: PseudoFileSystem, level: Level, gid: int, *, only_pids: bool
    ) -> None:
        self._kernel = kernel
        self._fs = fs
        self.level = level
        self.gid = gid
        self.only_pids = only_pids

    @property
    def options(self) -> str:
        """As /proc/mounts shows them."""
        words = [f"gid={self.gid}"] if self.gid else []
        words += [f"hidepid={self.level.name.lower()}"] if self.level else []
        return ",".join(words + (["subset=pid"] if self.only_pids else []))

    def _admits(self, process: Process, least: Level) -> bool:
        """Whether the caller may see of a process what is hidden from a level on (has_pid_permissions)."""
        task = process.threads[0] if process.threads else process.remains
        caller = self._kernel.running_task()
        if self.level < least or task is None:
            return True
        if self.level is not Level.PTRACEABLE and self.gid and caller.credentials.in_group(self.gid):
            return True
        return may_look_into(caller, task, by_fsids=True)

    def shown(self, name: bytes, found: Inode) -> Inode | None:
        """What a name at the top leads to for the caller; None for nothing."""
        process = found.about if isinstance(found, PseudoDirectory) else None
        if not isinstance(process, Process):
            return None if self.only_pids and name not in OWN and not name.isdigit() else found
        if self._admits(process, Level.NOACCESS):
            return found
        if self.level is Level.INVISIBLE:
            return None
        kind = _Closed if self.level is Level.NOACCESS else _WithoutAttributes
        return kind(self._fs, name, _refused, _refused, owner=(found.uid, found.gid))

    def lists(self, name: bytes, found: Inode | None) -> bool:
        """Whether the top lists a name to the caller."""
        process = found.about if isinstance(found, PseudoDirectory) else None
        if isinstance(process, Process):
            return self._admits(process, Level.INVISIBLE)
        return not self.only_pids or name in OWN


class _Closed(PseudoDirectory):
    """A process that one may not look into (proc_pid_permission)."""

    __slots__ = ()

    def open(self, dentry: Dentry, flags: int) -> File:
        """Refused.

        Raises:
            Errno: EPERM.
        """
        raise Errno(E.EPERM)


class _WithoutAttributes(_Closed):
    """One that cannot be traced: it is found, but nothing is told of it (pid_getattr)."""

    __slots__ = ()

    def stat(self) -> Stat:
        """Nothing.

        Raises:
            Errno: ENOENT.
        """
        raise Errno(E.ENOENT)


def _refused(*_name: bytes) -> NoReturn:
    raise Errno(E.EPERM)


def hiding(task: LinuxTask, fs: PseudoFileSystem, words: Mapping[str, str]) -> PidHiding:
    """What options ask for to be hidden of a file system.

    Raises:
        Errno: EINVAL, there is no such level, group or subset.
    """
    word = words.get("hidepid", "off")
    levels = {level.name.lower(): level for level in Level} | {str(int(level)): level for level in Level}
    gid = words.get("gid", "0")
    if word not in levels or not gid.isdigit() or words.get("subset", "pid") != "pid":
        raise Errno(E.EINVAL)
    group = task.credentials.user_ns.group_of(int(gid))
    if group is None:
        raise Errno(E.EINVAL)
    return PidHiding(task.kernel, fs, levels[word], group, only_pids="subset" in words)
