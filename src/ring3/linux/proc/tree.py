"""The names in /proc and /sys and what is behind each."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.inode import Inode
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoFileSystem, PseudoLink
from ring3.linux.model.process import INIT
from ring3.linux.proc.task_tree import TaskTree, asking, number_of
from ring3.linux.proc.texts import Text, texts_below

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

LATER: Final = {
    b"diskstats": "block",
    b"key-users": "keys",
    b"keys": "keys",
    b"locks": "locks",
    b"partitions": "block",
}
"""Texts that are not in the module ``system``, and the modules that have them."""
DEVICES: Final = {
    b"block": "block",
    b"class/block": "block",
    b"class/net": "interfaces",
    b"dev/block": "block",
    b"devices/virtual/block": "block",
    b"devices/virtual/net": "interfaces",
}
"""The directories of /sys that are about devices, and the modules that have them."""


class ProcTree:
    """/proc of one kernel, with the processes that a namespace of numbers has and what it calls them."""

    def __init__(self, kernel: LinuxSystem, fs: PseudoFileSystem, pids: PidNamespace) -> None:
        self._kernel = kernel
        self._pids = pids
        self._tasks = TaskTree(kernel, fs, pids)
        self.fs = fs

    # -- the top -------------------------------------------------------------------------------------------------

    def top(self) -> PseudoDirectory:
        """What is at its top."""
        return PseudoDirectory(self.fs, b"", self._find, self._names)

    def _names(self) -> list[bytes]:
        from ring3.linux.proc.system import TEXTS  # noqa: PLC0415 - few programs look at them

        shown = self._pids.shown
        pids = sorted(
            filter(None, (shown(pid) for pid in (INIT, *(found.pid for found in self._kernel.processes))))
        )
        links = (b"mounts", b"net", b"self", b"thread-self")
        fixed = [*TEXTS, *LATER, b"config.gz", b"sys", b"sysvipc", *links]
        return [*fixed, *(b"%d" % pid for pid in pids)]

    def _find(self, name: bytes) -> Inode | None:
        kernel, fs = self._kernel, self.fs
        if name == b"self":
            return PseudoLink(fs, name, lambda: b"%d" % self._own(asking(self._kernel).tgid))
        if name == b"thread-self":
            return PseudoLink(fs, name, self._own_thread)
        if name in (b"mounts", b"net"):
            return PseudoLink(fs, name, lambda: b"self/" + name)
        if name == b"config.gz":
            from ring3.linux.proc.config import text  # noqa: PLC0415 - few programs look at it

            return PseudoFile(fs, name, lambda: text(kernel))
        if name == b"sys":
            return self._sysctl()
        if name == b"sysvipc":
            from ring3.linux.proc.ipc import TEXTS  # noqa: PLC0415 - few programs look at it

            return texts_below(fs, self._kernel, TEXTS, name, b"")
        number = number_of(name)
        if number is not None:
            task = self._leader(number)
            return None if task is None else self._tasks.directory(task, name, threads=True)
        return self._text(name)

    def _text(self, name: bytes) -> PseudoFile | None:
        if name not in _texts(name):
            return None
        return PseudoFile(self.fs, name, lambda: _texts(name)[name](self._kernel).encode())

    def _sysctl(self) -> PseudoDirectory:
        from ring3.linux.proc.sysctl import TUNABLES  # noqa: PLC0415 - few programs look at it
        from ring3.linux.proc.system import SYS  # noqa: PLC0415

        texts = SYS | {path: tunable.read for path, tunable in TUNABLES.items()}
        stores = {path: tunable.write for path, tunable in TUNABLES.items()}
        return texts_below(self.fs, self._kernel, texts, b"sys", b"", stores)

    def _own(self, number: int) -> int:
        """What the task that asks, or its process, is called here.

        Raises:
            Errno: ENOENT, it is not seen from here.
        """
        shown = self._pids.shown(number)
        if not shown:
            raise Errno(E.ENOENT)
        return shown

    def _own_thread(self) -> bytes:
        task = asking(self._kernel)
        return b"%d/task/%d" % (self._own(task.tgid), self._own(task.tid))

    def _leader(self, pid: int) -> LinuxTask | None:
        """The thread that stands for a process, or a thread by its own number, which is found but not listed."""
        number = self._pids.found(pid)
        found = self._kernel.processes.get(number)
        if found is not None:
            return found.threads[0] if found.threads else found.remains
        return self._kernel.thread(number)


def _texts(name: bytes) -> dict[bytes, Text]:
    """The texts of the module that has this one, if any has."""
    found: dict[bytes, Text] = import_module(f"ring3.linux.proc.{LATER.get(name, 'system')}").TEXTS
    return found


def procfs(kernel: LinuxSystem, fs: PseudoFileSystem, pids: PidNamespace) -> PseudoDirectory:
    """What is at the top of /proc, as a namespace of numbers sees it."""
    return ProcTree(kernel, fs, pids).top()


def sysfs(kernel: LinuxSystem, fs: PseudoFileSystem) -> PseudoDirectory:
    """What is at the top of /sys."""
    from ring3.linux.proc.system import SYSFS  # noqa: PLC0415 - few programs look at it

    others = {path: partial(_of_devices, kernel, fs, path) for path in DEVICES}
    return texts_below(fs, kernel, SYSFS, b"", b"", others=others)


def _of_devices(kernel: LinuxSystem, fs: PseudoFileSystem, path: bytes) -> PseudoDirectory:
    found: PseudoDirectory = import_module(f"ring3.linux.proc.{DEVICES[path]}").directories(kernel, fs)[
        path
    ]()
    return found
