"""Doors: nobody can make one here, so that who asks for a service by one learns that there is none.

Source: usr/src/uts/common/fs/doorfs/door_sys.c (doorfs, door_lookup); sys/door.h of illumos-gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


class DoorOp(IntEnum):
    """What the call does (sys/door.h)."""

    DOOR_CREATE = 0
    DOOR_REVOKE = 1
    DOOR_INFO = 2
    DOOR_CALL = 3
    DOOR_BIND = 6
    DOOR_UNBIND = 7
    DOOR_UNREFSYS = 8
    DOOR_UCRED = 9
    DOOR_RETURN = 10
    DOOR_GETPARAM = 11
    DOOR_SETPARAM = 12


_OF_DOOR = frozenset(
    {
        DoorOp.DOOR_REVOKE,
        DoorOp.DOOR_INFO,
        DoorOp.DOOR_CALL,
        DoorOp.DOOR_BIND,
        DoorOp.DOOR_GETPARAM,
        DoorOp.DOOR_SETPARAM,
    }
)
"""What is asked of a door's descriptor: there is none that is one."""


@syscall(
    "partial", "there are no doors: DOOR_CREATE is ENOTSUP, a descriptor is none: EBADF", module="doorfs"
)
def doorfs(
    task: SolarisTask,
    arg1: UnsignedLong,
    arg2: UnsignedLong,
    arg3: UnsignedLong,
    arg4: UnsignedLong,
    arg5: UnsignedLong,
    subcode: Int,
) -> int:
    """Makes, asks and calls doors.

    Raises:
        Errno: Always.
    """
    if subcode in _OF_DOOR:
        raise Errno(SolarisE.EBADF)
    if subcode == DoorOp.DOOR_CREATE:
        raise Errno(SolarisE.ENOTSUP)
    raise Errno(SolarisE.EINVAL)
