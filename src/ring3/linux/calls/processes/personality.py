"""personality(2): which quirks of other systems a program gets.

Of those, the ones that can be seen here: ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT and ADDR_LIMIT_3GB choose the layout of
the next program's memory, READ_IMPLIES_EXEC and MMAP_PAGE_ZERO what it may do there, UNAME26 and PER_LINUX32 what
uname(2) says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import UnsignedInt
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


QUERY: Final = 0xFFFF_FFFF


@syscall("full")
def sys_personality(task: LinuxTask, persona: UnsignedInt) -> int:
    """Sets the personality unless it is -1; returns the one before."""
    before = task.settings.personality
    if persona != QUERY:
        task.settings.personality = persona
    return before
