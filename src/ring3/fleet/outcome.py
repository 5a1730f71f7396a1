"""What came of one run, as a value that is stored and compared: nothing in it depends on the host or on time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Ending(StrEnum):
    """How a run ended."""

    EXIT = "exit"
    SIGNAL = "signal"
    HANG = "hang"
    """It made more calls, used more of the processor or wrote more than it may."""
    DEADLOCK = "deadlock"
    """It waits, and nothing can wake it."""
    REFUSED = "refused"
    """It could not be run at all."""
    BROKEN = "broken"
    """The machine failed, which is a mistake of Ring3."""


@dataclass(slots=True)
class Written:
    """What was written to a stream.

    Attributes:
        size: Bytes in all.
        digest: Their hash.
        head: The first of them, one character a byte (Latin-1).
    """

    size: int = 0
    digest: str = ""
    head: str = ""


@dataclass(slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        ending: How it ended.
        status: Its status as a shell has it; -1 if it has none.
        cause: Why, in the words that failures are grouped by: signal, stack, last calls.
        detail: What else there is to say: where it crashed, why it was refused.
        stdout: What it wrote to standard output.
        stderr: What it wrote to standard error.
        calls: How many system calls of each name it made.
        writes: Of each name, which ones of the first were about a file that it had open for writing.
        last: The last calls and what came of them.
        stack: Where it was when a signal ended it, the innermost function first.
        files: The files that it opened for writing, each with a hash of what is in it at the end.
        descriptors: How many the first task had open at its end.
        denied: How many calls a policy refused.
        trace: Its system calls, if they were to be kept.
    """

    ending: Ending
    status: int = -1
    cause: str = ""
    detail: str = ""
    stdout: Written = field(default_factory=Written)
    stderr: Written = field(default_factory=Written)
    calls: dict[str, int] = field(default_factory=dict)
    writes: dict[str, list[int]] = field(default_factory=dict)
    last: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    descriptors: int = 0
    denied: int = 0
    trace: str = ""

    def to_json(self) -> str:
        """The outcome as text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The outcome again."""
        read = json.loads(text)
        read["ending"] = Ending(read["ending"])
        for stream in ("stdout", "stderr"):
            read[stream] = Written(**read[stream])
        return cls(**read)
