"""Four-level page tables as the CPU reads them.

Bits and the walk of SDM volume 3A, section 4.5 ("4-level paging"): 512 entries of 8 bytes a table, 9 bits of the
address a level, pages of 4 KiB, 2 MiB and 1 GiB. Not modelled: protection keys, PCIDs, 5-level paging.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.machine.ram import Ram

PTE_P: Final = 1 << 0
PTE_W: Final = 1 << 1
PTE_U: Final = 1 << 2
PTE_A: Final = 1 << 5
PTE_D: Final = 1 << 6
PTE_PS: Final = 1 << 7
PTE_NX: Final = 1 << 63
PTE_ADDRESS: Final = 0x000F_FFFF_FFFF_F000

LEVELS: Final = (("pml4", 39), ("pdpt", 30), ("pd", 21), ("pt", 12))

PF_PRESENT: Final = 1 << 0
"""Bit of a page fault's error code: the page was present, the access not allowed (SDM 3A, 4.7)."""
PF_WRITE: Final = 1 << 1
PF_USER: Final = 1 << 2
PF_RESERVED: Final = 1 << 3
PF_FETCH: Final = 1 << 4


def is_canonical(address: int) -> bool:
    """Whether bits 63..47 of a 64-bit virtual address are all alike (SDM 1, 3.3.7.1)."""
    return address >> 47 in (0, 0x1FFFF)


class Translation(NamedTuple):
    """Where a virtual address leads.

    Attributes:
        physical: The byte's physical address.
        writable: Every level allows writes.
        user: Every level allows ring 3.
        executable: No level forbids instruction fetch.
    """

    physical: int
    writable: bool
    user: bool
    executable: bool


def walk(
    ram: Ram, root: int, address: int, observe: Callable[[str, int, int], None] | None = None
) -> Translation | None:
    """Follows the page tables at physical address ``root`` for a virtual address.

    Args:
        ram: The memory that holds the tables.
        root: Physical address of the PML4 (CR3 without its flag bits).
        address: Virtual address, 0 to 2**64-1.
        observe: Told of each entry read: the table's name, the entry's physical address, its value.

    Returns:
        The translation, or None where an entry is not present or the address is not canonical.
    """
    if not is_canonical(address):
        return None
    table = root & PTE_ADDRESS
    writable = user = executable = True
    for name, shift in LEVELS:
        slot = table + ((address >> shift) & 511) * 8
        if slot >= ram.size:
            return None
        entry = ram.q[slot >> 3]
        if observe is not None:
            observe(name, slot, entry)
        if not entry & PTE_P:
            return None
        writable = writable and bool(entry & PTE_W)
        user = user and bool(entry & PTE_U)
        executable = executable and not entry & PTE_NX
        if shift == 12 or (entry & PTE_PS and shift < 39):
            inside = (1 << shift) - 1
            return Translation(
                (entry & PTE_ADDRESS & ~inside) | (address & inside), writable, user, executable
            )
        table = entry & PTE_ADDRESS
    raise AssertionError("unreachable: the last level always ends the walk")
