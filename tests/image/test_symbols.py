from __future__ import annotations

import pytest

from ring3.image.symbols import SymbolTable


@pytest.fixture
def table() -> SymbolTable:
    made = SymbolTable()
    made.add("first", 0x1000, 0x10)
    made.add("alias", 0x1000, 0x10)
    made.add("sizeless", 0x2000)
    made.add("modctl", 0x8000, 0x20, "genunix")
    made.add("between", 0x1010, 0x10)
    return made


def test_a_name_has_an_address(table: SymbolTable) -> None:
    assert (table["first"], table["alias"], table.get("between")) == (0x1000, 0x1000, 0x1010)
    assert table.get("absent") is None
    assert "alias" in table
    assert "absent" not in table
    with pytest.raises(KeyError):
        table["absent"]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (0xFFF, "0xfff"),
        (0x1000, "first"),
        (0x100F, "first+0xf"),
        (0x1010, "between"),
        (0x1020, "0x1020"),
        (0x2000, "sizeless"),
        (0x2FFF, "sizeless+0xfff"),
        (0x3000, "0x3000"),
        (0x8000, "genunix`modctl"),
        (0x8001, "genunix`modctl+0x1"),
        (0x8020, "0x8020"),
    ],
)
def test_an_address_is_described(table: SymbolTable, address: int, text: str) -> None:
    assert table.describe(address) == text


def test_a_module_scopes_a_name(table: SymbolTable) -> None:
    assert table["genunix`modctl"] == table["modctl"] == 0x8000
    assert "genunix`modctl" in table
    assert table.get("unix`modctl") is None
    assert (table.module(0x8001), table.module(0x1000), table.module(0)) == ("genunix", "", "")


def test_a_name_is_exact_or_none(table: SymbolTable) -> None:
    assert table.name(0x1000) == "first"
    assert table.name(0x1001) is None


def test_every_name_is_listed(table: SymbolTable) -> None:
    assert {name for name, _ in table} == {"first", "alias", "sizeless", "modctl", "between"}
