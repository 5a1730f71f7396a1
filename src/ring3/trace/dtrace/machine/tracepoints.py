"""Places that programs were given to be traced at: what a file says of them, in either of two forms.

Both say provider, name, address and where the arguments are: notes of SystemTap's sdt.h (`stapsdt`), and the DOF of
dtrace -G (`dof`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Registers(Protocol):
    """The registers of the program that is at a place, by the names of `pt_regs`."""

    def __getattr__(self, name: str) -> int:
        """One of them."""


Peek = Callable[[int, int], bytes]
"""Reads memory of the program: address, size."""
Read = Callable[[Registers, Peek, int], int]
"""Reads an argument; the last parameter is what was added to the file's addresses."""


class Argument(NamedTuple):
    """One argument: how it is read, and its type in C."""

    read: Read
    type: str


class Tracepoint(NamedTuple):
    """One place; addresses are the file's.

    Attributes:
        provider: The provider, without the number of a process.
        name: The name of the probe, with dashes.
        address: Where it is.
        arguments: What is told there.
        function: The function it is in; "" where the file does not say.
        semaphore: The address of 16 bits that count who listens; 0 for none.
        asks: The place asks whether somebody listens: what is behind it takes the answer from the accumulator.
    """

    provider: str
    name: str
    address: int
    arguments: tuple[Argument, ...]
    function: str = ""
    semaphore: int = 0
    asks: bool = False
