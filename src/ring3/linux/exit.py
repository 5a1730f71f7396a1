"""exit(2), exit_group(2) and death by a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.c_types import Int
from ring3.abi.signals import Sig
from ring3.kernel.task import TaskExited
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask


def do_exit(task: LinuxTask, code: int) -> NoReturn:
    """Ends the running task.

    Args:
        task: The task.
        code: As wait(2) encodes it: the exit status times 256, or a signal's number.
    """
    kernel = task.kernel
    task.files.close_all()
    kernel.end(task, code)
    raise TaskExited


def end_by_signal(task: LinuxTask, signal: Sig) -> NoReturn:
    """Ends the running task as a signal does whose action is to terminate."""
    do_exit(task, int(signal))


@syscall("full")
def sys_exit(task: LinuxTask, error_code: Int) -> NoReturn:
    """Ends the thread."""
    do_exit(task, (error_code & 0xFF) << 8)


@syscall("full")
def sys_exit_group(task: LinuxTask, error_code: Int) -> NoReturn:
    """Ends the program."""
    do_exit(task, (error_code & 0xFF) << 8)
