"""A computer with Linux booted on it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi import tbl
from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.tbl import Abi
from ring3.computer.base import Computer, refusals, strings_of
from ring3.errors import UserError
from ring3.fs.descriptors import FdTable
from ring3.fs.namei import Walk
from ring3.fs.view import Bind, View, show
from ring3.kernel.mm.limits import Limits
from ring3.kernel.signature import Handler, Support
from ring3.linux import table
from ring3.linux.definition import Syscall
from ring3.linux.exec.program import bprm_execve, open_exec
from ring3.linux.files.lookup import of_credentials
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.task import LinuxTask
from ring3.linux.proc.view import mount_default
from ring3.linux.tasks.birth import spawn
from ring3.loader.host import make_visible
from ring3.machine.board import DEFAULT_RAM, CpuKind, Machine
from ring3.sandbox import Sandbox

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.host_terminal import HostTerminal
    from ring3.kernel.probes import Attachment
    from ring3.linux.terminals.console import Console
    from ring3.net.network import Network
    from ring3.sandbox.roots import Root

SYS_CALL_TABLES: Final = {Abi.X86_64: "sys_call_table", Abi.I386: "ia32_sys_call_table"}
"""The symbols of the tables in RAM. There is none for x32: CONFIG_X86_X32 is off, as in most distributions."""

DEFAULT: Final = Sandbox()
"""What programs have if nobody says otherwise."""


class TableRow(NamedTuple):
    """One system call as a kernel has it.

    Attributes:
        number: Its number, for x32 without the x32 bit.
        name: Its name, or None for a call that no ``.tbl`` row names.
        symbol: The function that the table's slot leads to, such as ``__x64_sys_read``.
        address: What the slot in RAM holds, or None where there is no table.
        support: How much of the call is there.
        note: What is missing, or anything else a user must know.
    """

    number: int
    name: str | None
    symbol: str
    address: int | None
    support: Support
    note: str


class Linux(Computer):
    """A computer with Linux booted on it.

    Attributes:
        machine: The computer: registers, MSRs, descriptors, memory.
        kernel: The kernel: calls, tasks, symbols.
        console: The terminal of this process as one of the machine, if it was connected.
        sandbox: What programs have, and how much of it.
    """

    kernel: LinuxKernel
    console: Console | None = None
    _terminal: HostTerminal | None = None
    _root: Root | None = None

    def __init__(
        self,
        *,
        full_path: bool = False,
        ram_bytes: int = DEFAULT_RAM,
        seed: int | None = None,
        virtual_time: bool = False,
        cpu: CpuKind | str = CpuKind.AUTO,
        sandbox: Sandbox = DEFAULT,
    ) -> None:
        """Switches a computer on and boots Linux.

        Args:
            full_path: Run ring 0's code for every system call and exception.
            ram_bytes: Size of guest RAM.
            seed: What all randomness comes from, addresses included; None for the host's.
            virtual_time: Clocks that only programs move: sleeping costs nothing. With a seed, every run is the same.
            cpu: What runs programs: ``emulated``, ``host`` for the host's own processor, or ``auto``: that one where
                they compute (docs/cpus.md).
            sandbox: What programs have, and how much of it; its memory takes the place of ``ram_bytes``.

        Raises:
            UserError: The host cannot provide it, or a root that it names cannot be opened.
        """
        super().__init__()
        self.sandbox = sandbox
        self.machine = Machine(sandbox.memory or ram_bytes, cpu=CpuKind(cpu))
        self.kernel = kernel = LinuxKernel(self.machine, full_path)
        self._make_repeatable(seed, virtual_time)
        self._objects = kernel.objects
        self._vfs = kernel.vfs
        if sandbox != DEFAULT:
            self._settle(sandbox)

    def _settle(self, sandbox: Sandbox) -> None:
        """Sets what the machine has from its boot on."""
        kernel = self.kernel
        kernel.hostname = sandbox.hostname or kernel.hostname
        kernel.reach = sandbox.net
        if sandbox.tasks:
            kernel.max_tasks = min(kernel.max_tasks, sandbox.tasks)
        try:
            if sandbox.root:
                from ring3.sandbox.roots import open_root  # noqa: PLC0415 -- few machines have one

                self._root = open_root(kernel.vfs, sandbox.root, rw=sandbox.rw)
            self._publish(sandbox.publish)
        except UserError:
            self.close()
            raise

    @property
    def command(self) -> tuple[str, ...]:
        """What the image that is the root says to run; nothing if it is none, or says nothing."""
        return () if self._root is None else self._root.command

    def environment(self, inherited: Mapping[str, str], sandbox: Sandbox | None = None) -> dict[str, str]:
        """The environment of a program.

        Args:
            inherited: That of who starts it; a root that is an image has another one for it.
            sandbox: What the program has; None for what the machine says.
        """
        wanted = self.sandbox if sandbox is None else sandbox
        root = self._root
        return wanted.environment(inherited if root is None or root.environment is None else root.environment)

    def _network(self) -> Network:
        return self.kernel.network

    def close(self) -> None:
        """Switches the computer off."""
        if self.console is not None:
            self.console.close()
        self.kernel.vfs.close()
        super().close()

    def table(self, abi: Abi = Abi.X86_64) -> tuple[TableRow, ...]:
        """A system-call table as it is in RAM now: every number that has a name or leads to a call.

        Args:
            abi: Whose table; that of x32 is only what the ``.tbl`` file says, for this kernel has none.
        """
        rows = []
        for slot in tbl.sys_call_table(abi):
            symbol, address = slot.symbol, None
            if abi in SYS_CALL_TABLES:
                address = self.machine.read_q(self.symbols[SYS_CALL_TABLES[abi]] + 8 * slot.number)
                symbol = self.symbols.describe(address)
            entry = symbol.removeprefix("__x64_").removeprefix("__ia32_")
            if slot.name is not None or entry != tbl.NI_SYSCALL:
                rows.append(TableRow(slot.number, slot.name, symbol, address, *self._support(abi, entry)))
        return tuple(rows)

    def define(self, handler: Handler, number: int, abi: Abi = Abi.X86_64) -> int:
        """Adds a system call, as docs/adding-a-syscall.md tells at length.

        Args:
            handler: A function named ``sys_NAME``; it gets the calling task and up to six arguments, each annotated
                with a type of `ring3.abi.c_types`.
            number: Its number; the table in RAM must be long enough to hold it.
            abi: Whose table it goes into.

        Returns:
            The address of its stub, which the table's slot now holds.

        Raises:
            ValueError: The number is outside the table.
            TypeError: An argument has no C type.
        """
        return self.kernel.define(Syscall(handler.__name__, handler, Support.FULL, ""), number, abi)

    def replace(self, entry: str, handler: Handler) -> Attachment:
        """Puts another handler behind a call, until it is detached.

        Args:
            entry: The call's entry point, such as ``sys_getpid``.
            handler: What is called instead, with the same arguments: the calling task and those of the definition.

        Raises:
            KeyError: There is no such call.
        """
        from ring3.kernel import points  # noqa: PLC0415 -- most programs run without

        return self.kernel.probes.replace(points.Layer(f"__do_{entry}"), handler)

    def load(
        self,
        path: str,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        files: FdTable | None = None,
        cwd: Dentry | None = None,
        sandbox: Sandbox | None = None,
        console: Console | None = None,
    ) -> LinuxTask:
        """Loads a program, ready to run.

        Args:
            path: A file of the host; on a machine with a root of its own one there, and a name without a slash is
                looked for in PATH.
            arguments: What follows the program's name in ``argv``.
            environment: Its environment; None for what `environment` makes of that of this process.
            files: Its descriptors; None for the standard ones of this process.
            cwd: Its working directory; None for that of this process.
            sandbox: What it has, and how much of it; None for what the machine says.
            console: The terminal behind ``files``, if it is one of the host's too.

        Raises:
            UserError: It cannot be run; status 127 if there is no such file, else 126.
        """
        if sandbox is None:
            sandbox = self.sandbox
        if environment is None:
            environment = self.environment(os.environ, sandbox)
        strings = strings_of(path, path, arguments, environment)
        who = host_credentials()
        kernel = self.kernel
        self.mount_view(environment)
        place = kernel.cwd if cwd is None else cwd
        if sandbox != DEFAULT or self._root is not None:
            from ring3.sandbox import apply  # noqa: PLC0415 -- most programs have what is usual

            who = apply.credentials(kernel.vfs, sandbox, self._root, who)
            if self._root is not None:
                strings = strings._replace(name=apply.find_program(kernel.vfs, path, environment))
            elif sandbox.cwd:
                strings = strings._replace(name=os.path.join(place.path(), strings.name))
            place = apply.working_directory(kernel.vfs, sandbox, self._root, place)
        walk = Walk(kernel.vfs.root, of_credentials(who))
        with refusals(path):
            if cwd is None and self._root is None:
                make_visible(kernel.vfs, path)
            start = bprm_execve(
                kernel,
                strings.name,
                open_exec(walk, place, strings.name),
                strings,
                who,
                Limits(),
                lambda name: open_exec(walk, place, name),
            )
            given = self._files() if files is None else files
            task = spawn(kernel, start, os.path.basename(path), given, who)
        task.fs.cwd = place
        if sandbox != DEFAULT:
            from ring3.sandbox.apply import limit  # noqa: PLC0415 -- most programs have what is usual

            limit(task, sandbox, self.console if console is None else console)
        if self.console is not None:
            self.console.serve(task.process)
        return task

    def connect(self, terminal: HostTerminal) -> None:
        """Makes a terminal of this process one of the machine, before anything is loaded.

        Programs that are loaded find it where they would find the host's; `ring3.linux.terminals.console` tells more.
        """
        self._terminal = terminal

    def mount_view(self, environment: Mapping[str, str] | None = None) -> None:
        """Mounts what programs see of the host (`ring3.fs.view`), if nothing is mounted yet.

        Args:
            environment: That of the first program; None for that of this process.
        """
        if len(self.kernel.vfs.mounts) == 1:
            self._mount(os.environ if environment is None else environment, host_credentials())

    def bind(self, source: bytes, at: bytes, readonly: bool = False) -> None:
        """Shows a file or directory of the host; nothing changes on the host.

        Args:
            source: Its path.
            at: Where, an absolute path.
            readonly: Programs cannot change it; if not, what they change stays in memory.

        Raises:
            UserError: It cannot be shown there.
        """
        try:
            show(self.kernel.vfs, Bind(source, at, "ro" if readonly else "cow"))
        except Errno as error:
            raise UserError(f"{os.fsdecode(source)} at {os.fsdecode(at)}: {error.number.text}") from None

    def _mount(self, environment: Mapping[str, str], who: Credentials) -> None:
        terminal, sandbox, root = self._terminal, self.sandbox, self._root
        fs = None if root is None else root.fs
        more = View(b"", root=fs, binds=sandbox.bind, empty=sandbox.tmpfs, rw=sandbox.rw)
        if terminal is None:
            mount_default(self.kernel, environment, who, self._inherited, more)
            return
        from ring3.linux.terminals.console import Console  # noqa: PLC0415 - for who has a terminal

        others = [fd for fd in self._inherited if not terminal.is_behind(fd)]
        mount_default(self.kernel, environment, who, others, more)
        self.console = Console(self.kernel, terminal, who.uid)

    def _files(self) -> FdTable:
        """The descriptors of a new program: those that lead to its terminal share one description, as a shell's do."""
        files = super()._files()
        console, terminal = self.console, self._terminal
        if console is not None and terminal is not None:
            shared = console.file(os.O_RDWR)
            for fd in self._inherited:
                if terminal.is_behind(fd):
                    files.replace(fd, shared)
        return files

    def _support(self, abi: Abi, entry: str) -> tuple[Support, str]:
        """Support level and note of a call."""
        if abi is Abi.X32:
            return Support.NONE, "CONFIG_X86_X32 is off: ENOSYS"
        if entry == tbl.NI_SYSCALL:
            return Support.NONE, "Linux has no function for it either: ENOSYS"
        layers = self.kernel.layers.get(entry)
        definition = table.DEFINED.get(entry) if layers is None else layers.definition
        return (Support.NONE, "") if definition is None else (definition.support, definition.note)


def host_credentials() -> Credentials:
    """The user who runs Ring3."""
    if not hasattr(os, "getuid"):
        return Credentials()
    return Credentials.of(os.getuid(), os.getgid(), tuple(os.getgroups()))
