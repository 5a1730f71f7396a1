"""Ring3 from Python: a machine, its kernel, programs on it.

    from ring3.api import Linux

    with Linux() as linux:
        program = linux.load("/bin/busybox", ["echo", "hello"])
        status = linux.run(program)
        print(hex(linux.machine.rdmsr(Msr.MSR_LSTAR)))
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames, UserError
from ring3.fs.file import FdTable
from ring3.fs.host import HostFile
from ring3.fs.regular import HostRegularFile
from ring3.kernel.mm.limits import Limits
from ring3.linux.credentials import Credentials
from ring3.linux.exec import prepare
from ring3.linux.kernel import LinuxKernel
from ring3.linux.task import LinuxTask
from ring3.loader.program import ExecError, Executable
from ring3.loader.stack import Strings
from ring3.machine.board import DEFAULT_RAM, Machine

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""Exit statuses of a shell for a program that is missing, or cannot be run (POSIX.1, 2.8.2)."""


class Linux:
    """A computer with Linux booted on it.

    Attributes:
        machine: The computer: registers, MSRs, descriptors, memory.
        kernel: The kernel: calls, tasks, symbols.
    """

    def __init__(self, *, full_path: bool = False, ram_bytes: int = DEFAULT_RAM) -> None:
        """Switches a computer on and boots Linux.

        Args:
            full_path: Run ring 0's code for every system call and exception.
            ram_bytes: Size of guest RAM.

        Raises:
            UserError: The host cannot provide it.
        """
        self.machine = Machine(ram_bytes)
        self.kernel = LinuxKernel(self.machine, full_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Switches the computer off."""
        self.machine.close()

    def load(
        self, path: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> LinuxTask:
        """Loads a program, ready to run.

        Args:
            path: A file of the host.
            arguments: What follows the program's name in ``argv``.
            environment: Its environment; None for that of this process.

        Raises:
            UserError: It cannot be run; status 127 if there is no such file, else 126.
        """
        env = os.environ if environment is None else environment
        strings = Strings(
            os.fsencode(path),
            [os.fsencode(text) for text in (path, *arguments)],
            [os.fsencode(f"{name}={value}") for name, value in env.items()],
        )
        who = _credentials()
        try:
            file = self._open(path)
            start = prepare(self.kernel, file, strings, who, Limits(), self._open_interpreter)
            files = FdTable()
            for fd in (0, 1, 2):
                if _is_open(fd):
                    files.install(HostFile(fd, self.kernel.host), fd)
            task = self.kernel.spawn(start, os.path.basename(path), files, who)
        except ExecError as error:
            status = NOT_FOUND if error.number is E.ENOENT else NOT_EXECUTABLE
            raise UserError(f"{path}: {error.reason}", status) from None
        except Errno as error:
            raise UserError(f"{path}: {error.number.text}", NOT_EXECUTABLE) from None
        except OutOfFrames:
            raise UserError(f"{path}: {E.ENOMEM.text}", NOT_EXECUTABLE) from None
        task.exe = os.path.abspath(path)
        return task

    def run(self, task: LinuxTask) -> int:
        """Runs until a task has ended; returns its status as a shell gives it (128 + N for signal N).

        Raises:
            KernelPanic: A bug of ours.
        """
        self.kernel.run(task)
        return shell_status(task.exit_code)

    def _open(self, path: str) -> Executable:
        try:
            info = os.stat(path)
            if os.path.isdir(path):
                raise ExecError(E.EACCES, "is a directory")
            if not os.path.isfile(path):
                raise ExecError(E.EACCES, "not a regular file")
            if not info.st_mode & 0o111 or not os.access(path, os.X_OK):
                raise ExecError(E.EACCES, E.EACCES.text)
            return HostRegularFile(path, self.machine.ram, self.kernel.objects)
        except OSError as error:
            number = E(error.errno or E.EIO)
            raise ExecError(number, number.text) from None
        except ValueError as error:
            raise ExecError(E.ENOENT, str(error)) from None

    def _open_interpreter(self, path: bytes) -> Executable:
        try:
            return self._open(os.fsdecode(path))
        except ExecError as error:
            raise ExecError(error.number, f"interpreter {os.fsdecode(path)}: {error.reason}") from None


def shell_status(exit_code: int) -> int:
    """A status as wait(2) encodes it, turned into what a shell reports."""
    signal = exit_code & 0x7F
    return 128 + signal if signal else exit_code >> 8 & 0xFF


def _credentials() -> Credentials:
    """The user who runs Ring3."""
    if not hasattr(os, "getuid"):
        return Credentials()
    return Credentials(os.getuid(), os.getgid(), os.getuid(), os.getgid())


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
