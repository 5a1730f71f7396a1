"""Machine code: ::dis."""

from __future__ import annotations

from ring3.debug.disassembly.solaris import LONGEST
from ring3.debug.mdb.call import Call, Options
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.formats import Read, disassembled
from ring3.debug.mdb.numbers import M64
from ring3.debug.mdb.registry import dcmd

_LABEL = 32
"""Width of the column of addresses."""
_WINDOW = 10


@dcmd(
    "dis",
    "?[-abfw] [-n cnt] [addr]",
    "disassemble near addr",
    help="  -a     print virtual addresses as numbers\n  -b     print both numbers and symbols\n"
    "  -f     read the object file\n  -n cnt  so many instructions before and after\n  -w     never a whole function",
)
def dis(call: Call) -> None:
    """Prints a function, or the instructions around an address."""
    session = call.session
    options = call.options("abfwn:")
    if len(options.rest) > 1:
        raise UsageError
    if options.rest:
        address = call.number(options.rest[0])
    elif call.given or "n" in options:
        address = call.address
    else:
        address = session.dot
    target = session.target
    read = target.read_file if "f" in options or target.is_idle else target.read
    symbol = target.symbol_at(address)
    count = call.number(options.values["n"]) if "n" in options else _WINDOW
    if (
        symbol is not None
        and symbol.value == address
        and symbol.size
        and not {"w", "n"} & {*options.flags, *options.values}
    ):
        end = symbol.value + symbol.size
        while address < end:
            address = _line(call, address, read, options)
        session.dot = address
        return
    if symbol is not None and symbol.value == address:
        starts: list[int] = []
    else:
        starts = _before(call, address, symbol.value if symbol is not None else None, count, read)
    for start in starts:
        _line(call, start, read, options)
    forward = count if "n" in options and not options.flags & {"w"} else count + 1
    for _ in range(max(forward, 1)):
        address = _line(call, address, read, options)
    session.dot = address


def _line(call: Call, address: int, read: Read, options: Options) -> int:
    session = call.session
    try:
        text, after = disassembled(session, address, read)
    except MdbError:
        raise MdbError(
            f"failed to read instruction at {session.symbolic(address)}: no mapping for address"
        ) from None
    name = session.target.describe(address)
    label = f"{address:x}" if "a" in options or name is None else name
    if "b" in options and name is not None:
        label = f"{address:<16x} {name}"
    session.out.field(f"{label}:", _LABEL)
    session.out.to_stop(8)
    session.out.text(f"{text}\n")
    return after


def _before(call: Call, address: int, start: int | None, count: int, read: Read) -> list[int]:
    """The addresses of the instructions before one: counted from a function's beginning, or from where they fit."""
    if start is None:
        start = _synchronized(call, address, count, read)
    found = []
    at = start
    while at < address:
        found.append(at)
        try:
            at = disassembled(call.session, at, read)[1]
        except MdbError:
            return []
    return found[-count:] if at == address and count else []


def _synchronized(call: Call, address: int, count: int, read: Read) -> int:
    """An address some bytes back from which decoding arrives at an instruction's beginning."""
    for back in range(min(count * LONGEST // 2, address), 0, -1):
        at = (address - back) & M64
        try:
            while at < address:
                text, at = disassembled(call.session, at, read)
                if text.startswith("***"):
                    break
        except MdbError:
            continue
        if at == address:
            return address - back
    return address
