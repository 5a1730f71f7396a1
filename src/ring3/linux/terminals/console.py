"""The terminal of the host as one of the machine: a pseudoterminal whose master is here.

While it is *attached*, every key on the host's terminal goes to the line discipline of the machine, which echoes, edits
and makes signals for the machine's own foreground. That is so from the start where standard input and output are the
terminal, and from when a program first reads or sets it otherwise; until then its keys may be for others, such as a
pager that this output goes to. Output gets its carriage returns from the host, by the settings of the machine's.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.fs.pty import Pty
from ring3.fs.pty_files import open_master
from ring3.fs.readiness import POLLOUT
from ring3.host_signals import stop_group
from ring3.kernel.host_events import HostWatch
from ring3.linux.terminals.terminal import KernelJobs, change_window

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.fs.metered import Allowance
    from ring3.fs.termios import Termios
    from ring3.linux.model.process import Process
    from ring3.linux.model.system import LinuxSystem

PIECE: Final = 4096


class OuterTerminal(Protocol):
    """A terminal outside of the machine: that of this process (`HostTerminal`), or of another one far from here.

    Attributes:
        fd: Its keys are read and it is written to by this descriptor, which does not block.
    """

    fd: int

    @property
    def settings(self) -> Termios:
        """Its settings now."""

    def is_ours(self) -> bool:
        """Whether it may be changed and read now."""

    def window(self) -> bytes:
        """``struct winsize``."""

    def make_raw(self, oflag: int) -> None:
        """Has every key passed on as it is, and this done to output."""

    def give_back(self) -> None:
        """Sets it as it was."""

    def write(self, data: bytes) -> int:
        """Shows characters; returns how many there was room for now."""

    def close(self) -> None:
        """Gives it back and lets go of it."""


class Console:
    """The two terminals, and what goes from one to the other.

    Attributes:
        pty: That of the machine.
        attached: That of the host is raw, and its keys are read.
        allowance: How much more may be shown; None for no limit.
    """

    allowance: Allowance | None = None

    def __init__(self, kernel: LinuxSystem, host: OuterTerminal, owner: int) -> None:
        """Makes the terminal of the machine, with the settings and the size of the host's.

        Args:
            kernel: The machine's, whose files are mounted.
            host: The terminal of the host.
            owner: The user that it is given to.
        """
        self._kernel = kernel
        self._host = host
        self._watch: HostWatch | None = None
        self._oflag = host.settings.oflag
        self._was_attached = False
        ptmx = kernel.vfs.root.child(b"dev").child(b"ptmx")
        master = open_master(ptmx.inode, ptmx, os.O_RDWR, _ConsoleJobs(kernel, self), owner)
        self._master = master.hold()
        self.attached = False
        self.pty = master.pty
        self.pty.locked = False
        self.pty.line.set_termios(host.settings)
        self.pty.line.echo.translates = False
        self.pty.window = host.window()
        self._listening = self.pty.listen_to_output(self._show)

    def file(self, flags: int) -> File:
        """The machine's terminal, opened with these flags."""
        return self.pty.node.open(self.pty.node.place(), flags)

    def serve(self, process: Process) -> None:
        """Becomes the terminal of a process that leads a session, with its group in the foreground."""
        self.pty.session, self.pty.group = process.sid, process.pgid
        self._kernel.terminals[process.sid] = self.pty

    # -- the host's side -------------------------------------------------------------------------------------------

    def attach(self) -> bool:
        """Makes the host's terminal raw and reads its keys; False where the host has us in the background."""
        attention = self._kernel.attention
        if not self.attached and attention is not None and self._host.is_ours():
            if (
                not self._was_attached
            ):  # a shell may have set it meanwhile, as for a job that comes to the foreground
                self.pty.line.set_termios(self._host.settings)
            self._oflag = self.pty.line.termios.oflag
            self._host.make_raw(self._oflag)
            self.attached = self._was_attached = True
            attention.listen(self._host.fd, self._typed, is_keyboard=True)
            self.resize()
        return self.attached

    def require(self) -> None:
        """Attaches; in the background of the host, where reading stops a process, it stops this one first.

        Raises:
            Errno: EIO, the host has nobody who would let it go on.
        """
        if self._kernel.attention is not None and not self.attach():
            stop_group(signal.SIGTTIN)
            if not self.attach():
                raise Errno(E.EIO)

    def detach(self) -> None:
        """Gives the host's terminal back, for as long as it may be."""
        if self.attached:
            assert self._kernel.attention is not None
            self._kernel.attention.ignore(self._host.fd)
            self.attached = False
            self._host.give_back()

    def resize(self) -> None:
        """The host's terminal may have another size now."""
        change_window(self.pty, self._host.window())

    def close(self) -> None:
        """Shows what is left to be shown, and gives the host's terminal back."""
        os.set_blocking(self._host.fd, True)
        self._show()
        self.attached = False
        self._host.close()

    def forget_host(self) -> None:
        """The host's terminal is gone, or somebody else's from now on."""
        if self._watch is not None:
            self._watch.cancel()
        if self.attached and self._kernel.attention is not None:
            self._kernel.attention.ignore(self._host.fd)
        self.attached = False
        self._listening.cancel()

    def abandon(self) -> None:
        """Gives the host's terminal back at once, in any thread: this process is about to end."""
        self._host.give_back()

    # -- what goes through -----------------------------------------------------------------------------------------

    def _typed(self, data: bytes) -> None:
        """Keys; what nobody reads for too long is lost, as on any terminal. Nothing means that the terminal is gone."""
        if data:
            self.pty.master.write(data)
        else:
            self._master.drop()

    def _show(self) -> None:
        """Shows what the host's terminal has room for, and the rest when it has."""
        if self._watch is not None:
            return
        oflag = self.pty.line.termios.oflag
        if self.attached and oflag != self._oflag:
            self._oflag = oflag
            self._host.make_raw(oflag)
        while data := self.pty.master.read(PIECE):
            try:
                allowed = data if self.allowance is None else self.allowance.take(data)
                done = self._host.write(allowed)
            except Errno:
                return  # nobody looks any more, or has seen enough
            if self.allowance is not None:
                self.allowance.left -= done
            if done < len(allowed):
                self.pty.master.line.give_back(allowed[done:])
                self._watch = self._kernel.host.watch(self._host.fd, POLLOUT, self._has_room)
                return

    def _has_room(self) -> None:
        self._watch = None
        self._show()


class _ConsoleJobs(KernelJobs):
    """What the machine's terminal asks: who reads it gets the host's first."""

    def __init__(self, kernel: LinuxSystem, console: Console) -> None:
        super().__init__(kernel)
        self._console = console

    def require_foreground(self, pty: Pty, signal: Sig) -> None:
        """Stops a process in the background of the machine, and this one in that of the host."""
        super().require_foreground(pty, signal)
        self._console.require()
