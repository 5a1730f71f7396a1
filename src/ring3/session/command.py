"""One command of a client on the machine: its streams, its environment, its programs, its signals."""

from __future__ import annotations

import io
import os
import signal
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final

from ring3.computer import Linux, Solaris
from ring3.errors import UserError
from ring3.sandbox import OPTIONS
from ring3.session import wire
from ring3.session.inlet import Inlet
from ring3.session.outlet import Outlet, text
from ring3.session.programs import LinuxProgram, client_files
from ring3.session.shared import DOWN, Turn

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.kernel.task import Task
    from ring3.line_editing import Candidates
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.sandbox import Sandbox
    from ring3.session.connection import Connection
    from ring3.session.request import Request
    from ring3.session.server import Server

THE_MACHINES: Final = {
    "seed": "--seed", "virtual_time": "--virtual-time", "pcap": "--pcap",
    **{option.name: option.flag for option in OPTIONS.values() if option.of_machine},
}  # fmt: skip
"""Options that are settled when a machine is booted."""
INTERNAL: Final = 70
"""EX_SOFTWARE of sysexits.h."""
INTERRUPTING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def internal(error: Exception) -> str:
    """A line for a mistake of ours, or a limit of the host."""
    return f"internal error in the machine's server: {' '.join(f'{type(error).__name__}: {error}'.split())}"


class ClientGone(Exception):
    """The client has died; what was done for it ends."""


class Terminated(Exception):
    """The client got a signal that ends a command.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Command:
    """A command of a client, in a thread of its own.

    Attributes:
        words: The command and its words.
        machine_name: The machine's name.
        environment: The client's environment.
        stdin: What the client's standard input has.
        stdout: Takes text for the client's standard output.
        stderr: Takes text for its standard error.
        handed: Descriptors that the client has handed over for the command itself.
    """

    def __init__(self, server: Server, connection: Connection, request: Request) -> None:
        self._server = server
        self._shared = server.shared
        self._connection = connection
        self._request = request
        self.words = request.words
        self.handed: Sequence[int] = request.handed
        self.machine_name = server.name
        self.environment: Mapping[str, str] = request.environment
        self._turn = Turn(" ".join(request.words[:1]))
        self._program: LinuxProgram | None = None
        self._opened: SimpleQueue[tuple[int, int]] = SimpleQueue()
        self._typed: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
        self._report: Callable[[str], None] = lambda line: None
        self._stack = ExitStack()
        self._outlets: dict[int, Outlet] = {}
        self._inlets: list[Inlet] = []
        self.stdin = self._reader()
        self.stdout = text(self._out(1))
        self.stderr = text(self._out(2))

    def start(self) -> None:
        """Starts it."""
        Thread(target=self._run, name=f"ring3-{self._turn.name}", daemon=True).start()

    def _run(self) -> None:
        status, interrupted = 1, False
        try:
            status = self._server.perform(self)
        except KeyboardInterrupt:
            status, interrupted = 128 + signal.SIGINT, True
        except Terminated as end:
            status = 128 + end.number
        except ClientGone:
            pass
        except Exception as error:  # noqa: BLE001 - the machine goes on, and the client is not to wait
            status = INTERNAL
            print(f"ring3: {internal(error)}", file=self.stderr)
        finally:
            for outlet in self._outlets.values():
                outlet.drain()
            self._server.finished(self._connection, self, b"%d %d" % (status, interrupted))

    # -- streams ---------------------------------------------------------------------------------------------------

    def _reader(self) -> io.TextIOBase:
        request = self._request
        if 0 in request.terminals and request.line is not None:
            inlet = Inlet(os.dup(request.line[0]), self._check, lambda: self._connection.send(wire.KEYS))
        elif 0 in request.descriptors:
            inlet = Inlet(os.dup(request.descriptors[0]), self._check)
        else:
            return io.StringIO()
        self._inlets.append(inlet)
        return io.TextIOWrapper(io.BufferedReader(inlet), encoding="utf-8", errors="surrogateescape")

    def _out(self, fd: int) -> Outlet | io.BytesIO:
        """What takes bytes for one of the client's descriptors; one that is closed takes them for nobody."""
        request = self._request
        if fd in request.terminals and request.line is not None:
            return self._outlet(request.line[0], is_terminal=True)
        given = request.descriptors.get(fd)
        return io.BytesIO() if given is None else self._outlet(given)

    def _outlet(self, fd: int, *, is_terminal: bool = False) -> Outlet:
        if fd not in self._outlets:
            self._outlets[fd] = Outlet(
                os.dup(fd), self._server.loop, self._connection.abort, is_terminal=is_terminal
            )
        return self._outlets[fd]

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line of standard input, with its end; None where there are no more.

        Args:
            prompt: What stands before it on a terminal.
            candidates: What a word can become that is typed on one.
        """
        terminals = self._request.terminals
        if not {0, 1} <= set(terminals):
            if 0 in terminals:
                self.stdout.write(prompt)
            return self.stdin.readline() or None
        self._connection.send(wire.EDIT, os.fsencode(prompt))
        while True:
            kind, payload = self._typed.get()
            self._check()
            if kind == wire.COMPLETE:
                before, text = map(os.fsdecode, wire.unpack(payload)[0])
                words = [os.fsencode(word) for word in candidates(before, text)]
                self._connection.send(wire.OFFERED, wire.pack(words))
            elif kind == wire.EDITED:
                if payload == b"0":
                    raise KeyboardInterrupt
                return os.fsdecode(payload[1:]) or None

    def open(self, path: str, flags: int) -> io.TextIOBase:
        """Opens a file of the client for writing.

        Raises:
            OSError: As open(2), by the client.
        """
        outlet = Outlet(self._open(path, flags), self._server.loop, self._connection.abort)
        self._outlets[-1 - len(self._outlets)] = outlet
        return text(outlet)

    def read(self, path: str) -> bytes:
        """The contents of a file of the client.

        Raises:
            OSError: As open(2) and read(2).
        """
        with open(self._open(path, os.O_RDONLY), "rb") as file:
            return file.read()

    def write_bytes(self, data: bytes) -> None:
        """Writes bytes to the client's standard output."""
        self._out(1).write(data)

    def _open(self, path: str, flags: int) -> int:
        self._connection.send(wire.OPEN, b"%d %d " % (flags, 0o666) + os.fsencode(path))
        error, fd = self._opened.get()
        self._check()
        if error:
            raise OSError(error, os.strerror(error), path)
        return fd

    def opened(self, error: int, descriptors: Sequence[int]) -> None:
        """The client's answer."""
        self._opened.put((error if descriptors else error or 5, descriptors[0] if descriptors else -1))

    def release(self) -> None:
        """Closes what the client handed over, in the loop's thread."""
        for stream in (self.stdin, *self._inlets):
            stream.close()
        for outlet in self._outlets.values():
            outlet.release()
        self._request.close()

    # -- what the client says --------------------------------------------------------------------------------------

    def heard(self, kind: int, payload: bytes, descriptors: list[int]) -> None:
        """A frame of the client, in the loop's thread."""
        if kind == wire.OPENED:
            self.opened(int(payload), descriptors)
            return
        for fd in descriptors:
            os.close(fd)
        if kind in (wire.EDITED, wire.COMPLETE):
            self._typed.put((kind, payload))
            return
        program = self._program
        if kind == wire.SIGNAL and (program is None or not program.is_running):
            number = int(payload)
            if number in INTERRUPTING:
                self._interrupt(KeyboardInterrupt() if number == signal.SIGINT else Terminated(number))
        elif program is not None:
            self._shared.post(lambda: self._pass_on(program, kind, payload))

    def _pass_on(self, program: LinuxProgram, kind: int, payload: bytes) -> None:
        """What the client says to its program, in the machine's thread."""
        try:
            program.heard(kind, payload)
        except ValueError:
            self._connection.abort()  # that is none of our clients

    def end(self) -> None:
        """The machine goes down, in the loop's thread."""
        self._opened.put((5, -1))
        self._interrupt(UserError("the machine goes down", DOWN))

    def gone(self) -> None:
        """The client has died, in the loop's thread."""
        self._opened.put((5, -1))
        for outlet in self._outlets.values():
            outlet.give_up()
        self._interrupt(ClientGone())

    def _interrupt(self, reason: BaseException) -> None:
        self._shared.interrupt(self._turn, reason)
        for inlet in self._inlets:
            inlet.wake()
        self._typed.put((0, b""))

    def _check(self) -> None:
        """Raises what has come meanwhile."""
        self._turn.check()

    # -- for commands ----------------------------------------------------------------------------------------------

    def has_root(self, options: Namespace) -> bool:
        """Whether the machine has a root of its own."""
        del options
        computer = self._shared.computer
        return isinstance(computer, Linux) and bool(computer.sandbox.root)

    def has_commands(self, options: Namespace) -> bool:
        """Whether the machine has Solaris."""
        del options
        return isinstance(self._shared.computer, Solaris)

    @contextmanager
    def computer(self, options: Namespace, path: str) -> Iterator[Linux | Solaris]:
        """Has the machine, which runs while a program of this command, or whatever it waits for, does.

        Raises:
            UserError: The options ask for another machine.
        """
        del path
        computer = self._shared.computer
        system = "linux" if isinstance(computer, Linux) else "solaris"
        if getattr(options, "os", None) not in (None, system):
            raise UserError(f"the machine {self.machine_name} runs {system}")
        for name, option in THE_MACHINES.items():
            if getattr(options, name, None):
                raise UserError(f"{option} is for a machine that is booted: give it to ring3 up")
        with self._shared.hold(self._turn), self._stack:
            yield computer

    def away(self) -> AbstractContextManager[None]:
        """While the command thinks and others may use the machine; inside of `computer`."""
        return self._shared.lend(self._turn)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """While the command has stopped the machine from inside, and thinks, in whatever thread.

        What ends the command meanwhile ends its thinking, and is raised in its own thread.
        """
        with self._shared.stopped_by(self._turn):
            try:
                yield
            except KeyboardInterrupt:
                raise
            except (ClientGone, Terminated, UserError) as reason:
                self._turn.interruption = reason

    def report_to(self, computer: Linux | Solaris, report: Callable[[str], None]) -> None:
        """Has lines of the kernel's for the user go somewhere: those that concern this command's program."""
        del computer
        self._report = report

    def load(
        self,
        computer: Linux | Solaris,
        path: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        sandbox: Sandbox,
    ) -> Task:
        """Loads a program, whose descriptors and working directory are those of the client.

        Raises:
            UserError: It cannot be run.
        """
        if isinstance(computer, Solaris):
            return computer.load(path, arguments, environment, client_files(computer, self._request))
        if self._program is not None:
            self._program.close(self._show)
        program = LinuxProgram(computer, self._request, self._connection.send)
        self._stack.callback(program.close, self._show)
        task = program.load(self.machine_name, path, arguments, environment, sandbox)
        self._program = program
        return task

    def _show(self, rest: bytes) -> None:
        if self._request.line is not None:
            self._outlet(self._request.line[0], is_terminal=True).write(rest)

    def surround(
        self,
        computer: Linux | Solaris,
        task: Task,
        dying: Callable[[LinuxTask, UserRegs, SigInfo], None] | None,
    ) -> AbstractContextManager[None]:
        """What a program has while it runs: the client's signals and its terminal.

        Args:
            computer: The machine.
            task: The program.
            dying: Told of threads whose process a signal is about to end.
        """
        del computer, task
        return self._surrounded(dying)

    @contextmanager
    def _surrounded(self, dying: Callable[[LinuxTask, UserRegs, SigInfo], None] | None) -> Iterator[None]:
        program = self._program
        if program is None:
            yield
            return
        with self._server.entered(program, self._report, dying):
            try:
                yield
            except ClientGone:
                program.hang_up()
                raise
