from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.machine.paging import (
    PTE_ADDRESS,
    PTE_NX,
    PTE_P,
    PTE_PS,
    PTE_U,
    PTE_W,
    Translation,
    is_canonical,
    walk,
)
from ring3.machine.ram import PAGE_SIZE, Ram

ALL = PTE_P | PTE_W | PTE_U
ADDRESS = 0x0000_7654_3210_FEDC
"""Slots 236, 336, 400 and 271 of its four tables."""
SHIFTS = (39, 30, 21, 12)


class Tables:
    """Four tables that lead one address to a page."""

    def __init__(self) -> None:
        self.ram = Ram(64 * PAGE_SIZE)
        self.tables = [self.ram.alloc() for _ in SHIFTS]
        self.page = self.ram.alloc()
        self.root = self.tables[0]
        for level, target in enumerate([*self.tables[1:], self.page]):
            self.set(level, target | ALL)

    def slot(self, level: int) -> int:
        return self.tables[level] + (ADDRESS >> SHIFTS[level] & 511) * 8

    def set(self, level: int, entry: int) -> None:
        self.ram.q[self.slot(level) >> 3] = entry

    def get(self, level: int) -> int:
        return self.ram.q[self.slot(level) >> 3]

    def walk(self, address: int = ADDRESS) -> Translation | None:
        return walk(self.ram, self.root, address)


@pytest.fixture
def tables() -> Tables:
    return Tables()


def test_four_levels_lead_to_a_byte(tables: Tables) -> None:
    assert tables.walk() == Translation(tables.page + 0xEDC, True, True, True)


@pytest.mark.parametrize("level", range(4))
def test_an_entry_that_is_not_present_ends_the_walk(tables: Tables, level: int) -> None:
    tables.set(level, tables.get(level) & ~PTE_P)
    assert tables.walk() is None


@pytest.mark.parametrize("level", range(4))
def test_a_right_needs_every_level(tables: Tables, level: int) -> None:
    entry = tables.get(level)
    tables.set(level, entry & ~PTE_W)
    assert tables.walk() == Translation(tables.page + 0xEDC, False, True, True)
    tables.set(level, entry & ~PTE_U)
    assert tables.walk() == Translation(tables.page + 0xEDC, True, False, True)
    tables.set(level, entry | PTE_NX)
    assert tables.walk() == Translation(tables.page + 0xEDC, True, True, False)


@pytest.mark.parametrize(("level", "size"), [(1, 1 << 30), (2, 2 << 20)])
def test_a_large_page_ends_the_walk(tables: Tables, level: int, size: int) -> None:
    tables.set(level, 3 * size | ALL | PTE_PS)
    found = tables.walk()
    assert found is not None
    assert found.physical == 3 * size + ADDRESS % size


def test_bits_of_a_large_page_below_its_size_are_not_its_address(tables: Tables) -> None:
    tables.set(2, (2 << 20) | ALL | PTE_PS | 0x1000)  # bit 12 is the PAT bit
    found = tables.walk()
    assert found is not None
    assert found.physical == (2 << 20) + ADDRESS % (2 << 20)


def test_the_top_level_has_no_large_pages(tables: Tables) -> None:
    tables.set(0, tables.get(0) | PTE_PS)
    assert tables.walk() == Translation(tables.page + 0xEDC, True, True, True)


def test_a_table_outside_ram_leads_nowhere(tables: Tables) -> None:
    tables.set(1, tables.ram.size | ALL)
    assert tables.walk() is None


def test_control_bits_in_cr3_are_not_its_address(tables: Tables) -> None:
    tables.root |= 0x18
    assert tables.walk() is not None


def test_the_observer_sees_every_entry(tables: Tables) -> None:
    seen: list[tuple[str, int, int]] = []
    walk(tables.ram, tables.root, ADDRESS, lambda *entry: seen.append(entry))
    names = ("pml4", "pdpt", "pd", "pt")
    assert seen == [(name, tables.slot(level), tables.get(level)) for level, name in enumerate(names)]


def test_other_addresses_are_not_mapped(tables: Tables) -> None:
    for shift in SHIFTS:
        assert tables.walk(ADDRESS ^ 1 << shift) is None


@given(st.integers(0, 2**64 - 1))
def test_canonical_is_what_sign_extension_from_bit_47_gives(address: int) -> None:
    extended = (address & (1 << 48) - 1) | (((1 << 16) - 1) << 48 if address >> 47 & 1 else 0)
    assert is_canonical(address) == (address == extended)


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        (0x0000_7FFF_FFFF_FFFF, True),
        (0x0000_8000_0000_0000, False),
        (0xFFFF_7FFF_FFFF_FFFF, False),
        (0xFFFF_8000_0000_0000, True),
    ],
)
def test_the_edges_of_canonical_addresses(tables: Tables, address: int, canonical: bool) -> None:
    assert is_canonical(address) == canonical


def test_an_address_that_is_not_canonical_is_not_translated(tables: Tables) -> None:
    assert tables.walk(ADDRESS | 1 << 63) is None


def test_frame_addresses_have_52_bits() -> None:
    assert PTE_ADDRESS == (1 << 52) - PAGE_SIZE
