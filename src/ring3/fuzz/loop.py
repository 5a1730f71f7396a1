"""The loop: an input is chosen, changed and run; what reaches something new is changed further."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.fuzz.corpus import Corpus, Entry
from ring3.fuzz.mutate import Mutator, each_byte
from ring3.fuzz.target import Outcome

if TYPE_CHECKING:
    from ring3.fuzz.findings import Findings
    from ring3.fuzz.target import Target

_ROUND: Final = 64
"""So many inputs are made of one before another is chosen."""
_TELL: Final = 1.0
"""Seconds from one report of progress to the next."""


class Progress(NamedTuple):
    """How far a campaign has come.

    Attributes:
        runs: How many runs were made.
        seconds: How long they took.
        inputs: How many inputs reached something new.
        edges: How many edges they take.
        crashes: How many different crashes there were.
        hangs: How many runs hung.
    """

    runs: int
    seconds: float
    inputs: int
    edges: int
    crashes: int
    hangs: int

    def __str__(self) -> str:
        speed = self.runs / self.seconds if self.seconds else 0.0
        return (
            f"{self.runs} runs, {speed:.0f}/s; {self.inputs} inputs, {self.edges} edges;"
            f" {self.crashes} crashes, {self.hangs} hangs"
        )


class Fuzzer:
    """A campaign on one program."""

    def __init__(
        self, target: Target, findings: Findings, seed: int = 1, tokens: Sequence[bytes] = ()
    ) -> None:
        """Begins with nothing.

        Args:
            target: The program.
            findings: Where to keep what is found.
            seed: Of the changes: with the same one the same inputs are tried.
            tokens: What the program may look for.
        """
        self._target = target
        self._findings = findings
        self._corpus = Corpus()
        self._crashed = Corpus()
        self._random = Random(seed)
        self._mutator = Mutator(self._random, tokens)
        self._began = time.monotonic()
        self._runs = 0

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(
            self._runs,
            time.monotonic() - self._began,
            len(self._corpus.entries),
            self._corpus.edges,
            self._findings.crashes,
            self._findings.hangs,
        )

    def run(
        self,
        seeds: Iterable[bytes],
        is_over: Callable[[Progress], bool],
        tell: Callable[[Progress], object] = lambda _progress: None,
    ) -> Progress:
        """Tries inputs until it is over.

        Args:
            seeds: The first ones; without any, the empty one.
            is_over: Asked after each run.
            tell: Told every second how far it has come.
        """
        told = self._began
        for data in self._inputs(list(seeds) or [b""]):
            self._try(data)
            now = time.monotonic()
            if now - told >= _TELL:
                told = now
                tell(self.progress)
            if is_over(self.progress):
                break
        return self.progress

    def _inputs(self, seeds: list[bytes]) -> Iterator[bytes]:
        yield from seeds
        if not self._corpus.entries:  # each of them crashed or hung
            self._corpus.entries.append(Entry(seeds[0], 0))
        done = 0
        while True:
            while done < len(self._corpus.entries):
                done += 1
                yield from each_byte(self._corpus.entries[done - 1].data)
            entry = self._corpus.choose(self._random)
            for _ in range(_ROUND):
                yield self._mutator.havoc(entry.data, self._corpus.choose(self._random).data)

    def _try(self, data: bytes) -> None:
        run = self._target.run(data)
        self._runs += 1
        if run.outcome is Outcome.CRASHED:
            assert run.crash is not None
            if self._crashed.is_new(run.edges):
                self._findings.crash(data, run.crash)
        elif run.outcome is Outcome.HUNG:
            self._findings.hang(data)
        elif self._corpus.add(data, run.edges):
            self._findings.keep(data)
