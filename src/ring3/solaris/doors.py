"""doorfs: the call of all that is done with doors (door_create(3C), door_call(3C)); `door_calls` has it.

Source: usr/src/uts/common/fs/doorfs/door_sys.c (doorfs) of illumos-gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, UnsignedLong
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask


@syscall("partial", "a server's thread is not cancelled when its caller has gone", module="doorfs")
def doorfs(
    task: SolarisTask,
    arg1: UnsignedLong,
    arg2: UnsignedLong,
    arg3: UnsignedLong,
    arg4: UnsignedLong,
    arg5: UnsignedLong,
    subcode: Int,
) -> int | Waiting:
    """Makes, asks, calls and serves doors."""
    from ring3.solaris.door_calls import door  # noqa: PLC0415 -- few programs have doors

    return door(task, (arg1, arg2, arg3, arg4, arg5), subcode)
