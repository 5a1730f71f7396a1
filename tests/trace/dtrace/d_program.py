"""Runs a D program without a machine, on a clock that a test moves, and gives what it printed."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ring3.trace.dtrace.compiler import Source
from ring3.trace.dtrace.macros import Macros
from ring3.trace.dtrace.options import Options
from ring3.trace.dtrace.providers.base import NoTarget
from ring3.trace.dtrace.providers.profile import ProfileProvider
from ring3.trace.dtrace.session import Session


class ManualClock:
    """A clock that stands still until it is moved to what is due next."""

    def __init__(self) -> None:
        self.time = 1_000_000_000
        self._calls: list[tuple[int, int, Callable[[], None]]] = []

    @property
    def waits(self) -> bool:
        """Whether anything is due."""
        return bool(self._calls)

    def now(self) -> int:
        """The time."""
        return self.time

    def wall(self) -> int:
        """The same."""
        return self.time

    def every(self, interval: int, call: Callable[[], None]) -> Callable[[], None]:
        """Call something at every interval."""
        entry = (self.time + interval, interval, call)
        self._calls.append(entry)
        return lambda: None

    def step(self) -> None:
        """Move to what is due next."""
        self._calls.sort(key=lambda entry: entry[0])
        when, interval, call = self._calls.pop(0)
        self.time = when
        self._calls.append((when + interval, interval, call))
        call()


class Outcome(NamedTuple):
    """What a program printed and said, and its status."""

    stdout: str
    stderr: list[str]
    status: int


def run(text: str, *arguments: str, options: Sequence[str] = ("quiet",)) -> Outcome:
    """Run a program until it calls exit().

    Args:
        text: The program.
        arguments: Its macro arguments, from `$1` on.
        options: Options, `name` or `name=value`.
    """
    settings = Options()
    for option in options:
        name, equals, value = option.partition("=")
        settings.set(name, value if equals else None)
    clock, output, said = ManualClock(), io.BytesIO(), list[str]()
    session = Session(settings, NoTarget(77), clock, [ProfileProvider(clock)], output, said.append)
    program = session.compiler.compile(Source(text), Macros(["script.d", *arguments], {"pid": 77}))
    session.write([program])
    session.enable()
    session.begin()
    for _ in range(1000):
        if session.finished:
            break
        clock.step()
    session.end()
    return Outcome(output.getvalue().decode("utf-8", "surrogateescape"), said, session.status or 0)


def value(expression: str, declarations: str = "", before: str = "") -> str:
    """What printf("%d") shows of an expression."""
    text = f'{declarations} BEGIN {{ {before} printf("%d", {expression}); exit(0); }}'
    return run(text).stdout.removesuffix("\n")
