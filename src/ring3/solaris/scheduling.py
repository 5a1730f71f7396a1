"""Scheduling classes and priorities: nice(2) and priocntl(2). All processes share time; a nice value is kept and shown.

Source: usr/src/uts/common/syscall/nice.c, common/disp/priocntl.c, ts.c and sys/priocntl.h, sys/tspriocntl.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import syscall
from ring3.solaris.procset import members

if TYPE_CHECKING:
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

NZERO: Final = 20
PC_VERSION: Final = 1
TS_MAXUPRI: Final = 60
_CLASSES: Final = ("SYS", "TS")
_TS: Final = 1
"""Their numbers are their places."""
PC_CLNULL: Final = -1
PC_GETNICE: Final = 0
PC_SETNICE: Final = 1
_PCINFO: Final = struct.Struct("<i16s8i")
"""``pcinfo_t``: number, name, and for TS the most that a user can add, a short."""
_TSPARMS: Final = struct.Struct("<ihh28x")
"""``pcparms_t`` with ``tsparms_t``: class, limit of the user's priority, that."""


class PcCommand(IntEnum):
    """Commands of priocntl(2)."""

    PC_GETCID = 0
    PC_GETCLINFO = 1
    PC_SETPARMS = 2
    PC_GETPARMS = 3
    PC_ADMIN = 4
    PC_GETPRIRANGE = 5
    PC_DONICE = 6


def add_nice(task: SolarisTask, process: Process, amount: int) -> int:
    """Changes a nice value by an amount, within its bounds; returns the new one, less NZERO.

    Raises:
        Errno: EPERM, to have more of the processor takes a privilege.
    """
    if amount < 0 and not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    process.nice = min(max(process.nice + amount, 0), 2 * NZERO - 1)
    return process.nice - NZERO


@syscall("full")
def nice(task: SolarisTask, niceness: Int) -> int:
    """Adds to the nice value; returns the new one, less 20."""
    return add_nice(task, task.process, niceness)


@syscall(
    "partial",
    "the classes SYS and TS; user priorities can be asked for, and set to what they are: others EINVAL",
)
def priocntlsys(
    task: SolarisTask, pc_version: Int, psp: Address, cmd: Int, arg: Address, arg2: Address
) -> int:
    """Asks about scheduling classes, and about what processes have of them."""
    if pc_version != PC_VERSION:
        raise Errno(SolarisE.EINVAL)
    match cmd:
        case PcCommand.PC_GETCID | PcCommand.PC_GETCLINFO:
            return _class_info(task, cmd == PcCommand.PC_GETCID, arg)
        case PcCommand.PC_GETPRIRANGE:
            number = int.from_bytes(task.memory.read(arg, 4), "little", signed=True)
            if not 0 <= number < len(_CLASSES):
                raise Errno(SolarisE.EINVAL)
            task.memory.write(arg + 4, struct.pack("<hh", *((99, 60) if number == 0 else (59, 0))))
            return 0
        case PcCommand.PC_GETPARMS | PcCommand.PC_SETPARMS:
            return _parameters(task, members(task, psp), cmd == PcCommand.PC_SETPARMS, arg)
        case PcCommand.PC_DONICE:
            return _nice(task, members(task, psp), arg)
        case _:
            raise Errno(SolarisE.EINVAL)


def _class_info(task: SolarisTask, by_name: bool, arg: int) -> int:
    """A class by its name or number; returns how many classes there are."""
    if not arg:
        return len(_CLASSES)
    number, name, *_ = _PCINFO.unpack(task.memory.read(arg, _PCINFO.size))
    if by_name:
        text = name.split(b"\0", 1)[0].decode("latin-1")
        if text not in _CLASSES:
            raise Errno(SolarisE.EINVAL)
        number = _CLASSES.index(text)
    elif not 0 <= number < len(_CLASSES):
        raise Errno(SolarisE.EINVAL)
    about = (TS_MAXUPRI if number == _TS else 0, *[0] * 7)
    task.memory.write(arg, _PCINFO.pack(number, _CLASSES[number].encode(), *about))
    return len(_CLASSES)


def _parameters(task: SolarisTask, processes: list[Process], store: bool, arg: int) -> int:
    number, limit, priority = _TSPARMS.unpack(task.memory.read(arg, _TSPARMS.size))
    if store:
        if number != _TS or limit not in (0, -0x8000) or priority not in (0, -0x8000):
            raise Errno(SolarisE.EINVAL)
        return 0
    if number not in (PC_CLNULL, _TS):
        raise Errno(SolarisE.ESRCH if 0 <= number < len(_CLASSES) else SolarisE.EINVAL)
    task.memory.write(arg, _TSPARMS.pack(_TS, 0, 0))
    return processes[0].pid


def _nice(task: SolarisTask, processes: list[Process], arg: int) -> int:
    value, operation = struct.unpack("<ii", task.memory.read(arg, 8))
    if operation == PC_GETNICE:
        task.memory.write_u32(arg, min(process.nice for process in processes) - NZERO & 0xFFFF_FFFF)
    elif operation == PC_SETNICE:
        for process in processes:
            add_nice(task, process, value + NZERO - process.nice)
    else:
        raise Errno(SolarisE.EINVAL)
    return 0
