"""Pseudoterminals (pty(7)): a terminal whose other end is a program (drivers/tty/pty.c, fs/devpts).

Opening /dev/ptmx makes a pair. What is written to the master comes in at the slave, which is /dev/pts/N, as if it were
typed; what is written to the slave goes out at the master. What happens on the way is the line discipline's business,
and which processes a terminal serves is that of the kernel above (`Jobs`). There is no packet mode.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.fs.dentry import Dentry
from ring3.fs.devices import DeviceFile
from ring3.fs.file import O_NONBLOCK, File, WouldBlock
from ring3.fs.inode import Inode
from ring3.fs.line_discipline import Cc, Lflag, LineDiscipline
from ring3.fs.memory_inode import MemoryNode
from ring3.fs.readiness import ALWAYS, POLLERR, POLLHUP, READABLE, WRITABLE
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem
from ring3.kernel.wait import Listening, WaitQueue

CAPACITY: Final = 65536
"""Bytes that wait in each direction at most (TTYB_DEFAULT_MEM_LIMIT)."""
SLAVE_MAJOR: Final = 136
GROUP: Final = 5
"""The group tty, to which distributions give terminals, with mode 620 (mount option gid of devpts)."""
MOST: Final = 4096
TENTH: Final = 100_000_000
"""Nanoseconds of the unit of VTIME."""


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
        self.jobs.signal(self, signal)

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


class PtyFile(DeviceFile):
    """Either end, open.

    Attributes:
        pty: The pair.
    """

    pollable = True
    requests = "terminal"

    def __init__(self, pty: Pty, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags)
        self.pty = pty

    def pread(self, size: int, offset: int) -> bytes:
        """Refused."""
        raise Errno(E.ESPIPE)

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Refused."""
        raise Errno(E.ESPIPE)

    def seek(self, offset: int, whence: int) -> int:
        """Refused."""
        raise Errno(E.ESPIPE)

    def is_terminal(self) -> bool:
        """Both ends are."""
        return True


class MasterFile(PtyFile):
    """The end that a program such as a terminal emulator has."""

    def read(self, size: int) -> bytes:
        """What was shown.

        Raises:
            Errno: EIO, the slave was closed.
            WouldBlock: Nothing was shown yet.
        """
        data = self.pty.look(size)
        if not data and size:
            if self.pty.slave_gone:
                raise Errno(E.EIO)
            raise WouldBlock(self, READABLE)
        return data

    def unread(self, data: bytes) -> None:
        """Puts it back."""
        self.pty.look_again(data)

    def write(self, data: bytes | memoryview) -> int:
        """Types.

        Raises:
            WouldBlock: Nobody has read what was typed.
        """
        done = self.pty.type(data)
        if not done and len(data):
            raise WouldBlock(self, WRITABLE)
        return done

    def available(self) -> int:
        """Bytes that were shown."""
        return self.pty.shown

    def poll(self) -> int:
        """Readable when something was shown, hung up when the slave was closed."""
        found = READABLE if self.pty.shown else 0
        if self.pty.slave_gone:
            found |= POLLHUP
        return found | WRITABLE if self.pty.has_room() else found

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when something was shown, or the slave closed."""
        return self.pty.listen_to_output(callback)

    def close(self) -> None:
        """The terminal is gone."""
        pty = self.pty
        pty.master_open = False
        pty.node.remove()
        pty.hang_up()
        pty.jobs.lost(pty)


class Patient(WouldBlock):
    """A reader that waits for so long only (VTIME)."""

    def __init__(self, file: SlaveFile, delay: int) -> None:
        super().__init__(file, READABLE)
        self._pty = file.pty
        self._delay = delay

    def watch(self, callback: Callable[[], object]) -> Listening:
        """Calls back when the file may have become ready, or the time is over."""
        return _Either(super().watch(callback), self._pty.jobs.after(self._delay, callback))


class _Either:
    def __init__(self, *listenings: Listening) -> None:
        self._listenings = listenings

    def cancel(self) -> None:
        for listening in self._listenings:
            listening.cancel()


class SlaveFile(PtyFile):
    """The end that is a terminal.

    Attributes:
        hung_up: It is of no use any more.
    """

    def __init__(self, pty: Pty, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(pty, inode, dentry, flags)
        self.hung_up = False
        self._patience: int | None = None
        pty.slaves.add(self)
        pty.slave_gone = False

    def read(self, size: int) -> bytes:
        """What was typed: a line, or as many characters as VMIN and VTIME say (termios(3)).

        Raises:
            Errno: ERESTARTSYS, EIO, the reader is in the background.
            WouldBlock: It was not typed yet.
        """
        if self.hung_up or not size:
            return b""
        pty = self.pty
        pty.jobs.require_foreground(pty, Sig.SIGTTIN)
        line, cc = pty.line, pty.line.termios.cc
        canonical = line.termios.lflag & Lflag.ICANON
        time = 0 if canonical else cc[Cc.TIME] * TENTH
        if line.ready(1 if self.flags & O_NONBLOCK else min(cc[Cc.MIN], size)):
            self._patience = None
            return pty.read(size)
        if not canonical and not cc[Cc.MIN] and not time:
            return b""
        if not time or (cc[Cc.MIN] and not line.ready()):
            raise WouldBlock(self, READABLE)
        now = pty.jobs.now()
        if self._patience is None:
            self._patience = now + time
        if now < self._patience:
            raise Patient(self, self._patience - now)
        self._patience = None
        return pty.read(size)

    def unread(self, data: bytes) -> None:
        """Puts it back."""
        self.pty.line.give_back(data)

    def write(self, data: bytes | memoryview) -> int:
        """Shows.

        Raises:
            Errno: EIO, it is hung up; ERESTARTSYS, EIO, the writer is in the background and TOSTOP is set.
            WouldBlock: The master has not read what was shown, or output is stopped.
        """
        if self.hung_up:
            raise Errno(E.EIO)
        if self.pty.line.termios.lflag & Lflag.TOSTOP:
            self.pty.jobs.require_foreground(self.pty, Sig.SIGTTOU)
        done = self.pty.show(bytes(data))
        if not done and len(data):
            raise WouldBlock(self, WRITABLE)
        return done

    def available(self) -> int:
        """Characters that can be read."""
        return self.pty.line.available()

    def poll(self) -> int:
        """Readable when a reader would get something."""
        if self.hung_up:
            return ALWAYS | POLLERR | POLLHUP
        pty, cc = self.pty, self.pty.line.termios.cc
        found = READABLE if pty.line.ready(1 if cc[Cc.TIME] else cc[Cc.MIN]) else 0
        return found | WRITABLE if not pty.line.stopped and pty.shown < CAPACITY else found

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when something was typed, or the master is gone."""
        return self.pty.listen_to_input(callback)

    def reopen(self, flags: int) -> File:
        """The same terminal, opened anew."""
        return self.pty.node.open(self.dentry, flags)

    def close(self) -> None:
        """One user less."""
        self.pty.slave_closed(self)


class SlaveNode(MemoryNode):
    """/dev/pts/N."""

    pty: Pty
    directory: MemoryDirectory

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens the slave.

        Raises:
            Errno: EIO, it is locked, or the master is gone.
        """
        if self.pty.locked or not self.pty.master_open:
            raise Errno(E.EIO)
        return SlaveFile(self.pty, self, dentry, flags)

    def place(self) -> Dentry:
        """Where it is."""
        return self.directory.memory.root.child(b"pts").child(b"%d" % self.pty.number)

    def remove(self) -> None:
        """Takes its name away."""
        self.directory.take(b"%d" % self.pty.number)


def open_master(inode: Inode, dentry: Dentry, flags: int, jobs: Jobs, owner: int) -> MasterFile:
    """Makes a pair; returns its master.

    Args:
        inode: /dev/ptmx.
        dentry: Where that was found.
        flags: As for open(2).
        jobs: The kernel.
        owner: The user that the slave is given to.

    Raises:
        Errno: ENOSPC, there are too many.
    """
    fs = inode.fs
    assert isinstance(fs, MemoryFileSystem)
    directory = fs.top.lookup(b"pts")
    assert isinstance(directory, MemoryDirectory)
    number = next((n for n in range(MOST) if b"%d" % n not in directory.names), None)
    if number is None:
        raise Errno(E.ENOSPC)
    pty = Pty(number, jobs)
    device = SLAVE_MAJOR << 8 | number & 0xFF | (number & ~0xFF) << 12
    node = SlaveNode(fs.vfs, fs, fs.new_ino(), stat.S_IFCHR | 0o620, owner, GROUP, rdev=device)
    node.pty, node.directory, pty.node = pty, directory, node
    directory.put(b"%d" % number, node)
    return MasterFile(pty, inode, dentry, flags)
