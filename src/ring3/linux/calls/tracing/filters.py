"""ptrace(2): the filters of a stopped thread (kernel/seccomp.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.sockets import SOCK_FILTER
from ring3.abi.linux.structs.tracing import SECCOMP_METADATA
from ring3.linux.filters.seccomp import Flag, mode_of, newest_of
from ring3.linux.model.filters import Filter, Mode, chain

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_INSTRUCTION: Final = SOCK_FILTER.form(64)
_METADATA: Final = SECCOMP_METADATA.form(64)
_NUMBER: Final = 8
"""Bytes of the member that names the filter."""


def seccomp_get_filter(task: LinuxTask, target: LinuxTask, number: int, data: int) -> int:
    """PTRACE_SECCOMP_GET_FILTER: a filter's instructions; returns how many, also where there is no address.

    Raises:
        Errno: as `_check` and `_nth`; EFAULT.
    """
    _check(task)
    program = _nth(target, number).program
    if data:
        task.memory.write(data, program)
    return len(program) // _INSTRUCTION.size


def seccomp_get_metadata(task: LinuxTask, target: LinuxTask, size: int, data: int) -> int:
    """PTRACE_SECCOMP_GET_METADATA: the flags of the filter that a struct names; returns how long the answer is.

    Raises:
        Errno: as `_check` and `_nth`; EINVAL, the struct is too short; EFAULT.
    """
    _check(task)
    size = min(size, _METADATA.size)
    if size < _NUMBER:
        raise Errno(E.EINVAL)
    number = task.memory.read_u64(data)
    flags = Flag.LOG if _nth(target, number).logs else 0
    task.memory.write(data, _METADATA.pack(number, flags)[:size])
    return size


def _check(task: LinuxTask) -> None:
    """Who may look at filters.

    Raises:
        Errno: EACCES, not an administrator, or one with filters of its own.
    """
    if not task.credentials.capable(Cap.SYS_ADMIN) or mode_of(task) is not Mode.DISABLED:
        raise Errno(E.EACCES)


def _nth(target: LinuxTask, number: int) -> Filter:
    """A filter by its number; the oldest is 0 (get_nth_filter).

    Raises:
        Errno: EINVAL, the thread has no filters; ENOENT, not so many.
    """
    if mode_of(target) is not Mode.FILTER:
        raise Errno(E.EINVAL)
    filters = list(chain(newest_of(target)))
    if number >= len(filters):
        raise Errno(E.ENOENT)
    return filters[-1 - number]
