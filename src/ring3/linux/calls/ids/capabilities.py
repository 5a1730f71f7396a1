"""capget(2) and capset(2) (kernel/capability.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import ALL
from ring3.abi.linux.structs.processes import CAP_DATA, CAP_HEADER
from ring3.linux.definition import syscall
from ring3.linux.tasks.identity import capset, commit_creds

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

VERSION_1: Final = 0x1998_0330
VERSION_2: Final = 0x2007_1026
VERSION_3: Final = 0x2008_0522
WORDS: Final = {VERSION_1: 1, VERSION_2: 2, VERSION_3: 2}
"""32-bit words of each set, by the version in the header."""


def _words(task: LinuxTask, header: int) -> int | None:
    """Words of a set in the version that the header names; None, with the present version stored, if it is unknown."""
    words = WORDS.get(task.memory.read_u32(header))
    if words is None:
        task.memory.write_u32(header, VERSION_3)
    return words


def _pid(task: LinuxTask, header: int) -> int:
    _version, pid = CAP_HEADER.integers(task.memory, header, 64)
    return pid


@syscall("full")
def sys_capget(task: LinuxTask, header: Pointer, dataptr: Pointer) -> int:
    """The effective, permitted and inheritable capabilities of a thread."""
    words = _words(task, header)
    if words is None or not dataptr:
        if dataptr:
            raise Errno(E.EINVAL)
        return 0
    pid = _pid(task, header)
    if pid < 0:
        raise Errno(E.EINVAL)
    target = task.kernel.unreaped(task.pid_ns.found(pid)) if pid else task
    if target is None:
        raise Errno(E.ESRCH)
    who = target.credentials
    sets = (who.effective, who.permitted, who.inheritable)
    rows = (CAP_DATA.pack(64, *(one >> 32 * word & 0xFFFF_FFFF for one in sets)) for word in range(words))
    task.memory.write(dataptr, b"".join(rows))
    return 0


@syscall("full")
def sys_capset(task: LinuxTask, header: Pointer, data: Pointer) -> int:
    """Sets the calling thread's own capabilities."""
    words = _words(task, header)
    if words is None:
        raise Errno(E.EINVAL)
    if _pid(task, header) not in (0, task.vtid):
        raise Errno(E.EPERM)
    form = CAP_DATA.form(64)
    rows = form.iter_unpack(task.memory.read(data, form.size * words))
    effective, permitted, inheritable = (
        sum(part << 32 * word for word, part in enumerate(parts)) & ALL for parts in zip(*rows, strict=True)
    )
    commit_creds(task, capset(task.credentials, effective, permitted, inheritable))
    return 0
