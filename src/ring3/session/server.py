"""The server of one machine: it answers clients in a thread of its own, whatever the machine does meanwhile.

The main thread runs the machine (`SharedMachine.serve`), this one asyncio's loop, and each command has one that waits
for the other two. So clients are heard while programs compute, and while a debugger has stopped everything.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ring3.computer import Linux, Solaris
from ring3.errors import UserError
from ring3.session import told, wire
from ring3.session.command import Command, internal
from ring3.session.connection import Connection
from ring3.session.folder import Folder, peer
from ring3.session.programs import Dying, LinuxProgram, Programs
from ring3.session.request import read_request
from ring3.session.shared import SharedMachine

if TYPE_CHECKING:
    from ring3.session.meter import Metering
    from ring3.session.request import Request

Perform = Callable[[Command], int]
"""Runs a command for a client; returns its status."""
SWITCH: Final = 0.0005
"""Seconds after which a thread of Python makes room for another: clients are answered while the kernel is busy."""


PATIENCE: Final = 2.0
"""Seconds that commands get to say that the machine goes down."""
BACKLOG: Final = 1024
"""Clients that may wait to be answered."""


class Server:
    """A machine and its clients.

    Attributes:
        name: The machine's name.
        shared: The machine.
        perform: Runs a command.
        loop: The loop that answers clients.
    """

    def __init__(
        self, name: str, computer: Linux | Solaris, listener: socket.socket, perform: Perform, idle: float
    ) -> None:
        """Takes a machine over, in the main thread.

        Args:
            name: Its name.
            computer: The machine.
            listener: The socket that clients connect to.
            perform: Runs a command for a client.
            idle: Seconds without clients and programs after which the machine goes down; 0 for never.
        """
        self.name = name
        self.shared = SharedMachine(computer)
        self.perform = perform
        self.loop = asyncio.new_event_loop()
        self._listener = listener
        self._idle = idle
        self._programs = Programs(computer.kernel) if isinstance(computer, Linux) else None
        self._connections: set[Connection] = set()
        self._commands: set[Command] = set()
        self._began = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = asyncio.Event()

    @contextmanager
    def entered(
        self, program: LinuxProgram, report: Callable[[str], None], dying: Dying | None
    ) -> Iterator[None]:
        """While a program runs for a client (see `Programs.entered`)."""
        assert self._programs is not None
        with self._programs.entered(program, report, dying):
            yield

    def run(self) -> None:
        """Serves until it is told to stop, or nobody needs it any more.

        Raises:
            Ring3Error: The machine has failed; the clients are told.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        sys.setswitchinterval(SWITCH)
        thread = threading.Thread(target=self._answer, name="ring3-server", daemon=True)
        thread.start()
        try:
            self.shared.serve()
        finally:
            self.loop.call_soon_threadsafe(self._stopping.set)
            thread.join()

    def _told_to_stop(self, number: int, frame: object) -> None:
        self.loop.call_soon_threadsafe(self._stopping.set)

    # -- the loop --------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # the machine's thread takes them
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._rest()
        accepting = asyncio.ensure_future(self._accept())
        await self._stopping.wait()
        accepting.cancel()
        self._listener.close()
        self.shared.close()
        for command in self._commands:
            command.end()
        given_up = self.loop.time() + PATIENCE
        while self._commands and self.loop.time() < given_up:  # they end now, each with a line of its own
            await asyncio.sleep(0.001)
        for connection in list(self._connections):
            connection.close()

    async def _accept(self) -> None:
        while True:
            client, _ = await self.loop.sock_accept(self._listener)
            if peer(client)[1] != os.geteuid():
                client.close()
                continue
            connection = Connection(client, self._ended)
            connection.listener = _Newcomer(self, connection)
            self._connections.add(connection)

    def asked(self, connection: Connection, request: Request) -> None:
        """A client wants something; what goes wrong meanwhile is told to it alone."""
        try:
            self._answer_to(connection, request)
        except Exception as error:  # noqa: BLE001 - others are served as ever
            connection.finish(wire.REFUSED, internal(error).encode())

    def _answer_to(self, connection: Connection, request: Request) -> None:
        if request.version != wire.VERSION:
            connection.finish(
                wire.REFUSED,
                f"the machine {self.name} is one of ring3 {wire.VERSION}, and this is {request.version}: "
                f"`ring3 down {self.name}` ends it".encode(),
            )
        elif not request.shape and not request.cwd:
            connection.finish(wire.TOLD, told.answer(self, request.words).encode())
        else:
            self._begin(connection, request)

    def _begin(self, connection: Connection, request: Request) -> None:
        """Starts a command.

        Raises:
            OSError: The host gives no descriptors for it.
            RuntimeError: The host gives no thread for it.
        """
        try:
            command = Command(self, connection, request)
        except OSError:
            request.close()
            raise
        connection.listener = command
        try:
            command.start()
        except RuntimeError:
            command.release()
            raise
        self._commands.add(command)

    def finished(self, connection: Connection, command: Command, status: bytes) -> None:
        """A command is over, in its own thread."""

        def release() -> None:
            self._commands.discard(command)
            command.release()
            connection.finish_here(wire.EXIT, status)

        self.loop.call_soon_threadsafe(release)

    def _ended(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._rest()

    # -- what there is ---------------------------------------------------------------------------------------------

    @cached_property
    def metering(self) -> Metering:
        """What counts on the machine while somebody asks for it."""
        from ring3.session.meter import Metering  # noqa: PLC0415 - few machines are watched

        return Metering(self.shared, self.loop)

    @property
    def system(self) -> str:
        """The name of the system on the machine."""
        return "linux" if isinstance(self.shared.computer, Linux) else "solaris"

    @property
    def clients(self) -> int:
        """How many commands run."""
        return len(self._commands)

    @property
    def age(self) -> float:
        """Seconds since it was booted."""
        return time.monotonic() - self._began

    def _rest(self) -> None:
        """Goes down after a while, if nobody needs the machine then; looks again after as long if somebody does."""
        if self._timer is not None:
            self._timer.cancel()
        if self._idle:
            self._timer = self.loop.call_later(self._idle, self._tire)

    def _tire(self) -> None:
        if self._commands or self.shared.computer.kernel.tasks:
            self._rest()
        else:
            self._stopping.set()


class _Newcomer:
    """A client that has said nothing yet."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server = server
        self._connection = connection

    def heard(self, kind: int, payload: bytes, descriptors: list[int]) -> None:
        """Its first frame.

        Raises:
            ValueError: It is none of ours.
        """
        try:
            if kind != wire.ASK:
                raise ValueError("no question")
            request = read_request(payload, descriptors)
        except (ValueError, IndexError):
            for fd in descriptors:
                os.close(fd)
            raise ValueError("none of our clients") from None
        self._server.asked(self._connection, request)

    def gone(self) -> None:
        """Nothing was asked."""


def listen(folder: Folder, name: str) -> socket.socket:
    """A socket that clients find by a machine's name; from the first moment on somebody listens on it.

    Raises:
        UserError: There is a machine of that name.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    hidden = f".{os.getpid()}"
    folder.remove(hidden)
    listener.bind(folder.place(hidden))
    try:
        listener.listen(BACKLOG)
        while True:
            try:
                os.link(hidden, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
                break
            except FileExistsError:
                if folder.is_up(name):
                    listener.close()
                    raise UserError(f"a machine {name} is up already") from None
    finally:
        folder.remove(hidden)
    listener.setblocking(False)
    return listener
