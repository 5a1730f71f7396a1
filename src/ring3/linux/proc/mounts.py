"""/proc/PID/mounts, mountinfo and mountstats (fs/proc_namespace.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.fs.mounts import NOATIME, NODEV, NODIRATIME, NOEXEC, NOSUID, NOSYMFOLLOW, RDONLY, RELATIME
from ring3.fs.pseudo import GeneratedFile, PseudoFile
from ring3.fs.readiness import POLLERR, POLLPRI, READABLE
from ring3.linux.proc.system import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.mounts import Mount
    from ring3.fs.pseudo import PseudoFileSystem
    from ring3.kernel.wait import Listening
    from ring3.linux.model.task import LinuxTask

OPTIONS: Final = (
    (NOSUID, "nosuid"),
    (NODEV, "nodev"),
    (NOEXEC, "noexec"),
    (NOATIME, "noatime"),
    (NODIRATIME, "nodiratime"),
    (RELATIME, "relatime"),
    (NOSYMFOLLOW, "nosymfollow"),
)


def _shown(task: LinuxTask) -> Iterator[tuple[Mount, str]]:
    """The mounts that the task can reach, and their paths."""
    root: Dentry = task.fs.root
    for mount in task.namespaces.mnt.tree.mounts:
        if mount.root.reaches(root):
            yield mount, escape(mount.root.path(root))


def _options(mount: Mount, *, readonly: bool) -> str:
    words = ["ro" if readonly else "rw"]
    return ",".join(words + [word for flag, word in OPTIONS if mount.flags & flag])


def _of_fs(mount: Mount) -> str:
    """What was said of the file system, behind the others."""
    return "," + escape(mount.fs.options.encode("utf-8", "surrogateescape")) if mount.fs.options else ""


def mounts(task: LinuxTask) -> bytes:
    """Source, place, type and options of each mount."""
    rows = []
    for mount, place in _shown(task):
        options = _options(mount, readonly=mount.readonly) + _of_fs(mount)
        rows.append(f"{escape(mount.source.encode())} {place} {mount.fs.name} {options} 0 0\n")
    return "".join(rows).encode("utf-8", "surrogateescape")


def mountinfo(task: LinuxTask) -> bytes:
    """The same with numbers, where in the file system each starts, and with whom it shares what happens."""
    rows = []
    for mount, place in _shown(task):
        parent = mount.parent()
        fields = [
            str(mount.number),
            str(mount.number if parent is None else parent.number),
            f"{mount.fs.dev >> 8 & 0xFFF}:{mount.fs.dev & 0xFF}",
            escape(mount.subpath),
            place,
            _options(mount, readonly=bool(mount.flags & RDONLY)),
            *([f"shared:{mount.peers.number}"] if mount.peers else []),
            *([f"master:{mount.master.number}"] if mount.master else []),
            *(["unbindable"] if mount.unbindable else []),
            "-",
            mount.fs.name,
            escape(mount.source.encode()),
            ("ro" if mount.fs.readonly else "rw") + _of_fs(mount),
        ]
        rows.append(" ".join(fields) + "\n")
    return "".join(rows).encode("utf-8", "surrogateescape")


def mountstats(task: LinuxTask) -> bytes:
    """What is mounted where, in words."""
    return "".join(
        f"device {escape(mount.source.encode())} mounted on {place} with fstype {mount.fs.name}\n"
        for mount, place in _shown(task)
    ).encode("utf-8", "surrogateescape")


class MountsInode(PseudoFile):
    """One of the three, which tells who waits that the mounts have changed."""

    def __init__(
        self,
        fs: PseudoFileSystem,
        key: bytes,
        text: Callable[[LinuxTask], bytes],
        task: LinuxTask,
        mode: int = 0o444,
    ) -> None:
        super().__init__(fs, key, lambda: text(task), mode=mode)
        self.tree = task.namespaces.mnt.tree

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open file."""
        return MountsFile(self, dentry, flags)


class MountsFile(GeneratedFile):
    """One of them, open: changes since the last time that one asked are urgent data and an error (mounts_poll)."""

    pollable = True

    def __init__(self, inode: MountsInode, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags)
        self._tree = inode.tree
        self._told = self._tree.event

    def poll(self) -> int:
        """Readable, and once more after each change."""
        told, self._told = self._told, self._tree.event
        return READABLE | (0 if told == self._told else POLLERR | POLLPRI)

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when they change."""
        return self._tree.changed.listen(callback, events)
