"""Enumerations: ::enum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.dcmds.types import take_type
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.numbers import signed, with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.types.enums import bit_names, common_prefix, is_of_bits
from ring3.trace.dtrace.types import Enum, resolve

if TYPE_CHECKING:
    from ring3.debug.mdb.call import Argument

HELP = """\
  Without an address and name, print all values for the enumeration "enum".
  With an address, look up a particular value in "enum".  With a name, look
  up a particular name in "enum".

OPTIONS
  -e    remove common prefixes from enum names
  -x    report enum values in hexadecimal
"""


@dcmd("enum", "?[-ex] enum [name]", "print an enumeration", help=HELP)
def enum(call: Call) -> None:
    """Prints the names and values of an enumeration, or one of them."""
    options = call.options("ex")
    written, kind, rest = _enumeration(call, options.rest)
    if len(rest) > 1:
        raise UsageError
    if rest and call.given:
        raise UsageError("may only specify one of: name, address")
    wanted = call.address if call.given else rest[0] if rest else None
    is_hexadecimal = "x" in options or is_of_bits(kind)
    if call.first and not call.piped:
        call.write(f"{'VALUE':>{8 if is_hexadecimal else 11}} {'NAME':<64}\n")
    prefix = common_prefix(kind) if "e" in options else ""
    if isinstance(wanted, int) and is_of_bits(kind):
        _line(call, wanted, bit_names(kind, wanted, elide=bool(prefix)), hexadecimal=True)
        return
    found = {
        name: value for name, value in kind.values.items()
        if wanted in (None, name) or (isinstance(wanted, int) and signed(value, 4) == signed(wanted, 4))
    }  # fmt: skip
    for name, value in found.items():
        _line(call, value, name.removeprefix(prefix), hexadecimal=is_hexadecimal)
    if not found:
        what = f'name "{wanted}"' if isinstance(wanted, str) else f"value {with_base(wanted or 0, 10)}"
        raise MdbError(f"{what} not in '{written}'")


def _enumeration(call: Call, words: list[Argument]) -> tuple[str, Enum, list[Argument]]:
    """The enumeration that arguments begin with: a tag first, else a type; its name, and what stands behind."""
    if not words:
        raise UsageError
    first = str(words[0])
    tagged = call.session.catalog.find(f"enum {first}")
    if tagged is not None and first not in ("enum", "struct", "union"):
        written, kind, rest = f"enum {first}", tagged, words[1:]
    else:
        written, kind, rest = take_type(call, words)
    resolved = resolve(kind)
    if not isinstance(resolved, Enum):
        raise MdbError(f"'{written}': not an enumeration")
    return written, resolved, rest


def _line(call: Call, value: int, name: str, *, hexadecimal: bool) -> None:
    if call.piped:
        call.emit(value & 0xFFFF_FFFF)
    else:
        call.write(
            f"{value & 0xFFFF_FFFF:>8x} {name}\n" if hexadecimal else f"{signed(value, 4):>11} {name}\n"
        )
