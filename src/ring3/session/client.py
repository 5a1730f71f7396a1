"""A command that runs on a machine that is up: this process stands for it on its terminal, and hands over what it has.

Descriptors are given to the server. A terminal stays here, because the host asks who its reader is: keys and output go
through a socket of their own. Signals are told; when the program stops, this process does, so that the shell outside
has job control as ever.
"""

from __future__ import annotations

import os
import select
import signal
from _socket import (
    AF_UNIX,
    MSG_NOSIGNAL,
    SCM_RIGHTS,
    SOCK_CLOEXEC,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
    socketpair,
)
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ring3.errors import UserError
from ring3.host_signals import PASSED_ON, noted, stop_group
from ring3.session import wire
from ring3.session.folder import NO_MACHINE, Folder
from ring3.session.host_terminal import ClientTerminal

if TYPE_CHECKING:
    from ring3.session.editing import Editing

PIECE = 65536


def run_on(name: str, words: Sequence[str], handed: Sequence[int] = ()) -> int:
    """Runs a command on a machine; returns its status, and says in one line why it could not.

    Args:
        name: The machine's.
        words: The command and its words.
        handed: Descriptors for the command itself; then the terminal, and SIGINT, are somebody else's here.

    Raises:
        KeyboardInterrupt: SIGINT has ended the program.
    """
    try:
        return Client(name, Folder().connect(name), handed).run(words)
    except UserError as error:
        with suppress(OSError, AttributeError):
            os.write(2, f"ring3: {error}\n".encode())
        return error.status


def ask(name: str, connection: socket, *words: str) -> str:
    """What a server tells of its machine.

    Raises:
        UserError: It does not, and why.
    """
    connection.sendall(
        wire.frame(wire.ASK, wire.pack([wire.VERSION.encode()], list(map(os.fsencode, words))))
    )
    frames = wire.Frames()
    while data := connection.recv(PIECE):
        for kind, payload in frames.feed(data):
            if kind == wire.REFUSED:
                raise UserError(payload.decode(), NO_MACHINE)
            return payload.decode()
    raise _gone(name)


def _gone(name: str) -> UserError:
    return UserError(f"the machine {name} is gone", NO_MACHINE)


class Client:
    """One command, from its beginning to its end."""

    def __init__(self, name: str, connection: socket, handed: Sequence[int] = ()) -> None:
        self._name = name
        self._handed = handed
        self._signals = [number for number in PASSED_ON if not (handed and number == signal.SIGINT)]
        self._server = connection
        self._terminal: ClientTerminal | None = None
        self._line: socket | None = None
        self._wants_keys = False
        self._ended: tuple[int, bool] | None = None
        self._frames = wire.Frames()
        self._editing: Editing | None = None
        self._prompt: str | None = None

    def run(self, words: Sequence[str]) -> int:
        """Runs it; returns its status."""
        heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        ignored = [number for number in PASSED_ON if signal.getsignal(number) is signal.SIG_IGN]
        for number in self._signals:
            signal.signal(number, noted)
        blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        self._ask(words, ignored, sorted(blocked))
        try:
            while self._ended is None:
                self._turn(heard)
            self._show_rest()
        finally:
            if self._terminal is not None:
                self._terminal.give_back()
        status, is_interrupted = self._ended
        if is_interrupted:
            raise KeyboardInterrupt
        return status

    # -- what is handed over ---------------------------------------------------------------------------------------

    def _ask(self, words: Sequence[str], ignored: list[int], blocked: list[int]) -> None:
        given = [fd for fd in (0, 1, 2) if _is_open(fd)]
        terminals = [fd for fd in given if os.isatty(fd) and not self._handed]
        descriptors = list(given)
        shape: list[bytes] = []
        theirs = None
        if terminals:
            self._terminal = terminal = ClientTerminal(terminals[0])
            self._line, theirs = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
            descriptors += [theirs.fileno(), terminal.fd]
            shape = [b"%d" % terminal.is_ours(), terminal.given, terminal.window()]
        payload = wire.pack(
            [wire.VERSION.encode()],
            list(map(os.fsencode, words)),
            [name + b"=" + value for name, value in os.environb.items()],
            [os.getcwdb(), b"%d" % _umask()],
            wire.numbers(given),
            wire.numbers(terminals),
            wire.numbers(ignored),
            wire.numbers(blocked),
            [item.hex().encode() for item in shape],
            wire.numbers(self._handed),
        )
        descriptors += self._handed
        data = wire.frame(wire.ASK, payload)
        rights = b"".join(fd.to_bytes(4, "little") for fd in descriptors)
        with suppress(BrokenPipeError, ConnectionResetError):  # its answer says why
            done = self._server.sendmsg([data], [(SOL_SOCKET, SCM_RIGHTS, rights)], MSG_NOSIGNAL)
            self._server.sendall(data[done:], MSG_NOSIGNAL)
        if theirs is not None:
            theirs.close()

    # -- what happens ----------------------------------------------------------------------------------------------

    def _turn(self, heard: int) -> None:
        """Waits until something happens, and passes it on."""
        if self._prompt is not None:
            self._edit(self._prompt)
            return
        poll = select.poll()
        poll.register(heard, select.POLLIN)
        poll.register(self._server.fileno(), select.POLLIN)
        terminal, line = self._terminal, self._line
        if terminal is not None and line is not None:
            poll.register(line.fileno(), select.POLLIN)
            if self._wants_keys:
                poll.register(terminal.fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll()}
        if terminal is not None and line is not None:
            if line.fileno() in ready:
                self._show()
            if terminal.fd in ready:
                self._type(terminal)
        if heard in ready:
            for number in os.read(heard, PIECE):
                self._signalled(number)
        if self._server.fileno() in ready:
            self._hear()

    def _show(self) -> bool:
        """Shows what has come for the terminal; False at its end."""
        assert self._terminal is not None
        if self._line is None:
            return False
        data = b""
        with suppress(ConnectionResetError):
            data = self._line.recv(PIECE)
        if not data:
            self._line.close()
            self._line = None
            return False
        self._terminal.write(data)
        return True

    def _show_rest(self) -> None:
        if self._terminal is not None:
            while self._show():
                pass

    def _type(self, terminal: ClientTerminal) -> None:
        """Passes keys on; at the end of the terminal there are none any more."""
        try:
            data = os.read(terminal.fd, 4096)
        except BlockingIOError:
            return  # another reader was quicker
        except OSError:
            data = b""
        if self._line is None:
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            if data:
                self._line.sendall(data, MSG_NOSIGNAL)
                return
            self._line.shutdown(1)
        self._wants_keys = False

    def _signalled(self, number: int) -> None:
        terminal = self._terminal
        if number == signal.SIGCONT:
            self._went_on()
        elif number == signal.SIGWINCH and terminal is not None:
            self._tell(wire.WINDOW, terminal.window())
        elif number in PASSED_ON:
            self._tell(wire.SIGNAL, b"%d" % number)

    def _went_on(self, *, could_stop: bool = True) -> None:
        terminal = self._terminal
        foreground = terminal is None or terminal.is_ours()
        settings = b""
        if terminal is not None and foreground:
            if terminal.is_raw:
                terminal.make_raw(terminal.settings()[4:8])
            settings = terminal.given if terminal.is_raw else terminal.settings()
        told = [b"%d" % foreground, b"%d" % could_stop, settings.hex().encode()]
        self._tell(wire.CONTINUED, wire.pack(told))

    def _tell(self, kind: int, payload: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self._server.sendall(wire.frame(kind, payload), MSG_NOSIGNAL)

    # -- what the server says --------------------------------------------------------------------------------------

    def _hear(self) -> None:
        data = b""
        with suppress(ConnectionResetError):
            data = self._server.recv(PIECE)
        if not data:
            raise _gone(self._name)
        for kind, payload in self._frames.feed(data):
            self._obey(kind, payload)

    def _obey(self, kind: int, payload: bytes) -> None:
        if kind == wire.REFUSED:
            raise UserError(payload.decode(), NO_MACHINE)
        if kind == wire.EXIT:
            status, interrupted = payload.split()
            self._ended = int(status), interrupted == b"1"
        elif kind == wire.OPEN:
            self._open(payload)
        elif kind == wire.STOP:
            self._stop(int(payload))
        elif kind == wire.EDIT:
            self._show_what_is_there()
            self._wants_keys = False
            self._prompt = os.fsdecode(payload)
        elif self._terminal is not None:
            self._set_terminal(self._terminal, kind, payload)

    def _edit(self, prompt: str) -> None:
        """Has a line typed; where something else comes first, that is seen to."""
        if self._editing is None:
            from ring3.session.editing import Editing  # noqa: PLC0415 - few commands are talked to

            self._editing = Editing(self._server, self._frames)
        answer = self._editing.line(prompt)
        if answer is not None:
            self._prompt = None
            if self._terminal is not None:
                self._tell(wire.WINDOW, self._terminal.window())
            self._tell(wire.EDITED, answer)
            return
        signals, frames = self._editing.taken()
        for number in signals:
            self._signalled(number)
        for frame in frames:
            self._obey(*frame)
        if not frames:
            self._hear()

    def _set_terminal(self, terminal: ClientTerminal, kind: int, payload: bytes) -> None:
        self._show_what_is_there()
        if kind == wire.RAW:
            terminal.make_raw(payload)
        elif kind == wire.GIVE_BACK:
            terminal.give_back()
        self._wants_keys = kind in (wire.RAW, wire.KEYS)

    def _show_what_is_there(self) -> None:
        """Shows what was sent before: settings are for what follows."""
        while self._line is not None:
            poll = select.poll()
            poll.register(self._line.fileno(), select.POLLIN)
            if not poll.poll(0) or not self._show():
                return

    def _stop(self, number: int) -> None:
        """Stops as the program has, unless it waited for a foreground that this process is in by now."""
        if number == signal.SIGTTIN and self._terminal is not None and self._terminal.is_ours():
            self._went_on()
            return
        went_on = False

        def continued(_number: int, _frame: object) -> None:
            nonlocal went_on
            went_on = True  # and `_signalled` tells the server

        before = signal.signal(signal.SIGCONT, continued)
        if number == signal.SIGSTOP:
            os.kill(os.getpid(), number)
        else:
            stop_group(number)
        signal.signal(signal.SIGCONT, before)
        if not went_on:
            self._went_on(could_stop=False)  # the host has nobody who would let it go on

    def _open(self, payload: bytes) -> None:
        """Opens a file for the server, which sees less of the host than this process."""
        flags, mode, path = payload.split(b" ", 2)
        try:
            fd = os.open(path, int(flags) | os.O_CLOEXEC, int(mode))
        except OSError as error:
            self._tell(wire.OPENED, b"%d" % (error.errno or 0))
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            rights = [(SOL_SOCKET, SCM_RIGHTS, fd.to_bytes(4, "little"))]
            self._server.sendmsg([wire.frame(wire.OPENED, b"0")], rights, MSG_NOSIGNAL)
        os.close(fd)


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
