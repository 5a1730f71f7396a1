"""Pseudoterminals and processes: who is served by which, and opening them (os/session.c, os/strsubr.c of illumos).

The pair and its line discipline are `ring3.fs.pty`. A slave is a stream: it is a terminal while ``ldterm`` has been
pushed on it, and has a window while ``ptem`` has. A session has one terminal, or none: ``SolarisKernel.terminals`` says
which, by the session's number; one that is not in there has that of the host, if there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import SIG_IGN, Sig
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.fs.file import File, WouldBlock
from ring3.fs.host import open_terminal
from ring3.fs.pty import Pty
from ring3.fs.pty_files import MasterFile, SlaveFile, SlaveNode, open_master
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.fs.termios import RAW
from ring3.kernel.wait import Listening, WaitQueue
from ring3.solaris.job_control import is_orphaned
from ring3.solaris.siginfo import Info
from ring3.solaris.signals import bit, sigtoproc
from ring3.solaris.terminal_settings import DEFAULT, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.dentry import Dentry
    from ring3.fs.file import Stat
    from ring3.fs.inode import Inode
    from ring3.kernel.timers import Timer
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

MODULES: Final = ("ptem", "ldterm", "ttcompat")
"""What can be pushed on a slave; the last one changes nothing here."""
MOST_MODULES: Final = 9
"""How many can be pushed (nstrpush)."""


class InBackground(WouldBlock):
    """A process in the background uses its terminal and was told to stop: when it goes on, it tries again."""

    always = True

    def watch(self, callback: Callable[[], object]) -> Listening:
        """Nobody calls back: who is continued is made ready."""
        return WaitQueue().listen(callback)


class Jobs:
    """What a pseudoterminal asks of the kernel (see `ring3.fs.pty.Jobs`), and what it is as a stream.

    Attributes:
        modules: Those that were pushed on the slave, the topmost first.
        is_terminal: Every opening of a slave that is not open pushes what a terminal has (PTSSTTY).
        held: The slave as the session that it serves holds it open.
    """

    def __init__(self, kernel: SolarisKernel) -> None:
        self._kernel = kernel
        self.modules: list[str] = []
        self.is_terminal = False
        self.held: SlaveFile | None = None

    def _group(self, pgid: int) -> list[Process]:
        return [process for process in self._kernel.processes.values() if process.pgid == pgid]

    def _send(self, pgid: int | None, signal: SolarisSig) -> None:
        if pgid is not None:
            for process in self._group(pgid):
                sigtoproc(process, Info(signal))

    def require_foreground(self, pty: Pty, signal: Sig) -> None:
        """Stops the running process's group if this is its terminal and serves another (straccess).

        Raises:
            InBackground: The group was sent the signal.
            Errno: EIO, it would not take it, or nobody could continue it.
        """
        kernel = self._kernel
        task = kernel.running_task()
        process = task.process
        if controlling(process, kernel) is not pty or pty.group in (None, process.pgid):
            return
        own = SolarisSig[signal.name]
        if task.sigmask & bit(own) or process.action(own).handler == SIG_IGN:
            if own == SolarisSig.SIGTTIN:
                raise Errno(SolarisE.EIO)
            return
        if is_orphaned(kernel, process.pgid):
            raise Errno(SolarisE.EIO)
        self._send(process.pgid, own)
        file = next(iter(pty.slaves))
        raise InBackground(file, READABLE if own == SolarisSig.SIGTTIN else WRITABLE)

    def signal(self, pty: Pty, signal: Sig) -> None:
        """Sends a signal to the process group in the foreground."""
        self._send(pty.group, SolarisSig[signal.name])

    def lost(self, pty: Pty) -> None:
        """The leader of the session is told, and if others are in the foreground they are stopped (M_HANGUP)."""
        if pty.session is None:
            return
        leader = self._kernel.processes.get(pty.session)
        if leader is not None:
            sigtoproc(leader, Info(SolarisSig.SIGHUP))
        if pty.group != pty.session:
            self._send(pty.group, SolarisSig.SIGTSTP)

    def session_ended(self, pty: Pty, session: int) -> None:
        """Those in the foreground are told, and the terminal is free."""
        if pty.session == session:
            self._send(pty.group, SolarisSig.SIGHUP)
            self.release(pty)

    def release(self, pty: Pty) -> None:
        """Nobody has this terminal any more (sess_ctty_clear)."""
        pty.session = pty.group = None
        held, self.held = self.held, None
        if held is not None:
            held.close()

    def unused(self, pty: Pty) -> None:
        """The slave is not open: its modules are gone, and what they knew."""
        self.modules.clear()
        pty.window = bytes(8)
        pty.slave.set_termios(RAW)

    def is_privileged(self) -> bool:
        """Whether the running task may open what somebody has for himself."""
        return self._kernel.running_task().cred.all_privileges

    def now(self) -> int:
        """Monotonic nanoseconds."""
        return self._kernel.clocks.monotonic()

    def after(self, delay: int, callback: Callable[[], object]) -> Timer:
        """Calls back after so many nanoseconds."""
        return self._kernel.timers.add(self.now() + delay, callback)

    # -- modules -------------------------------------------------------------------------------------------------

    def push(self, pty: Pty, module: str) -> None:
        """Puts a module on the slave.

        Raises:
            Errno: EINVAL, there are too many.
        """
        if module in self.modules and module == "ptem":
            return
        if len(self.modules) >= MOST_MODULES:
            raise Errno(SolarisE.EINVAL)
        if module == "ldterm" and module not in self.modules:
            pty.slave.set_termios(settings_of(DEFAULT))
        self.modules.insert(0, module)

    def pop(self, pty: Pty) -> None:
        """Takes the topmost module away.

        Raises:
            Errno: EINVAL, there is none.
        """
        if not self.modules:
            raise Errno(SolarisE.EINVAL)
        module = self.modules.pop(0)
        if module == "ldterm" and module not in self.modules:
            pty.slave.set_termios(RAW)


def jobs_of(pty: Pty) -> Jobs:
    """What it is as a stream."""
    assert isinstance(pty.jobs, Jobs)
    return pty.jobs


class Master(MasterFile):
    """/dev/ptmx, open: a device of its own, whose minor number is that of the slave (clone(4D))."""

    _broken = False
    _told = False

    def stat(self) -> Stat:
        """The attributes of the clone."""
        found = super().stat()
        return found._replace(
            rdev=found.rdev & ~0xFF | self.pty.number & 0xFF | (self.pty.number & ~0xFF) << 12
        )

    def _at_end(self) -> bool:
        """Whether the slave was closed, which a reader is told once: nothing comes."""
        if not self.pty.slave_gone:
            self._told = False
        return self.pty.slave_gone and not self._told

    def require_slave(self) -> None:
        """Refuses what has no use without a slave; after that the stream is of no use (M_ERROR).

        Raises:
            Errno: EINVAL.
        """
        if self._broken or self.pty.locked or not self.pty.slaves:
            self._broken = True
            raise Errno(SolarisE.EINVAL)

    def read(self, size: int) -> bytes:
        """What was shown; nothing, once, when the slave was closed."""
        if size and not self.end.line.ready() and self.pty.slave_gone:
            if self._at_end():
                self._told = True
                return b""
            raise WouldBlock(self, READABLE)
        return super().read(size)

    def write(self, data: bytes | memoryview) -> int:
        """Types.

        Raises:
            Errno: EINVAL, the slave is not open.
        """
        self.require_slave()
        return super().write(data)

    def poll(self) -> int:
        """Readable too when a reader would be told that the slave was closed."""
        found = READABLE if self.end.line.ready() or self._at_end() else 0
        return found | WRITABLE if self.end.room() else found


class Slave(SlaveNode):
    """/dev/pts/N."""

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens the slave.

        Raises:
            Errno: EAGAIN, it is locked, or the master is gone; EBUSY, somebody has it for himself (TIOCEXCL).
        """
        pty = self.pty
        if pty.locked or not pty.master_open:
            raise Errno(SolarisE.EAGAIN)
        first = not pty.slaves
        file = super().open(dentry, flags)
        jobs = jobs_of(pty)
        if first and jobs.is_terminal:
            for module in MODULES:
                jobs.push(pty, module)
        return file


def controlling(process: Process, kernel: SolarisKernel) -> Pty | None:
    """The pseudoterminal that controls a process, None for the host's or none."""
    return kernel.terminals.get(process.sid)


def ptmx_open(kernel: SolarisKernel, inode: Inode, dentry: Dentry, flags: int) -> File:
    """Opens /dev/ptmx: a new pair's master."""
    owner = kernel.running_task().cred.ruid
    file = open_master(inode, dentry, flags, Jobs(kernel), owner, master=Master, slave=Slave)
    file.pty.slave.set_termios(RAW)
    return file


def tty_open(kernel: SolarisKernel, inode: Inode, dentry: Dentry, flags: int) -> File:
    """Opens /dev/tty: the terminal of the process.

    Raises:
        Errno: ENXIO, it has none.
    """
    process = kernel.running_task().process
    if process.sid not in kernel.terminals:
        return open_terminal(kernel.host)
    pty = controlling(process, kernel)
    if pty is None or not pty.master_open:
        raise Errno(E.ENXIO)
    return SlaveFile(pty, inode, dentry, flags)


def opened(task: SolarisTask, file: File) -> None:
    """A terminal was opened, not only looked at: it becomes that of a session whose leader has none."""
    if isinstance(file, SlaveFile):
        adopt(task, file.pty)


def adopt(task: SolarisTask, pty: Pty) -> bool:
    """Makes a terminal that of the session (strctty); whether it is now: its leader asks, and neither has another."""
    process, kernel = task.process, task.kernel
    if (
        process.sid != process.pid
        or kernel.terminals.get(process.sid, pty) is not None
        or pty.session is not None
    ):
        return False
    kernel.terminals[process.sid] = pty
    pty.session, pty.group = process.sid, process.pgid
    jobs_of(pty).held = SlaveFile(pty, pty.node, pty.node.place(), 0)
    return True


def give_up(process: Process, kernel: SolarisKernel, *, ended: bool) -> bool:
    """The leader of a session leaves its terminal (freectty); whether it had one."""
    pty = controlling(process, kernel)
    if process.sid != process.pid:
        return False
    if ended:
        kernel.terminals.pop(process.sid, None)
    if pty is None:
        return False
    if not ended:
        kernel.terminals[process.sid] = None
    pty.jobs.session_ended(pty, process.sid)
    return True
