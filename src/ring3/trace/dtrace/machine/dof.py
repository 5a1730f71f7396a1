"""Tracepoints that dtrace -G put into a program: the DOF of its section `.SUNW_dof`.

A provider's section leads to its probes, and these to the function they are in and to offsets there. Arguments are
those of a call that was to be made at the place, by the calling convention; types are named in C.
A question whether somebody listens is at the first instruction behind the one that answers no.
Source: fasttrap of illumos.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ring3.trace.dtrace import dof_format as form
from ring3.trace.dtrace.machine.tracepoints import Argument, Peek, Read, Registers, Tracepoint

_REGISTERS: Final = ("di", "si", "dx", "cx", "r8", "r9")


class _Part(NamedTuple):
    """A section of DOF: its type, the size of its entries, its bytes, and the address that these have in the file."""

    type: int
    entry: int
    data: bytes
    address: int

    def number(self, index: int) -> int:
        """One of its 32-bit numbers.

        Raises:
            ValueError: There is none.
        """
        found = self.data[4 * index : 4 * index + 4]
        if len(found) < 4:
            raise ValueError("a number of DOF is missing")
        return int.from_bytes(found, "little")

    def string(self, at: int) -> str:
        """The string that begins at an offset."""
        return self.data[at : self.data.find(b"\0", at)].decode("utf-8", "replace")


def tracepoints(data: bytes, bits: int, address: int = 0) -> Iterator[Tracepoint]:
    """The tracepoints of a section, which may be several pieces of DOF, one for each object that was linked.

    Args:
        data: The section.
        bits: 64 or 32, of the program.
        address: That of the section, as the file has it.

    Raises:
        ValueError: It is none.
    """
    at = 0
    while data[at : at + 4] == form.MAGIC and len(data) - at >= form.HEADER.size:
        _ident, _flags, _size, entry, count, offset, _loaded, length, _pad = form.HEADER.unpack_from(data, at)
        piece = data[at : at + length]
        if not length or offset + count * entry > len(piece) or entry < form.SECTION_HEADER.size:
            raise ValueError("DOF is cut off")
        parts = [_part(piece, offset + i * entry, address + at) for i in range(count)]
        _relocate(parts, bits)
        for part in parts:
            if part.type == form.PROVIDER_SECTION:
                yield from _of_provider(part, parts, bits)
        at += -(-length // 8) * 8


def _part(piece: bytes, at: int, address: int) -> _Part:
    kind, _align, _flags, entry, offset, size = form.SECTION_HEADER.unpack_from(piece, at)
    return _Part(kind, entry, piece[offset : offset + size], address + offset)


def _relocate(parts: list[_Part], bits: int) -> None:
    """Where a linker has left how far a function is from a place, put its address there.

    Raises:
        ValueError: A relocation is of nothing.
    """
    mask = (1 << bits) - 1
    for part in parts:
        if part.type != form.USER_RELOCATION:
            continue
        table, target = part.number(1), part.number(2)
        if max(table, target) >= len(parts):
            raise ValueError("relocations of DOF are of no section")
        data = bytearray(parts[target].data)
        for name, kind, offset, addend in form.RELOCATION.iter_unpack(_whole(parts[table].data)):
            del name
            if kind == form.RELATIVE and offset + 8 <= len(data):
                distance = int.from_bytes(data[offset : offset + 8], "little")
                found = distance + addend + parts[target].address + offset & mask
                data[offset : offset + 8] = found.to_bytes(8, "little")
        parts[target] = parts[target]._replace(data=bytes(data))


def _whole(relocations: bytes) -> bytes:
    """Those that are there in full."""
    return relocations[: len(relocations) - len(relocations) % form.RELOCATION.size]


def _of_provider(provider: _Part, parts: Sequence[_Part], bits: int) -> Iterator[Tracepoint]:
    known = len(provider.data) >= form.PROVIDER.size
    if len(provider.data) < form.OLD_PROVIDER.size:
        raise ValueError("a provider of DOF is cut off")
    fields = (form.PROVIDER if known else form.OLD_PROVIDER).unpack_from(provider.data)
    try:
        strings, probes, maps, offsets = (parts[number] for number in fields[:4])
        asked = parts[fields[10]] if known and fields[10] else None
    except IndexError:
        raise ValueError("a provider of DOF names no section") from None
    name = strings.string(fields[4])
    step = probes.entry or form.PROBE.size
    if step < form.PROBE.size:
        raise ValueError("probes of DOF are cut off")
    for at in range(0, len(probes.data) - step + 1, step):
        yield from _of_probe(
            name, form.PROBE.unpack_from(probes.data, at), strings, maps, offsets, asked, bits
        )


def _of_probe(
    provider: str,
    fields: Sequence[int],
    strings: _Part,
    maps: _Part,
    offsets: _Part,
    asked: _Part | None,
    bits: int,
) -> Iterator[Tracepoint]:
    start, function, name, _own, types, first_map, first, _own_count, count, places, ask, asks, _, _ = fields
    arguments = []
    if first_map + count > len(maps.data):
        raise ValueError("DOF says of an argument nothing")
    for position in range(count):
        kind = strings.string(types)
        types += len(kind) + 1
        arguments.append(Argument(_reader(maps.data[first_map + position], bits), kind))
    for i in range(places):
        yield Tracepoint(
            provider,
            strings.string(name).replace("__", "-"),
            start + offsets.number(first + i),
            tuple(arguments),
            strings.string(function),
        )
    for i in range(asks if asked is not None else 0):
        assert asked is not None
        yield Tracepoint(
            provider,
            strings.string(name).replace("__", "-"),
            start + asked.number(ask + i),
            tuple(arguments),
            strings.string(function),
            asks=True,
        )


def _reader(number: int, bits: int) -> Read:
    """Reads an argument of a call that was to be made: no return address is on the stack."""
    if bits == 64 and number < len(_REGISTERS):
        name = _REGISTERS[number]
        return lambda registers, _peek, _bias: int(getattr(registers, name))
    width = bits // 8
    behind = (number - (len(_REGISTERS) if bits == 64 else 0)) * width

    def read(registers: Registers, peek: Peek, _bias: int) -> int:
        return int.from_bytes(peek(registers.sp + behind, width), "little")

    return read
