"""What goes wrong in a command, and what ends one."""

from __future__ import annotations


class MdbError(Exception):
    """A command failed; the text is what stands behind ``mdb: ``."""


class UsageError(MdbError):
    """A dcmd was called in a way that its usage does not allow; the text may be empty."""


class Enough(Exception):
    """A dcmd has done what it was asked for, and is not called again for a count or a pipe (DCMD_ABORT)."""


class Quit(Exception):
    """The debugger is to end."""


NO_MAP = "no mapping for address"
UNKNOWN_SYMBOL = "unknown symbol name"
NO_SYMBOL_THERE = "no symbol corresponds to address"
UNKNOWN_DCMD = "unknown dcmd name"
UNKNOWN_WALKER = "unknown walk name"
NOT_SUPPORTED = "operation not supported by target"
NO_PROCESS = "no process active"
NOT_WRITABLE = "target is not open for writing"
NO_MEMBER = "no such member of structure or union"
NO_TYPE = "no symbol information available for type"
"""What mdb's manual and messages call these conditions."""
