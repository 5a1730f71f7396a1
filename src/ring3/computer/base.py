"""What computers have in common, whatever system is booted on them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames, UserError
from ring3.fs.descriptors import FdTable
from ring3.fs.host import HostFile
from ring3.fs.vfs import Vfs
from ring3.image.symbols import SymbolTable
from ring3.kernel.core import Kernel
from ring3.kernel.mm.objects import Objects
from ring3.kernel.reach import Port, Reach
from ring3.kernel.task import Task
from ring3.loader.host import open_program
from ring3.loader.program import ExecError, Executable
from ring3.loader.stack import Strings
from ring3.machine.board import Machine

if TYPE_CHECKING:
    from ring3.net.host.published import Published
    from ring3.net.network import Network

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""Exit statuses of a shell for a program that is missing, or cannot be run (POSIX.1, 2.8.2)."""


class Computer(ABC):
    """A computer with a system booted on it: what `Linux` and `Solaris` have in common.

    Attributes:
        machine: The computer: registers, MSRs, descriptors, memory.
        kernel: The kernel: calls, tasks, symbols.
    """

    machine: Machine
    kernel: Kernel[Any]
    _objects: Objects
    _vfs: Vfs | None = None

    def __init__(self) -> None:
        # asked before anything is opened, which would take a closed descriptor's place
        self._inherited = [fd for fd in (0, 1, 2) if _is_open(fd)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Switches the computer off."""
        self.kernel.close()
        self.machine.close()

    def _make_repeatable(self, seed: int | None, virtual_time: bool) -> None:
        """Takes chance out of a computer that has not run anything yet."""
        if seed is not None:
            from ring3.kernel.randomness import SeededBytes  # noqa: PLC0415 -- most programs run without

            self.kernel.random_bytes = SeededBytes(seed)
        if virtual_time:
            self.kernel.make_time_virtual()

    @abstractmethod
    def _network(self) -> Network:
        """What all sockets share."""

    def _publish(self, ports: Sequence[Port]) -> None:
        """Has clients of the host reach ports of the machine."""
        for port in ports:
            self.publish(port)

    def publish(self, port: Port) -> Published:
        """Has clients of the host reach a port of the machine.

        Raises:
            UserError: The host does not let it, or the machine has no network of its own.
        """
        from ring3.net.host.published import publish  # noqa: PLC0415 -- few machines are reached from outside

        network = self._network()
        if network.reach is not Reach.LOOPBACK:
            raise UserError(
                "ports are published of a network that reaches to the machine itself (--net loopback)"
            )
        return publish(network, port)

    @property
    def symbols(self) -> SymbolTable:
        """The kernel's symbols: names to addresses and back."""
        return self.kernel.image.symbols

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program, made of that of who starts it."""
        return dict(inherited)

    @abstractmethod
    def load(
        self, path: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Task:
        """Loads a program, ready to run."""

    def run(self, task: Task) -> int:
        """Runs until a task's program has ended; returns its status as a shell gives it (128 + N for signal N).

        Raises:
            KernelPanic: A bug of ours.
        """
        self.kernel.listen_to_host()
        self.kernel.run(task)
        return shell_status(task.program_exit_code)

    def _files(self) -> FdTable:
        """The descriptors of a new program: this process's standard ones."""
        files = FdTable()
        for fd in self._inherited:
            files.install(HostFile(fd, self.kernel.host, self._vfs), fd)
        return files

    def _open(self, name: bytes) -> Executable:
        return open_program(name, self.machine.ram, self._objects)


@contextmanager
def refusals(path: str) -> Iterator[None]:
    """Turns what keeps a program from being run into the user's mistake that it is."""
    try:
        yield
    except ExecError as error:
        status = NOT_FOUND if error.number is E.ENOENT else NOT_EXECUTABLE
        raise UserError(f"{path}: {error.reason}", status) from None
    except Errno as error:
        raise UserError(f"{path}: {error.number.text}", NOT_EXECUTABLE) from None
    except OutOfFrames:
        raise UserError(f"{path}: {E.ENOMEM.text}", NOT_EXECUTABLE) from None


def strings_of(
    name: str, path: str, arguments: Sequence[str], environment: Mapping[str, str] | None
) -> Strings:
    """What a new program finds on its stack.

    Args:
        name: The file, as it is executed.
        path: ``argv[0]``.
        arguments: The rest of ``argv``.
        environment: Its environment; None for that of this process.
    """
    env = os.environ if environment is None else environment
    return Strings(
        os.fsencode(name),
        [os.fsencode(text) for text in (path, *arguments)],
        [os.fsencode(f"{key}={value}") for key, value in env.items()],
    )


def shell_status(exit_code: int) -> int:
    """A status as wait(2) encodes it, turned into what a shell reports."""
    signal = exit_code & 0x7F
    return 128 + signal if signal else exit_code >> 8 & 0xFF


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
