from __future__ import annotations

import random

import pytest

from ring3.kernel.mm import INFINITY, arch_pick_mmap_layout

PAGE = 4096


def test_without_randomness_all_is_where_a_debugger_knows_it() -> None:
    wide, narrow = arch_pick_mmap_layout(), arch_pick_mmap_layout(narrow=True)
    assert wide.stack_top == 0x7FFF_FFFF_F000
    assert wide.window.base == 0x7FFF_F7FF_F000
    assert wide.dyn_base == 0x5555_5555_4000
    assert wide.brk_start(0x4C_7123) == 0x4C_8000
    assert wide.align_stack(0x7FFF_FFFF_E123) == 0x7FFF_FFFF_E120
    assert wide.vdso_address(0x7FFF_FFFF_D123, 2 * PAGE) == 0x7FFF_FFFF_E000
    assert narrow.stack_top == 0xFFFF_E000
    assert narrow.window.base == 0xF7FF_E000
    assert narrow.window == narrow.compat == wide.compat
    assert narrow.dyn_base == 0x40_0000
    assert arch_pick_mmap_layout(legacy=True).window.legacy_base == 0x2AAA_AAAA_B000


@pytest.mark.parametrize(
    ("limit", "gap"),
    [
        (0, 128 << 20),
        (8 << 20, 128 << 20),
        (1 << 30, (1 << 30) + (1 << 20)),
        (INFINITY, 0x7FFF_FFFF_F000 // 6 * 5),
    ],
)
def test_the_stack_limit_moves_the_mappings(limit: int, gap: int) -> None:
    assert arch_pick_mmap_layout(stack_limit=limit).window.base == (0x7FFF_FFFF_F000 - gap + PAGE - 1) & -PAGE


def test_the_most_random_bits_move_everything_farthest() -> None:
    layout = arch_pick_mmap_layout(random=lambda bits: (1 << bits) - 1)
    assert layout.stack_top == 0x7FFF_FFFF_F000 - (0x3F_FFFF << 12)
    gap = (8 << 20) + (0x3F_FFFF << 12) + (256 << 12)
    assert layout.window.base == 0x7FFF_FFFF_F000 - gap - (0xFFF_FFFF << 12)
    assert layout.dyn_base == 0x5555_5555_4000 + (0xFFF_FFFF << 12)
    narrow = arch_pick_mmap_layout(narrow=True, random=lambda bits: (1 << bits) - 1)
    assert narrow.stack_top == 0xFFFF_E000 - (0x7FF << 12)
    assert narrow.window.base == 0xFFFF_E000 - (128 << 20) - (0xFF << 12)


@pytest.mark.parametrize("narrow", [False, True])
def test_a_seed_repeats_and_stays_in_bounds(narrow: bool) -> None:
    def many(seed: int) -> list[tuple[int, ...]]:
        source = random.Random(seed).getrandbits
        layouts = [arch_pick_mmap_layout(narrow=narrow, random=source) for _ in range(100)]
        return [
            (
                one.stack_top,
                one.window.base,
                one.dyn_base,
                one.brk_start(0x500_0123),
                one.brk_start(0, alone=True),
            )
            for one in layouts
        ]

    assert many(1) == many(1) != many(2)
    for stack, base, dyn, heap, lone_heap in many(3):
        assert not (stack | base | dyn | heap | lone_heap) % PAGE
        assert dyn < base < stack
        assert 0x500_2000 <= heap < 0x500_2000 + (1 << 25 if narrow else 1 << 30)
        assert lone_heap < base


def test_the_sources_of_the_rest() -> None:
    layout = arch_pick_mmap_layout(random=random.Random(5).getrandbits)
    pointer = layout.align_stack(layout.stack_top)
    assert layout.stack_top - 8192 - 16 < pointer <= layout.stack_top
    assert not pointer % 16
    addresses = {layout.vdso_address(0x7FFF_1234_5678, 2 * PAGE) for _ in range(50)}
    assert len(addresses) > 10
    assert min(addresses) >= 0x7FFF_1234_6000
    assert max(addresses) + 2 * PAGE <= 0x7FFF_1240_0000


def test_a_smaller_task() -> None:
    layout = arch_pick_mmap_layout(narrow=True, task_size=0xC000_0000)
    assert layout.stack_top == layout.task_size == layout.window.top == 0xC000_0000
