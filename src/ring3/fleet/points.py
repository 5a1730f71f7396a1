"""Counts a plan out: its runs one after the other, always in the same order, and never all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, product

from ring3.errors import UserError
from ring3.fleet.content import Content
from ring3.fleet.outcome import Outcome
from ring3.fleet.plan import Campaign, Plan, Program
from ring3.fleet.run import HOME, INPUT, File, Run
from ring3.trace import expressions
from ring3.trace.faults import campaign
from ring3.trace.faults.judge import Fault

Find = Callable[[str], Outcome | None]
"""The outcome of a run by its name, None if it has not been made."""
KEYS = ("program", "version", "input", "policy", "seed")
"""What runs can be chosen by."""


@dataclass(frozen=True, slots=True)
class Point:
    """A run and where it stands in its plan.

    Attributes:
        program: The program it is of.
        version: The name of the version, "" if there is but one.
        input: The name of its input.
        policy: The name of its policy, "" for none.
        run: The run.
        contents: What it needs.
        plain: Of a campaign's run with a fault: the name of the one without.
        fault: That fault.
    """

    program: Program
    version: str
    input: str
    policy: str
    run: Run
    contents: tuple[Content, ...]
    plain: str = ""
    fault: Fault | None = None


class Choice:
    """Which runs of a plan are meant."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        """Chooses by some of `KEYS`.

        Raises:
            UserError: There is no such key.
        """
        for key in wanted:
            if key not in KEYS:
                raise UserError(f"runs cannot be chosen by {key!r}: {', '.join(KEYS)} are known")
        self._wanted = {key: str(value) for key, value in wanted.items()}

    def has(self, **values: object) -> bool:
        """Whether some values are among those that are meant."""
        return all(self._wanted.get(key, str(value)) == str(value) for key, value in values.items())

    def seeds_in(self, seeds: range) -> int:
        """How many of some seeds are meant."""
        wanted = self._wanted.get("seed")
        return len(seeds) if wanted is None else sum(1 for seed in seeds if str(seed) == wanted)


def points(plan: Plan, choice: Choice, find: Find | None = None) -> Iterator[Point]:
    """The runs of a plan.

    Args:
        plan: The plan.
        choice: Which of them.
        find: Tells what came of runs of campaigns without faults, whose other runs follow from that; None leaves these
            out.

    Raises:
        UserError: An input cannot be read.
    """
    for program in plan.programs:
        if not choice.has(program=program.name):
            continue
        for plain in _without_faults(program, choice):
            if isinstance(program.faults, Campaign):
                yield plain
                if find is not None:
                    yield from _of_campaign(plain, program.faults, find)
                continue
            for rules in program.faults:
                yield replace(plain, run=plain.run._replace(faults=rules))


def count(plan: Plan, choice: Choice) -> int:
    """How many runs there are; of campaigns those without faults."""
    total = 0
    for program in plan.programs:
        if choice.has(program=program.name):
            total += (
                sum(choice.has(version=version) for version, _ in program.versions)
                * len(program.arguments)
                * sum(choice.has(input=label) for label, _ in program.inputs)
                * sum(choice.has(policy=policy) for policy, _ in program.policies)
                * sum(choice.seeds_in(seeds) for seeds in program.seeds)
                * (1 if isinstance(program.faults, Campaign) else len(program.faults))
            )
    return total


def _without_faults(program: Program, choice: Choice) -> Iterator[Point]:
    depends, limits = program.depends, program.limits
    files = tuple(file for file, _ in program.files)
    extra = tuple(content for _, content in program.files)
    for (version, content), words, (label, given) in product(
        program.versions, program.arguments, program.inputs
    ):
        if not choice.has(version=version, input=label):
            continue
        data = Content.of(given) if isinstance(given, bytes) else Content.read_from(given)
        itself = File(program.place, content.digest, 0o755)
        arguments, stdin, placed = words, data, files
        if any("@@" in word for word in words):
            arguments = tuple(word.replace("@@", INPUT) for word in words)
            placed = (*files, File(f"{HOME}/{INPUT}", data.digest, 0o644))
            stdin = Content.of(b"")
        for (policy, rules), seed in product(program.policies, chain.from_iterable(program.seeds)):
            if choice.has(policy=policy, seed=seed):
                run = Run(
                    itself, (program.called, *arguments), stdin.digest, seed, (), rules.digest, program.environment,
                    placed, depends, limits, program.trace, program.keep,
                )  # fmt: skip
                contents = tuple(one for one in (content, data, stdin, rules, *extra) if one.digest)
                yield Point(program, version, label, policy, run, contents)


def _of_campaign(plain: Point, faults: Campaign, find: Find) -> Iterator[Point]:
    name = plain.run.name
    outcome = find(name)
    if outcome is None:
        return
    chosen = expressions.calls(faults.calls)
    calls = (
        (call, number in outcome.writes.get(call, ()))
        for call, count in outcome.calls.items()
        for number in range(1, min(count, faults.each) + 1)
    )
    for fault in campaign.plan(calls, lambda call: chosen(call, 64) or chosen(call, 32), faults.each):
        yield replace(plain, run=plain.run._replace(faults=(fault.rule,)), plain=name, fault=fault)
