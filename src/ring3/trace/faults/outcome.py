"""What came of one run of a program, as a value."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple

HUNG: Final = "hung"
BROKEN: Final = "broken"


class Outcome(NamedTuple):
    """What came of a run.

    Attributes:
        status: Its status as a shell has it; -1 if it hung or could not be run.
        how: "" for an ordinary end, `HUNG`, or `BROKEN` where the machine failed.
        output: What it wrote to standard output, as a digest.
        calls: The calls of all its tasks, in order; whether each was about a file open for writing.
        files: What is in the files that it opened for writing, as a digest; "" for those that are not there.
        open: How many descriptors the first task had at its end.
    """

    status: int
    how: str
    output: str
    calls: list[tuple[str, bool]]
    files: dict[str, str]
    open: int

    def times(self, name: str) -> int:
        """How often a call was made."""
        return sum(1 for called, _ in self.calls if called == name)
