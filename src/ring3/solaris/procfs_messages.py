"""The messages of /proc's control files that change a process or an lwp at once; the others are in `procfs_control`.

Source: usr/src/uts/common/fs/proc/prcontrol.c (pr_control and what it calls) of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import NSIG, SolarisSig
from ring3.abi.solaris.tracing import PR_MODES, Control
from ring3.solaris import procfs_registers
from ring3.solaris.scheduling import add_nice
from ring3.solaris.siginfo import Info
from ring3.solaris.signals import set_mask, sigtoproc, tsignal
from ring3.solaris.tracing import tracing_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_PRIOVEC: Final = {64: struct.Struct("<QQq"), 32: struct.Struct("<IIi")}
"""``priovec_t``: where the bytes of the writer are, how many, and the address in the process."""


class Writer(NamedTuple):
    """Who writes a message.

    Attributes:
        task: The thread.
        to_process: It means the process, not one of its lwps.
    """

    task: SolarisTask
    to_process: bool


def require_stopped(lwp: SolarisTask) -> SolarisTask:
    """An lwp, which has to be stopped.

    Raises:
        Errno: EBUSY, it is not.
    """
    if lwp.stop is None:
        raise Errno(SolarisE.EBUSY)
    return lwp


def _require_signal(number: int) -> None:
    if not 0 <= number < NSIG:
        raise Errno(SolarisE.EINVAL)


# -- what is traced of a process -----------------------------------------------------------------------------------


def pr_sigtrace(process: Process, mask: int) -> None:
    """Traces these signals."""
    tracing_of(process).signals = mask


def pr_flttrace(process: Process, mask: int) -> None:
    """Traces these faults."""
    tracing_of(process).faults = mask


def pr_sysentry(process: Process, mask: int) -> None:
    """Traces the begin of these calls."""
    tracing_of(process).entries = mask
    _adopt(process)


def pr_sysexit(process: Process, mask: int) -> None:
    """Traces the end of these calls."""
    tracing_of(process).exits = mask
    _adopt(process)


def _adopt(process: Process) -> None:
    for lwp in process.lwps.values():
        tracing_of(process).adopt(lwp)


def pr_set(process: Process, modes: int) -> None:
    """Sets modes.

    Raises:
        Errno: EINVAL, there are none such.
    """
    if modes & ~PR_MODES:
        raise Errno(SolarisE.EINVAL)
    tracing_of(process).modes |= modes


def pr_unset(process: Process, modes: int) -> None:
    """Clears them.

    Raises:
        Errno: EINVAL, there are none such.
    """
    if modes & ~PR_MODES:
        raise Errno(SolarisE.EINVAL)
    tracing_of(process).modes &= ~modes


# -- what becomes of an lwp ----------------------------------------------------------------------------------------


def pr_clear_signal(_writer: Writer, lwp: SolarisTask, _operand: bytes, _number: int) -> None:
    """It does not take the signal that it is about to take."""
    lwp.cursig = None


def pr_clearflt(_writer: Writer, lwp: SolarisTask, _operand: bytes, _number: int) -> None:
    """It is not sent the signal of its fault."""
    lwp.curfault = 0


def pr_setsig(_writer: Writer, lwp: SolarisTask, operand: bytes, _number: int) -> None:
    """It takes this signal next; 0 for none.

    Raises:
        Errno: EINVAL.
    """
    signo, code = struct.unpack_from("<ii", operand)
    _require_signal(signo)
    lwp.cursig = Info(signo, code) if signo else None
    lwp.set_sig_check()


def pr_kill(writer: Writer, lwp: SolarisTask, _operand: bytes, number: int) -> None:
    """Sends a signal.

    Raises:
        Errno: EINVAL.
    """
    _require_signal(number)
    info = Info(number, pid=writer.task.pid, uid=writer.task.cred.ruid)
    if number and writer.to_process:
        sigtoproc(lwp.process, info)
    elif number:
        tsignal(lwp, number, info)


def pr_unkill(writer: Writer, lwp: SolarisTask, _operand: bytes, number: int) -> None:
    """Takes back a signal that waits.

    Raises:
        Errno: EINVAL, it is none, or SIGKILL.
    """
    _require_signal(number)
    if number == SolarisSig.SIGKILL:
        raise Errno(SolarisE.EINVAL)
    queue = lwp.process.sigqueue if writer.to_process else lwp.sigqueue
    for info in [info for info in queue if info.signo == number]:
        queue.remove(info)


def pr_sethold(_writer: Writer, lwp: SolarisTask, operand: bytes, _number: int) -> None:
    """Blocks these signals."""
    set_mask(lwp, int.from_bytes(operand, "little"))


def pr_setregs(_writer: Writer, lwp: SolarisTask, operand: bytes, _number: int) -> None:
    """Gives it other registers.

    Raises:
        Errno: EBUSY, it is not stopped.
    """
    procfs_registers.set_registers(require_stopped(lwp), operand)


def pr_nice(writer: Writer, lwp: SolarisTask, _operand: bytes, number: int) -> None:
    """Adds to the nice value.

    Raises:
        Errno: EPERM.
    """
    add_nice(writer.task, lwp.process, number)


def pr_read(writer: Writer, lwp: SolarisTask, operand: bytes, _number: int) -> None:
    """Copies from its memory to the writer's.

    Raises:
        Errno: EIO, there is nothing; EFAULT.
    """
    base, size, offset = _PRIOVEC[writer.task.bits].unpack(operand)
    try:
        data = lwp.memory.peek(offset & ((1 << lwp.bits) - 1), size)
    except Errno:
        raise Errno(SolarisE.EIO) from None
    writer.task.memory.write(base, data)


def pr_write(writer: Writer, lwp: SolarisTask, operand: bytes, _number: int) -> None:
    """Copies from the writer's memory to its own.

    Raises:
        Errno: EIO, there is nothing; EFAULT.
    """
    base, size, offset = _PRIOVEC[writer.task.bits].unpack(operand)
    data = writer.task.memory.read(base, size)
    try:
        lwp.memory.poke(offset & ((1 << lwp.bits) - 1), data)
    except Errno:
        raise Errno(SolarisE.EIO) from None


OF_PROCESS: Final[dict[Control, Callable[[Process, int], None]]] = {
    Control.PCSTRACE: pr_sigtrace,
    Control.PCSFAULT: pr_flttrace,
    Control.PCSENTRY: pr_sysentry,
    Control.PCSEXIT: pr_sysexit,
    Control.PCSET: pr_set,
    Control.PCUNSET: pr_unset,
}
"""What is written is a set or flags."""
OF_LWP: Final[dict[Control, Callable[[Writer, SolarisTask, bytes, int], None]]] = {
    Control.PCCSIG: pr_clear_signal,
    Control.PCCFAULT: pr_clearflt,
    Control.PCSSIG: pr_setsig,
    Control.PCKILL: pr_kill,
    Control.PCUNKILL: pr_unkill,
    Control.PCSHOLD: pr_sethold,
    Control.PCSREG: pr_setregs,
    Control.PCNICE: pr_nice,
    Control.PCREAD: pr_read,
    Control.PCWRITE: pr_write,
}
"""They get the operand, and the number that it is."""
