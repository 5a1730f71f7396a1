"""Memory as it is: ::dump, ::write, ::vtop."""

from __future__ import annotations

from typing import Final

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.numbers import M64
from ring3.debug.mdb.registry import dcmd

_PARAGRAPH: Final = 16


@dcmd(
    "dump",
    "?[-eqrstu] [-f|-p] [-g bytes] [-l bytes] [-w paragraphs]",
    "dump memory from specified address",
    help="  -e     groups of bytes as numbers\n  -f     the object file\n  -g bytes  bytes in a group\n"
    "  -l bytes  how many\n  -p     physical memory\n  -q     no ASCII\n  -r     offsets instead of addresses\n"
    "  -s     leave out lines that repeat\n  -t     only the bytes asked for\n  -u     do not align\n"
    "  -w n   n paragraphs of 16 bytes on a line",
)
def dump(call: Call) -> None:
    """Prints bytes in hexadecimal and as characters."""
    session = call.session
    options = call.options("eqrstufpg:l:w:")
    if options.rest:
        raise UsageError
    group = call.number(options.values["g"]) if "g" in options else 4
    width = _PARAGRAPH * (call.number(options.values["w"]) if "w" in options else 1)
    if not group or group & (group - 1) or group > width:
        raise MdbError("group must be a power of two that fits on a line")
    size = call.number(options.values["l"]) if "l" in options else width
    target = session.target
    read = target.read_file if "f" in options else target.read_physical if "p" in options else target.read
    start = call.address if "u" in options else call.address - call.address % width
    end = call.address + size
    if call.first or not call.looping:
        _header(call, start, call.address, width, group, text="q" not in options)
    at = start
    while at < end:
        raw = read(at, width)
        shown = at - start if "r" in options else at
        _line(call, shown, raw, group, swapped="e" in options, text="q" not in options)
        at += width
    session.increment = (at - call.address) & M64


def _header(call: Call, start: int, address: int, width: int, group: int, *, text: bool) -> None:
    marks = []
    for place in range(0, width, group):
        cells = [
            "\\/" if start + n == address else f"{(start + n) % 16:2x}" for n in range(place, place + group)
        ]
        marks.append("".join(cells))
    tail = "".join("v" if start + n == address else f"{(start + n) % 16:x}" for n in range(width))
    prefix = " " * (2 * call.session.word_size)
    call.write(f"{prefix}  {'  '.join(_pairs(marks))}{f'  {tail}' if text else ''}\n")


def _pairs(cells: list[str]) -> list[str]:
    """Groups side by side, with a wider gap after every second."""
    return [" ".join(cells[n : n + 2]) for n in range(0, len(cells), 2)]


def _line(call: Call, address: int, raw: bytes, group: int, *, swapped: bool, text: bool) -> None:
    cells = []
    for place in range(0, len(raw), group):
        part = raw[place : place + group]
        cells.append((part[::-1] if swapped else part).hex())
    tail = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in raw)
    width = 2 * call.session.word_size
    call.write(f"{address:{width}x}:  {'  '.join(_pairs(cells))}{f'  {tail}' if text else ''}\n")
