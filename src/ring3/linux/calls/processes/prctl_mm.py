"""The options of prctl(2) that concern a program's memory: PR_SET_MM, PR_SET_VMA and PR_GET_AUXV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.kernel.mm.layout import MIN_ADDRESS
from ring3.linux.model.limits import Resource

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class SetMm(IntEnum):
    """What PR_SET_MM sets."""

    START_CODE = 1
    END_CODE = 2
    START_DATA = 3
    END_DATA = 4
    START_STACK = 5
    START_BRK = 6
    BRK = 7
    ARG_START = 8
    ARG_END = 9
    ENV_START = 10
    ENV_END = 11
    AUXV = 12
    EXE_FILE = 13
    MAP = 14
    MAP_SIZE = 15


MAP_STRUCT: Final = 104
"""Bytes of ``struct prctl_mm_map``."""
SAVED_AUXV: Final = 448
"""Bytes of the vector that the kernel keeps (saved_auxv)."""
ANON_NAME: Final = 0
NAME_MAX: Final = 80
"""Bytes of the name of a mapping, the NUL included (ANON_VMA_NAME_MAX_LEN)."""
_FORBIDDEN: Final = frozenset(b"\\`$[]")
_FIELDS: Final = {
    SetMm.START_DATA: "start_data",
    SetMm.END_DATA: "end_data",
    SetMm.START_STACK: "start_stack",
    SetMm.START_BRK: "start_brk",
    SetMm.BRK: "brk",
}
_WITH_ARG4: Final = (SetMm.AUXV, SetMm.MAP, SetMm.MAP_SIZE)


def set_mm(task: LinuxTask, what: int, address: int, arg4: int, arg5: int) -> int:
    """PR_SET_MM: moves one of the marks in a program's memory (prctl_set_mm).

    Raises:
        Errno: EPERM, no CAP_SYS_RESOURCE; EINVAL, unknown, not kept here, or marks out of order.
    """
    if arg5 or (arg4 and what not in _WITH_ARG4):
        raise Errno(E.EINVAL)
    if what == SetMm.MAP_SIZE:
        task.memory.write_u32(address, MAP_STRUCT)
        return 0
    if what != SetMm.MAP and not task.credentials.capable(Cap.SYS_RESOURCE):
        raise Errno(E.EPERM)
    mm = task.memory
    if not MIN_ADDRESS <= address < mm.task_size or what not in _FIELDS:
        raise Errno(E.EINVAL)
    marks = {name: getattr(mm, name) for name in _FIELDS.values()} | {_FIELDS[SetMm(what)]: address}
    limit = task.rlimits[Resource.DATA][0]
    if marks["start_data"] > marks["end_data"] or marks["start_brk"] > marks["brk"]:
        raise Errno(E.EINVAL)
    if marks["brk"] - marks["start_brk"] + marks["end_data"] - marks["start_data"] > limit:
        raise Errno(E.EINVAL)
    if what == SetMm.START_STACK and mm.vma_at(address) is None:
        raise Errno(E.EFAULT)
    setattr(mm, _FIELDS[SetMm(what)], address)
    return 0


def get_auxv(task: LinuxTask, address: int, length: int, arg4: int, arg5: int) -> int:
    """PR_GET_AUXV: the auxiliary vector that the program was given; returns the size of what the kernel keeps of it.

    Raises:
        Errno: EINVAL, the last arguments are not 0; EFAULT.
    """
    if arg4 or arg5:
        raise Errno(E.EINVAL)
    vector = task.program.auxv[:SAVED_AUXV].ljust(SAVED_AUXV, b"\0")
    task.memory.write(address, vector[:length])
    return SAVED_AUXV


def set_anonymous_name(task: LinuxTask, what: int, start: int, size: int, name: int) -> int:
    """PR_SET_VMA with PR_SET_VMA_ANON_NAME: names anonymous memory, or takes the name away.

    Raises:
        Errno: EINVAL, another deed, a name that is too long or has a letter that it may not have, an odd address;
            EFAULT; ENOMEM, a hole; EBADF, memory of a file.
    """
    if what != ANON_NAME:
        raise Errno(E.EINVAL)
    text = b""
    if name:
        found = task.memory.read_cstring(name, NAME_MAX)
        if found is None or any(not 0x20 <= letter < 0x7F or letter in _FORBIDDEN for letter in found):
            raise Errno(E.EINVAL)
        text = found
    task.memory.name_anonymous(start, size, text.decode("ascii"))
    return 0
