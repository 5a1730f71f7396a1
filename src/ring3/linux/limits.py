"""Resource limits."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pid, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

RLIM_INFINITY: Final = (1 << 64) - 1
RLIM_NLIMITS: Final = 16

DEFAULTS: Final = (
    (RLIM_INFINITY, RLIM_INFINITY),  # CPU
    (RLIM_INFINITY, RLIM_INFINITY),  # FSIZE
    (RLIM_INFINITY, RLIM_INFINITY),  # DATA
    (8 << 20, RLIM_INFINITY),  # STACK
    (0, RLIM_INFINITY),  # CORE
    (RLIM_INFINITY, RLIM_INFINITY),  # RSS
    (4096, 4096),  # NPROC
    (1024, 4096),  # NOFILE
    (8 << 20, 8 << 20),  # MEMLOCK
    (RLIM_INFINITY, RLIM_INFINITY),  # AS
    (RLIM_INFINITY, RLIM_INFINITY),  # LOCKS
    (4096, 4096),  # SIGPENDING
    (819200, 819200),  # MSGQUEUE
    (0, 0),  # NICE
    (0, 0),  # RTPRIO
    (RLIM_INFINITY, RLIM_INFINITY),  # RTTIME
)
"""Soft and hard limits of a new program, by number (include/asm-generic/resource.h)."""


def _checked(task: LinuxTask, resource: int) -> tuple[int, int]:
    if not 0 <= resource < RLIM_NLIMITS:
        raise Errno(E.EINVAL)
    return task.rlimits[resource]


def _set(task: LinuxTask, resource: int, soft: int, hard: int) -> None:
    _, old_hard = _checked(task, resource)
    if soft > hard:
        raise Errno(E.EINVAL)
    if hard > old_hard and task.credentials.euid:
        raise Errno(E.EPERM)
    task.set_rlimit(resource, soft, hard)


@syscall("full")
def sys_getrlimit(task: LinuxTask, resource: UnsignedInt, rlim: Pointer) -> int:
    """A limit of the caller."""
    task.memory.write(rlim, struct.pack("<QQ", *_checked(task, resource)))
    return 0


@syscall("full")
def compat_sys_getrlimit(task: LinuxTask, resource: UnsignedInt, rlim: Pointer) -> int:
    """A limit of a 32-bit caller; what does not fit is infinity."""
    soft, hard = (min(value, 0xFFFF_FFFF) for value in _checked(task, resource))
    task.memory.write(rlim, struct.pack("<II", soft, hard))
    return 0


@syscall("full")
def sys_setrlimit(task: LinuxTask, resource: UnsignedInt, rlim: Pointer) -> int:
    """Sets a limit of the caller."""
    _set(task, resource, *struct.unpack("<QQ", task.memory.read(rlim, 16)))
    return 0


@syscall("partial", "of the caller only: another process is ESRCH")
def sys_prlimit64(
    task: LinuxTask, pid: Pid, resource: UnsignedInt, new_rlim: Pointer, old_rlim: Pointer
) -> int:
    """Sets and gets a limit."""
    if pid not in (0, task.tgid):
        raise Errno(E.ESRCH)
    old = _checked(task, resource)
    if new_rlim:
        _set(task, resource, *struct.unpack("<QQ", task.memory.read(new_rlim, 16)))
    if old_rlim:
        task.memory.write(old_rlim, struct.pack("<QQ", *old))
    return 0
