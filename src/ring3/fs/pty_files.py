"""The two ends of a pseudoterminal, open, and /dev/pts/N (pty(7), fs/devpts).

What lies between them is the `Pty`.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.fs.dentry import Dentry
from ring3.fs.devices import DeviceFile
from ring3.fs.file import O_NONBLOCK, File, WouldBlock
from ring3.fs.inode import Inode
from ring3.fs.memory_inode import MemoryNode
from ring3.fs.packet_mode import DATA
from ring3.fs.pty import End, Jobs, Pty
from ring3.fs.readiness import ALWAYS, POLLERR, POLLHUP, POLLPRI, READABLE, WRITABLE
from ring3.fs.termios import Cc, Lflag
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem
from ring3.kernel.wait import Listening

SLAVE_MAJOR: Final = 136
GROUP: Final = 5
"""The group tty, to which distributions give terminals, with mode 620 (mount option gid of devpts)."""
MOST: Final = 4096
TENTH: Final = 100_000_000
"""Nanoseconds of the unit of VTIME."""


class PtyFile(DeviceFile):
    """Either end, open.

    Attributes:
        pty: The pair.
        end: Which end of it.
    """

    pollable = True
    requests = "terminal"

    def __init__(self, end: End, inode: Inode, dentry: Dentry, flags: int) -> None:
        super().__init__(inode, dentry, flags)
        self.end = end
        self.pty = end.pty

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

    def available(self) -> int:
        """Characters that can be read."""
        return self.end.line.available()


class MasterFile(PtyFile):
    """The end that a program such as a terminal emulator has."""

    def read(self, size: int) -> bytes:
        """What was shown.

        Raises:
            Errno: EIO, the slave was closed.
            WouldBlock: Nothing was shown yet.
        """
        if not size:
            return b""
        packets = self.pty.packets
        happened = packets.take() if packets.on else b""
        if happened:
            return happened
        if not self.end.line.ready():
            if self.pty.slave_gone:
                raise Errno(E.EIO)
            raise WouldBlock(self, READABLE)
        return DATA + self.end.read(size - 1) if packets.on else self.end.read(size)

    def unread(self, data: bytes) -> None:
        """Puts it back; of a packet it is lost, as all of it is on Linux."""
        if not self.pty.packets.on:
            self.end.line.give_back(data)

    def write(self, data: bytes | memoryview) -> int:
        """Types.

        Raises:
            WouldBlock: Nobody has read what was typed.
        """
        done = self.end.write(data)
        if not done and len(data):
            raise WouldBlock(self, WRITABLE)
        return done

    def poll(self) -> int:
        """Readable when something was shown, hung up when the slave was closed."""
        found = READABLE if self.end.line.ready() else 0
        if self.pty.packets.on and self.pty.packets.status:
            found |= READABLE | POLLPRI
        if self.pty.slave_gone:
            found |= POLLHUP
        return found | WRITABLE if self.end.room() else found

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
        super().__init__(pty.slave, inode, dentry, flags)
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
        line, cc = self.end.line, self.end.line.termios.cc
        canonical = line.termios.lflag & Lflag.ICANON
        time = 0 if canonical else cc[Cc.TIME] * TENTH
        if line.ready(1 if canonical or self.flags & O_NONBLOCK else min(cc[Cc.MIN], size)):
            self._patience = None
            return self.end.read(size)
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
        return self.end.read(size)

    def unread(self, data: bytes) -> None:
        """Puts it back."""
        self.end.line.give_back(data)

    def write(self, data: bytes | memoryview) -> int:
        """Shows.

        Raises:
            Errno: EIO, it is hung up; ERESTARTSYS, EIO, the writer is in the background and TOSTOP is set.
            WouldBlock: The master has not read what was shown, or output is stopped.
        """
        if self.hung_up:
            raise Errno(E.EIO)
        if self.end.line.termios.lflag & Lflag.TOSTOP:
            self.pty.jobs.require_foreground(self.pty, Sig.SIGTTOU)
        done = self.end.write(data)
        if not done and len(data):
            raise WouldBlock(self, WRITABLE)
        return done

    def poll(self) -> int:
        """Readable when a reader would get something."""
        if self.hung_up:
            return ALWAYS | POLLERR | POLLHUP
        line, cc = self.end.line, self.end.line.termios.cc
        found = READABLE if line.ready(1 if cc[Cc.TIME] else cc[Cc.MIN]) else 0
        return found | WRITABLE if self.end.room() else found

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
            Errno: EIO, it is locked, or the master is gone; EBUSY, somebody has it for himself (TIOCEXCL).
        """
        if self.pty.locked or not self.pty.master_open:
            raise Errno(E.EIO)
        if self.pty.slave.exclusive and not self.pty.jobs.is_privileged():
            raise Errno(E.EBUSY)
        return SlaveFile(self.pty, self, dentry, flags)

    def place(self) -> Dentry:
        """Where it is."""
        return self.directory.memory.root.child(b"pts").child(b"%d" % self.pty.number)

    def remove(self) -> None:
        """Takes its name away."""
        self.directory.take(b"%d" % self.pty.number)


def open_master(
    inode: Inode,
    dentry: Dentry,
    flags: int,
    jobs: Jobs,
    owner: int,
    *,
    master: type[MasterFile] = MasterFile,
    slave: type[SlaveNode] = SlaveNode,
) -> MasterFile:
    """Makes a pair; returns its master.

    Args:
        inode: /dev/ptmx.
        dentry: Where that was found.
        flags: As for open(2).
        jobs: The kernel.
        owner: The user that the slave is given to.
        master: What its master is.
        slave: What /dev/pts/N is.

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
    node = slave(fs.vfs, fs, fs.new_ino(), stat.S_IFCHR | 0o620, owner, GROUP, rdev=device)
    node.pty, node.directory, pty.node = pty, directory, node
    directory.put(b"%d" % number, node)
    return master(pty.master, inode, dentry, flags)
