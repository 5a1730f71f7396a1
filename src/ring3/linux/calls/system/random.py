"""getrandom(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferOut, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.kernel.mm.usercopy import BadAddress
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

GRND_NONBLOCK: Final = 1
GRND_RANDOM: Final = 2
GRND_INSECURE: Final = 4
_MAX: Final = 0x1FF_FFFF


@syscall("full")
def sys_getrandom(task: LinuxTask, ubuf: BufferOut, length: SizeT, flags: UnsignedInt) -> int:
    """Fills a buffer with random bytes."""
    if flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE):
        raise Errno(E.EINVAL)
    if flags & (GRND_RANDOM | GRND_INSECURE) == GRND_RANDOM | GRND_INSECURE:
        raise Errno(E.EINVAL)
    size = min(length, _MAX)
    try:
        task.memory.write(ubuf, task.kernel.random_bytes(size))
    except BadAddress as bad:
        if not bad.done:
            raise
        return bad.done  # as far as the buffer goes (get_random_bytes_user)
    return size
