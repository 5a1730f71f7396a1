"""The vDSO in guest memory: one set of frames a width, mapped into every program."""

from __future__ import annotations

from typing import NamedTuple

from ring3 import resources
from ring3.abi import elf
from ring3.kernel.mm.objects import FrameObject
from ring3.machine.ram import PAGE_SIZE, Ram


class Vdso(NamedTuple):
    """A vDSO image.

    Attributes:
        pages: Its frames, as an object to map.
        size: Bytes, a multiple of the page size.
        symbols: Offsets of its symbols, internal ones too.
    """

    pages: FrameObject
    size: int
    symbols: dict[str, int]

    @classmethod
    def load(cls, ram: Ram, bits: int) -> Vdso:
        """Reads ``vdso/vdso32.so`` or ``vdso64.so`` from the package into frames."""
        raw = resources.read_bytes(f"image/vdso/vdso{bits}.so")
        header = elf.parse_header(raw)
        table = raw[header.phoff : header.phoff + header.phnum * header.phentsize]
        end = max(
            s.offset + s.filesz for s in elf.parse_program_headers(header, table) if s.type == elf.PType.LOAD
        )
        frames = []
        for start in range(0, end, PAGE_SIZE):
            frame = ram.alloc()
            content = raw[start : min(start + PAGE_SIZE, end)]
            ram.bytes[frame : frame + len(content)] = content
            frames.append(frame)
        symbols = {symbol.name: symbol.value for symbol in elf.symbols(raw)}
        return cls(FrameObject(ram, frames, "[vdso]"), len(frames) * PAGE_SIZE, symbols)
