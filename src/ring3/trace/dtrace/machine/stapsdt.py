"""Tracepoints of SystemTap's sdt.h: the notes of `.note.stapsdt`.

A note has the addresses of the place, of `.stapsdt.base` when it was assembled, and of a semaphore; then provider, name
and operands as the assembler writes them: `-4@%edi 8@-16(%rbp) 4@$5`. Sources: sys/sdt.h, and
https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ring3.trace.dtrace.machine.tracepoints import Argument, Peek, Read, Registers, Tracepoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from elftools.elf.elffile import ELFFile

SECTION: Final = ".note.stapsdt"
_TYPE: Final = 3
_OPERAND: Final = re.compile(r"(-?)([1248])f?@(.*)")
_MEMORY: Final = re.compile(
    r"(?P<place>[^()%$]*)\((?:%(?P<base>\w+))?(?:,%(?P<index>\w+)(?:,(?P<scale>[1248]))?)?\)"
)
_PLACE: Final = re.compile(r"(?:(?P<symbol>[A-Za-z_.$][\w.$@]*))?(?P<offset>[-+]?(?:0x[0-9a-fA-F]+|\d+))?")
_LEGACY: Final = ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")


def tracepoints(file: ELFFile, symbols: Callable[[], dict[str, int]]) -> Iterator[Tracepoint]:
    """The tracepoints of a file; `symbols` gives the addresses of its symbols, for operands that name one."""
    section = file.get_section_by_name(SECTION)
    if section is None:
        return
    base = file.get_section_by_name(".stapsdt.base")
    width = file.elfclass // 8
    for owner, kind, text in _notes(section.data()):
        if owner != b"stapsdt" or kind != _TYPE or len(text) < 3 * width:
            continue
        address, assembled, semaphore = (
            int.from_bytes(text[at : at + width], "little") for at in range(0, 3 * width, width)
        )
        words = text[3 * width :].split(b"\0")
        if len(words) < 3:
            continue
        provider, name, operands = (word.decode("utf-8", "replace") for word in words[:3])
        moved = base["sh_addr"] - assembled if base is not None and assembled else 0
        arguments = tuple(argument(operand, symbols) for operand in _split(operands))
        yield Tracepoint(
            provider,
            name.replace("__", "-"),
            address + moved,
            arguments,
            semaphore=semaphore + moved if semaphore else 0,
        )


def _notes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Owner, type and text of the notes of a section; one that is cut off ends it."""
    at = 0
    while at + 12 <= len(data):
        owner, size, kind = (int.from_bytes(data[at + 4 * i : at + 4 * i + 4], "little") for i in range(3))
        start = at + 12 + -(-owner // 4) * 4
        if start + size > len(data):
            return
        yield data[at + 12 : at + 12 + owner].rstrip(b"\0"), kind, data[start : start + size]
        at = start + -(-size // 4) * 4


def _split(operands: str) -> list[str]:
    """The operands of a note; blanks may be inside of an address."""
    return re.findall(r"-?[1248]f?@\S+(?:\s+\S+)*?(?=\s+-?[1248]f?@|\s*$)", operands)


def argument(operand: str, symbols: Callable[[], dict[str, int]]) -> Argument:
    """How an operand is read; one that is not understood is 0."""
    match = _OPERAND.fullmatch(operand)
    if match is None:
        return Argument(lambda _registers, _peek, _bias: 0, "int64_t")
    signed, size = bool(match[1]), int(match[2])
    raw = _reader(match[3].replace(" ", ""), size, symbols)
    mask, half = (1 << 8 * size) - 1, 1 << 8 * size - 1

    def read(registers: Registers, peek: Peek, bias: int) -> int:
        value = raw(registers, peek, bias) & mask
        return value - mask - 1 if signed and value >= half else value

    return Argument(read, f"{'' if signed else 'u'}int{8 * size}_t")


def _reader(text: str, size: int, symbols: Callable[[], dict[str, int]]) -> Read:
    if text.startswith("$"):
        try:
            constant = int(text[1:], 0)
        except ValueError:
            constant = 0
        return lambda _registers, _peek, _bias: constant
    if text.startswith("%"):
        name, shift = register(text[1:])
        return lambda registers, _peek, _bias: getattr(registers, name) >> shift
    match = _MEMORY.fullmatch(text)
    place = _PLACE.fullmatch(match["place"] if match else text)
    if place is None:
        return lambda _registers, _peek, _bias: 0
    at = int(place["offset"] or "0", 0)
    absolute = bool(place["symbol"])
    if absolute:
        at += symbols().get(place["symbol"], 0)
    base = register(match["base"])[0] if match and match["base"] not in (None, "rip") else ""
    index = register(match["index"])[0] if match and match["index"] else ""
    scale = int(match["scale"] or "1") if match else 1

    def read(registers: Registers, peek: Peek, bias: int) -> int:
        address = at + (bias if absolute else 0)
        if base:
            address += getattr(registers, base)
        if index:
            address += getattr(registers, index) * scale
        return int.from_bytes(peek(address & (1 << 64) - 1, size), "little")

    return read


def register(name: str) -> tuple[str, int]:
    """The name in `pt_regs` of a register, and at which of its bits it begins: `ah` is 8 bits up in `ax`."""
    if re.fullmatch(r"r\d+[dwb]?", name):
        return name.rstrip("dwb"), 0
    if len(name) == 2 and name[1] == "h":
        return f"{name[0]}x", 8
    stem = name[1:] if len(name) == 3 and name[0] in "re" else name
    if stem in _LEGACY:
        return stem, 0
    if stem.endswith("l"):
        return (f"{stem[0]}x" if len(stem) == 2 else stem[:-1]), 0
    return "ip", 0
