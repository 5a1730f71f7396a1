"""Signals that tell of an open file's readiness: O_ASYNC, its owner and its signal (send_sigio of fs/fcntl.c)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, NamedTuple
from ring3.abi.signals import NSIG, SiCode, Sig
from ring3.fs.opening import O_ASYNC
from ring3.fs.readiness import POLLERR, POLLHUP, READABLE, WRITABLE
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.signals.kill import out_of_scope
from ring3.linux.signals.send import do_send_specific, group_send_sig_info

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.kernel.wait import Listening
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.task import LinuxTask


class OwnerKind(IntEnum):
    """What a number names (include/uapi/asm-generic/fcntl.h)."""

    F_OWNER_TID = 0
    F_OWNER_PID = 1
    F_OWNER_PGRP = 2


class News(NamedTuple):
    """What a signal tells: ``si_code`` and ``si_band`` (band_table of fs/fcntl.c)."""

    code: int
    band: int


POLL_IN: Final = News(1, 0x41)
POLL_OUT: Final = News(2, 0x304)
POLL_MSG: Final = News(3, 0x441)
POLL_ERR: Final = News(4, 0x8)
POLL_HUP: Final = News(6, 0x18)
_OF_THEIR_OWN: Final = frozenset(
    (Sig.SIGILL, Sig.SIGFPE, Sig.SIGSEGV, Sig.SIGBUS, Sig.SIGTRAP, Sig.SIGCHLD, Sig.SIGSYS)
)
"""Signals whose own codes a program would take the news for: they get SI_SIGIO (sig_specific_sicodes)."""


class Owner:
    """Who gets the signals of one open file.

    Attributes:
        kind: What the number names.
        number: Of a thread, a process or a process group; 0 for nobody.
        signal: Which one; 0 for SIGIO without news.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self.kind = OwnerKind.F_OWNER_TID
        self.number = 0
        self.signal = 0
        self._credentials: Credentials | None = None
        self._listening: list[Listening] = []
        file.on_close.append(self.stop)

    def set(self, task: LinuxTask, kind: OwnerKind, number: int) -> None:
        """Names another one, by the caller's number for it and on its authority.

        Raises:
            Errno: ESRCH, there is no such thread, process or group.
        """
        found = task.pid_ns.found(number)
        if number and not _exists(task, kind, found):
            raise Errno(E.ESRCH)
        self.kind, self.number, self._credentials = kind, found, task.credentials

    def start(self, task: LinuxTask, fd: int) -> None:
        """Signals from now on."""
        self.stop()
        for events, news in ((READABLE, POLL_IN), (WRITABLE, POLL_OUT)):
            callback = partial(self._tell, task, fd, events, news)
            self._listening.append(self._file.listen(callback, events | POLLHUP | POLLERR))

    def stop(self) -> None:
        """No more signals."""
        while self._listening:
            self._listening.pop().cancel()

    def _tell(self, task: LinuxTask, fd: int, events: int, news: News) -> None:
        """Something has happened to the file."""
        now = self._file.poll()
        if not now & events:
            return
        if now & POLLHUP:
            news = POLL_HUP
        self.notify(task, fd, news)

    def notify(self, task: LinuxTask, fd: int, news: News) -> None:
        """Sends the signal to whom it is for.

        Args:
            task: Any of the machine.
            fd: The descriptor that it tells of.
            news: What it tells.
        """
        for target in _members(task, self.kind, self.number):
            if self._may_signal(target):
                self._send(target, fd, news)

    def _may_signal(self, target: LinuxTask) -> bool:
        """Whether who named the owner might send it a signal (sigio_perm)."""
        mine, other = self._credentials, target.credentials
        if mine is None or out_of_scope(mine, other):
            return False
        return not mine.euid or {mine.uid, mine.euid} & {other.suid, other.uid} != set()

    def _send(self, target: LinuxTask, fd: int, news: News) -> None:
        info = SigInfo(int(Sig.SIGIO), int(SiCode.SI_KERNEL))
        if self.signal:
            code = int(SiCode.SI_SIGIO) if self.signal in _OF_THEIR_OWN else news.code
            info = SigInfo(self.signal, code, Layout.POLL, value=fd, address=news.band)
        if self.kind is OwnerKind.F_OWNER_TID:
            do_send_specific(target, info)
        else:
            group_send_sig_info(target.process, info)


def _members(task: LinuxTask, kind: OwnerKind, number: int) -> list[LinuxTask]:
    """A thread of each that a number names; the first one of a process."""
    kernel = task.kernel
    if kind is OwnerKind.F_OWNER_TID:
        thread = kernel.thread(number)
        return [] if thread is None else [thread]
    if kind is OwnerKind.F_OWNER_PGRP:
        return [process.threads[0] for process in kernel.processes.group(number) if process.threads]
    process = kernel.processes.get(number)
    return process.threads[:1] if process is not None else []


def _exists(task: LinuxTask, kind: OwnerKind, number: int) -> bool:
    """Whether a number names anything, though that may have ended (find_vpid)."""
    if kind is OwnerKind.F_OWNER_PGRP:
        return bool(task.kernel.processes.group(number))
    return task.kernel.unreaped(number) is not None


def owner_of(file: File) -> Owner:
    """The owner of an open file; nobody at first."""
    if file.signalled is None:
        file.signalled = Owner(file)
    assert isinstance(file.signalled, Owner)
    return file.signalled


def set_async(task: LinuxTask, fd: int, file: File, wanted: bool) -> None:
    """Sets or clears O_ASYNC, where the file can become ready at all."""
    if wanted and file.pollable:
        file.flags |= O_ASYNC
        owner_of(file).start(task, fd)
    elif not wanted:
        file.flags &= ~O_ASYNC
        if file.signalled is not None:
            owner_of(file).stop()


def set_by_number(task: LinuxTask, file: File, number: int) -> None:
    """F_SETOWN and SIOCSPGRP: a process, or less than 0 a process group.

    Raises:
        Errno: EINVAL, the lowest number; ESRCH.
    """
    if number == -(1 << 31):
        raise Errno(E.EINVAL)
    kind = OwnerKind.F_OWNER_PGRP if number < 0 else OwnerKind.F_OWNER_PID
    owner_of(file).set(task, kind, abs(number))


def number_of(task: LinuxTask, file: File) -> int:
    """What F_GETOWN and SIOCGPGRP tell."""
    if file.signalled is None:
        return 0
    owner = owner_of(file)
    number = task.pid_ns.shown(owner.number)
    return -number if owner.kind is OwnerKind.F_OWNER_PGRP else number


def set_signal(file: File, signal: int) -> None:
    """F_SETSIG.

    Raises:
        Errno: EINVAL, there is no such signal.
    """
    if not 0 <= signal <= NSIG:
        raise Errno(E.EINVAL)
    owner_of(file).signal = signal
