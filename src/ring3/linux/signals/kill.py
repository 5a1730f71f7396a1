"""Sending signals for a program: whether it may, and to whom (check_kill_permission, kernel/signal.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.signals import NSIG, Sig
from ring3.kernel.functions import function
from ring3.linux.model.process import INIT
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.signals.send import group_send_sig_info

if TYPE_CHECKING:
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask


@function("int check_kill_permission(int sig, struct kernel_siginfo *info, struct task_struct *t)")
def check_kill_permission(task: LinuxTask, target: Process, signal: int) -> bool:
    """Whether kill(2) is allowed: same user, or SIGCONT within the session (check_kill_permission)."""
    mine = task.credentials
    if not target.threads:
        return target.pid != INIT or mine.capable(Cap.KILL) or not (mine.euid and mine.uid)
    other = target.threads[0].credentials
    if target is task.process:
        return True
    if out_of_scope(mine, other):
        return False
    if mine.capable(Cap.KILL) or {mine.euid, mine.uid} & {other.uid, other.suid}:
        return True
    return signal == Sig.SIGCONT and task.process.sid == target.sid


def out_of_scope(mine: Credentials, other: Credentials) -> bool:
    """Whether somebody has given up to send signals to another (hook_task_kill of security/landlock/task.c)."""
    return mine.domain is not None and not mine.domain.may_signal(other.domain)


def signal_from(task: LinuxTask, signal: int, code: int) -> SigInfo:
    """What a signal says that a task sends by number alone."""
    return SigInfo(signal, code, Layout.KILL, task.vtgid, task.credentials.uid)


def check_signal(signal: int) -> None:
    """Whether there is such a signal, which Linux asks only when it has found somebody to send it to."""
    if not 0 <= signal <= NSIG:
        raise Errno(E.EINVAL)


@function(
    "int kill_pid_info(int sig, struct kernel_siginfo *info, struct pid *pid)",
    calls={"check_kill_permission", "group_send_sig_info"},
)
def kill_pid_info(task: LinuxTask, process: Process, info: SigInfo) -> None:
    """Sends a signal to a process, or only asks whether that is allowed, for signal 0.

    Raises:
        Errno: EINVAL, there is no such signal; EPERM; EAGAIN.
    """
    check_signal(info.signo)
    if not check_kill_permission(task, process, info.signo):
        raise Errno(E.EPERM)
    if info.signo:
        group_send_sig_info(process, info)


@function(
    "int kill_something_info(int sig, struct kernel_siginfo *info, pid_t pid)",
    calls={"check_kill_permission", "group_send_sig_info"},
)
def kill_something_info(task: LinuxTask, targets: list[Process], info: SigInfo) -> None:
    """Sends a signal to those processes that the task may send it to.

    Raises:
        Errno: ESRCH, there are none; EINVAL, there is no such signal; EPERM, none may be sent it.
    """
    if not targets:
        raise Errno(E.ESRCH)
    check_signal(info.signo)
    allowed = [process for process in targets if check_kill_permission(task, process, info.signo)]
    if not allowed:
        raise Errno(E.EPERM)
    for process in allowed:
        if info.signo:
            group_send_sig_info(process, info)
