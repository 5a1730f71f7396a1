"""personality(2): which quirks of other systems a program gets.

Of those, the ones that can be seen here: ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT and ADDR_LIMIT_3GB choose the layout of
the next program's memory, READ_IMPLIES_EXEC and MMAP_PAGE_ZERO what it may do there, UNAME26 and PER_LINUX32 what
uname(2) says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import UnsignedInt
from ring3.abi.kinds import IntFlag
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Persona(IntFlag):
    """The flags of a personality (include/uapi/linux/personality.h)."""

    UNAME26 = 0x0020000
    ADDR_NO_RANDOMIZE = 0x0040000
    FDPIC_FUNCPTRS = 0x0080000
    MMAP_PAGE_ZERO = 0x0100000
    ADDR_COMPAT_LAYOUT = 0x0200000
    READ_IMPLIES_EXEC = 0x0400000
    ADDR_LIMIT_32BIT = 0x0800000
    SHORT_INODE = 0x1000000
    WHOLE_SECONDS = 0x2000000
    STICKY_TIMEOUTS = 0x4000000
    ADDR_LIMIT_3GB = 0x8000000


PER_MASK: Final = 0xFF
PER_LINUX32: Final = 8
QUERY: Final = 0xFFFF_FFFF


@syscall("full")
def sys_personality(task: LinuxTask, persona: UnsignedInt) -> int:
    """Sets the personality unless it is -1; returns the one before."""
    before = task.settings.personality
    if persona != QUERY:
        task.settings.personality = persona
    return before
