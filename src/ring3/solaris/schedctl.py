"""schedctl: a few bytes that a thread shares with the kernel (usr/src/uts/common/os/schedctl.c, sys/schedctl.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.machine.ram import PAGE_SIZE
from ring3.solaris.definition import syscall
from ring3.solaris.layout import choose_addr

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

_SC_ONPROC: Final = 4
_TS: Final = 1
_SHARED: Final = struct.Struct("<HbBibbBxhh")
"""``sc_shared_t``: state, sigblock, flags, CPU, class, priorities, and what the thread says: nopreempt, yield."""
_PER_PAGE: Final = PAGE_SIZE // _SHARED.size
_PRIORITY: Final = 59


@syscall("partial", "what the thread writes there is not looked at: it can be preempted at any time")
def schedctl(task: SolarisTask) -> int:
    """The address of what the calling thread shares; the pages are there from the first call on."""
    pages, memory = task.process.shared_pages, task.memory
    index, slot = divmod(task.lwpid - 1, _PER_PAGE)
    page = pages.get(index)
    if page is None:
        page = choose_addr(memory, 0, PAGE_SIZE)
        memory.mmap(page, PAGE_SIZE, 3, fixed=True)
        pages[index] = page
    address = page + slot * _SHARED.size
    memory.write(address, _SHARED.pack(_SC_ONPROC, 0, 0, 0, _TS, _PRIORITY, _PRIORITY, 0, 0))
    return address
