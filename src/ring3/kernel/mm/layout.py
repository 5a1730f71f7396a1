"""Where things lie in a new address space, random or fixed.

The arithmetic of Linux on x86: arch/x86/mm/mmap.c (arch_pick_mmap_layout), mm/util.c (randomize_stack_top,
randomize_page), arch/x86/kernel/process.c (arch_randomize_brk), fs/binfmt_elf.c (ELF_ET_DYN_BASE, brk) and
arch/x86/entry/vdso/vma.c (vdso_addr) of Linux 6.x. The random source is a function that returns so many random
bits; None is what ``personality(ADDR_NO_RANDOMIZE)`` gives, where every address is the same in each run.

Left out: 5-level paging and X32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel.functions import function
from ring3.kernel.mm.vma import STACK_GUARD_GAP
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

Random = Callable[[int], int]
"""Returns an integer of that many random bits."""

TASK_SIZE_64: Final = (1 << 47) - PAGE_SIZE
TASK_SIZE_32: Final = 0xFFFF_E000
TASK_SIZE_3GB: Final = 0xC000_0000
"""For 32-bit programs with ``personality(ADDR_LIMIT_3GB)``."""
PMD_SIZE: Final = 1 << 21
MIN_ADDRESS: Final = 65536
"""The least address that Linux lets a program map by default."""


class Window(NamedTuple):
    """Where mmap(2) looks for room.

    Attributes:
        base: Top of the search from above.
        legacy_base: Bottom of the search from below, when that from above found nothing or is not wanted.
        top: End of the search from below.
    """

    base: int
    legacy_base: int
    top: int


class Layout(NamedTuple):
    """The fixed points of an address space.

    Attributes:
        task_size: First address that no program can use.
        window: For the program's own calls.
        compat: For calls by the 32-bit door, which get addresses below 4 GiB also in a 64-bit program.
        stack_top: Where the stack ends.
        dyn_base: Load address of a position-independent program that has an interpreter.
        legacy: The search goes from below first (ADDR_COMPAT_LAYOUT).
        random: The source of what is still to be chosen, such as the start of the heap.
        lowest: No program maps anything below it (Linux: sysctl vm.mmap_min_addr).
    """

    task_size: int
    window: Window
    compat: Window
    stack_top: int
    dyn_base: int
    legacy: bool = False
    random: Random | None = None
    lowest: int = MIN_ADDRESS

    @property
    def narrow(self) -> bool:
        """Whether it is a 32-bit program's."""
        return self.task_size <= 1 << 32

    def brk_start(self, end_of_bss: int, alone: bool = False) -> int:
        """Where the heap starts (load_elf_binary and arch_randomize_brk).

        Args:
            end_of_bss: Address after the program's last segment.
            alone: The program is position-independent and has no interpreter: it lies among the mappings, so
                its heap goes where other such programs lie.
        """
        start = _up(end_of_bss)
        if self.random is None:
            return start
        start = (0x40_0000 if self.narrow else _up(TASK_SIZE_64 // 3 * 2)) if alone else start + PAGE_SIZE
        return start + (self.random(32) % ((1 << 25 if self.narrow else 1 << 30) >> PAGE_SHIFT) << PAGE_SHIFT)

    def align_stack(self, sp: int) -> int:
        """A stack pointer moved down by less than two pages and aligned to 16 bytes (arch_align_stack)."""
        if self.random is not None:
            sp -= self.random(13)
        return sp & ~15

    def vdso_address(self, start_stack: int, length: int) -> int:
        """Where a 64-bit program's vDSO is asked for: above the stack, in the same 2 MiB if it can be."""
        start = _up(start_stack)
        end = min((start + length + PMD_SIZE - 1) & -PMD_SIZE, TASK_SIZE_64) - length
        if self.random is None or end <= start:
            return start
        return start + (self.random(32) % (((end - start) >> PAGE_SHIFT) + 1) << PAGE_SHIFT)


@function("void arch_pick_mmap_layout(struct mm_struct *mm, const struct rlimit *rlim_stack)")
def arch_pick_mmap_layout(
    *,
    narrow: bool = False,
    stack_limit: int = 8 << 20,
    random: Random | None = None,
    legacy: bool = False,
    task_size: int | None = None,
) -> Layout:
    """The layout of a new address space.

    Args:
        narrow: For a 32-bit program.
        stack_limit: RLIMIT_STACK in bytes: the mappings stay that far below the stack, from 128 MiB to 5/6 of all.
        random: The source of randomness, None for fixed addresses.
        legacy: Mappings grow up from a third of the address space.
        task_size: First unusable address where it is not the usual one.
    """
    size = task_size or (TASK_SIZE_32 if narrow else TASK_SIZE_64)
    wide = _window(0 if random is None else random(28), TASK_SIZE_64, 22, stack_limit, random is not None)
    compat_size = size if narrow else TASK_SIZE_32
    compat = _window(0 if random is None else random(8), compat_size, 11, stack_limit, random is not None)
    stack_top, dyn_base = size, 0x40_0000 if narrow else TASK_SIZE_64 // 3 * 2
    if random is not None:
        stack_top -= random(11 if narrow else 22) << PAGE_SHIFT
        dyn_base += random(8 if narrow else 28) << PAGE_SHIFT
    return Layout(
        size,
        compat if narrow else wide,
        compat,
        stack_top,
        dyn_base & -PAGE_SIZE,
        legacy=legacy,
        random=random,
    )


def _window(rnd: int, task_size: int, stack_bits: int, stack_limit: int, randomized: bool) -> Window:
    """mmap_base() and mmap_legacy_base() of arch/x86/mm/mmap.c; ``rnd`` is in pages."""
    pad = STACK_GUARD_GAP + (((1 << stack_bits) - 1) << PAGE_SHIFT if randomized else 0)
    gap = min(max(stack_limit + pad, 128 << 20), task_size // 6 * 5)
    base = _up(task_size - gap - (rnd << PAGE_SHIFT))
    return Window(base, _up(task_size // 3) + (rnd << PAGE_SHIFT), task_size)


def _up(address: int) -> int:
    return (address + PAGE_SIZE - 1) & -PAGE_SIZE
