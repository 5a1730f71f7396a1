"""Terminals' settings as strace writes them: speeds, delays and sizes before flags, characters by their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ring3.abi.values import ValueSet
from ring3.trace.strace import tables
from ring3.trace.strace.naming import named

_BAUD: Final = 0o10017
_INPUT_SHIFT: Final = 16
_SIZE: Final = 0o60
_DELAYS: Final = (("NL", 0o400, 8), ("CR", 0o3000, 9), ("TAB", 0o14000, 11), ("BS", 0o20000, 13), ("VT", 0o40000, 14),
                  ("FF", 0o100000, 15))  # fmt: skip
"""Fields of ``c_oflag``: the names' beginning, the bits, how far they are shifted (asm-generic/termbits.h)."""
_PLACES: Final = (
    "VINTR", "VQUIT", "VERASE", "VKILL", "VEOF", "VTIME", "VMIN", "VSWTC", "VSTART", "VSTOP", "VSUSP", "VEOL",
    "VREPRINT", "VDISCARD", "VWERASE", "VLNEXT", "VEOL2",
)  # fmt: skip
"""The characters by their places in ``c_cc``."""


def _set(name: str) -> ValueSet:
    return tables.sets()[name]


def _flags(name: str, number: int) -> str:
    return named(_set(name), number) if number else ""


def _oflag(number: int) -> str:
    delays = [f"{name}{(number & mask) >> shift}" for name, mask, shift in _DELAYS]
    for _, mask, _shift in _DELAYS:
        number &= ~mask
    return "|".join([*delays, _flags("termios_oflag_bits", number)])


def _cflag(number: int) -> str:
    speeds = _set("termios_baud")
    found = [named(speeds, number & _BAUD)]
    given = number >> _INPUT_SHIFT & _BAUD
    if given:
        found.append(f"{named(speeds, given)}<<IBSHIFT")
    found.append(named(_set("termios_size"), number & _SIZE))
    rest = number & ~(_BAUD | _BAUD << _INPUT_SHIFT | _SIZE)
    return "|".join([*found, _flags("termios_cflag_bits", rest)])


def settings(fields: Mapping[str, object], *, verbose: bool) -> str:
    """The text of a ``struct termios``, ``termios2`` or ``termio`` with these fields."""
    numbers = {name: value for name, value in fields.items() if isinstance(value, int)}
    found = [
        f"c_iflag={_flags('termios_iflag', numbers['c_iflag'])}",
        f"c_oflag={_oflag(numbers['c_oflag'])}",
        f"c_cflag={_cflag(numbers['c_cflag'])}",
        f"c_lflag={_flags('termios_lflag', numbers['c_lflag'])}",
    ]
    if not verbose:
        return "{" + ", ".join([*found, "..."]) + "}"
    characters = fields["c_cc"]
    assert isinstance(characters, bytes)
    each = (
        f"[{_PLACES[at] if at < len(_PLACES) else at}]={f'{byte:#x}' if byte else '0'}"
        for at, byte in enumerate(characters)
    )
    found += [f"c_line={named(_set('line_discipline'), numbers['c_line'])}", f"c_cc=[{', '.join(each)}]"]
    found += [f"{name}={numbers[name]}" for name in ("c_ispeed", "c_ospeed") if name in numbers]
    return "{" + ", ".join(found) + "}"


TERMIOS: Final = frozenset({"termios", "termios2", "termio"})
"""The structs that are such settings."""
