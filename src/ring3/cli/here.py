"""This process as the caller of a command: the machine is its own, and so are terminal and signals."""

from __future__ import annotations

import argparse
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from ring3.cli.sandbox import require_linux, sandbox
from ring3.computer import Linux
from ring3.errors import UserError
from ring3.linux.model.task import LinuxTask
from ring3.loader.host import system_of
from ring3.loader.personality import System
from ring3.machine.board import DEFAULT_RAM, CpuKind

if TYPE_CHECKING:
    from ring3.cli.caller import Dying
    from ring3.computer import Solaris
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.kernel.task import Task
    from ring3.line_editing import Candidates
    from ring3.sandbox import Sandbox
    from ring3.solaris.task import SolarisTask

INTERRUPTED_STATUS: Final = 130
"""What a shell says of a program that SIGINT ended."""


class Here:
    """This process."""

    machine_name: Final = None
    handed: Final[Sequence[int]] = ()

    @property
    def stdin(self) -> io.TextIOBase:
        """Standard input."""
        return _stream(sys.stdin)

    @property
    def stdout(self) -> io.TextIOBase:
        """Standard output."""
        return _stream(sys.stdout)

    @property
    def stderr(self) -> io.TextIOBase:
        """Standard error."""
        return _stream(sys.stderr)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment."""
        return os.environ

    def write_bytes(self, data: bytes) -> None:
        """Writes bytes to standard output."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line of standard input, with its end; None where there are no more."""
        sys.stdout.flush()
        if not sys.stdin.isatty():
            return sys.stdin.readline() or None
        from ring3.line_editing import read_line  # noqa: PLC0415 - for terminals only

        try:
            return f"{read_line(prompt, candidates)}\n"
        except EOFError:
            return None

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises:
            OSError: As open(2) and read(2).
        """
        with open(path, "rb") as file:
            return file.read()

    def open(self, path: str, flags: int) -> io.TextIOBase:
        """Opens a file for writing.

        Raises:
            OSError: As open(2).
        """
        fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        return _stream(os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape"))

    def has_root(self, options: argparse.Namespace) -> bool:
        """Whether the options give the machine a root of its own."""
        return bool(sandbox(options).root)

    def has_commands(self, options: argparse.Namespace) -> bool:
        """Whether the options ask for a machine with Solaris."""
        return getattr(options, "os", None) == System.SOLARIS

    def computer(self, options: argparse.Namespace, path: str) -> Linux | Solaris:
        """A machine with the system that a program is to run on; closing it switches it off."""
        wanted = sandbox(options)
        system = System(options.os) if options.os else (not wanted.root and system_of(path)) or System.LINUX
        full_path = getattr(options, "path", "short") == "full"
        seed, virtual_time = getattr(options, "seed", None), getattr(options, "virtual_time", False)
        cpu = CpuKind(getattr(options, "cpu", None) or CpuKind.AUTO)
        made: Linux | Solaris
        if system is System.LINUX:
            made = Linux(full_path=full_path, seed=seed, virtual_time=virtual_time, cpu=cpu, sandbox=wanted)
        elif cpu is not CpuKind.HOST:
            from ring3.computer import Solaris  # noqa: PLC0415 -- most programs are Linux's

            require_linux(wanted)
            memory = wanted.memory or DEFAULT_RAM
            made = Solaris(
                full_path=full_path,
                ram_bytes=memory,
                seed=seed,
                virtual_time=virtual_time,
                net=wanted.net,
                publish=wanted.publish,
            )
        else:
            raise UserError(
                "programs of Solaris use addresses that no program of the host has: --cpu emulated"
            )
        made.kernel.open_tool = partial(_open_tool, made.kernel)
        if getattr(options, "pcap", None):
            from ring3.trace.pcap import Capture  # noqa: PLC0415 - few machines are watched so

            Capture(made.kernel, options.pcap)
        gc.freeze()  # what has been imported and booted stays: the collector need not look at it
        gc.enable()
        return made

    def away(self) -> AbstractContextManager[None]:
        """There are no others."""
        return nullcontext()

    standing = away

    def report_to(self, computer: Linux | Solaris, report: Callable[[str], None]) -> None:
        """Has lines of the kernel's for the user go somewhere."""
        computer.kernel.report = report

    def load(
        self,
        computer: Linux | Solaris,
        path: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        sandbox: Sandbox,
    ) -> Task:
        """Loads a program; the terminal of this process is the program's."""
        if not isinstance(computer, Linux):
            return computer.load(path, arguments, environment)
        if not any(map(os.isatty, (0, 1, 2))):
            return computer.load(path, arguments, environment, sandbox=sandbox)
        from ring3.fs.host_terminal import find_terminal  # noqa: PLC0415 - for who has a terminal

        terminal = find_terminal()
        if terminal is not None:
            terminal.guard()
            computer.connect(terminal)
        return computer.load(path, arguments, environment, sandbox=sandbox)

    @contextmanager
    def surround(self, computer: Linux | Solaris, task: Task, dying: Dying | None) -> Iterator[None]:
        """While a program runs that has the signals and the terminal of this process."""
        attention = computer.kernel.listen_to_host()
        if attention is None:
            with _interruptible():
                yield
            return
        console = computer.console if isinstance(computer, Linux) else None

        def give_up() -> None:
            if console is not None:
                console.abandon()
            with suppress(OSError):
                sys.stderr.write("ring3: interrupted three times: the program was ended\n")
            os._exit(INTERRUPTED_STATUS)

        attention.on_insistence = give_up
        if not (isinstance(computer, Linux) and isinstance(task, LinuxTask)):
            from ring3.solaris.outer import outer as solaris_outer  # noqa: PLC0415 - most programs are Linux's

            with solaris_outer(cast("SolarisTask", task), attention):
                yield
            return
        from ring3.linux.terminals.outer import outer  # noqa: PLC0415 - it costs others nothing

        if dying is not None:
            computer.kernel.dying = dying
        with outer(task, attention, console):
            if console is not None and sys.stdin.isatty() and sys.stdout.isatty():
                console.attach()
            yield


def _open_tool(kernel: Any, inode: Inode, dentry: Dentry, flags: int) -> File:  # noqa: ANN401 - either system's
    """Opens the device by which programs of a machine run Ring3's own tools there."""
    from ring3.session import tools  # noqa: PLC0415 - few programs run one
    from ring3.session.guest_tools import TOOLS  # noqa: PLC0415

    return tools.device(kernel, TOOLS)(inode, dentry, flags)


def _stream(stream: TextIO) -> io.TextIOBase:
    return cast("io.TextIOBase", stream)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end this process at once, where the machine cannot take it.

    A handler that somebody else has put there, or that ignores the signal, stays.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
