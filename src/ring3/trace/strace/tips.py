"""What is worth knowing about tracing here, one thing at a time (``--tips``)."""

from __future__ import annotations

import random
from typing import Final

TIPS: Final = (
    "The manual says what every option means: docs/strace.md.",
    "-o'|COMMAND' hands the trace to a command; the bar has to be kept from the shell.",
    "-e trace=errno:ENOENT shows the calls that failed so, and no others.",
    "-e trace=arg:path~^/etc/ shows the calls that are given such a path.",
    "-k shows who in the program has made a call, -kk with lines of its sources.",
    "--functions shows what the kernel does below each call.",
    "--json writes an object for each call, for jq and its like.",
    "-e inject=write:error=ENOSPC:if=fd==1 makes a program meet a disk that is full.",
    "-yy says where sockets lead, which devices files are, and whom a pidfd names.",
    "-c counts calls; -U chooses the columns of the table, -S sorts it.",
)


def tip(number: int | None) -> str:
    """A tip by its number, which is counted around; any one without a number."""
    return random.choice(TIPS) if number is None else TIPS[number % len(TIPS)]
