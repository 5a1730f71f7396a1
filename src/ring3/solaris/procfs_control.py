"""/proc/PID/ctl and /proc/PID/lwp/N/lwpctl: what is written there controls the process or the lwp (proc(5)).

A write has one message behind the other: a long that says which, and its operand. What waits until the process has
stopped is refused with `WouldBlock` as long as it has not, and the writer comes again with it. Left out: the agent lwp,
watched areas, floating-point registers, and what changes credentials and privileges: EINVAL.

Source: usr/src/uts/common/fs/proc/prcontrol.c of illumos-gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SolarisSig
from ring3.abi.solaris.tracing import (
    LONG,
    OPERANDS,
    PR_KLC,
    PR_RLC,
    PRCFAULT,
    PRCSIG,
    PRSABORT,
    PRSTEP,
    PRSTOP,
    Control,
)
from ring3.fs.dentry import NamedFile
from ring3.fs.file import File, WouldBlock
from ring3.fs.pseudo import PseudoFile
from ring3.fs.readiness import WRITABLE
from ring3.solaris import tracing
from ring3.solaris.procfs_messages import OF_LWP, OF_PROCESS, Writer, require_stopped
from ring3.solaris.procfs_registers import step
from ring3.solaris.procfs_status import representative
from ring3.solaris.siginfo import Info
from ring3.solaris.signals import sigtoproc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ring3.fs.dentry import Dentry
    from ring3.fs.inode import Inode
    from ring3.fs.pseudo import PseudoFileSystem
    from ring3.kernel.wait import Listening
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_MILLISECOND: Final = 10**6


def messages(data: bytes, bits: int) -> Iterator[tuple[int, Control, bytes, int]]:
    """The messages of a write: where each ends, which it is, its operand, and that as a number.

    Raises:
        Errno: EINVAL, one is unknown or cut off.
    """
    word, at = bits // 8, 0
    while at < len(data):
        number = int.from_bytes(data[at : at + word], "little")
        if at + word > len(data) or number not in list(Control):
            raise Errno(SolarisE.EINVAL)
        message = Control(number)
        size = OPERANDS[bits].get(message, 0)
        start = at + word
        at = start + (word if size == LONG else size)
        if at > len(data):
            raise Errno(SolarisE.EINVAL)
        operand = data[start:at]
        yield at, message, operand, int.from_bytes(operand, "little", signed=size == LONG)


class ControlInode(PseudoFile):
    """The file ``ctl`` or ``lwpctl``; it can be written alone."""

    def __init__(
        self,
        fs: PseudoFileSystem,
        key: bytes,
        process: Process,
        owner: tuple[int, int],
        lwp: SolarisTask | None = None,
    ) -> None:
        super().__init__(fs, key, lambda: b"", mode=0o200, owner=owner)
        self._process = process
        self._lwp = lwp

    def open(self, dentry: Dentry, flags: int) -> File:
        """Opens it for one more controller."""
        return ControlFile(self, dentry, flags, self._process, self._lwp)


class ControlFile(NamedFile):
    """The file, open."""

    def __init__(
        self, inode: Inode, dentry: Dentry, flags: int, process: Process, lwp: SolarisTask | None
    ) -> None:
        super().__init__(inode, dentry, flags)
        self._process = process
        self._lwp = lwp
        self._tracing = tracing.tracing_of(process)
        self._tracing.controllers += 1
        self._deadline: int | None = None

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when an lwp of the process has stopped, or it has ended."""
        return self._tracing.changed.listen(callback, events)

    def close(self) -> None:
        """The last controller lets the process run, or ends it, if it was asked for that (PR_RLC, PR_KLC)."""
        self._tracing.controllers -= 1
        if self._tracing.controllers or self._process.exited:
            return
        if self._tracing.modes & PR_KLC:
            sigtoproc(self._process, Info(SolarisSig.SIGKILL))
        elif self._tracing.modes & PR_RLC:
            tracing_ended(self._process)

    # -- messages --------------------------------------------------------------------------------------------------

    def write(self, data: bytes | memoryview) -> int:
        """Does what the messages say, up to the first that has to wait; returns the bytes of those that were done.

        Raises:
            Errno: ENOENT, the process or the lwp is gone; EINVAL, a message is none; others by the message.
            WouldBlock: The process has not stopped yet.
        """
        done = 0
        for done_then, message, operand, number in messages(bytes(data), self._bits()):
            try:
                self._do(message, operand, number)
            except WouldBlock:
                if not done:
                    raise
                return done
            done = done_then
        return done

    def _writer(self) -> SolarisTask:
        writer = next(iter(self._process.lwps.values())).kernel.current
        assert writer is not None
        return writer

    def _bits(self) -> int:
        if not self._process.lwps:
            raise Errno(SolarisE.ENOENT)
        return self._writer().bits

    def _target(self) -> SolarisTask:
        """The lwp that is meant: the file's own, or the one that stands for the process.

        Raises:
            Errno: ENOENT.
        """
        process = self._process
        lwp = self._lwp or representative(process)
        if lwp is None or process.lwps.get(lwp.lwpid) is not lwp:
            raise Errno(SolarisE.ENOENT)
        return lwp

    def _do(self, message: Control, operand: bytes, number: int) -> None:
        match message:
            case Control.PCNULL:
                self._target()
            case Control.PCSTOP:
                self._direct()
                self._wait(None)
            case Control.PCDSTOP:
                self._direct()
            case Control.PCWSTOP:
                self._wait(None)
            case Control.PCTWSTOP:
                self._wait(number or None)
            case Control.PCRUN:
                self._run(number)
            case _ if message in OF_PROCESS:
                OF_PROCESS[message](self._process, int.from_bytes(operand, "little"))
            case _:
                writer = Writer(self._writer(), self._lwp is None)
                OF_LWP[message](writer, self._target(), operand, number)

    # -- stopping and going on -------------------------------------------------------------------------------------

    def _direct(self) -> None:
        self._target()
        for lwp in [self._lwp] if self._lwp is not None else list(self._process.lwps.values()):
            tracing.direct(lwp)

    def _wait(self, milliseconds: int | None) -> None:
        """Waits until it is stopped, so long at most.

        Raises:
            WouldBlock: It is not yet.
        """
        lwp = self._target()
        now = lwp.kernel.clocks.monotonic()
        if lwp.stop is not None or (self._deadline is not None and now >= self._deadline):
            self._deadline = None
            return
        if milliseconds is not None and self._deadline is None:
            self._deadline = now + milliseconds * _MILLISECOND
            lwp.kernel.timers.add(self._deadline, self._tracing.changed.wake)
        raise WouldBlock(self, WRITABLE)

    def _run(self, flags: int) -> None:
        chosen = require_stopped(self._target())
        if flags & PRCSIG:
            chosen.cursig = None
        if flags & PRCFAULT:
            chosen.curfault = 0
        chosen.aborts_call = bool(flags & PRSABORT) and chosen.stop is not None
        if flags & PRSTEP:
            step(chosen)
        for lwp in [chosen] if self._lwp is not None else list(self._process.lwps.values()):
            lwp.stop_requested = bool(flags & PRSTOP) and lwp is chosen
            if lwp.stop is not None:
                tracing.go_on(lwp)


def tracing_ended(process: Process) -> None:
    """Nothing is traced of a process any more, and it runs."""
    traced = tracing.tracing_of(process)
    traced.signals = traced.faults = 0
    for message in (Control.PCSENTRY, Control.PCSEXIT):
        OF_PROCESS[message](process, 0)
    tracing.release(process)
