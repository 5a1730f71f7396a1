"""Signals as far as a program without handlers meets them: sent by the kernel, ignored, or acted on by default.

Not here: sigaction and its frames, signals from other processes, stopping (which nothing can undo yet).

Source: usr/src/uts/common/os/sig.c (tsignal, trapsig, issig, psig) of illumos-gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.solaris.signals import Default, SolarisSig
from ring3.kernel.task import TaskExited

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


def tsignal(task: SolarisTask, signal: SolarisSig) -> None:
    """Sends a signal to a thread: it takes it before ring 3 runs again, unless it ignores it."""
    if signal in task.ignored or signal.default in (Default.IGNORE, Default.STOP):
        return
    task.cursig = signal
    task.set_sig_check()


def trapsig(task: SolarisTask, signal: SolarisSig) -> None:
    """Sends the signal of a fault; ignoring it does not help, for the instruction would fault again at once."""
    task.ignored.discard(signal)
    tsignal(task, signal)


def issig(task: SolarisTask) -> None:
    """Takes the signal that waits, if one does: by default it ends the process.

    Raises:
        TaskExited: It did.
    """
    signal, task.cursig = task.cursig, None
    if signal is not None:
        end(task, int(signal))


def end(task: SolarisTask, code: int) -> NoReturn:
    """Ends the running process.

    Args:
        task: The process.
        code: As wait(2) encodes it: the exit status times 256, or a signal's number.

    Raises:
        TaskExited: Always.
    """
    task.files.close_all()
    task.leave_memory()
    task.kernel.end(task, code)
    raise TaskExited
