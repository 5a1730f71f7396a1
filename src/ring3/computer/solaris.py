"""A computer with Solaris booted on it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ring3.computer.base import Computer, refusals, strings_of
from ring3.errors import UserError
from ring3.fs.descriptors import FdTable
from ring3.fs.namei import Walk
from ring3.kernel.reach import Port, Reach
from ring3.kernel.signature import Handler
from ring3.loader.executable import find_executable
from ring3.machine.board import DEFAULT_RAM

if TYPE_CHECKING:
    from ring3.abi.solaris.sysent import Flavour
    from ring3.kernel.probes import Attachment
    from ring3.net.network import Network
    from ring3.solaris.call_rows import CallRow
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask


class Solaris(Computer):
    """A computer with Solaris x64 booted on it.

    Its modules are imported when one is made: they cost 30 ms, and programs of Linux need none of them.

    Attributes:
        machine: The computer: registers, MSRs, descriptors, memory.
        kernel: The kernel: functions, processes, symbols.
        cred: Whom programs run as that are loaded from now on: at first, who runs Ring3.
    """

    kernel: SolarisKernel

    def __init__(
        self,
        *,
        full_path: bool = False,
        ram_bytes: int = DEFAULT_RAM,
        flavour: Flavour = "illumos",
        seed: int | None = None,
        virtual_time: bool = False,
        net: Reach | str = Reach.LOOPBACK,
        publish: Sequence[Port] = (),
    ) -> None:
        """Switches a computer on and boots Solaris.

        Args:
            full_path: Run ring 0's code for every system call and exception.
            ram_bytes: Size of guest RAM.
            flavour: Whose system calls: ``illumos``, or ``solaris11``.
            seed: What all randomness comes from; None for the host's.
            virtual_time: Clocks that only programs move: sleeping costs nothing. With a seed, every run is the same.
            net: How far the network of programs reaches: ``none``, ``loopback``, or ``host``.
            publish: Ports of it that the host's clients reach.

        Raises:
            UserError: The host cannot provide it.
        """
        from ring3.image.solaris.boot import make_machine  # noqa: PLC0415
        from ring3.solaris.credentials import Cred  # noqa: PLC0415
        from ring3.solaris.kernel import SolarisKernel  # noqa: PLC0415

        super().__init__()
        self.cred = Cred()
        if hasattr(os, "getuid"):
            self.cred = Cred(os.geteuid(), os.getegid(), os.getuid(), os.getgid(), tuple(os.getgroups()))
        self.machine = make_machine(ram_bytes)
        self.kernel = SolarisKernel(self.machine, full_path, flavour)
        self.kernel.reach = Reach(net)
        self._make_repeatable(seed, virtual_time)
        self._objects = self.kernel.objects
        self._vfs = self.kernel.vfs
        try:
            self._publish(publish)
        except UserError:
            self.close()
            raise

    def _network(self) -> Network:
        return self.kernel.network

    def close(self) -> None:
        """Switches the computer off."""
        self.kernel.vfs.close()
        super().close()

    def table(self) -> tuple[CallRow, ...]:
        """The table of system calls, sysent, as it is in RAM now, row by row."""
        return self.kernel.calls()

    def define(self, handler: Handler, number: int, kind: str = "CL") -> int:
        """Adds a system call, as docs/adding-a-syscall-solaris.md tells at length.

        Args:
            handler: What does the work; it gets the calling thread and up to six arguments, each annotated with a
                type of `ring3.abi.c_types`. Its name is the call's.
            number: Its number, 0 to 255.
            kind: By which macro of sysent.c the row would be made: ``CI``, ``CL`` or ``2CI``.

        Returns:
            The address of its stub, which ``sy_callc`` now holds.

        Raises:
            ValueError: The number is outside the table, or there is no such kind.
            TypeError: An argument has no C type.
        """
        from ring3.abi.solaris.sysent import SysentKind  # noqa: PLC0415

        return self.kernel.define(handler, number, SysentKind(kind))

    def replace(self, name: str, function: Handler) -> Attachment:
        """Puts another function in the place of one of the kernel's, for whoever calls it, until it is detached.

        Args:
            name: Its symbol, with its module or without: ``genunix`modctl``, ``copyin``.
            function: What is called instead, with the same arguments: the calling thread and those of the definition.

        Raises:
            KeyError: There is no such function, or nothing is behind it.
        """
        key = self.symbols.describe(self.symbols[name])
        from ring3.kernel import points  # noqa: PLC0415 -- most programs run without

        return self.kernel.probes.replace(points.Function(key), function)

    def load(
        self,
        path: str,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        files: FdTable | None = None,
    ) -> SolarisTask:
        """Loads a program, ready to run.

        Args:
            path: A file that the machine has, or one of the host; a name without a slash is looked for in the
                machine's /usr/bin and /usr/sbin first.
            arguments: What follows the program's name in ``argv``.
            environment: Its environment; None for that of this process.
            files: Its descriptors; None for the standard ones of this process.

        Raises:
            UserError: It cannot be run; status 127 if there is no such file, else 126.
        """
        from ring3.solaris.exec import INTERPRETED, MAX_DEPTH, interpreter  # noqa: PLC0415
        from ring3.solaris.exec import prepare as prepare_solaris  # noqa: PLC0415
        from ring3.solaris.lookup import who  # noqa: PLC0415
        from ring3.solaris.view import find_program  # noqa: PLC0415

        kernel = self.kernel
        cwd = kernel.cwd
        walk = Walk(kernel.vfs.root, who(self.cred))
        with refusals(path):
            name = find_program(kernel, path)
            file = find_executable(walk, cwd, os.fsencode(name))
            strings = strings_of(os.fsdecode(file.place.path()), path, arguments, environment)
            for _ in range(MAX_DEPTH):
                words = interpreter(file.pread(0, INTERPRETED), strings.name, strings.argv)
                if not words:
                    break
                file = find_executable(walk, cwd, words[0])
                strings = strings._replace(name=file.place.path(), argv=words)
            start = prepare_solaris(kernel, file, strings, lambda wanted: find_executable(walk, cwd, wanted))
            given = self._files() if files is None else files
            return kernel.spawn(start, os.fsdecode(strings.name), b" ".join(strings.argv), given, self.cred)
