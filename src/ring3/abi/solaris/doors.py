"""Doors as programs and the kernel agree on them: numbers and structs (sys/door.h, sys/door_data.h of illumos-gate)."""

from __future__ import annotations

import struct
from typing import Final

from ring3.abi.kinds import IntEnum


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


DOOR_UNREF: Final = 0x01
DOOR_PRIVATE: Final = 0x02
DOOR_LOCAL: Final = 0x04
DOOR_REVOKED: Final = 0x08
DOOR_UNREF_MULTI: Final = 0x10
DOOR_IS_UNREF: Final = 0x20
DOOR_REFUSE_DESC: Final = 0x40
DOOR_NO_CANCEL: Final = 0x80
DOOR_NO_DEPLETION_CB: Final = 0x100
DOOR_PRIVCREATE: Final = 0x200
DOOR_DEPLETION_CB: Final = 0x400
DOOR_CREATE_MASK: Final = (
    DOOR_UNREF | DOOR_PRIVATE | DOOR_UNREF_MULTI | DOOR_REFUSE_DESC | DOOR_NO_CANCEL
    | DOOR_NO_DEPLETION_CB | DOOR_PRIVCREATE | DOOR_DEPLETION_CB
)  # fmt: skip
"""What a program may ask for when it makes one."""
DOOR_DESCRIPTOR: Final = 0x10000
DOOR_RELEASE: Final = 0x40000
DOOR_UNREF_DATA: Final = 1
"""Where the arguments of the call would be that says that nobody else has the door any more."""
DOOR_QUERY: Final = -2
"""The descriptor that means the door to which the calling thread is bound."""


class DoorParam(IntEnum):
    """What door_setparam sets."""

    DOOR_PARAM_DESC_MAX = 1
    DOOR_PARAM_DATA_MIN = 2
    DOOR_PARAM_DATA_MAX = 3


ARG: Final = {64: struct.Struct("<QQQI4xQQ"), 32: struct.Struct("<6I")}
"""``door_arg_t``: data, its size, descriptors, how many; where results go, and how many bytes fit there."""
RESULTS: Final = {64: struct.Struct("<QQQQQQi4xQ"), 32: struct.Struct("<6IiI")}
"""``struct door_results``: cookie, data, size, descriptors, how many, procedure, threads that are left, door."""
RETURN_DESC: Final = {64: struct.Struct("<QI4x"), 32: struct.Struct("<II")}
"""``door_return_desc_t``: descriptors, and how many."""
DESC: Final = struct.Struct("<IiQ8x")
"""``door_desc_t``: attributes, descriptor, the door's own number. Packed to 4 bytes for both widths."""
INFO: Final = struct.Struct("<iQQIQ16x")
"""``door_info_t``: process, procedure, cookie, attributes, number. Packed to 4 bytes for both widths."""
