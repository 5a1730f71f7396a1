"""lsm_list_modules(2), lsm_get_self_attr(2) and lsm_set_self_attr(2) (security/lsm_syscalls.c of Linux 6.12).

The modules here are capabilities and Landlock, none of which has attributes of threads.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.security import LSM_CTX
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

CAPABILITY: Final = 100
LANDLOCK: Final = 110
ACTIVE: Final = (CAPABILITY, LANDLOCK)
"""What is asked, in this order (include/uapi/linux/lsm.h)."""
FLAG_SINGLE: Final = 1
PAGE: Final = 4096


@syscall("full")
def sys_lsm_list_modules(task: LinuxTask, ids: Pointer, size: Pointer, flags: UnsignedInt) -> int:
    """Which modules decide about what programs may do."""
    if flags:
        raise Errno(E.EINVAL)
    room = task.memory.read_u32(size)
    text = struct.pack(f"<{len(ACTIVE)}Q", *ACTIVE)
    task.memory.write_u32(size, len(text))
    if room < len(text):
        raise Errno(E.E2BIG)
    task.memory.write(ids, text)
    return len(ACTIVE)


@syscall("full")
def sys_lsm_get_self_attr(
    task: LinuxTask, attr: UnsignedInt, ctx: Pointer, size: Pointer, flags: UnsignedInt
) -> int:
    """What the modules say of the caller: nothing."""
    if not attr or not size:
        raise Errno(E.EINVAL)
    task.memory.read_u32(size)
    if flags:
        if flags != FLAG_SINGLE or not ctx:
            raise Errno(E.EINVAL)
        module, *_rest = LSM_CTX.form(64).unpack(task.memory.read(ctx, LSM_CTX.size(64)))
        if not module:
            raise Errno(E.EINVAL)
    task.memory.write_u32(size, 0)
    raise Errno(E.EOPNOTSUPP)


@syscall("full")
def sys_lsm_set_self_attr(
    task: LinuxTask, attr: UnsignedInt, ctx: Pointer, size: UnsignedInt, flags: UnsignedInt
) -> int:
    """Tells a module something of the caller: none has anything to be told."""
    if flags or size < LSM_CTX.size(64):
        raise Errno(E.EINVAL)
    if size > PAGE:
        raise Errno(E.E2BIG)
    _module, _flags, length, context = LSM_CTX.form(64).unpack_from(task.memory.read(ctx, size))
    if size < length or length < LSM_CTX.size(64) + context:
        raise Errno(E.EINVAL)
    raise Errno(E.EOPNOTSUPP)
