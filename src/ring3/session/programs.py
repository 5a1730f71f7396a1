"""Programs that clients have started on a machine: their descriptors, their terminals, and what surrounds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ring3.abi.errno import Errno
from ring3.errors import UserError
from ring3.fs.descriptors import FdTable
from ring3.fs.file import O_RDWR
from ring3.fs.host import HostFile
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.linux.terminals.outer import inherit
from ring3.session import wire
from ring3.session.terminal import ClientConsole, ClientOuter, RemoteTerminal, Tell

if TYPE_CHECKING:
    from ring3.computer import Linux, Solaris
    from ring3.fs.dentry import Dentry
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.process import Process
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask
    from ring3.sandbox import Sandbox
    from ring3.session.request import Request

Dying = Callable[["LinuxTask", "UserRegs", "SigInfo"], None]
NOT_FOUND = 127
"""A shell's status for a program that is missing."""


def client_files(computer: Linux | Solaris, request: Request) -> FdTable:
    """The descriptors of a program: copies of the client's."""
    files = FdTable()
    kernel = computer.kernel
    vfs = getattr(kernel, "vfs", None)
    for fd, ours in request.descriptors.items():
        files.install(HostFile(os.dup(ours), kernel.host, vfs, owned=True), fd)
    return files


class LinuxProgram:
    """A program of a client on a machine with Linux.

    Attributes:
        is_running: It has the client's signals; while a debugger has stopped it, those are the debugger's.
    """

    def __init__(self, linux: Linux, request: Request, tell: Tell) -> None:
        self._linux = linux
        self._kernel: LinuxSystem = linux.kernel
        self._request = request
        self._tell = tell
        self._terminal: RemoteTerminal | None = None
        self._console: ClientConsole | None = None
        self._outer: ClientOuter | None = None
        self.is_running = False

    @property
    def process(self) -> Process:
        """Its first process."""
        assert self._outer is not None
        return self._outer.process

    def load(
        self,
        machine: str,
        path: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        sandbox: Sandbox,
    ) -> LinuxTask:
        """Loads it.

        Raises:
            UserError: It cannot be run, or the machine does not see it.
        """
        request, kernel = self._request, self._kernel
        cwd = kernel.cwd if self._linux.sandbox.root else self._place(request.cwd)
        if cwd is None and not path.startswith("/"):
            raise UserError(
                f"{path}: the machine {machine} does not see {request.cwd}; it was started in "
                f"{os.fsdecode(kernel.cwd.path())}",
                NOT_FOUND,
            )
        files = client_files(self._linux, request)
        if request.line is not None:
            line, device = map(os.dup, request.line)
            self._terminal = RemoteTerminal(line, device, request.shape, self._tell)
            self._console = ClientConsole(kernel, self._terminal, os.getuid())
            shared = self._console.file(O_RDWR)
            for fd in request.terminals:
                files.replace(fd, shared)
        try:
            task = self._linux.load(
                path, arguments, environment, files=files, cwd=cwd, sandbox=sandbox, console=self._console
            )
        except UserError:
            files.release()
            raise
        task.fs.umask = request.umask
        inherit(task, request.ignored, request.blocked)
        if self._console is None:
            kernel.terminals[task.process.sid] = None
        else:
            self._console.serve(task.process)
        assert kernel.attention is not None
        self._outer = ClientOuter(task, kernel.attention, self._console, self._tell)
        return task

    def _place(self, path: str) -> Dentry | None:
        try:
            return Walk(self._kernel.vfs.root, KERNEL).find(self._kernel.vfs.root, os.fsencode(path))
        except Errno:
            return None

    def begin(self) -> None:
        """It runs from now on; if it reads and writes the client's terminal, it has that from the start."""
        self.is_running = True
        if self._console is not None and {0, 1} <= set(self._request.terminals):
            self._console.attach()

    def pause(self) -> None:
        """It runs no more, for now: the client has its terminal."""
        self.is_running = False
        if self._console is not None:
            self._console.detach()

    def heard(self, kind: int, payload: bytes) -> None:
        """The client says something, in the machine's thread."""
        outer, terminal, console = self._outer, self._terminal, self._console
        if outer is None:
            return
        if kind == wire.SIGNAL:
            outer.signal(int(payload))
        elif kind == wire.WINDOW and terminal is not None and console is not None:
            terminal.resized(payload)
            console.resize()
        elif kind == wire.CONTINUED:
            ((foreground, could_stop, settings),) = wire.unpack(payload)
            if terminal is not None:
                given = bytes.fromhex(settings.decode())
                terminal.came_back(foreground == b"1", could_stop == b"1", given)
            outer.went_on()

    def stopped(self, number: int) -> None:
        """Its first process has stopped."""
        if self._outer is not None:
            self._outer.stopped(self._outer.process, number)

    def hang_up(self) -> None:
        """The client has died."""
        if self._terminal is not None:
            self._terminal.lost()
        if self._outer is not None and self._console is None:
            self._outer.hang_up()

    def close(self, show: Callable[[bytes], None]) -> None:
        """It is over for the client: nobody is at its terminal any more.

        Args:
            show: Takes what it has written there and was not shown.
        """
        console, terminal = self._console, self._terminal
        self._outer = self._console = self._terminal = None
        if console is not None and terminal is not None:
            show(console.rest())
            console.close()
            terminal.give_back()
            terminal.close()


class Programs:
    """The first processes of all clients: what the kernel tells of them goes to whom it concerns."""

    def __init__(self, kernel: LinuxSystem) -> None:
        """Listens to a kernel."""
        self._kernel = kernel
        self._running: dict[Process, LinuxProgram] = {}
        self._dying: dict[Process, Dying] = {}
        self._reports: dict[int, Callable[[str], None]] = {}
        kernel.stopped_alone = self._stopped
        kernel.dying = self._died
        kernel.report = self._report

    @contextmanager
    def entered(
        self, program: LinuxProgram, report: Callable[[str], None], dying: Dying | None
    ) -> Iterator[None]:
        """While a program runs for a client.

        Args:
            program: The program.
            report: Takes lines of the kernel's that concern it.
            dying: Told of threads whose process a signal is about to end.
        """
        process = program.process
        watched = self._kernel.processes.watched_from_outside
        self._running[process] = program
        self._reports[process.sid] = report
        if dying is not None:
            self._dying[process] = dying
        watched.add(process.pid)
        program.begin()
        try:
            yield
        finally:
            program.pause()
            watched.discard(process.pid)
            self._dying.pop(process, None)
            del self._running[process], self._reports[process.sid]

    def _stopped(self, process: Process, number: int) -> None:
        program = self._running.get(process)
        if program is not None:
            program.stopped(number)

    def _died(self, task: LinuxTask, regs: UserRegs, info: SigInfo) -> None:
        dying = self._dying.get(task.process)
        if dying is not None:
            dying(task, regs, info)

    def _report(self, line: str) -> None:
        """A line of the kernel's for whoever has started the program that runs."""
        task = self._kernel.current
        report = None if task is None else self._reports.get(task.process.sid)
        if report is not None:
            report(line)
