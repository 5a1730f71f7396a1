"""Where things lie in a Solaris program's address space, and where mmap puts what has no place of its own.

Programs have the lower half and most of the upper one; the canonical hole lies between. The break begins behind the
program, the stack ends at USRSTACK, and mappings go below the room that the stack may need, from the top down. Those of
32 bits have what lies below USERLIMIT32; their stack is at the bottom, below the program, and nothing of it at the top.

Sources: usr/src/uts/i86pc/sys/machparam.h, i86pc/vm/vm_machdep.c (map_addr_proc, valid_usr_range, choose_addr).
"""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.image.solaris.boot import L
from ring3.kernel.mm.layout import Layout, Window
from ring3.kernel.mm.mm import Mm
from ring3.kernel.mm.placement import is_free, unmapped_area_topdown
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE

USERLIMIT: Final = L["USERLIMIT"]
USERLIMIT32: Final = L["USERLIMIT32"]
USRSTACK32: Final = L["USRSTACK32"]
HOLE_START: Final = 0x0000_7FFF_FFFF_F000
"""The page before the hole is left out too: a ``syscall`` at its end would return to a non-canonical address."""
HOLE_END: Final = 0xFFFF_8000_0000_0000
STACK_LIMIT: Final = 8 << 20

_RED_ZONE: Final = 2 * PAGE_SIZE
_ELF_386_MAXPGSZ: Final = 0x1_0000
_PAGE_SIZES: Final = (1 << 30, 1 << 21, PAGE_SIZE)


def address_space(ilp32: bool = False) -> Layout:
    """The fixed points of every address space: illumos does not randomise them unless asked to."""
    if ilp32:
        window = Window(USERLIMIT32, PAGE_SIZE, USERLIMIT32)
        return Layout(USERLIMIT32, window, window, USRSTACK32, USERLIMIT32, lowest=0)
    window = Window(USERLIMIT - STACK_LIMIT, PAGE_SIZE, USERLIMIT)
    return Layout(USERLIMIT, window, window, USERLIMIT, USERLIMIT - STACK_LIMIT, lowest=0)


def _is_narrow(mm: Mm) -> bool:
    return mm.layout.task_size == USERLIMIT32


def is_user_range(mm: Mm, start: int, length: int) -> bool:
    """Whether a range can belong to a program (valid_usr_range)."""
    end = start + length
    if _is_narrow(mm):
        return end <= USERLIMIT32
    return end <= HOLE_START or HOLE_END <= start <= end <= USERLIMIT


def choose_addr(mm: Mm, address: int, length: int, offset: int = 0, align: int = 0) -> int:
    """Where a mapping without MAP_FIXED goes.

    Args:
        mm: The address space.
        address: A hint, 0 for none.
        length: Bytes.
        offset: Byte of the file that comes first: the address is congruent to it.
        align: What MAP_ALIGN asks for, 0 without.

    Raises:
        Errno: ENOMEM, there is no room.
    """
    length = (length + PAGE_SIZE - 1) & PAGE_MASK
    wanted = address and not address % PAGE_SIZE and not align
    if wanted and is_user_range(mm, address, length) and is_free(mm, address, length):
        return address
    length += _RED_ZONE
    large = next(size for size in _PAGE_SIZES if size <= length)
    amount = max(_ELF_386_MAXPGSZ if length <= _ELF_386_MAXPGSZ else large, align)
    length += amount
    hole = _highest_hole(mm, length)
    if hole is None:
        raise Errno(SolarisE.ENOMEM)
    found = (hole + PAGE_SIZE) // amount * amount + offset % amount
    return found if found >= hole else found + amount


def _highest_hole(mm: Mm, length: int) -> int | None:
    """The highest free range of a length between the break and the stack's room; None if there is none."""
    bottom = (mm.start_brk + PAGE_SIZE - 1) & PAGE_MASK
    if _is_narrow(mm):
        return unmapped_area_topdown(mm, length, bottom, USERLIMIT32)
    top = USERLIMIT - ((mm.limits.stack + PAGE_SIZE - 1) & PAGE_MASK)
    found = unmapped_area_topdown(mm, length, max(bottom, HOLE_END), top)
    return unmapped_area_topdown(mm, length, bottom, HOLE_START) if found is None else found
