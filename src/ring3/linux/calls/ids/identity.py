"""Who a program is: process and thread numbers, users and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


@syscall("full")
def sys_getpid(task: LinuxTask) -> int:
    """The thread group's number."""
    return task.vtgid


@syscall("full")
def sys_gettid(task: LinuxTask) -> int:
    """The thread's number."""
    return task.vtid


@syscall("full")
def sys_getppid(task: LinuxTask) -> int:
    """The parent's number."""
    return task.pid_ns.shown(task.process.ppid)


@syscall("full")
def sys_getuid(task: LinuxTask) -> int:
    """The real user."""
    return task.credentials.user_ns.shown_user(task.credentials.uid)


@syscall("full")
def sys_getgid(task: LinuxTask) -> int:
    """The real group."""
    return task.credentials.user_ns.shown_group(task.credentials.gid)


@syscall("full")
def sys_geteuid(task: LinuxTask) -> int:
    """The effective user."""
    return task.credentials.user_ns.shown_user(task.credentials.euid)


@syscall("full")
def sys_getegid(task: LinuxTask) -> int:
    """The effective group."""
    return task.credentials.user_ns.shown_group(task.credentials.egid)


def _old_id(number: int) -> int:
    """A number for the 16-bit calls: too large ones become 65534 (high2lowuid, overflowuid)."""
    return number if number < 1 << 16 else 65534


@syscall("full")
def sys_getuid16(task: LinuxTask) -> int:
    """The real user, in 16 bits."""
    return _old_id(task.credentials.user_ns.shown_user(task.credentials.uid))


@syscall("full")
def sys_getgid16(task: LinuxTask) -> int:
    """The real group, in 16 bits."""
    return _old_id(task.credentials.user_ns.shown_group(task.credentials.gid))


@syscall("full")
def sys_geteuid16(task: LinuxTask) -> int:
    """The effective user, in 16 bits."""
    return _old_id(task.credentials.user_ns.shown_user(task.credentials.euid))


@syscall("full")
def sys_getegid16(task: LinuxTask) -> int:
    """The effective group, in 16 bits."""
    return _old_id(task.credentials.user_ns.shown_group(task.credentials.egid))
