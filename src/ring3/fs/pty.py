"""Pseudoterminals (pty(7)): a terminal whose other end is a program (drivers/tty/pty.c, fs/devpts).

Opening /dev/ptmx makes a pair. What is written to the master comes in at the slave, which is /dev/pts/N, as if it were
typed; what is written to the slave goes out at the master. What happens on the way is the line discipline's business,
and which processes a terminal serves is that of the kernel above (`Jobs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.fs.flip_buffer import FlipBuffer
from ring3.fs.line_discipline import LineDiscipline
from ring3.fs.packet_mode import PacketMode, Status, changes
from ring3.fs.readiness import POLLPRI, READABLE, WRITABLE
from ring3.fs.termios import DISABLED, RAW, Cc, Termios
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.pty_files import SlaveFile, SlaveNode

AT_ONCE: Final = 2048
"""Bytes that a line discipline is given at a time (iterate_tty_write)."""


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

    def is_privileged(self) -> bool:
        """Whether the running task may open a terminal that somebody has for himself (CAP_SYS_ADMIN)."""

    def now(self) -> int:
        """Monotonic nanoseconds."""

    def after(self, delay: int, callback: Callable[[], object]) -> Listening:
        """Calls back after so many nanoseconds, unless that is cancelled."""


class End:
    """Either end: what came in from the other, and its line discipline.

    Attributes:
        pty: The pair.
        other: The other end.
        line: What happens to what comes in and goes out.
        exclusive: It can be opened by the privileged alone (TIOCEXCL).
        waiting: Who waits for it.
        incoming: What the other has sent and its line discipline has not taken.
    """

    other: End

    def __init__(self, pty: Pty, termios: Termios) -> None:
        self.pty = pty
        self.exclusive = False
        self.waiting = WaitQueue()
        self.incoming = FlipBuffer()
        self.line = LineDiscipline(self, termios)

    # -- what its line discipline asks -----------------------------------------------------------------------------

    def room(self) -> int:
        """Bytes that can be sent to the other end (pty_write_room)."""
        return 0 if self.line.stopped else self.other.incoming.space

    def put(self, data: bytes) -> int:
        """Sends bytes; returns how many (pty_write)."""
        return 0 if self.line.stopped else self.other.incoming.insert(data)

    def signal(self, signal: Sig) -> None:
        """Sends a signal to whom the terminal serves; the master serves nobody."""
        if self is self.pty.slave:
            self.pty.jobs.signal(self.pty, signal)

    def drop(self) -> None:
        """Drops what was sent and has not arrived."""
        self.other.incoming.flush()
        self.note(Status.FLUSHWRITE)
        self.waiting.wake(WRITABLE)

    def note(self, happened: Status) -> None:
        """A reader of packets at the other end is told, which is the master."""
        if happened == Status.START:
            self.waiting.wake(WRITABLE)
        if self is self.pty.slave and self.pty.packets.note(happened):
            self.other.waiting.wake(READABLE | POLLPRI)

    # -- what its users ask ----------------------------------------------------------------------------------------

    def write(self, data: bytes | memoryview) -> int:
        """Output; returns how many bytes there was room for."""
        done = 0
        while done < len(data):
            piece = bytes(data[done : done + AT_ONCE])
            count = self.line.echo.write(piece, self.line.termios)
            done += count
            self.pty.settle()
            if count < len(piece):
                break
        return done

    def read(self, size: int) -> bytes:
        """What a reader gets now."""
        data = self.line.take(size)
        self._look_again()
        if data:
            self.other.waiting.wake(WRITABLE)
        return data

    def flush_input(self) -> None:
        """Drops what has come in and nobody has read (n_tty_flush_buffer)."""
        self.line.flush()
        self.note(Status.FLUSHREAD)
        self._look_again()
        self.other.waiting.wake(WRITABLE)

    def flow(self, action: int) -> None:
        """TCXONC: 0 stops output, 1 lets it go on; 2 sends STOP to the other end, 3 START.

        Raises:
            Errno: EINVAL, another action.
        """
        match action:
            case 0:
                self.line.hold()
            case 1:
                self.line.let_go()
            case 2 | 3:
                key = self.line.termios.cc[Cc.STOP if action == 2 else Cc.START]
                if key != DISABLED:
                    self.send_key(key)
            case _:
                raise Errno(E.EINVAL)

    def send_key(self, key: int) -> None:
        """Sends START or STOP to the other end, output that is stopped or not (tty_send_xchar)."""
        line = self.line
        was_stopped = line.stopped
        if was_stopped:
            line.start()
        self.put(bytes([key]))
        if was_stopped:
            line.stop()
        self.pty.settle()

    def set_termios(self, termios: Termios, *, flush: bool = False) -> None:
        """Changes the settings, and drops the input first where that is asked; who waits looks again."""
        told = changes(self.line.termios, termios)
        if flush:
            self.line.flush()
            self.note(Status.FLUSHREAD)
        self.line.set_termios(termios)
        for happened in told:
            self.note(happened)
        self.line.no_room = False
        self.pty.settle()
        self.waiting.wake()
        self.other.waiting.wake(WRITABLE)

    def _look_again(self) -> None:
        """There may be room for what has come in."""
        if self.line.no_room:
            self.line.no_room = False
            self.pty.settle()

    def receive(self, data: bytes) -> None:
        """Characters come in by another way than from the other end; what there is no room for is lost."""
        self.line.receive(data)
        self.waiting.wake(READABLE)
        self.pty.settle()

    def feed(self) -> bool:
        """Gives the line discipline what it takes of a piece of what has come in; False if that is nothing."""
        pending = self.incoming.pending()
        count = self.line.receive(pending)
        if count:
            self.incoming.take(count)
            self.waiting.wake(READABLE)
        if count < len(pending):
            self.line.look_ahead(self.incoming.unseen())
        return bool(count)


class Pty:
    """A pair.

    Attributes:
        number: The N of /dev/pts/N.
        master: The end of the program that is the terminal.
        slave: The end that is one.
        packets: How the master reads.
        window: ``struct winsize``.
        session: The session it controls, None for none.
        group: The process group of that which it serves.
        locked: The slave cannot be opened (unlockpt(3)).
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
        self.jobs = jobs
        self.packets = PacketMode()
        self.master, self.slave = End(self, RAW), End(self, Termios())
        self.master.other, self.slave.other = self.slave, self.master
        self.window = bytes(8)
        self.session: int | None = None
        self.group: int | None = None
        self.last_served: tuple[int, int | None] | None = None
        self.locked = True
        self.master_open = True
        self.slaves: set[SlaveFile] = set()
        self.slave_gone = False

    @property
    def line(self) -> LineDiscipline:
        """What happens to what is typed and shown."""
        return self.slave.line

    def settle(self) -> None:
        """What is on the way arrives, and the echo of it (flush_to_ldisc)."""
        slave, master = self.slave, self.master
        while (slave.incoming.waiting and slave.feed()) or (master.incoming.waiting and master.feed()):
            pass

    # -- listening -----------------------------------------------------------------------------------------------

    def listen_to_input(self, callback: Callable[[], object]) -> Listening:
        """Calls back when the slave may be ready."""
        return self.slave.waiting.listen(callback)

    def listen_to_output(self, callback: Callable[[], object]) -> Listening:
        """Calls back when the master may be ready."""
        return self.master.waiting.listen(callback)

    # -- the end -------------------------------------------------------------------------------------------------

    def slave_closed(self, slave: SlaveFile) -> None:
        """One slave less."""
        self.slaves.discard(slave)
        if not self.slaves and not slave.hung_up:
            self.slave_gone = True
            self.jobs.unused(self)
            self.master.waiting.wake()

    def hang_up(self) -> None:
        """Whoever has the slave open can do nothing with it any more (__tty_hangup)."""
        for slave in self.slaves:
            slave.hung_up = True
        self.slaves.clear()
        self.slave_gone = True
        self.slave.waiting.wake()
        self.master.waiting.wake()
