"""The vDSO in guest memory: one set of frames a width, mapped into every program."""

from __future__ import annotations

from ring3 import resources
from ring3.abi import elf
from ring3.abi.kinds import NamedTuple
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
        """Reads a vDSO from the package into frames, section headers too: debuggers read them."""
        raw = resources.read_bytes(f"image/vdso/vdso{bits}.so")
        frames = []
        for start in range(0, len(raw), PAGE_SIZE):
            frame = ram.alloc()
            content = raw[start : start + PAGE_SIZE]
            ram.bytes[frame : frame + len(content)] = content
            frames.append(frame)
        symbols = {symbol.name: symbol.value for symbol in elf.symbols(raw)}
        return cls(FrameObject(ram, frames, "[vdso]"), len(frames) * PAGE_SIZE, symbols)
