"""One run of a program: everything that decides what it does, and the name that follows from that."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, NamedTuple

HOME: Final = "/sweep"
"""The directory that programs start in; their files, input and home are there."""
INPUT: Final = "input"
"""The file in it that ``@@`` among a program's arguments stands for."""
_FORM: Final = 1
"""To be raised when the same inputs come to mean another run."""
_LETTERS: Final = 20


class Limits(NamedTuple):
    """How much a run may use.

    Attributes:
        calls: System calls of all its tasks; with more it hangs.
        seconds: Of the host's processor; with more it hangs.
        memory: Bytes of the machine's RAM.
        output: Bytes that it may write to standard output and to standard error.
    """

    calls: int = 1_000_000
    seconds: int = 60
    memory: int = 256 << 20
    output: int = 16 << 20


class File(NamedTuple):
    """A file that is put into the machine.

    Attributes:
        path: Where, absolute.
        digest: What is in it.
        mode: Its permissions.
    """

    path: str
    digest: str
    mode: int


class Run(NamedTuple):
    """The inputs of one run.

    Attributes:
        program: The program itself, where it is in the machine; without a place a snapshot in which it has started.
        arguments: What it is called by, and what follows.
        input: What is on standard input, by its hash.
        seed: What all randomness comes from.
        faults: What is injected, as ``-e inject=`` has it.
        policy: The policy that decides about its calls, by its hash; "" for none.
        environment: Its environment, in order.
        files: What else is in the machine.
        depends: Hashes of files of the host that it reads by itself, as the plan lists them.
        limits: How much it may use.
        trace: Whether its system calls are kept, as strace writes them.
        keep: Bytes of standard output and error that are kept.
    """

    program: File
    arguments: tuple[str, ...]
    input: str
    seed: int
    faults: tuple[str, ...]
    policy: str
    environment: tuple[tuple[str, str], ...]
    files: tuple[File, ...]
    depends: tuple[str, ...]
    limits: Limits
    trace: bool
    keep: int

    @property
    def name(self) -> str:
        """The run's name: the same for the same inputs, on every host and for ever."""
        text = json.dumps([_FORM, *self], separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LETTERS]

    @property
    def has_started(self) -> bool:
        """Whether it goes on from a snapshot."""
        return not self.program.path

    @property
    def digests(self) -> tuple[str, ...]:
        """The contents that it needs."""
        found = (self.program.digest, self.input, self.policy, *(file.digest for file in self.files))
        return tuple(digest for digest in dict.fromkeys(found) if digest)

    def as_fields(self) -> list[Any]:
        """The run as values that JSON has."""
        return list(self)

    @classmethod
    def of_fields(cls, fields: list[Any]) -> Run:
        """The run again."""
        program, arguments, given, seed, faults, policy, environment, files, depends, limits, trace, keep = (
            fields
        )
        return cls(
            File(*program),
            tuple(arguments),
            given,
            seed,
            tuple(faults),
            policy,
            tuple((key, value) for key, value in environment),
            tuple(File(*file) for file in files),
            tuple(depends),
            Limits(*limits),
            trace,
            keep,
        )
