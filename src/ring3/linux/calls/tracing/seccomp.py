"""seccomp(2): a thread gives up system calls, by a fixed list or by filters (kernel/seccomp.c of Linux 6.x).

A thread in one of the modes has a bit of ``syscall_work`` set, so that its calls go through ring 0's code, which asks
here before each: a filter is a classic BPF program that sees the number, the architecture, the instruction pointer and
the arguments, and says what is to happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.security import (
    SECCOMP_DATA,
    SECCOMP_NOTIF,
    SECCOMP_NOTIF_RESP,
    SECCOMP_NOTIF_SIZES,
)
from ring3.linux.definition import syscall
from ring3.linux.filters.seccomp import Action, seccomp_set_mode_filter, seccomp_set_mode_strict

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


SET_MODE_STRICT: Final = 0
SET_MODE_FILTER: Final = 1
GET_ACTION_AVAIL: Final = 2
GET_NOTIF_SIZES: Final = 3

_NOTIFIED: Final = (SECCOMP_NOTIF, SECCOMP_NOTIF_RESP, SECCOMP_DATA)
"""What passes between a listener and the kernel."""


@syscall("full")
def sys_seccomp(task: LinuxTask, op: UnsignedInt, flags: UnsignedInt, uargs: Pointer) -> int:
    """Gives up system calls, or says what can be given up."""
    if op == SET_MODE_FILTER:
        return seccomp_set_mode_filter(task, flags, uargs)
    if op not in (SET_MODE_STRICT, GET_ACTION_AVAIL, GET_NOTIF_SIZES) or flags:
        raise Errno(E.EINVAL)
    if op == SET_MODE_STRICT:
        if uargs:
            raise Errno(E.EINVAL)
        return seccomp_set_mode_strict(task)
    if op == GET_ACTION_AVAIL:
        if task.memory.read_u32(uargs) not in Action.__members__.values():
            raise Errno(E.EOPNOTSUPP)
    else:
        SECCOMP_NOTIF_SIZES.write(task.memory, uargs, 64, *(row.size(64) for row in _NOTIFIED))
    return 0
