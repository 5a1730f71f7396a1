"""What is wrong with a run in which a call failed, beside the run in which none did."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from ring3.abi.kinds import NamedTuple
from ring3.trace.faults.catalogue import REMOVES, WRITES
from ring3.trace.faults.outcome import HUNG

_SIGNALS: Final = {132: "SIGILL", 134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE", 139: "SIGSEGV"}
"""Ends that no program means, by the status of a shell."""


class Kind(StrEnum):
    """What a program did wrong."""

    CRASH = "crash"
    HANG = "hang"
    LIE = "lie"
    """It says that it succeeded, and its output or its files are not what they should be, or may be lost."""
    LEAK = "leak"
    """It went on, with more descriptors than before."""
    HALF_WRITTEN = "half written"
    """It failed and left a file that is neither whole nor gone."""


class Fault(NamedTuple):
    """One call that fails.

    Attributes:
        call: Its name.
        nth: Which one of its name.
        action: What happens to it, as injection rules have it.
        writes: It is about a file that is open for writing.
    """

    call: str
    nth: int
    action: str
    writes: bool

    @property
    def rule(self) -> str:
        """The fault as a rule of ``-e inject=``."""
        return f"{self.call}:{self.action}:when={self.nth}"


class Finding(NamedTuple):
    """Something wrong.

    Attributes:
        kind: What.
        fault: After which fault.
        detail: What was seen.
    """

    kind: Kind
    fault: Fault
    detail: str


class Judged(Protocol):
    """What is known of a run that is judged: the fields are those of `ring3.trace.faults.outcome.Outcome`."""

    @property
    def status(self) -> int:
        """Its status."""

    @property
    def how(self) -> str:
        """How it ended."""

    @property
    def output(self) -> str:
        """What it wrote."""

    @property
    def files(self) -> Mapping[str, str]:
        """Its files."""

    @property
    def open(self) -> int:
        """Its descriptors."""

    def times(self, name: str, /) -> int:
        """How often it made a call."""


def judge(fault: Fault, plain: Judged, faulty: Judged) -> Finding | None:
    """What is wrong with a run; None if nothing is."""
    if faulty.how == HUNG:
        return Finding(Kind.HANG, fault, "it does not end")
    if faulty.status in _SIGNALS and faulty.status != plain.status:
        return Finding(Kind.CRASH, fault, _SIGNALS[faulty.status])
    differing = [path for path, digest in plain.files.items() if faulty.files.get(path, "") != digest]
    if faulty.status == plain.status:
        if faulty.output != plain.output:
            return Finding(Kind.LIE, fault, f"status {faulty.status}, and another output")
        if differing:
            return Finding(Kind.LIE, fault, f"status {faulty.status}, and {differing[0]} is another")
        if fault.writes and fault.call in WRITES and not _was_repeated(fault, plain, faulty):
            return Finding(Kind.LIE, fault, f"status {faulty.status}, and what was written may be lost")
        more = faulty.open - plain.open - (fault.call == "close")  # which was not made
        if more > 0:
            return Finding(Kind.LEAK, fault, f"{more} more descriptors at the end")
        return None
    left = [path for path in differing if faulty.files.get(path)]
    if left and faulty.status and fault.call not in REMOVES:
        return Finding(Kind.HALF_WRITTEN, fault, f"{left[0]} is left, not whole")
    return None


def _was_repeated(fault: Fault, plain: Judged, faulty: Judged) -> bool:
    """Whether the call that failed was made once more than before, as after EINTR or a short transfer."""
    return faulty.times(fault.call) > plain.times(fault.call)
