"""Pseudoterminals and processes: who is served by which, and ioctl(2) on them (drivers/tty/tty_jobctrl.c, tty_io.c).

A session has one terminal, or none. `LinuxSystem.terminals` says which, by the session's number; a session that is not
in there has that of the host, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.signals import SIG_IGN, SiCode, Sig
from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.host import open_terminal
from ring3.fs.inode import Inode
from ring3.fs.opening import O_CLOEXEC, O_NOCTTY
from ring3.fs.pty import Pty
from ring3.fs.pty_files import PtyFile, SlaveFile, open_master
from ring3.kernel.functions import function
from ring3.kernel.timers import Timer
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import bit
from ring3.linux.signals.send import group_send_sig_info
from ring3.linux.terminals import settings
from ring3.linux.terminals.ioctls import Ioctl

if TYPE_CHECKING:
    from ring3.linux.model.process import Process
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


class KernelJobs:
    """What terminals ask of a kernel (see `ring3.fs.pty.Jobs`)."""

    def __init__(self, kernel: LinuxSystem) -> None:
        self._kernel = kernel

    def require_foreground(self, pty: Pty, signal: Sig) -> None:
        """Stops the running task's process group if this is its terminal and serves another (__tty_check_change)."""
        kernel, task = self._kernel, self._kernel.running_task()
        process = task.process
        if controlling(process, kernel) is not pty or pty.group in (None, process.pgid):
            return
        if task.blocked & bit(signal) or process.actions[signal].handler == SIG_IGN:
            if signal == Sig.SIGTTIN:
                raise Errno(E.EIO)
            return
        if kernel.processes.is_orphaned(process.pgid):
            raise Errno(E.EIO)
        self._send(process.pgid, signal)
        raise Errno(E.ERESTARTSYS)

    def signal(self, pty: Pty, signal: Sig) -> None:
        """Sends a signal to the process group in the foreground."""
        if pty.group is not None:
            self._send(pty.group, signal)

    def _send(self, group: int, *signals: Sig) -> None:
        for process in self._kernel.processes.group(group):
            for signal in signals:
                group_send_sig_info(process, SigInfo(int(signal), int(SiCode.SI_KERNEL)))

    def lost(self, pty: Pty) -> None:
        """Tells the leader of the session; when it ends too, those in the foreground are told."""
        session = pty.session
        if session is None:
            return
        pty.session = None
        pty.last_served = (session, pty.group)
        leader = self._kernel.processes.get(session)
        if leader is not None:
            for signal in (Sig.SIGHUP, Sig.SIGCONT):
                group_send_sig_info(leader, SigInfo(int(signal), int(SiCode.SI_KERNEL)))

    def unused(self, pty: Pty) -> None:
        """The session has no terminal any more."""
        if pty.session is not None:
            self._kernel.terminals[pty.session] = None
            pty.session = pty.group = None

    def session_ended(self, pty: Pty, session: int) -> None:
        """Tells those that it serves, or served last; others may use it as before (disassociate_ctty)."""
        if pty.session == session:
            group, signals = pty.group, [Sig.SIGHUP]
            pty.session = pty.group = None
        elif pty.last_served is not None and pty.last_served[0] == session:
            group, signals = pty.last_served[1], [Sig.SIGHUP, Sig.SIGCONT]
        else:
            return
        if group is not None:
            self._send(group, *signals)

    def is_privileged(self) -> bool:
        """Whether the running task may open what somebody has for himself."""
        task = self._kernel.current
        return task is None or task.credentials.capable(Cap.SYS_ADMIN)

    def now(self) -> int:
        """Monotonic nanoseconds."""
        return self._kernel.clocks.monotonic()

    def after(self, delay: int, callback: Callable[[], object]) -> Timer:
        """Calls back after so many nanoseconds."""
        return self._kernel.timers.add(self.now() + delay, callback)


# -- opening -----------------------------------------------------------------------------------------------------


def controlling(process: Process, kernel: LinuxSystem) -> Pty | None:
    """The pseudoterminal that controls a process, None for any other terminal or none."""
    pty = kernel.terminals.get(process.sid)
    return pty if pty is not None and pty.session == process.sid else None


@function("int ptmx_open(struct inode *inode, struct file *filp)")
def ptmx_open(kernel: LinuxSystem, inode: Inode, dentry: Dentry, flags: int) -> File:
    """Opens /dev/ptmx: a new pair's master."""
    owner = kernel.running_task().credentials.fsuid
    return open_master(inode, dentry, flags, KernelJobs(kernel), owner)


@function("int tty_open(struct inode *inode, struct file *filp)")
def tty_open(kernel: LinuxSystem, inode: Inode, dentry: Dentry, flags: int) -> File:
    """Opens /dev/tty: the terminal of the process.

    Raises:
        Errno: ENXIO, it has none.
    """
    process = kernel.running_task().process
    if process.sid not in kernel.terminals:
        return open_terminal(kernel.host)
    pty = controlling(process, kernel)
    if pty is None:
        raise Errno(E.ENXIO)
    return SlaveFile(pty, inode, dentry, flags)


def adopt(task: LinuxTask, file: File) -> None:
    """Makes a terminal that was opened the one of the session, if it has none and its leader asks."""
    if isinstance(file, SlaveFile) and file.pty.session is None and file.readable and _wants_terminal(task):
        _control(task, file.pty)


def _wants_terminal(task: LinuxTask) -> bool:
    process, kernel = task.process, task.kernel
    leads = process.sid == process.pid and process.sid in kernel.terminals
    return leads and controlling(process, kernel) is None


def _control(task: LinuxTask, pty: Pty) -> None:
    pty.session, pty.group = task.process.sid, task.process.pgid
    task.kernel.terminals[task.process.sid] = pty


# -- ioctl -------------------------------------------------------------------------------------------------------


def _get_window(task: LinuxTask, file: PtyFile, arg: int) -> int:
    task.memory.write(arg, file.pty.window)
    return 0


def _set_window(task: LinuxTask, file: PtyFile, arg: int) -> int:
    change_window(file.pty, task.memory.read(arg, 8))
    return 0


def change_window(pty: Pty, window: bytes) -> None:
    """Gives a terminal another ``struct winsize`` and tells those in the foreground (tty_do_resize)."""
    if window != pty.window:
        pty.window = window
        pty.jobs.signal(pty, Sig.SIGWINCH)


def _nothing(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """Breaks and the draining of output: there is no line."""
    return 0


def _flow(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TCXONC: stops output, lets it go on, or sends STOP or START to the other end."""
    file.end.flow(arg)
    return 0


def _flush(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TCFLSH: drops input, output or both; of output only what is on the way, for which there seldom is time."""
    if not 0 <= arg <= 2:
        raise Errno(E.EINVAL)
    if arg != 1:
        file.end.flush_input()
    if arg != 0:
        file.end.drop()
    return 0


def _set_exclusive(task: LinuxTask, file: PtyFile, arg: int) -> int:
    file.end.exclusive = True
    return 0


def _unset_exclusive(task: LinuxTask, file: PtyFile, arg: int) -> int:
    file.end.exclusive = False
    return 0


def _set_discipline(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TIOCSETD: there is no other one than N_TTY."""
    if task.memory.read_u32(arg):
        raise Errno(E.EINVAL)
    return 0


def _fake_input(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TIOCSTI: a character as if it had been typed; for the privileged alone (dev.tty.legacy_tiocsti is 0)."""
    if not task.credentials.capable(Cap.SYS_ADMIN):
        raise Errno(E.EIO)
    file.end.receive(task.memory.read(arg, 1))
    return 0


def _put_number(number: Callable[[LinuxTask, PtyFile], int]) -> Callable[[LinuxTask, PtyFile, int], int]:
    """A request that stores a number."""

    def request(task: LinuxTask, file: PtyFile, arg: int) -> int:
        task.memory.write_u32(arg, number(task, file))
        return 0

    return request


def _require_own(task: LinuxTask, file: PtyFile) -> None:
    """Refuses a terminal that is not that of the process.

    Raises:
        Errno: ENOTTY.
    """
    if controlling(task.process, task.kernel) is not file.pty:
        raise Errno(E.ENOTTY)


def _get_group(task: LinuxTask, file: PtyFile, arg: int) -> int:
    if isinstance(file, SlaveFile):
        _require_own(task, file)
    task.memory.write_u32(arg, task.pid_ns.shown(file.pty.group or 0))
    return 0


def _set_group(task: LinuxTask, file: PtyFile, arg: int) -> int:
    _require_own(task, file)
    group = INT.cast(task.memory.read_u32(arg))
    if group < 0:
        raise Errno(E.EINVAL)
    group = task.pid_ns.found(group)
    members = task.kernel.processes.group(group)
    if not members:
        raise Errno(E.ESRCH)
    if all(member.sid != task.process.sid for member in members):
        raise Errno(E.EPERM)
    file.pty.group = group
    return 0


def _get_session(task: LinuxTask, file: PtyFile, arg: int) -> int:
    if isinstance(file, SlaveFile):
        _require_own(task, file)
    if file.pty.session is None:
        raise Errno(E.ENOTTY)
    task.memory.write_u32(arg, task.pid_ns.shown(file.pty.session))
    return 0


def _take_control(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TIOCSCTTY (tiocsctty)."""
    pty, process = file.pty, task.process
    if process.sid == process.pid and pty.session == process.sid:
        return 0
    if not _wants_terminal(task):
        raise Errno(E.EPERM)
    if pty.session is not None:
        if arg != 1 or not task.credentials.capable(Cap.SYS_ADMIN):
            raise Errno(E.EPERM)
        task.kernel.terminals[pty.session] = None
    if not file.readable and not task.credentials.capable(Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    _control(task, pty)
    return 0


def _give_up_control(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TIOCNOTTY; only what a leader does has an effect on the others, and what others do has none here."""
    _require_own(task, file)
    pty, process = file.pty, task.process
    if process.sid == process.pid:
        pty.jobs.signal(pty, Sig.SIGHUP)
        pty.jobs.signal(pty, Sig.SIGCONT)
        pty.jobs.unused(pty)
    return 0


def _lock(task: LinuxTask, file: PtyFile, arg: int) -> int:
    file.pty.locked = task.memory.read_u32(arg) != 0
    return 0


def _switch_packets(task: LinuxTask, file: PtyFile, arg: int) -> int:
    file.pty.packets.switch(task.memory.read_u32(arg) != 0)
    return 0


def _open_peer(task: LinuxTask, file: PtyFile, arg: int) -> int:
    """TIOCGPTPEER: opens the slave, also where there is no /dev/pts."""
    place = file.pty.node.place()
    peer = place.inode.open(place, arg & ~(O_NOCTTY | O_CLOEXEC))
    if not arg & O_NOCTTY:
        adopt(task, peer)
    return task.files.install(peer, cloexec=bool(arg & O_CLOEXEC))


def _send_signal(task: LinuxTask, file: PtyFile, arg: int) -> int:
    if arg not in (Sig.SIGINT, Sig.SIGQUIT, Sig.SIGTSTP):
        raise Errno(E.EINVAL)
    file.pty.jobs.signal(file.pty, Sig(arg))
    return 0


ANY: Final[dict[int, settings.Request]] = {
    **settings.GETS,
    Ioctl.TIOCGWINSZ: _get_window,
    Ioctl.TIOCSWINSZ: _set_window,
    Ioctl.TIOCGPGRP: _get_group,
    Ioctl.TIOCGSID: _get_session,
    Ioctl.TIOCSCTTY: _take_control,
    Ioctl.TIOCNOTTY: _give_up_control,
    Ioctl.TIOCOUTQ: _put_number(lambda task, file: 0),
    Ioctl.TIOCGETD: _put_number(lambda task, file: 0),
    Ioctl.TIOCGEXCL: _put_number(lambda task, file: int(file.end.exclusive)),
    Ioctl.TIOCEXCL: _set_exclusive,
    Ioctl.TIOCNXCL: _unset_exclusive,
    Ioctl.TIOCSTI: _fake_input,
    Ioctl.TIOCGDEV: _put_number(lambda task, file: file.pty.node.rdev),
}
"""Requests of both ends."""
CHANGES: Final[dict[int, settings.Request]] = {
    **settings.CHANGES,
    Ioctl.TCSBRK: _nothing,
    Ioctl.TCSBRKP: _nothing,
    Ioctl.TIOCSBRK: _nothing,
    Ioctl.TIOCCBRK: _nothing,
    Ioctl.TIOCSETD: _set_discipline,
    Ioctl.TCXONC: _flow,
    Ioctl.TCFLSH: _flush,
    Ioctl.TIOCSPGRP: _set_group,
}
"""Those that a process in the background may not make (tty_check_change)."""
OF_MASTER: Final[dict[int, settings.Request]] = {
    Ioctl.TIOCGPTN: _put_number(lambda task, file: file.pty.number),
    Ioctl.TIOCSPTLCK: _lock,
    Ioctl.TIOCGPTLCK: _put_number(lambda task, file: int(file.pty.locked)),
    Ioctl.TIOCGPTPEER: _open_peer,
    Ioctl.TIOCPKT: _switch_packets,
    Ioctl.TIOCGPKT: _put_number(lambda task, file: int(file.pty.packets.on)),
    Ioctl.TIOCSIG: _send_signal,
}
"""Those of the master alone."""


@function(
    "long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)",
    calls={"group_send_sig_info"},
)
def tty_ioctl(task: LinuxTask, file: PtyFile, cmd: int, arg: int) -> int:
    """A request of a pseudoterminal.

    Raises:
        Errno: ENOTTY, it knows no such request; EIO, it is hung up; EFAULT; as ioctl_tty(2).
    """
    if isinstance(file, SlaveFile):
        if file.hung_up:
            raise Errno(E.ENOTTY if cmd == Ioctl.TIOCSPGRP else E.EIO)
        if cmd in CHANGES:
            file.pty.jobs.require_foreground(file.pty, Sig.SIGTTOU)
    elif cmd in OF_MASTER:
        return OF_MASTER[cmd](task, file, arg)
    found = ANY.get(cmd) or CHANGES.get(cmd)
    if found is None:
        raise Errno(E.ENOTTY)
    return found(task, file, arg)
