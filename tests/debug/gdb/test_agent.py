"""Agent expressions: what gdb's conditions compute, and what makes no sense."""

from __future__ import annotations

import pytest

from ring3.debug.gdb.agent import Expression
from ring3.debug.gdb.packets import Malformed
from ring3.debug.memory import Memory, NoMemory

M64 = (1 << 64) - 1


class Words(Memory):
    """Memory whose bytes are those of their addresses."""

    def __init__(self) -> None:
        pass

    def integer(self, address: int, size: int) -> int:
        if not address:
            raise NoMemory(address)
        return sum((address + at & 0xFF) << 8 * at for at in range(size))


def value(code: str) -> int:
    return Expression(bytes.fromhex(code)).value(lambda number: 100 + number, Words())


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("2205 2203 02 27", 8),
        ("2203 2205 03 27", M64 - 1),
        ("22fb 1608 2202 05 27", M64 - 1),  # -5 / 2, towards zero
        ("22fb 1608 2202 07 27", M64),
        ("230102 2210 09 27", 0x0102_0000),
        ("25ffffffffffffffff 22ff 0a 27", M64),
        ("260004 2204 13 27", 0),
        ("2268 260004 13 27", 1),
        ("22f0 1608 2201 14 27", 1),
        ("22f0 2201 15 27", 0),
        ("2210 19 27", 0x13121110),
        ("2301ff 2a08 27", 0xFF),
        ("2200 0e 27", 1),
        ("2201 28 02 27", 2),
        ("2201 2202 2b 03 27", 1),
        ("2207 2208 2209 3202 27", 7),
        ("2201 2202 2203 33 27", 2),
        ("2201 200008 2205 27 2206 27", 6),
    ],
)
def test_values(code: str, wanted: int) -> None:
    assert value(code) == wanted


@pytest.mark.parametrize("code", ["02 27", "2201 2200 06 27", "210000", "27", "22", "34 27", "2201"])
def test_what_makes_no_sense(code: str) -> None:
    with pytest.raises(Malformed):
        value(code)


def test_gdb_looks_itself_where_memory_is_not_there() -> None:
    assert Expression(bytes.fromhex("2200 19 27")).holds(lambda number: 0, Words())
