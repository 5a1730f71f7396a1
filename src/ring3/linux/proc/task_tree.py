"""The directory of a task in /proc, and what is behind its names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.inode import Inode
from ring3.fs.mounts import number_at
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoFileSystem, PseudoLink
from ring3.linux.proc.texts import texts_below
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

LINKS: Final = (b"cwd", b"exe", b"root")
IDS: Final = (b"uid_map", b"gid_map", b"setgroups", b"timens_offsets")
"""How namespaces translate, which can be said by writing."""
OTHERS: Final = (
    b"fd",
    b"fdinfo",
    b"map_files",
    b"mem",
    b"pagemap",
    b"mounts",
    b"mountinfo",
    b"mountstats",
    b"net",
    b"ns",
    *IDS,
)
"""The names that are neither texts nor links to places."""


class TaskTree:
    """The directories of tasks in one /proc, by the numbers that it calls them."""

    def __init__(self, kernel: LinuxSystem, fs: PseudoFileSystem, pids: PidNamespace) -> None:
        self._kernel = kernel
        self._pids = pids
        self.fs = fs

    def directory(self, task: LinuxTask, key: bytes, *, threads: bool) -> PseudoDirectory:
        """That of a task.

        Args:
            task: The thread, or the one that stands for a process.
            key: What tells the directory from others.
            threads: It is that of a process, with its threads.
        """

        def names() -> tuple[bytes, ...]:
            texts = _texts()
            of_process = (*texts.OF_PROCESSES, b"task") if threads else ()
            return (*texts.FILES, *texts.NUMBERED, *LINKS, *OTHERS, *of_process)

        find = partial(self._find, task, key, threads)
        process = task.process if threads else None
        return PseudoDirectory(self.fs, key, find, names, owner=_owner(task), about=process)

    def _find(self, task: LinuxTask, key: bytes, threads: bool, name: bytes) -> Inode | None:
        own, owner = key + b"/" + name, _owner(task)
        if name in LINKS:  # first: what every static program of glibc asks for is exe
            return self._link(task, own, lambda: _place(task, name))
        texts = _texts()
        numbered = texts.NUMBERED.get(name) or (texts.OF_PROCESSES.get(name) if threads else None)
        if numbered is not None:
            make = partial(numbered, task, self._pids)
            return PseudoFile(self.fs, own, make, owner=owner, about=task)
        row = texts.FILES.get(name)
        if row is not None:
            text = partial(self._guarded, task, row.text) if row.private else partial(row.text, task)
            store = None if row.store is None else partial(row.store, task)
            return PseudoFile(
                self.fs, own, text, mode=row.mode, owner=owner, store=store, about=task, requests=row.requests
            )
        maker = self._directories(task, own, threads).get(name)
        return None if maker is None else maker()

    def _directories(self, task: LinuxTask, own: bytes, threads: bool) -> dict[bytes, Callable[[], Inode]]:
        from ring3.linux.proc import mounts  # noqa: PLC0415 - few programs look at them
        from ring3.linux.proc.memory import MemoryInode, PagemapInode  # noqa: PLC0415

        fs, owner = self.fs, _owner(task)
        found: dict[bytes, Callable[[], Inode]] = {
            b"fd": lambda: self._numbers(task, own, partial(self._fd_link, task), 0o500),
            b"fdinfo": lambda: self._numbers(task, own, partial(self._fd_info, task), 0o500),
            b"net": lambda: self._network(own),
            b"map_files": lambda: self._map_files(task, own),
            b"ns": lambda: self._namespaces(task, own),
            **{name: partial(self._of_ids, task, own, name) for name in IDS},
            b"mem": lambda: MemoryInode(fs, own, task, lambda: self._require_access(task)),
            b"pagemap": lambda: PagemapInode(fs, own, task, lambda: self._require_access(task)),
            b"mounts": lambda: mounts.MountsInode(fs, own, mounts.mounts, task),
            b"mountinfo": lambda: mounts.MountsInode(fs, own, mounts.mountinfo, task),
            b"mountstats": lambda: mounts.MountsInode(fs, own, mounts.mountstats, task, 0o400),
        }
        if threads:
            found[b"task"] = lambda: PseudoDirectory(
                fs, own, partial(self._thread, task, own), lambda: self._threads(task), owner=owner
            )
        return found

    def _namespaces(self, task: LinuxTask, own: bytes) -> PseudoDirectory:
        from ring3.linux.proc.links import FdLink  # noqa: PLC0415 - few programs look at it
        from ring3.linux.tasks.namespace_file import of_task  # noqa: PLC0415
        from ring3.linux.tasks.namespaces import FLAG_OF  # noqa: PLC0415

        def find(name: bytes) -> Inode | None:
            if name not in FLAG_OF:
                return None
            check = partial(self._require_access, task)
            return FdLink(self.fs, own + b"/" + name, of_task(task, name), check, 0o777, _owner(task))

        return PseudoDirectory(self.fs, own, find, lambda: FLAG_OF, mode=0o511, owner=_owner(task))

    def _of_ids(self, task: LinuxTask, own: bytes, name: bytes) -> PseudoFile:
        from ring3.linux.proc.identities import TEXTS  # noqa: PLC0415 - few programs look at it

        read, write = TEXTS[name]
        store = partial(write, asking(self._kernel), task)
        return PseudoFile(
            self.fs,
            own,
            lambda: read(asking(self._kernel), task),
            mode=0o644,
            owner=_owner(task),
            store=store,
        )

    def _network(self, own: bytes) -> PseudoDirectory:
        from ring3.linux.proc.network import TEXTS  # noqa: PLC0415 - few programs look at it

        return texts_below(self.fs, self._kernel, TEXTS, own, b"")

    def _thread(self, task: LinuxTask, own: bytes, name: bytes) -> Inode | None:
        for thread in task.process.threads or [task]:
            if name == b"%d" % self._pids.shown(thread.tid):
                return self.directory(thread, own + b"/" + name, threads=False)
        return None

    def _threads(self, task: LinuxTask) -> list[bytes]:
        return [b"%d" % self._pids.shown(thread.tid) for thread in task.process.threads or [task]]

    # -- guarded things ------------------------------------------------------------------------------------------

    def _require_access(self, task: LinuxTask) -> None:
        """Refuses looks into a program that one may not trace.

        Raises:
            Errno: EACCES.
        """
        if not may_look_into(asking(self._kernel), task, by_fsids=True):
            raise Errno(E.EACCES)

    def _guarded(self, task: LinuxTask, make: Callable[[LinuxTask], bytes]) -> bytes:
        self._require_access(task)
        return make(task)

    def _link(self, task: LinuxTask, own: bytes, place: Callable[[], Dentry | None]) -> PseudoLink:
        def guarded() -> Dentry | None:
            self._require_access(task)
            return place()

        def text() -> bytes:
            found = guarded()
            if found is None:
                raise Errno(E.ENOENT)
            return found.path(asking(self._kernel).fs.root)

        return PseudoLink(self.fs, own, text, guarded, owner=_owner(task))

    def _numbers(
        self, task: LinuxTask, own: bytes, make: Callable[[bytes, int, File], Inode], mode: int
    ) -> PseudoDirectory:
        """A directory with a name for each descriptor."""

        def find(name: bytes) -> Inode | None:
            number = number_of(name)
            file = None if number is None else task.files.get(number)
            return None if number is None or file is None else make(own + b"/" + name, number, file)

        def names() -> Iterable[bytes]:
            return [b"%d" % fd for fd in task.files]

        return PseudoDirectory(self.fs, own, find, names, mode=mode, owner=_owner(task))

    def _map_files(self, task: LinuxTask, own: bytes) -> PseudoDirectory:
        """A directory with a link for each mapping of a file."""
        from ring3.linux.proc.process import file_mappings  # noqa: PLC0415 - few programs look at them

        def mappings() -> dict[bytes, bytes]:
            self._require_access(task)
            return dict(file_mappings(task))

        def find(name: bytes) -> Inode | None:
            if name not in mappings():
                return None
            return PseudoLink(
                self.fs, own + b"/" + name, lambda: mappings()[name], mode=0o600, owner=_owner(task)
            )

        return PseudoDirectory(self.fs, own, find, mappings, mode=0o500, owner=_owner(task))

    def _fd_link(self, task: LinuxTask, own: bytes, fd: int, file: File) -> Inode:
        from ring3.linux.proc.links import FdLink  # noqa: PLC0415 - few programs look at it

        mode = 0o100 | (0o400 if file.readable or file.is_path else 0) | (0o200 if file.writable else 0)
        return FdLink(self.fs, own, file, partial(self._require_access, task), mode, _owner(task))

    def _fd_info(self, task: LinuxTask, own: bytes, fd: int, file: File) -> Inode:
        def text() -> bytes:
            flags = file.flags | (0o2000000 if task.files.cloexec(fd) else 0)
            head = f"pos:\t{file.position}\nflags:\t0{flags:o}\nmnt_id:\t{number_at(file.dentry)}\n"
            return f"{head}ino:\t{file.stat().ino}\n{file.details()}".encode()

        return PseudoFile(self.fs, own, text, owner=_owner(task))


def asking(kernel: LinuxSystem) -> LinuxTask:
    """The task that asks.

    Raises:
        Errno: ENOENT, the first program is looked for, by nobody.
    """
    if kernel.current is None:
        raise Errno(E.ENOENT)
    return kernel.running_task()


def number_of(name: bytes) -> int | None:
    """The number that a name is, None for other names: ``01`` is not 1 (name_to_int of fs/proc/util.c)."""
    return int(name) if name.isdigit() and (name[:1] != b"0" or name == b"0") else None


def _texts() -> ModuleType:
    from ring3.linux.proc import task_files  # noqa: PLC0415 - few programs look at them

    return task_files


def _owner(task: LinuxTask) -> tuple[int, int]:
    return task.credentials.euid, task.credentials.egid


def _place(task: LinuxTask, name: bytes) -> Dentry | None:
    """Where one of the three links of a task leads."""
    if task.mm is None:
        return None
    return {b"cwd": task.fs.cwd, b"root": task.fs.root, b"exe": task.exe_place}[name]
