"""A client's terminal as one of the machine, and the client as what surrounds its program.

As `ring3.linux.terminals.console` and `outer` for the terminal and the signals of this process; but the client has the
terminal, reads its keys and sets it, and is told to.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.fs.host_terminal import TERMIOS
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import group_send_sig_info
from ring3.linux.terminals.console import PIECE, Console
from ring3.linux.terminals.outer import Outer
from ring3.session import wire
from ring3.session.host_terminal import restore

if TYPE_CHECKING:
    from ring3.fs.termios import Termios
    from ring3.kernel.attention import Attention
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

Tell = Callable[[int, bytes], None]
"""Sends the client a frame."""
NO_WINDOW: Final = bytes(8)


class RemoteTerminal:
    """A client's terminal, by the socket that its keys come from and its output goes to (see `OuterTerminal`).

    Attributes:
        fd: The socket, which does not wait.
        foreground: The client is in the foreground of the host.
        can_stop: Somebody on the host would let the client go on if it stopped.
    """

    def __init__(self, fd: int, device: int, shape: list[bytes], tell: Tell) -> None:
        """Takes both descriptors over.

        Args:
            fd: The socket.
            device: The terminal itself, to give it back when the client cannot.
            shape: Whether the client is in the foreground, the settings, the window.
            tell: Sends the client a frame.
        """
        os.set_blocking(fd, False)
        self.fd = fd
        self._device = device
        self.foreground = shape[0] == b"1"
        self.can_stop = True
        self._given = shape[1]
        self._window = shape[2]
        self._tell = tell
        self._is_raw = False

    @property
    def settings(self) -> Termios:
        """Its settings, as the client told last."""
        from ring3.fs.termios import Termios  # noqa: PLC0415 -- few programs have a terminal

        return Termios(*TERMIOS.unpack(self._given))

    def window(self) -> bytes:
        """``struct winsize``, as the client told last."""
        return self._window or NO_WINDOW

    def resized(self, window: bytes) -> None:
        """The client tells another."""
        self._window = window

    def came_back(self, foreground: bool, could_stop: bool, settings: bytes) -> None:
        """The client goes on after a stop, or could not stop."""
        self.foreground = foreground
        self.can_stop = could_stop
        self._given = settings or self._given

    def is_ours(self) -> bool:
        """Whether the client may change and read it now."""
        return self.foreground

    def make_raw(self, oflag: int) -> None:
        """Has every key passed on as it is."""
        self._is_raw = True
        self._tell(wire.RAW, oflag.to_bytes(4, "little"))

    def give_back(self) -> None:
        """Has it set as it was; no keys come any more."""
        self._is_raw = False
        self._tell(wire.GIVE_BACK, b"")

    def write(self, data: bytes) -> int:
        """Shows characters; returns how many there was room for now.

        Raises:
            Errno: EIO, the client is gone.
        """
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            raise Errno(E.EIO) from None

    def close(self) -> None:
        """Closes it; the client, if it is there, gives its terminal back."""
        os.close(self.fd)
        os.close(self._device)

    def lost(self) -> None:
        """The client has died: gives its terminal back in its place."""
        if self._is_raw:
            restore(self._device, self._given)


class ClientConsole(Console):
    """A client's terminal as one of the machine."""

    def __init__(self, kernel: LinuxSystem, host: RemoteTerminal, owner: int) -> None:
        super().__init__(kernel, host, owner)
        self._remote = host

    def require(self) -> None:
        """Attaches; in the background of the host, programs stop as for reading in the background of the machine.

        Raises:
            Errno: ERESTARTSYS, they are about to stop, and the client with them; EIO, nobody would let that go on.
        """
        if not self.attach():
            if not self._remote.can_stop:
                raise Errno(E.EIO)
            group = self._kernel.running_task().process.pgid
            for process in self._kernel.processes.group(group):
                group_send_sig_info(process, SigInfo(int(Sig.SIGTTIN)))
            raise Errno(E.ERESTARTSYS)

    def close(self) -> None:
        """Programs that are left have no terminal any more; whoever has the socket shows what was written."""
        self.forget_host()
        self._master.drop()

    def rest(self) -> bytes:
        """What was shown and there was no room for."""
        return b"".join(iter(lambda: self.pty.master.read(PIECE), b""))


class ClientOuter(Outer):
    """The first process of a client, and the client."""

    def __init__(self, task: LinuxTask, attention: Attention, console: Console | None, tell: Tell) -> None:
        super().__init__(task, attention, console)
        self._tell = tell
        self._was_attached = False

    def _stop(self, number: int) -> None:
        """Has the client stop, as the program has."""
        if self.process.stopped:
            console = self._console
            if console is not None:
                self._was_attached = console.attached or number == signal.SIGTTIN
                console.detach()
            self._tell(wire.STOP, b"%d" % number)

    def went_on(self) -> None:
        """The client goes on after a stop."""
        console = self._console
        if console is not None and self._was_attached:
            console.attach()
        self._go_on()

    def hang_up(self) -> None:
        """The client is gone: its program has no terminal any more."""
        process = self.process
        for number in (Sig.SIGHUP, Sig.SIGCONT):
            for each in self._kernel.processes.group(process.pgid):
                group_send_sig_info(each, SigInfo(int(number)))
