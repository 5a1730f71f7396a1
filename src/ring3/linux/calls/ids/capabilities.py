"""capget(2) and capset(2) (kernel/capability.c of Linux 6.x)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.model.credentials import ALL
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
    (pid,) = struct.unpack("<i", task.memory.read(header + 4, 4))
    return int(pid)


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
    target = task.kernel.thread(pid) if pid else task
    if target is None:
        raise Errno(E.ESRCH)
    who = target.credentials
    sets = (who.effective, who.permitted, who.inheritable)
    parts = [one >> 32 * word & 0xFFFF_FFFF for word in range(words) for one in sets]
    task.memory.write(dataptr, struct.pack(f"<{len(parts)}I", *parts))
    return 0


@syscall("full")
def sys_capset(task: LinuxTask, header: Pointer, data: Pointer) -> int:
    """Sets the calling thread's own capabilities."""
    words = _words(task, header)
    if words is None:
        raise Errno(E.EINVAL)
    if _pid(task, header) not in (0, task.tid):
        raise Errno(E.EPERM)
    parts = struct.unpack(f"<{3 * words}I", task.memory.read(data, 12 * words))
    effective, permitted, inheritable = (
        sum(part << 32 * word for word, part in enumerate(parts[which::3])) & ALL for which in range(3)
    )
    commit_creds(task, capset(task.credentials, effective, permitted, inheritable))
    return 0
