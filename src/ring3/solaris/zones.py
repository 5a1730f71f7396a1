"""Zones: there is the global one (usr/src/uts/common/os/zone.c, sys/zone.h of illumos-gate)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

GLOBAL_ZONEID: Final = 0
_NAME: Final = b"global"
_NAME_MAX: Final = 64
_RUNNING: Final = 4
"""ZONE_IS_RUNNING."""


class ZoneOp(IntEnum):
    """What zone(2) does."""

    ZONE_CREATE = 0
    ZONE_DESTROY = 1
    ZONE_GETATTR = 2
    ZONE_ENTER = 3
    ZONE_LIST = 4
    ZONE_SHUTDOWN = 5
    ZONE_LOOKUP = 6
    ZONE_BOOT = 7
    ZONE_VERSION = 8
    ZONE_SETATTR = 9


class ZoneAttr(IntEnum):
    """What can be asked of a zone."""

    ZONE_ATTR_ROOT = 1
    ZONE_ATTR_NAME = 2
    ZONE_ATTR_STATUS = 3
    ZONE_ATTR_UNIQID = 5
    ZONE_ATTR_POOLID = 6
    ZONE_ATTR_INITPID = 7
    ZONE_ATTR_INITNAME = 9
    ZONE_ATTR_BRAND = 11
    ZONE_ATTR_FLAGS = 14


_ATTRIBUTES: Final = {
    ZoneAttr.ZONE_ATTR_ROOT: b"/\0",
    ZoneAttr.ZONE_ATTR_NAME: _NAME + b"\0",
    ZoneAttr.ZONE_ATTR_STATUS: _RUNNING.to_bytes(4, "little"),
    ZoneAttr.ZONE_ATTR_UNIQID: bytes(8),
    ZoneAttr.ZONE_ATTR_POOLID: bytes(4),
    ZoneAttr.ZONE_ATTR_INITPID: (1).to_bytes(4, "little"),
    ZoneAttr.ZONE_ATTR_INITNAME: b"/sbin/init\0",
    ZoneAttr.ZONE_ATTR_BRAND: b"native\0",
    ZoneAttr.ZONE_ATTR_FLAGS: bytes(2),
}


@syscall("partial", "the global zone can be asked about; zones cannot be made: EPERM")
def zone(
    task: SolarisTask,
    cmd: Int,
    arg1: UnsignedLong,
    arg2: UnsignedLong,
    arg3: UnsignedLong,
    arg4: UnsignedLong,
) -> int:
    """Asks about zones."""
    match cmd:
        case ZoneOp.ZONE_LOOKUP:
            return _lookup(task, arg1)
        case ZoneOp.ZONE_LIST:
            return _list(task, arg1, arg2)
        case ZoneOp.ZONE_GETATTR:
            return _attribute(task, arg1 & 0xFFFF_FFFF, arg2 & 0xFFFF_FFFF, arg3, arg4)
        case ZoneOp.ZONE_VERSION:
            raise Errno(SolarisE.EINVAL)
        case _ if 0 <= cmd <= ZoneOp.ZONE_SETATTR:
            raise Errno(SolarisE.EPERM)
        case _:
            raise Errno(SolarisE.EINVAL)


def _lookup(task: SolarisTask, name: Address) -> int:
    """The number of a zone; without a name, of the caller's."""
    if not name:
        return GLOBAL_ZONEID
    text = task.memory.read_cstring(name, _NAME_MAX)
    if text is None:
        raise Errno(SolarisE.ENAMETOOLONG)
    if text != _NAME:
        raise Errno(SolarisE.EINVAL)
    return GLOBAL_ZONEID


def _list(task: SolarisTask, ids: Address, count: Address) -> int:
    room = task.memory.read_u32(count)
    if ids and room:
        task.memory.write_u32(ids, GLOBAL_ZONEID)
    task.memory.write_u32(count, 1)
    return 0


def _attribute(task: SolarisTask, zoneid: int, attribute: int, buf: Address, size: int) -> int:
    """Stores an attribute, as much as there is room for; returns its length."""
    if zoneid != GLOBAL_ZONEID or attribute not in _ATTRIBUTES:
        raise Errno(SolarisE.EINVAL)
    value = _ATTRIBUTES[ZoneAttr(attribute)]
    task.memory.write(buf, value[:size])
    return len(value)
