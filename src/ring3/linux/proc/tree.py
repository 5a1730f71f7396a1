"""The names in /proc and /sys and what is behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.inode import Inode
from ring3.fs.mounts import number_at
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoFileSystem, PseudoLink
from ring3.linux.model.process import INIT
from ring3.linux.proc import adjustable, mounts, process, system
from ring3.linux.proc.links import FdLink
from ring3.linux.proc.memory import MemoryInode, PagemapInode
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

Text = Callable[["LinuxTask"], bytes]

Store = Callable[["LinuxTask", bytes], None]


class TaskFile(NamedTuple):
    """A file about a task.

    Attributes:
        text: Makes its contents.
        mode: Its permissions.
        private: Only who may trace the task can read it.
        store: Takes what is written to it.
        requests: Which requests of ioctl(2) it answers.
    """

    text: Text
    mode: int = 0o444
    private: bool = False
    store: Store | None = None
    requests: str = ""


FILES: Final[dict[bytes, TaskFile]] = {
    b"auxv": TaskFile(process.auxv, 0o400, private=True),
    b"cgroup": TaskFile(process.cgroup),
    b"clear_refs": TaskFile(lambda _: b"", 0o200, store=adjustable.clear_refs),
    b"cmdline": TaskFile(process.cmdline),
    b"comm": TaskFile(adjustable.comm, 0o644, store=adjustable.set_comm),
    b"coredump_filter": TaskFile(adjustable.coredump_filter, 0o644, store=adjustable.set_coredump_filter),
    b"environ": TaskFile(process.environ, 0o400, private=True),
    b"limits": TaskFile(process.limits),
    b"maps": TaskFile(process.maps, private=True, requests="maps"),
    b"oom_adj": TaskFile(adjustable.oom_adj, 0o644, store=adjustable.set_oom_adj),
    b"oom_score": TaskFile(adjustable.oom_score),
    b"oom_score_adj": TaskFile(adjustable.oom_score_adj, 0o644, store=adjustable.set_oom_score_adj),
    b"personality": TaskFile(process.personality, 0o400, private=True),
    b"schedstat": TaskFile(process.schedstat),
    b"smaps": TaskFile(process.smaps, private=True),
    b"smaps_rollup": TaskFile(process.smaps_rollup, private=True),
    b"statm": TaskFile(process.statm),
    b"syscall": TaskFile(process.syscall, 0o400, private=True),
    b"timerslack_ns": TaskFile(adjustable.timerslack_ns, 0o666, store=adjustable.set_timerslack_ns),
    b"wchan": TaskFile(process.wchan),
}
NUMBERED: Final[dict[bytes, Callable[[LinuxTask, PidNamespace], bytes]]] = {
    b"stat": process.stat,
    b"status": process.status,
}
"""Those with numbers of processes in them."""
LATER: Final = {
    b"diskstats": "block",
    b"key-users": "keys",
    b"keys": "keys",
    b"locks": "locks",
    b"partitions": "block",
}
"""Texts that few programs look at, and the modules that have them."""
DEVICES: Final = (b"block", b"class/block", b"dev/block", b"devices/virtual/block")
"""The directories of /sys that are about block devices."""
LINKS: Final = (b"cwd", b"exe", b"root")
IDS: Final = (b"uid_map", b"gid_map", b"setgroups", b"timens_offsets")
"""How namespaces translate, which can be said by writing."""
TASK_NAMES: Final = (
    *FILES,
    *NUMBERED,
    *LINKS,
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


class ProcTree:
    """/proc of one kernel, with the processes that a namespace of numbers has and what it calls them."""

    def __init__(self, kernel: LinuxSystem, fs: PseudoFileSystem, pids: PidNamespace) -> None:
        self._kernel = kernel
        self._pids = pids
        self.fs = fs

    # -- the top -------------------------------------------------------------------------------------------------

    def top(self) -> PseudoDirectory:
        """What is at its top."""
        return PseudoDirectory(self.fs, b"", self._find, self._names)

    def _names(self) -> list[bytes]:
        shown = self._pids.shown
        pids = sorted(
            filter(None, (shown(pid) for pid in (INIT, *(found.pid for found in self._kernel.processes))))
        )
        links = (b"mounts", b"net", b"self", b"thread-self")
        fixed = [*system.TEXTS, *LATER, b"config.gz", b"sys", b"sysvipc", *links]
        return [*fixed, *(b"%d" % pid for pid in pids)]

    def _find(self, name: bytes) -> Inode | None:
        kernel, fs = self._kernel, self.fs
        if name in system.TEXTS:
            return PseudoFile(fs, name, lambda: system.TEXTS[name](kernel).encode())
        if name == b"self":
            return PseudoLink(fs, name, lambda: b"%d" % self._own(self._current().tgid))
        if name == b"thread-self":
            return PseudoLink(fs, name, self._own_thread)
        if name in (b"mounts", b"net"):
            return PseudoLink(fs, name, lambda: b"self/" + name)
        if name in LATER:
            texts: dict[bytes, system.Text] = import_module(f"ring3.linux.proc.{LATER[name]}").TEXTS
            return PseudoFile(fs, name, lambda: texts[name](kernel).encode())
        if name == b"config.gz":
            from ring3.linux.proc.config import text  # noqa: PLC0415 - few programs look at it

            return PseudoFile(fs, name, lambda: text(kernel))
        if name == b"sys":
            return self._sysctl()
        if name == b"sysvipc":
            from ring3.linux.proc.ipc import TEXTS  # noqa: PLC0415 - few programs look at it

            return texts_below(fs, self._kernel, TEXTS, name, b"")
        number = _number(name)
        task = None if number is None else self._leader(number)
        return None if task is None else self._task(task, name, threads=True)

    def _sysctl(self) -> PseudoDirectory:
        from ring3.linux.proc.sysctl import TUNABLES  # noqa: PLC0415 - few programs look at it

        texts = system.SYS | {path: tunable.read for path, tunable in TUNABLES.items()}
        stores = {path: tunable.write for path, tunable in TUNABLES.items()}
        return texts_below(self.fs, self._kernel, texts, b"sys", b"", stores)

    def _current(self) -> LinuxTask:
        """The task that asks."""
        if self._kernel.current is None:  # the first program is looked for, by nobody
            raise Errno(E.ENOENT)
        return self._kernel.running_task()

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
        task = self._current()
        return b"%d/task/%d" % (self._own(task.tgid), self._own(task.tid))

    def _leader(self, pid: int) -> LinuxTask | None:
        """The thread that stands for a process, or a thread by its own number, which is found but not listed."""
        number = self._pids.found(pid)
        found = self._kernel.processes.get(number)
        if found is not None:
            return found.threads[0] if found.threads else found.remains
        return self._kernel.thread(number)

    # -- a task --------------------------------------------------------------------------------------------------

    def _task(self, task: LinuxTask, key: bytes, *, threads: bool) -> PseudoDirectory:
        names = (*TASK_NAMES, b"task") if threads else TASK_NAMES
        find = partial(self._find_of_task, task, key, threads)
        process = task.process if threads else None
        return PseudoDirectory(self.fs, key, find, lambda: names, owner=_owner(task), about=process)

    def _find_of_task(self, task: LinuxTask, key: bytes, threads: bool, name: bytes) -> Inode | None:
        own, owner = key + b"/" + name, _owner(task)
        if name in NUMBERED:
            return PseudoFile(
                self.fs, own, partial(NUMBERED[name], task, self._pids), owner=owner, about=task
            )
        row = FILES.get(name)
        if row is not None:
            text = partial(self._guarded, task, row.text) if row.private else partial(row.text, task)
            store = None if row.store is None else partial(row.store, task)
            return PseudoFile(
                self.fs, own, text, mode=row.mode, owner=owner, store=store, about=task, requests=row.requests
            )
        if name in LINKS:
            return self._link(task, own, lambda: _place(task, name))
        maker = self._directories(task, own, threads).get(name)
        return None if maker is None else maker()

    def _directories(self, task: LinuxTask, own: bytes, threads: bool) -> dict[bytes, Callable[[], Inode]]:
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
        from ring3.linux.tasks.namespace_file import of_task  # noqa: PLC0415 - few programs look at it
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
        store = partial(write, self._current(), task)
        return PseudoFile(
            self.fs, own, lambda: read(self._current(), task), mode=0o644, owner=_owner(task), store=store
        )

    def _network(self, own: bytes) -> PseudoDirectory:
        from ring3.linux.proc.network import TEXTS  # noqa: PLC0415 - few programs look at it

        return texts_below(self.fs, self._kernel, TEXTS, own, b"")

    def _thread(self, task: LinuxTask, own: bytes, name: bytes) -> Inode | None:
        for thread in task.process.threads or [task]:
            if name == b"%d" % self._pids.shown(thread.tid):
                return self._task(thread, own + b"/" + name, threads=False)
        return None

    def _threads(self, task: LinuxTask) -> list[bytes]:
        return [b"%d" % self._pids.shown(thread.tid) for thread in task.process.threads or [task]]

    # -- guarded things ------------------------------------------------------------------------------------------

    def _require_access(self, task: LinuxTask) -> None:
        """Refuses looks into a program that one may not trace.

        Raises:
            Errno: EACCES.
        """
        if not may_look_into(self._current(), task, by_fsids=True):
            raise Errno(E.EACCES)

    def _guarded(self, task: LinuxTask, make: Text) -> bytes:
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
            return found.path(self._current().fs.root)

        return PseudoLink(self.fs, own, text, guarded, owner=_owner(task))

    def _numbers(
        self, task: LinuxTask, own: bytes, make: Callable[[bytes, int, File], Inode], mode: int
    ) -> PseudoDirectory:
        """A directory with a name for each descriptor."""

        def find(name: bytes) -> Inode | None:
            number = _number(name)
            file = None if number is None else task.files.get(number)
            return None if number is None or file is None else make(own + b"/" + name, number, file)

        def names() -> Iterable[bytes]:
            return [b"%d" % fd for fd in task.files]

        return PseudoDirectory(self.fs, own, find, names, mode=mode, owner=_owner(task))

    def _map_files(self, task: LinuxTask, own: bytes) -> PseudoDirectory:
        """A directory with a link for each mapping of a file."""

        def mappings() -> dict[bytes, bytes]:
            self._require_access(task)
            return dict(process.file_mappings(task))

        def find(name: bytes) -> Inode | None:
            if name not in mappings():
                return None
            return PseudoLink(
                self.fs, own + b"/" + name, lambda: mappings()[name], mode=0o600, owner=_owner(task)
            )

        return PseudoDirectory(self.fs, own, find, mappings, mode=0o500, owner=_owner(task))

    def _fd_link(self, task: LinuxTask, own: bytes, fd: int, file: File) -> Inode:
        mode = 0o100 | (0o400 if file.readable or file.is_path else 0) | (0o200 if file.writable else 0)
        return FdLink(self.fs, own, file, partial(self._require_access, task), mode, _owner(task))

    def _fd_info(self, task: LinuxTask, own: bytes, fd: int, file: File) -> Inode:
        def text() -> bytes:
            flags = file.flags | (0o2000000 if task.files.cloexec(fd) else 0)
            head = f"pos:\t{file.position}\nflags:\t0{flags:o}\nmnt_id:\t{number_at(file.dentry)}\n"
            return f"{head}ino:\t{file.stat().ino}\n{file.details()}".encode()

        return PseudoFile(self.fs, own, text, owner=_owner(task))


def texts_below(
    fs: PseudoFileSystem,
    kernel: LinuxSystem,
    texts: Mapping[bytes, system.Text],
    key: bytes,
    path: bytes,
    stores: Mapping[bytes, Callable[[LinuxSystem, bytes], None]] = MappingProxyType({}),
    others: Mapping[bytes, Callable[[], Inode]] = MappingProxyType({}),
) -> PseudoDirectory:
    """A directory of texts.

    Args:
        fs: The file system.
        kernel: Whom the texts are about.
        texts: All of them, by path below the first directory.
        key: What tells that directory from others.
        path: The path of this one below it, with a slash at its end if there is any.
        stores: What takes what is written to those that user 0 can write.
        others: What else is there, by path as well.
    """
    below = (own[len(path) :] for own in (*texts, *others) if own.startswith(path))
    names = sorted({own.split(b"/")[0] for own in below})

    def find(name: bytes) -> Inode | None:
        own = path + name
        text, store = texts.get(own), stores.get(own)
        if text is not None:
            mode = 0o444 if store is None else 0o644
            taker = None if store is None else partial(store, kernel)
            return PseudoFile(fs, key + b"/" + own, lambda: text(kernel).encode(), mode=mode, store=taker)
        if own in others:
            return others[own]()
        return texts_below(fs, kernel, texts, key, own + b"/", stores, others) if name in names else None

    return PseudoDirectory(fs, key + b"/" + path, find, lambda: names)


def procfs(kernel: LinuxSystem, fs: PseudoFileSystem, pids: PidNamespace) -> PseudoDirectory:
    """What is at the top of /proc, as a namespace of numbers sees it."""
    return ProcTree(kernel, fs, pids).top()


def sysfs(kernel: LinuxSystem, fs: PseudoFileSystem) -> PseudoDirectory:
    """What is at the top of /sys."""
    others = {path: partial(_of_devices, kernel, fs, path) for path in DEVICES}
    return texts_below(fs, kernel, system.SYSFS, b"", b"", others=others)


def _of_devices(kernel: LinuxSystem, fs: PseudoFileSystem, path: bytes) -> PseudoDirectory:
    from ring3.linux.proc.block import directories  # noqa: PLC0415 - few programs look at it

    return directories(kernel, fs)[path]()


def _number(name: bytes) -> int | None:
    """The number that a name is, None for other names: ``01`` is not 1 (name_to_int of fs/proc/util.c)."""
    return int(name) if name.isdigit() and (name[:1] != b"0" or name == b"0") else None


def _owner(task: LinuxTask) -> tuple[int, int]:
    return task.credentials.euid, task.credentials.egid


def _place(task: LinuxTask, name: bytes) -> Dentry | None:
    """Where one of the three links of a task leads."""
    if task.mm is None:
        return None
    return {b"cwd": task.fs.cwd, b"root": task.fs.root, b"exe": task.exe_place}[name]
