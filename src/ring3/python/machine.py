"""A machine as Python sees it: programs are spawned on it, hooked, run and looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ring3 import computer
from ring3.abi.errno import Errno
from ring3.errors import CLOSED, UserError
from ring3.fs.host import HostFile
from ring3.fs.namei import Walk
from ring3.fs.overlay import OverlayFileSystem
from ring3.fs.permission import KERNEL
from ring3.fs.view import make_directories
from ring3.kernel.clock import VirtualClocks
from ring3.linux.files.lookup import of_credentials
from ring3.loader.host import find_in_path
from ring3.loader.personality import System
from ring3.python.hooks import Hooks
from ring3.python.process import Process
from ring3.python.running import Runner
from ring3.python.streams import Capture, Feed
from ring3.sandbox import OPTIONS, sandbox_of

if TYPE_CHECKING:
    from ring3.fs.descriptors import FdTable
    from ring3.fs.file import File
    from ring3.kernel.core import Kernel
    from ring3.kernel.regs import UserRegs
    from ring3.kernel.snapshot.machine import States
    from ring3.kernel.task import Task
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.python.coverage import Coverage
    from ring3.python.snapshot import Snapshot
    from ring3.python.trace import Trace

PIPE: Final = -1
"""For `Machine.spawn`: the stream's other end is this process."""

Source = bytes | int | None
"""Where a program reads from: these bytes, a descriptor of this process or `PIPE`; None for this process's own."""


class Machine(Hooks):
    """What `Linux` and `Solaris` have in common: a computer with a system, and the programs on it.

    ``Machine(os="linux", ...)`` makes one of either, with the options of that.

    Attributes:
        kernel: The kernel, for who wants to look inside.
        runner: What runs it.
        processes: Those that were spawned from here, the living and the ended.
    """

    kernel: Kernel[Any]
    load: Callable[..., Any]
    is_state = False
    _closed = False

    def __new__(cls, **options: Any) -> Machine:  # noqa: ANN401 -- those of either; a subclass's instance
        """A machine of the system that ``os`` names, Linux if nothing does."""
        if cls is not Machine:
            return object.__new__(cls)
        wanted = System(options.get("os", System.LINUX))
        return object.__new__(Solaris if wanted is System.SOLARIS else Linux)

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- what the subclass takes
        """Switches a machine on; see `Linux` and `Solaris`."""

    def _begin(self) -> None:
        self.runner = Runner(self)
        self.processes: list[Process] = []
        self.traces: list[Trace] = []
        self._streams: dict[int, File] = {}

    def spawn(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        stdin: Source = None,
        stdout: int | None = None,
        stderr: int | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        files: Mapping[str, bytes | str] | None = None,
    ) -> Process:
        """Loads a program, ready to run.

        Args:
            argv: The program, a file of the host, and its arguments. A name without a slash is looked for in PATH.
            stdin: Bytes that it reads, then the end of the file; `PIPE` for `Process.feed`; a descriptor of this
                process; None for this process's own.
            stdout: `PIPE` to have it in `Process.stdout`, a descriptor of this process, or None for its own.
            stderr: The same.
            env: Its environment; None for that of this process.
            cwd: Its working directory, as the machine has it; None for this process's own.
            files: Files to make in the machine first: contents by absolute path.

        Raises:
            UserError: It cannot be run.
        """
        self._on()
        if isinstance(argv, str | bytes) or not argv:
            raise UserError(f"a program and its arguments are a list of words, not {argv!r}")
        for path, contents in (files or {}).items():
            self.put(path, contents.encode() if isinstance(contents, str) else contents)
        streams = {0: self._source(stdin), 1: self._sink(stdout), 2: self._sink(stderr)}
        self._streams = {fd: stream for fd, stream in streams.items() if stream is not None}
        try:
            task = self._load([os.fsdecode(word) for word in argv], env, cwd)
        finally:
            self._streams = {}
        process = Process(self, task)
        process.streams = {fd: s for fd, s in streams.items() if isinstance(s, Feed | Capture)}
        self.processes.append(process)
        return process

    def process_of(self, task: Any) -> Process:  # noqa: ANN401 -- a task of either kernel
        """The process of a thread, for hooks: seen from that thread."""
        for process in self.processes:
            if process.task is task:
                return process
        return Process(self, task)

    def one(self, process: Process | None) -> Process:
        """A process that was given, or the only one there is.

        Raises:
            UserError: There are several, or none.
        """
        if process is not None:
            return process
        living = [process for process in self.processes if not process.ended]
        if len(living) != 1:
            raise UserError(f"which process is meant? {len(living)} were spawned and run")
        return living[0]

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A hook whose errors end the run instead of being taken for the kernel's own."""
        runner = self.runner

        def call(*arguments: Any) -> Any:  # noqa: ANN401 -- whatever the hook takes and gives
            try:
                return function(*arguments)
            except Exception as error:
                if not runner.is_running:
                    raise
                runner.fail(error)
                return None

        return call

    def stop(self) -> None:
        """For hooks: has the machine stop soon; `Process.run_until` and its like return, and it can go on."""
        self.runner.leave()

    def put(self, path: str, contents: bytes, mode: int = 0o644) -> None:
        """Makes a file in the machine.

        Raises:
            UserError: That is not possible on this system or at this path.
        """
        raise UserError(f"{path}: files are put into machines of Linux")

    def snapshot(self) -> Snapshot:
        """Keeps everything that the machine is at this moment, to go back to with `restore`.

        Calls that wait are made again afterwards, as a freezer does it; no program can tell.

        Raises:
            UserError: The machine runs, or holds something that cannot be kept.
        """
        from ring3.python.snapshot import Snapshot  # noqa: PLC0415 -- for who asks

        self._on()
        return Snapshot(self, self.states.take())

    def restore(self, snapshot: Snapshot) -> None:
        """Goes back to a snapshot of this machine; processes that were spawned since are gone.

        Raises:
            UserError: It is one of another machine; the machine runs; something of the host is not as it was. Nothing
                has changed then.
        """
        if snapshot.machine is not self:
            raise UserError("a snapshot belongs to the machine that it was taken of")
        self.states.put(snapshot.state)

    @cached_property
    def states(self) -> States:
        """What keeps the snapshots."""
        from ring3.kernel.snapshot.machine import States  # noqa: PLC0415 -- for who asks

        return States(self.kernel, (self.processes, self.runner))

    def _on(self) -> None:
        """Makes sure that it is switched on.

        Raises:
            UserError: It is closed.
        """
        if self._closed:
            raise UserError(CLOSED)

    @property
    def is_closed(self) -> bool:
        """Whether it is switched off."""
        return self._closed

    def _closes(self) -> bool:
        """Whether it is on; it is about to be switched off."""
        if self._closed:
            return False
        self._closed = True
        if "states" in vars(self):
            self.states.close()
        return True

    def trace(self) -> Trace:
        """Records system calls from now on."""
        from ring3.python.trace import Trace  # noqa: PLC0415 -- for who asks

        return Trace(self)

    def coverage(self) -> Coverage:
        """Records blocks of code of programs from now on."""
        from ring3.python.coverage import Coverage  # noqa: PLC0415 -- for who asks

        return Coverage(self)

    def _load(self, argv: Sequence[str], env: Mapping[str, str] | None, cwd: str | None) -> Task:
        if cwd is not None:
            raise UserError("a working directory is given to programs of Linux")
        task: Task = self.load(argv[0], argv[1:], env)
        return task

    def _source(self, what: Source) -> File | None:
        if what is None:
            return None
        if isinstance(what, bytes) or what == PIPE:
            feed = Feed(self._files_of(), what if isinstance(what, bytes) else b"")
            if isinstance(what, bytes):
                feed.end()
            return feed
        if not isinstance(what, int):
            raise UserError(f"standard input is bytes, a descriptor or PIPE, not {what!r}")
        return HostFile(what, self.kernel.host, self._files_of())

    def _sink(self, what: int | None) -> File | None:
        if what is None:
            return None
        return (
            Capture(self._files_of()) if what == PIPE else HostFile(what, self.kernel.host, self._files_of())
        )

    def _files_of(self) -> Any:  # noqa: ANN401 -- a Vfs, or None
        return getattr(self.kernel, "vfs", None)

    def _with_streams(self, files: FdTable) -> FdTable:
        for fd, stream in self._streams.items():
            files.replace(fd, stream)
        return files

    def __repr__(self) -> str:
        if self._closed:
            return f"<{type(self).__name__}: closed>"
        return f"<{type(self).__name__}: {len(self.processes)} spawned>"

    def _repr_html_(self) -> str:
        from ring3.python.memory import table  # noqa: PLC0415 -- for notebooks

        rows: list[tuple[object, ...]] = [
            (task.tid, task.name, task.state.value, f"{task.cpu_time / 1e6:.1f} ms")
            for task in self.kernel.tasks.values()
        ]
        return table(("task", "name", "state", "CPU"), rows)


class Linux(Machine, computer.Linux):
    """A machine with Linux on it; `ring3.computer.Linux` says what it can be made with.

    Attributes:
        machine: The computer: registers, MSRs, descriptors, memory.
        kernel: The kernel: calls, tasks, symbols.
    """

    kernel: Any

    def __init__(self, *, os: str = System.LINUX, **options: Any) -> None:  # noqa: ANN401 -- those of the computer
        """Switches a machine on.

        Args:
            os: For who makes a `Machine`.
            options: ``full_path``, ``ram_bytes``, ``seed``, ``virtual_time``, ``cpu``, as of `ring3.computer.Linux`;
                and the options of the command line that say what programs have, by their names with ``_`` for ``-``:
                ``root``, ``bind``, ``tmpfs``, ``env``, ``user``, ``memory``, ``timeout`` and so on (docs/sandbox.md).
                Values are words as on the command line, or numbers; of those that may be repeated, lists; of ``env`` a
                mapping too. Or ``sandbox``, a `ring3.sandbox.Sandbox` that says all of that.

        Raises:
            UserError: The host cannot provide it, or an option makes no sense.
        """
        if os != System.LINUX:
            raise UserError(f"Linux is another system than {os}")
        said = {name: options.pop(name) for name in OPTIONS if name in options}
        given = options.pop("sandbox", None) or sandbox_of(("option ", said))
        computer.Linux.__init__(self, sandbox=given, **options)
        self._begin()
        self.kernel.dying = self._dying

    def close(self) -> None:
        """Switches it off, when a run in another thread has stopped; nothing happens if it is off.

        Raises:
            UserError: A hook wants to switch off the machine that has called it.
        """
        self.runner.end(lambda: computer.Linux.close(self) if self._closes() else None)

    def made_with(self) -> dict[str, Any]:
        """For a snapshot in a file: the options of a machine that it fits."""
        kernel = self.kernel
        options = {
            "cpu": kernel.machine.cpu_kind,
            "full_path": kernel.full_path,
            "ram_bytes": kernel.machine.ram.size,
            "virtual_time": isinstance(kernel.clocks, VirtualClocks),
        }
        return {"options": options}

    def fixtures(self) -> dict[str, Any]:
        """What a snapshot in a file finds here."""
        found: dict[str, Any] = {"python": self, "processes": self.processes, "runner": self.runner}
        if isinstance(self.kernel.clocks, VirtualClocks):
            found["counter"] = self.kernel.clocks.counter
        return found

    def discard(self) -> None:
        """A snapshot was not read into it to its end: nothing of it is of use."""
        if self._closes():
            self.kernel.close()
            self.machine.close()

    def begin_again(self) -> None:
        """A snapshot was read into it: what stood for the machine that was booted is that of the other one."""
        self._vfs, self._objects = self.kernel.vfs, self.kernel.objects

    def mount(self, source: str, at: str) -> None:
        """Shows a directory of the host in the machine, copy-on-write: nothing changes on the host.

        Args:
            source: The directory.
            at: Where, an absolute path.

        Raises:
            UserError: It cannot be shown there.
        """
        self._visible()
        self.bind(os.fsencode(os.path.abspath(source)), os.fsencode(at))

    def put(self, path: str, contents: bytes, mode: int = 0o644) -> None:
        """Makes a file in the machine; directories of the host that it is in become copy-on-write.

        Raises:
            UserError: It cannot be made there.
        """
        vfs = self._visible()
        where, name = os.path.split(os.fsencode(path))
        try:
            try:
                self._write(where, name, contents, mode)
            except Errno:
                top = b"/" + where.split(b"/")[1]
                vfs.mount(OverlayFileSystem(vfs, top), Walk(vfs.root, KERNEL).find(vfs.root, top))
                self._write(where, name, contents, mode)
        except Errno as error:
            raise UserError(f"{path}: {error.number.text}") from None

    def _write(self, where: bytes, name: bytes, contents: bytes, mode: int) -> None:
        import stat  # noqa: PLC0415 -- for who puts files

        directory = make_directories(self.kernel.vfs, where)
        try:
            place = directory.child(name)
        except Errno:
            directory.inode.create(name, stat.S_IFREG | mode, KERNEL)
            place = directory.child(name)
        file = place.inode.open(place, os.O_RDWR).hold()
        file.truncate(0)
        file.pwrite(contents, 0)
        file.drop()  # a program that is open for writing cannot be run

    def _visible(self) -> Any:  # noqa: ANN401 -- a Vfs
        """The machine's files, with the default view mounted."""
        self._on()
        self.mount_view()
        return self.kernel.vfs

    def _load(self, argv: Sequence[str], env: Mapping[str, str] | None, cwd: str | None) -> Task:
        if not self.sandbox.root:
            argv = [find_in_path(argv[0], os.environ if env is None else env), *argv[1:]]
        if cwd is None:
            return super()._load(argv, env, None)
        vfs, kernel = self._visible(), self.kernel
        try:
            place = Walk(vfs.root, of_credentials(computer.host_credentials())).find(
                kernel.cwd, os.fsencode(cwd)
            )
        except Errno as error:
            raise UserError(f"{cwd}: {error.number.text} in the machine") from None
        before, kernel.cwd = kernel.cwd, place
        try:
            return super()._load(argv, env, None)
        finally:
            kernel.cwd = before

    def _files(self) -> FdTable:
        return self._with_streams(super()._files())

    def _dying(self, task: LinuxTask, regs: UserRegs, info: SigInfo) -> None:
        """A signal ends a process: what there is to see of it is kept."""
        from ring3.python.crash import Crash  # noqa: PLC0415 -- few programs die so

        for process in self.processes:
            if process.owns(task):
                process.crash = Crash.of(process, task, regs, info)


class Solaris(Machine, computer.Solaris):
    """A machine with Solaris x64 on it; `ring3.computer.Solaris` says what it can be made with.

    Attributes:
        machine: The computer: registers, MSRs, descriptors, memory.
        kernel: The kernel: functions, processes, symbols.
    """

    kernel: Any

    def __init__(self, *, os: str = System.SOLARIS, **options: Any) -> None:  # noqa: ANN401 -- those of the computer
        """Switches a machine on.

        Args:
            os: For who makes a `Machine`.
            options: ``full_path``, ``ram_bytes``, ``flavour``, ``seed``, ``virtual_time``, as of
                `ring3.computer.Solaris`.

        Raises:
            UserError: The host cannot provide it.
        """
        if os != System.SOLARIS:
            raise UserError(f"Solaris is another system than {os}")
        computer.Solaris.__init__(self, **options)
        self._begin()

    def close(self) -> None:
        """Switches it off; see `Linux.close`."""
        self.runner.end(lambda: computer.Solaris.close(self) if self._closes() else None)

    def _files(self) -> FdTable:
        return self._with_streams(super()._files())
