"""A program in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.kinds import NamedTuple

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.loader.program import Executable
    from ring3.loader.stack import Places


class Start(NamedTuple):
    """A program in memory, ready to run.

    Attributes:
        mm: Its address space.
        bits: 64 or 32.
        ip: The first instruction: the interpreter's if there is one.
        sp: The stack pointer.
        landing_pad: Where the fast 32-bit doors come back, 0 for a 64-bit program.
        file: The file it was loaded from.
        places: Where its arguments and its environment lie.
        auxv: Its auxiliary vector, as it lies on the stack.
    """

    mm: Mm
    bits: int
    ip: int
    sp: int
    landing_pad: int
    file: Executable
    places: Places
    auxv: bytes
