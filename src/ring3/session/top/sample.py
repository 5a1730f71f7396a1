"""What a server tells of its machine, and what happened between two times that it did."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class Process(NamedTuple):
    """A process, and what it has done so far.

    Attributes:
        pid: Its number.
        ppid: Its parent's.
        uid: Whose it is.
        state: A letter, as ps(1) has it.
        threads: How many it has.
        resident: Bytes in memory.
        spent: Nanoseconds on the processor.
        calls: System calls since somebody counts.
        faults: Page faults since then.
        command: Its words.
    """

    pid: int
    ppid: int
    uid: int
    state: str
    threads: int
    resident: int
    spent: int
    calls: int
    faults: int
    command: str


class Sample(NamedTuple):
    """A machine at one time.

    Attributes:
        name: The machine's name.
        system: What system is on it.
        age: Seconds since it was booted.
        clients: Commands on it.
        state: ``up``, or who has stopped it.
        now: When that was, in nanoseconds.
        spent: Nanoseconds on the processor, of programs and kernel.
        all_calls: System calls since somebody counts, of all processes that were there.
        all_faults: Page faults, in the same way.
        memory: Bytes of RAM.
        processes: Its processes.
        calls: System calls by name.
        functions: How often a program was found in a function.
    """

    name: str
    system: str
    age: int
    clients: int
    state: str
    now: int
    spent: int
    all_calls: int
    all_faults: int
    memory: int
    processes: tuple[Process, ...]
    calls: dict[str, int]
    functions: dict[str, int]

    @classmethod
    def parse(cls, text: str) -> Sample:
        """The sample that a server's answer is."""
        told: dict[str, Any] = json.loads(text)
        rows = tuple(Process(*row) for row in told.pop("rows"))
        told["calls"], told["functions"] = dict(told["calls"]), dict(told["functions"])
        return cls(processes=rows, **told)


class Row(NamedTuple):
    """A process, and what it did meanwhile.

    Attributes:
        process: The process.
        cpu: Percent of the time on the processor.
        calls: System calls a second.
        faults: Page faults a second.
    """

    process: Process
    cpu: float
    calls: float
    faults: float


class Frame(NamedTuple):
    """What is shown at one time.

    Attributes:
        sample: The machine.
        cpu: Percent of the time that it was on the processor.
        all_calls: System calls a second.
        all_faults: Page faults a second.
        rows: Its processes.
        calls: System calls a second by name, the most first.
        functions: In which functions programs were, in percent, the most first.
    """

    sample: Sample
    cpu: float
    all_calls: float
    all_faults: float
    rows: tuple[Row, ...]
    calls: list[tuple[str, float]]
    functions: list[tuple[str, float]]


def between(before: Sample | None, sample: Sample) -> Frame:
    """What happened between two samples; without an earlier one, since the machine was booted."""
    before = before or _at_boot(sample)
    seconds = max(1, sample.now - before.now) / 1e9
    known = {process.pid: process for process in before.processes}
    rows = []
    for process in sample.processes:
        earlier = known.get(process.pid)
        if earlier is None or earlier.spent > process.spent:  # it has begun meanwhile
            earlier = process._replace(spent=0, calls=0, faults=0)
        rows.append(
            Row(
                process,
                (process.spent - earlier.spent) / 1e7 / seconds,
                max(0, process.calls - earlier.calls) / seconds,
                max(0, process.faults - earlier.faults) / seconds,
            )
        )
    functions = _grown(before.functions, sample.functions)
    looks = sum(count for _, count in functions)
    return Frame(
        sample,
        (sample.spent - before.spent) / 1e7 / seconds,
        max(0, sample.all_calls - before.all_calls) / seconds,
        max(0, sample.all_faults - before.all_faults) / seconds,
        tuple(rows),
        [(name, count / seconds) for name, count in _grown(before.calls, sample.calls)],
        [(name, 100 * count / looks) for name, count in functions],
    )


def _at_boot(sample: Sample) -> Sample:
    """A machine before it had done anything; what was counted by then is not known, and taken for what it is now."""
    processes = tuple(process._replace(spent=0) for process in sample.processes)
    then = sample.now - max(sample.age, 1) * 1_000_000_000
    return sample._replace(now=then, spent=0, processes=processes, functions={})


def _grown(before: dict[str, int], now: dict[str, int]) -> list[tuple[str, int]]:
    found: Iterable[tuple[str, int]] = ((name, count - before.get(name, 0)) for name, count in now.items())
    return sorted(((name, count) for name, count in found if count > 0), key=lambda one: (-one[1], one[0]))
