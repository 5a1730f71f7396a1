"""The word of a futex in a program's memory: its name, and what its bits mean where the kernel gives them a meaning.

Source: get_futex_key in kernel/futex/core.c; include/uapi/linux/futex.h of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.futex import Key
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.kernel.mm.usercopy import BadAddress

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

FUTEX_WAITERS: Final = 0x8000_0000
"""Of a lock's word: somebody waits, so the owner must call the kernel to give it up."""
FUTEX_OWNER_DIED: Final = 0x4000_0000
"""Of a lock's word: its owner ended without giving it up."""
FUTEX_TID_MASK: Final = 0x3FFF_FFFF
"""Of a lock's word: the owner's number, 0 if it is free."""

Deadline = tuple[int, bool]
"""A time in nanoseconds, and whether it is one of the wall clock instead of the monotonic one."""

_SHARED: Final = 1
"""Set in the address that names a word of private memory when it is looked up as a shared one (FUT_OFF_MMSHARED)."""


@function(
    "int get_futex_key(u32 __user *uaddr, unsigned int flags, union futex_key *key, enum futex_access rw)",
)
def get_futex_key(task: LinuxTask, address: int, shared: bool, write: bool = False) -> Key:
    """What names a word.

    Args:
        task: Whose memory it lies in.
        address: Where.
        shared: Other programs may use it: it is looked up in the object that is mapped there.
        write: The kernel is going to store there.

    Raises:
        Errno: EINVAL, the address is not a multiple of 4; EFAULT.
    """
    memory = task.memory
    if address & 3:
        raise Errno(E.EINVAL)
    if address + 4 > TASK_SIZE_64:  # access_ok does not ask how wide the program is
        raise Errno(E.EFAULT)
    if not shared:
        return memory, address
    try:
        memory.physical(address, write=True)
    except BadAddress:
        if write:
            raise
        memory.physical(address, write=False)
        key = memory.sharing_key(address)
        if key[0] is memory:
            raise  # private memory that cannot be written never changes
        return key
    owner, offset = memory.sharing_key(address)
    return (memory, address | _SHARED) if owner is memory else (owner, offset)
