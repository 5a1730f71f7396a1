"""Pseudoterminals (pty(7)): a terminal whose other end is a program (drivers/tty/pty.c, fs/devpts).

Opening /dev/ptmx makes a pair. What is written to the master comes in at the slave, which is /dev/pts/N, as if it were
typed; what is written to the slave goes out at the master. What happens on the way is the line discipline's business,
and which processes a terminal serves is that of the kernel above (`Jobs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.signals import Sig
from ring3.fs.line_discipline import LineDiscipline
from ring3.fs.packet_mode import PacketMode, Status, changes
from ring3.fs.readiness import POLLPRI, READABLE, WRITABLE
from ring3.fs.termios import Lflag, Termios
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.pty_files import SlaveFile, SlaveNode

CAPACITY: Final = 65536
"""Bytes that wait in each direction at most (TTYB_DEFAULT_MEM_LIMIT)."""


class Jobs(Protocol):
    """What a terminal asks of the kernel about processes and time."""

    def require_foreground(self, pty: Pty, signal: Sig) -> None:
        """Stops a process in the background that uses its terminal.

        Raises:
            Errno: ERESTARTSYS, it was sent the signal; EIO, it would not take it.
        """

    def signal(self, pty: Pty, signal: Sig) -> None:
        """Sends a signal to the process group that the terminal serves."""

    def lost(self, pty: Pty) -> None:
        """The master is closed: who has this terminal is told, and has none any more."""

    def session_ended(self, pty: Pty, session: int) -> None:
        """The leader of a session that has, or had, this terminal has ended."""

    def unused(self, pty: Pty) -> None:
        """The slave is not open any more: nobody has this terminal."""

    def now(self) -> int:
        """Monotonic nanoseconds."""

    def after(self, delay: int, callback: Callable[[], object]) -> Listening:
        """Calls back after so many nanoseconds, unless that is cancelled."""


class Pty:
    """A pair.

    Attributes:
        number: The N of /dev/pts/N.
        line: What happens between the two.
        packets: How the master reads.
        window: ``struct winsize``.
        session: The session it controls, None for none.
        group: The process group of that which it serves.
        locked: The slave cannot be opened (unlockpt(3)).
        exclusive: It can be opened by the privileged alone (TIOCEXCL).
        last_served: The session and group that had it when its master was closed.
        master_open: Whether the master is.
        slaves: The open slaves.
        slave_gone: There were some, and they are closed.
        node: The slave's inode.
        jobs: The kernel.
    """

    node: SlaveNode

    def __init__(self, number: int, jobs: Jobs) -> None:
        self.number = number
        self.line = LineDiscipline(self._echo, self._signal)
        self.packets = PacketMode()
        self.window = bytes(8)
        self.session: int | None = None
        self.group: int | None = None
        self.last_served: tuple[int, int | None] | None = None
        self.locked = True
        self.exclusive = False
        self.master_open = True
        self.slaves: set[SlaveFile] = set()
        self.slave_gone = False
        self.jobs = jobs
        self._input = WaitQueue()  # of the slave's users
        self._output = WaitQueue()  # of the master's
        self._typed = bytearray()  # what the line discipline has no room for yet
        self._shown = bytearray()
        self._held = bytearray()  # echo, while output is stopped
        self._was_stopped = False

    # -- what is typed -------------------------------------------------------------------------------------------

    def type(self, data: bytes | memoryview) -> int:
        """Input from the master; returns how many bytes there was room for."""
        taken = bytes(data[: CAPACITY - len(self._typed)])
        self._typed += taken
        self._feed()
        return len(taken)

    def _feed(self) -> None:
        """Gives the line discipline as much as it takes."""
        if self._typed:
            del self._typed[: self.line.receive(bytes(self._typed))]
            self._go_on()
            self._input.wake()  # START may have come too

    def read(self, size: int) -> bytes:
        """What a reader of the slave gets now."""
        data = self.line.take(size)
        self._feed()
        self._output.wake(WRITABLE)
        return data

    def has_room(self) -> bool:
        """Whether more can be typed."""
        return len(self._typed) < CAPACITY

    def tell(self, happened: Status) -> None:
        """Tells a reader of packets."""
        if self.packets.note(happened):
            self._output.wake(READABLE | POLLPRI)

    def flush_input(self) -> None:
        """Drops what was typed and nobody has read."""
        self._typed.clear()
        self.line.flush()
        self._output.wake(WRITABLE)

    # -- what is shown -------------------------------------------------------------------------------------------

    def show(self, data: bytes) -> int:
        """Output of the slave; returns how many bytes there was room for."""
        room = 0 if self.line.stopped else CAPACITY - len(self._shown)
        taken = data[: (room + 1) // 2]  # each can become two
        if taken:
            self._echo(self.line.process_output(taken))
        return len(taken)

    def _echo(self, data: bytes) -> None:
        if self.line.stopped:
            self._held += data
        else:
            self._shown += data
            self._output.wake(READABLE)

    def _go_on(self) -> None:
        """Shows what was echoed meanwhile, if output is not stopped any more."""
        if self.line.stopped != self._was_stopped:
            self._was_stopped = self.line.stopped
            self.tell(Status.STOP if self.line.stopped else Status.START)
        if self._held and not self.line.stopped:
            held, self._held = self._held, bytearray()
            self._echo(bytes(held))

    def look(self, size: int) -> bytes:
        """What a reader of the master gets now."""
        data = bytes(self._shown[:size])
        del self._shown[:size]
        self._input.wake(WRITABLE)
        return data

    def look_again(self, data: bytes) -> None:
        """Takes back what `look` has given."""
        self._shown[:0] = data

    @property
    def shown(self) -> int:
        """Bytes that the master has not read."""
        return len(self._shown)

    def flush_output(self) -> None:
        """Drops them."""
        self._shown.clear()
        self._held.clear()
        self._input.wake(WRITABLE)

    def _signal(self, signal: Sig) -> None:
        if not self.line.termios.lflag & Lflag.NOFLSH:
            self.flush_output()
            self.tell(Status.FLUSHREAD)
            self.tell(Status.FLUSHWRITE)
        self.jobs.signal(self, signal)

    def set_termios(self, termios: Termios) -> None:
        """Changes the settings."""
        told = changes(self.line.termios, termios)
        self.line.set_termios(termios)
        for happened in told:
            self.tell(happened)
        self.changed()

    def changed(self) -> None:
        """Settings have changed: who waits looks again."""
        self._feed()
        self._go_on()
        self._input.wake()
        self._output.wake()

    # -- listening -----------------------------------------------------------------------------------------------

    def listen_to_input(self, callback: Callable[[], object]) -> Listening:
        """Calls back when the slave may be ready."""
        return self._input.listen(callback)

    def listen_to_output(self, callback: Callable[[], object]) -> Listening:
        """Calls back when the master may be ready."""
        return self._output.listen(callback)

    # -- the end -------------------------------------------------------------------------------------------------

    def slave_closed(self, slave: SlaveFile) -> None:
        """One slave less."""
        self.slaves.discard(slave)
        if not self.slaves and not slave.hung_up:
            self.slave_gone = True
            self.jobs.unused(self)
            self._output.wake()

    def hang_up(self) -> None:
        """Whoever has the slave open can do nothing with it any more (__tty_hangup)."""
        for slave in self.slaves:
            slave.hung_up = True
        self.slaves.clear()
        self.slave_gone = True
        self._input.wake()
        self._output.wake()
