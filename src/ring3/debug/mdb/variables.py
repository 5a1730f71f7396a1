"""The variables of the debugger, the registers of the thread it looks at among them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.numbers import M64

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session

_NAME_LENGTH: Final = 31
_NOT_IN_NAMES: Final = "#%^&*-+=,:$/\\?<>;|!`'\"[]\n\t() {}"
PERSISTENT: Final = ("0", "9", "b", "d", "e", "m", "t", "hits", "thread", "cpuid")
_HALVES: Final = {
    **{f"e{name}": f"r{name}" for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp", "ip")},
    "eflags": "rflags",
}
_PARTS: Final = {
    name: (f"r{name}" if len(name) == 2 else name, 0, 0xFFFF)
    for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp", "ip")
} | {
    f"{letter}{part}": (f"r{letter}x", shift, 0xFF)
    for letter in "abcd"
    for part, shift in (("l", 0), ("h", 8))
}


class Variables:
    """Names and numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._values = dict.fromkeys(PERSISTENT, 0)
        self.tagged: set[str] = set()

    def names(self) -> dict[str, int]:
        """All variables with their values, registers included where there are some."""
        found = dict(self._values)
        with suppress(MdbError):
            found.update(self._session.target.registers())
        return found

    def get(self, name: str) -> int:
        """A variable's value.

        Raises:
            MdbError: There is none of that name.
        """
        value = self.find(name)
        if value is None:
            raise MdbError(f"variable '{name}' is not defined")
        return value

    def find(self, name: str) -> int | None:
        """A variable's value, None if there is none of that name."""
        if name in self._values:
            return self._values[name]
        try:
            registers = self._session.target.registers()
        except MdbError:
            return None
        if name in registers:
            return registers[name]
        if name in _HALVES and _HALVES[name] in registers:
            return registers[_HALVES[name]] & 0xFFFF_FFFF
        if name in _PARTS and _PARTS[name][0] in registers:
            whole, shift, mask = _PARTS[name]
            return registers[whole] >> shift & mask
        return None

    def set(self, name: str, value: int) -> None:
        """Gives a variable a value, or a register."""
        if name not in self._values and self.find(name) is not None:
            self._set_register(name, value)
        else:
            self._values[name] = value & M64

    def _set_register(self, name: str, value: int) -> None:
        target = self._session.target
        if name in _HALVES and name not in target.registers():
            target.set_register(_HALVES[name], value & 0xFFFF_FFFF)
        elif name in _PARTS and name not in target.registers():
            whole, shift, mask = _PARTS[name]
            old = target.registers()[whole]
            target.set_register(whole, old & ~(mask << shift) | (value & mask) << shift)
        else:
            target.set_register(name, value & M64)

    def unset(self, name: str) -> None:
        """Forgets a variable.

        Raises:
            MdbError: It cannot be, or there is none.
        """
        if name in PERSISTENT:
            raise MdbError(f"variable '{name}' is persistent and cannot be removed")
        if self._values.pop(name, None) is None:
            raise MdbError(f"variable '{name}' not defined")


def check_name(name: str) -> None:
    """Whether a variable may be called so (strbadid of mdb_string.c, MDB_NV_NAMELEN).

    Raises:
        MdbError: It may not, and why.
    """
    if len(name) >= _NAME_LENGTH:
        raise MdbError(f"variable names may not exceed {_NAME_LENGTH - 1} characters")
    bad = next((letter for letter in name if letter in _NOT_IN_NAMES), "")
    if bad:
        raise MdbError(f"'{bad}' may not be used in a variable name")
