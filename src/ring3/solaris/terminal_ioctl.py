"""ioctl(2) on pseudoterminals: of streams, of their modules, and of the pair (streamio(4I), termio(4I), ptm(4D)).

Who answers a request is as on the stream: its head those of job control and of modules, ``ldterm`` and ``ptem`` those
of settings and of the window, so that a slave without them is no terminal, and a master never is one.
Not there: packet mode, messages with control parts, what ``ttcompat`` does for programs of BSD.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.ioctls import Ioctl
from ring3.abi.solaris.signals import SolarisSig
from ring3.fs.pty_files import PtyFile, SlaveFile
from ring3.fs.waiting import retry
from ring3.solaris import terminal_settings
from ring3.solaris.job_control import session_group
from ring3.solaris.terminals import MODULES, adopt, give_up, jobs_of

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

Request = Callable[["SolarisTask", PtyFile, int], int]
FMNAMESZ: Final = 8
"""Longest name of a module."""
_FLUSHR: Final = 1
_FLUSHW: Final = 2
_PT_OWN: Final = 8
"""Bytes of the ``pt_own_t`` that OWNERPT takes."""


# -- the stream's head -------------------------------------------------------------------------------------------


def _module(task: SolarisTask, arg: int) -> str:
    """The name of a module that a program gives.

    Raises:
        Errno: EINVAL, there is no such module; EFAULT.
    """
    name = (task.memory.read_cstring(arg, FMNAMESZ + 1) or b"").decode("latin-1")
    if name not in MODULES:
        raise Errno(SolarisE.EINVAL)
    return name


def _on_slave(file: PtyFile) -> None:
    """Refuses to push on a master, where none of the modules is of use.

    Raises:
        Errno: EINVAL.
    """
    if not isinstance(file, SlaveFile):
        raise Errno(SolarisE.EINVAL)


def _push(task: SolarisTask, file: PtyFile, arg: int, *, control: bool = True) -> int:
    name = _module(task, arg)
    _on_slave(file)
    jobs_of(file.pty).push(file.pty, name)
    if control:
        adopt(task, file.pty)
    return 0


def _push_without_control(task: SolarisTask, file: PtyFile, arg: int) -> int:
    return _push(task, file, arg, control=False)


def _pop(task: SolarisTask, file: PtyFile, arg: int) -> int:
    _on_slave(file)
    jobs_of(file.pty).pop(file.pty)
    return 0


def _names(file: PtyFile) -> list[str]:
    """The modules of an end, from above, and its driver."""
    return [*jobs_of(file.pty).modules, "pts"] if isinstance(file, SlaveFile) else ["ptm"]


def _look(task: SolarisTask, file: PtyFile, arg: int) -> int:
    first = _names(file)[0]
    if first not in MODULES:
        raise Errno(SolarisE.EINVAL)
    task.memory.write(arg, first.encode() + b"\0")
    return 0


def _find(task: SolarisTask, file: PtyFile, arg: int) -> int:
    return int(_module(task, arg) in _names(file))


def _list(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """I_LIST: how many modules there are with the driver, or their names in a ``struct str_list``."""
    names = _names(file)
    if not arg:
        return len(names)
    width = task.bits // 8
    room = int.from_bytes(task.memory.read(arg, 4), "little", signed=True)
    if room <= 0:
        raise Errno(SolarisE.EINVAL)
    at = int.from_bytes(task.memory.read(arg + width, width), "little")
    shown = names[:room]
    for number, name in enumerate(shown):
        task.memory.write(at + (FMNAMESZ + 1) * number, name.encode() + b"\0")
    task.memory.write_u32(arg, len(shown))
    return 0


def _count(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """I_NREAD: bytes of the first message; returns how many there are, of which all that is there is one."""
    size = file.available()
    task.memory.write_u32(arg, size)
    return int(bool(size))


def _available(task: SolarisTask, file: PtyFile, arg: int) -> int:
    return file.available()


def _can_put(task: SolarisTask, file: PtyFile, arg: int) -> int:
    if not 0 <= arg < 256:
        raise Errno(SolarisE.EINVAL)
    return int(file.end.room() > 0)


def _flush(file: PtyFile, which: int) -> int:
    if which & _FLUSHR:
        file.end.flush_input()
    if which & _FLUSHW:
        file.end.drop()
    return 0


def _flush_stream(task: SolarisTask, file: PtyFile, arg: int) -> int:
    if arg & ~(_FLUSHR | _FLUSHW):
        raise Errno(SolarisE.EINVAL)
    return _flush(file, arg)


def _string(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """I_STR: a request with its data and their length in a ``struct strioctl``."""
    width = task.bits // 8
    head = memoryview(task.memory.read(arg, 12)).cast("i")
    cmd, timeout, length = head[0] & 0xFFFF_FFFF, head[1], head[2]
    data = int.from_bytes(task.memory.read(arg + (16 if width == 8 else 12), width), "little")
    if length < 0 or timeout < -1 or cmd in OF_HEAD:
        raise Errno(SolarisE.EINVAL)
    _require_foreground(file, cmd)
    return _downstream(task, file, cmd, data, length)


def _get_group(task: SolarisTask, file: PtyFile, arg: int) -> int:
    if file.pty.group is None:
        raise Errno(SolarisE.ENOTTY)
    task.memory.write_u32(arg, file.pty.group)
    return 0


def _set_group(task: SolarisTask, file: PtyFile, arg: int) -> int:
    group = task.memory.read_u32(arg)
    if file.pty.session != task.process.sid:
        raise Errno(SolarisE.ENOTTY)
    if group != file.pty.group:
        file.pty.group = session_group(task, group)
    return 0


def _get_session(task: SolarisTask, file: PtyFile, arg: int) -> int:
    if file.pty.session is None:
        raise Errno(SolarisE.ENOTTY)
    task.memory.write_u32(arg, file.pty.session)
    return 0


def _take_control(task: SolarisTask, file: PtyFile, arg: int) -> int:
    if not isinstance(file, SlaveFile) or not adopt(task, file.pty):
        raise Errno(SolarisE.ENOTTY)
    return 0


def _give_up_control(task: SolarisTask, file: PtyFile, arg: int) -> int:
    if not give_up(task.process, task.kernel, ended=False):
        raise Errno(SolarisE.ENOTTY)
    return 0


# -- modules -----------------------------------------------------------------------------------------------------


def _get_settings(task: SolarisTask, file: PtyFile, cmd: int, arg: int) -> int:
    terminal_settings.store(task, cmd, arg, terminal_settings.form_of(file.pty.line.termios))
    return 0


def _set_settings(task: SolarisTask, file: PtyFile, cmd: int, arg: int) -> int:
    before = terminal_settings.form_of(file.pty.line.termios)
    form = terminal_settings.wanted(task, cmd, arg, before)
    flush = cmd in terminal_settings.FLUSHING
    file.pty.slave.set_termios(terminal_settings.settings_of(form), flush=flush)
    return 0


def _flow(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """TCXONC: stops output, lets it go on, or sends STOP or START to the other end."""
    file.end.flow(arg)
    return 0


def _flush_queues(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """TCFLSH: 0 is input, 1 output, 2 both."""
    if not 0 <= arg <= 2:
        raise Errno(SolarisE.EINVAL)
    return _flush(file, arg + 1)


def _drained(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """TCSBRK: there is no line to break, and output is with the other end."""
    return 0


def _fake_input(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """TIOCSTI: a character as if it had been typed, on a terminal of one's own."""
    if not task.cred.all_privileges and file.pty.session != task.process.sid:
        raise Errno(SolarisE.EACCES)
    file.end.receive(task.memory.read(arg, 1))
    return 0


def _get_window(task: SolarisTask, file: PtyFile, arg: int) -> int:
    task.memory.write(arg, file.pty.window)
    return 0


def _set_window(task: SolarisTask, file: PtyFile, arg: int) -> int:
    window = task.memory.read(arg, 8)
    if window != file.pty.window:
        file.pty.window = window
        file.pty.jobs.signal(file.pty, Sig.SIGWINCH)
    return 0


def _signal(task: SolarisTask, file: PtyFile, arg: int) -> int:
    """TIOCSIGNAL of the master: the number itself, or where it is."""
    number = arg if 0 < arg < len(SolarisSig) else task.memory.read_u32(arg)
    try:
        signal = Sig[SolarisSig(number).name]
    except (KeyError, ValueError):
        raise Errno(SolarisE.EINVAL) from None
    file.pty.jobs.signal(file.pty, signal)
    return 0


# -- the master's driver -----------------------------------------------------------------------------------------


def _unlock(task: SolarisTask, file: PtyFile, arg: int) -> int:
    file.pty.locked = False
    return 0


def _is_master(task: SolarisTask, file: PtyFile, arg: int) -> int:
    return 0


def _make_terminal(task: SolarisTask, file: PtyFile, arg: int) -> int:
    jobs_of(file.pty).is_terminal = True
    return 0


def _set_owner(task: SolarisTask, file: PtyFile, arg: int) -> int:
    uid, gid = memoryview(task.memory.read(arg, 8)).cast("I")
    file.pty.node.set_owner(uid, gid)
    return 0


OF_HEAD: Final[dict[int, Request]] = {
    Ioctl.I_NREAD: _count,
    Ioctl.I_PUSH: _push,
    Ioctl.PUSH_NOCTTY: _push_without_control,
    Ioctl.I_POP: _pop,
    Ioctl.I_LOOK: _look,
    Ioctl.I_FLUSH: _flush_stream,
    Ioctl.I_STR: _string,
    Ioctl.I_FIND: _find,
    Ioctl.I_LIST: _list,
    Ioctl.I_CANPUT: _can_put,
    Ioctl.FIORDCHK: _available,
    Ioctl.TIOCGPGRP: _get_group,
    Ioctl.TIOCSPGRP: _set_group,
    Ioctl.TIOCGSID: _get_session,
    Ioctl.TIOCSCTTY: _take_control,
    Ioctl.TIOCNOTTY: _give_up_control,
}
OF_LDTERM: Final[dict[int, Request]] = {
    Ioctl.TCXONC: _flow,
    Ioctl.TCFLSH: _flush_queues,
    Ioctl.TCSBRK: _drained,
    Ioctl.TIOCSTI: _fake_input,
}
OF_PTEM: Final[dict[int, Request]] = {Ioctl.TIOCGWINSZ: _get_window, Ioctl.TIOCSWINSZ: _set_window}
FROM_MASTER: Final[dict[int, Request]] = {**OF_PTEM, Ioctl.TIOCSIGNAL: _signal}
"""What ``ptem`` on the slave answers the master."""
OF_MASTER: Final[dict[int, Request]] = {
    Ioctl.ISPTM: _is_master,
    Ioctl.UNLKPT: _unlock,
    Ioctl.PTSSTTY: _make_terminal,
    Ioctl.OWNERPT: _set_owner,
}
SETS: Final = (
    terminal_settings.SETS
    | OF_LDTERM.keys()
    | {Ioctl.TIOCSWINSZ, Ioctl.TIOCSPGRP, Ioctl.I_FLUSH, Ioctl.TIOCSIGNAL}
)
"""What a process in the background may not do (job_control_type)."""


def _downstream(task: SolarisTask, file: PtyFile, cmd: int, arg: int, length: int | None = None) -> int:
    """A request that the head of the stream passes on; ``length`` is that of its data if it came by I_STR.

    Raises:
        Errno: EINVAL, nobody on the way knows it, or there are too few data; as the request.
    """
    modules = jobs_of(file.pty).modules
    if isinstance(file, SlaveFile):
        return _through_modules(task, file, cmd, arg)
    if cmd in OF_MASTER:
        if length is None or (cmd == Ioctl.OWNERPT and length < _PT_OWN):
            raise Errno(SolarisE.EINVAL)
        return OF_MASTER[cmd](task, file, arg)
    if cmd in FROM_MASTER and "ptem" in modules and not file.pty.locked:
        return FROM_MASTER[cmd](task, file, arg)
    raise Errno(SolarisE.EINVAL)


def _through_modules(task: SolarisTask, file: SlaveFile, cmd: int, arg: int) -> int:
    """What the modules of a slave answer."""
    modules = jobs_of(file.pty).modules
    if "ptem" in modules and cmd in OF_PTEM:
        return OF_PTEM[cmd](task, file, arg)
    if "ldterm" in modules:
        if cmd in terminal_settings.GETS:
            return _get_settings(task, file, cmd, arg)
        if cmd in terminal_settings.SETS:
            return _set_settings(task, file, cmd, arg)
        if cmd in OF_LDTERM:
            return OF_LDTERM[cmd](task, file, arg)
    raise Errno(SolarisE.EINVAL)


def _require_foreground(file: PtyFile, cmd: int) -> None:
    """Stops who is in the background and asks for what only those in the foreground may do."""
    if cmd in SETS and isinstance(file, SlaveFile):
        file.pty.jobs.require_foreground(file.pty, Sig.SIGTTOU)


def terminal_ioctl(task: SolarisTask, file: PtyFile, cmd: int, arg: int) -> int | Waiting:
    """A request of a pseudoterminal.

    Raises:
        Errno: EINVAL, nobody on the stream knows it; ENXIO, it is hung up; EIO, as `Jobs.require_foreground`; EFAULT.
    """
    if isinstance(file, SlaveFile) and file.hung_up:
        raise Errno(E.ENXIO)

    def answer() -> int:
        _require_foreground(file, cmd)
        found = OF_HEAD.get(cmd)
        return _downstream(task, file, cmd, arg) if found is None else found(task, file, arg)

    return retry(task, file, answer)
