"""Lines that the user of a client types for a command of the machine: edited here, completed there.

The terminal is this process's. While somebody types, nothing else is done here: what the server says, and signals that
are meant for the command, end the typing, and it begins anew when they have been seen to.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from _socket import MSG_NOSIGNAL, socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from ring3.host_signals import PASSED_ON, noted
from ring3.session import wire

ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
PIECE: Final = 65536


class Disturbed(Exception):
    """Something else is to be seen to first."""


class Editing:
    """The typing of one client."""

    def __init__(self, server: socket, frames: wire.Frames) -> None:
        """Takes what the server is heard by.

        Args:
            server: The connection.
            frames: What has been heard of a frame.
        """
        self._server = server
        self._frames = frames
        self._kept: list[tuple[int, bytes]] = []
        self._signals: list[int] = []
        self._is_typing = self._is_asking = False

    def line(self, prompt: str) -> bytes | None:
        """The answer to EDIT, None where something else is to be seen to first: `taken` says what."""
        from ring3.line_editing import read_line  # noqa: PLC0415 - few commands are talked to

        # a second signal finds input() with the first one's exception: it looks twice (builtin_input of CPython)
        with self._listening(), suppress(Disturbed, SystemError):
            try:
                self._is_typing = True
                self._look()
                return b"1" + os.fsencode(read_line(prompt, self._candidates)) + b"\n"
            except EOFError:
                return b"1"
            except KeyboardInterrupt:
                return b"0"
            finally:
                self._is_typing = False
        return None

    def taken(self) -> tuple[list[int], list[tuple[int, bytes]]]:
        """Signals and frames that have come while somebody typed."""
        found = self._signals, self._kept
        self._signals, self._kept = [], []
        return found

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Has the server, and signals, interrupt the typing."""
        waker = signal.set_wakeup_fd(-1)
        handlers = {number: signal.signal(number, self._signalled) for number in ENDING}
        handlers[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupted)
        handlers[signal.SIGIO] = signal.signal(signal.SIGIO, lambda _number, _frame: self._look())
        fd = self._server.fileno()
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_ASYNC)
        try:
            yield
        finally:
            fcntl.fcntl(fd, fcntl.F_SETFL, flags)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            if signal.SIGWINCH in PASSED_ON:  # readline has taken it
                signal.signal(signal.SIGWINCH, noted)
            signal.set_wakeup_fd(waker, warn_on_full_buffer=False)

    def _signalled(self, number: int, _frame: object) -> None:
        self._signals.append(number)
        if self._stops_typing():
            raise Disturbed

    def _interrupted(self, _number: int, _frame: object) -> None:
        if self._stops_typing():
            raise KeyboardInterrupt

    def _look(self) -> None:
        """Ends the typing if the server has said something, or a signal came while it was asked."""
        if (self._kept or self._signals or self._is_readable()) and self._stops_typing():
            raise Disturbed

    def _stops_typing(self) -> bool:
        """Whether somebody types; then no more: what comes next finds it ended. Readline ends no completion."""
        if self._is_asking or not self._is_typing:
            return False
        self._is_typing = False
        return True

    def _is_readable(self) -> bool:
        poll = select.poll()
        poll.register(self._server.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _candidates(self, before: str, text: str) -> list[str]:
        """What the command says that a word can become."""
        self._is_asking = True
        try:
            asked = wire.pack([os.fsencode(before), os.fsencode(text)])
            self._server.sendall(wire.frame(wire.COMPLETE, asked), MSG_NOSIGNAL)
            while data := self._server.recv(PIECE):
                found = None
                for kind, payload in self._frames.feed(data):
                    if kind == wire.OFFERED:
                        found = [os.fsdecode(word) for word in wire.unpack(payload)[0]]
                    else:
                        self._kept.append((kind, payload))
                if found is not None:
                    return found
        except OSError:
            pass
        finally:
            self._is_asking = False
            if self._kept or self._signals or self._is_readable():
                os.kill(os.getpid(), signal.SIGIO)
        return []
