"""Which clauses run at which probes: those that were found when a program was compiled, and those that come later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from ring3.trace.dtrace.errors import CompileError
from ring3.trace.dtrace.generate_clauses import CompiledClause
from ring3.trace.dtrace.providers.base import Description, Growing, Probe, Provider


class Enabled(NamedTuple):
    """A clause at one probe: its number, by which ERROR knows it."""

    clause: CompiledClause
    epid: int


class Retained(NamedTuple):
    """A clause, what it is for, and the probes that were found of that."""

    clause: CompiledClause
    descriptions: list[Description]
    probes: list[Probe]


Begin = Callable[[Probe, list[Enabled]], Callable[[], None]]
"""Has clauses run at a probe; returns what ends that."""
Find = Callable[[Provider, Description], Iterable[Probe]]


class Enabling:
    """The clauses of a session."""

    def __init__(self, begin: Begin, find: Find) -> None:
        """Enable by `begin`; `find` gives the probes of one provider that a description matches."""
        self._begin = begin
        self._find = find
        self.retained: list[Retained] = []
        self._count = 0
        self._undo: list[Callable[[], None]] = []

    def enable(self, providers: Sequence[Provider]) -> None:
        """Enable the probes that were found, and from now on what providers get beside them."""
        self._enable((each.clause, probe) for each in self.retained for probe in each.probes)
        descriptions = [description for each in self.retained for description in each.descriptions]
        for provider in providers:
            if isinstance(provider, Growing):
                self._undo.append(provider.watch(descriptions, partial(self._look_again, provider)))

    def _enable(self, pairs: Iterable[tuple[CompiledClause, Probe]]) -> None:
        by_probe: dict[Probe, list[Enabled]] = {}
        for clause, probe in pairs:
            self._count += 1
            by_probe.setdefault(probe, []).append(Enabled(clause, self._count))
        for probe, clauses in by_probe.items():
            self._undo.append(self._begin(probe, clauses))

    def _look_again(self, provider: Provider) -> None:
        new: list[tuple[CompiledClause, Probe]] = []
        for clause, descriptions, probes in self.retained:
            known = set(probes)
            for description in descriptions:
                with suppress(CompileError):  # what is not there may come yet
                    found = [probe for probe in self._find(provider, description) if probe not in known]
                    known.update(found)
                    probes.extend(found)
                    new += [(clause, probe) for probe in found]
        self._enable(new)

    def disable(self) -> None:
        """No clause runs any more."""
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
