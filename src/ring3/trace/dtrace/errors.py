"""What can go wrong: a program that does not compile, options that mean nothing, and faults of a clause.

A `CompileError` and a `DtraceError` are told to the user in one line; a `Fault` aborts a clause and fires
dtrace:::ERROR.
"""

from enum import IntEnum
from typing import NoReturn


class CompileError(Exception):
    """A D program that cannot be compiled: the error's tag, its line (0 on the command line), and the text.

    `region` is the part of a clause that it is in, which messages name where there is no line.
    """

    region = ""

    def __init__(self, tag: str, line: int, message: str, *, file: str = "") -> None:
        super().__init__(message)
        self.tag = tag
        self.line = line
        self.message = message
        self.file = file

    def text(self, *, with_tag: bool) -> str:
        """The message as dtrace(1M) prints it, with `[D_TAG]` before it under -xerrtags."""
        tag = f"[{self.tag}] " if with_tag and self.tag else ""
        file = f'"{self.file}", ' if self.file else ""
        place = f"in {self.region}: " if self.region else ""
        if self.line or self.file:
            place = f"{file}line {self.line}: "
        return f"{tag}{place}{self.message}"


class DtraceError(Exception):
    """What the user asked for cannot be done: an option, an enabling, a probe."""


class ConsumerFault(DtraceError):
    """An action of the consumer has failed; the session goes on."""


class FaultKind(IntEnum):
    """Why a clause was aborted: DTRACEFLT_* of sys/dtrace.h."""

    UNKNOWN = 0
    BADADDR = 1
    BADALIGN = 2
    ILLOP = 3
    DIVZERO = 4
    NOSCRATCH = 5
    KPRIV = 6
    UPRIV = 7
    TUPOFLOW = 8
    BADSTACK = 9
    LIBRARY = 10
    BADSIZE = 11
    BADINDEX = 12


FAULT_TEXT = {
    FaultKind.UNKNOWN: "unknown fault",
    FaultKind.BADADDR: "invalid address",
    FaultKind.BADALIGN: "invalid alignment",
    FaultKind.ILLOP: "illegal operation",
    FaultKind.DIVZERO: "divide-by-zero",
    FaultKind.NOSCRATCH: "out of scratch space",
    FaultKind.KPRIV: "invalid kernel access",
    FaultKind.UPRIV: "invalid user access",
    FaultKind.TUPOFLOW: "tuple stack overflow",
    FaultKind.BADSTACK: "bad stack",
    FaultKind.LIBRARY: "library-level fault",
    FaultKind.BADSIZE: "invalid size",
    FaultKind.BADINDEX: "index out of bounds",
}


ADDRESS_MASK = (1 << 64) - 1


class Fault(Exception):
    """A clause did what it may not do; `value` is the address where one was wrong."""

    def __init__(self, kind: FaultKind, value: int = 0) -> None:
        super().__init__(kind, value)
        self.kind = kind
        self.value = value

    def text(self) -> str:
        """The fault as the consumer prints it; an address only where it says something."""
        where = f" (0x{self.value & ADDRESS_MASK:x})" if self.kind in _WITH_ADDRESS else ""
        if self.kind is FaultKind.BADINDEX:
            where = f" ({self.value})"
        return FAULT_TEXT[self.kind] + where


_WITH_ADDRESS = {FaultKind.BADADDR, FaultKind.BADALIGN, FaultKind.BADSTACK, FaultKind.BADSIZE}


def fail(tag: str, line: int, message: str) -> NoReturn:
    """Refuse the program with an error tag (`D_SYNTAX`) at a line."""
    raise CompileError(tag, line, message)
