"""How values look: what the options of strace(1) about its output say of one call."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple, StrEnum


class Names(StrEnum):
    """How values that have names are written (``-X``)."""

    ABBREV = "abbrev"
    RAW = "raw"
    VERBOSE = "verbose"


class InHex(StrEnum):
    """Which strings, or which of their characters, are written in hexadecimal (``--strings-in-hex``)."""

    NONE = "none"
    NON_ASCII_CHARS = "non-ascii-chars"
    NON_ASCII = "non-ascii"
    ALL = "all"


FD_DETAILS: Final = ("path", "socket", "dev", "eventfd", "pidfd", "signalfd")
"""What can be said of descriptors (``--decode-fds``)."""
FD_USUAL: Final = frozenset({"path", "socket", "dev", "pidfd"})
"""Those of ``-yy``, as strace 6.1 has it."""
PID_DETAILS: Final = ("comm", "pidns")
"""What can be said of tasks' numbers (``--decode-pids``)."""


class Style(NamedTuple):
    """How the values of a call look.

    Attributes:
        length: Bytes of a string (``-s``).
        verbose: All fields and elements (``-v``, ``-e abbrev=``).
        in_hex: As `quoting.quoted` has it.
        fds: Which of `FD_DETAILS` are said.
        pids: Which of `PID_DETAILS` are said.
        names: How values with names are written.
        follows: Whether structs are looked at (``-e verbose=``); else they are addresses.
        is_raw: Arguments are numbers (``-e raw=``).
        named: Arguments have their names before them (``-N``).
    """

    length: int = 32
    verbose: bool = False
    in_hex: InHex = InHex.NONE
    fds: frozenset[str] = frozenset()
    pids: frozenset[str] = frozenset()
    names: Names = Names.ABBREV
    follows: bool = True
    is_raw: bool = False
    named: bool = False
