"""A campaign: which faults there are for a program, and their runs one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.sandbox import Sandbox
from ring3.trace.faults.catalogue import FAULTS
from ring3.trace.faults.judge import Fault, Finding, judge
from ring3.trace.faults.trial import Trials

_CALLS_FACTOR: Final = 20
_CALLS_MORE: Final = 2000
_FIRST_CALLS: Final = 1_000_000
_FIRST_SECONDS: Final = 60
_SECONDS: Final = 10
"""Of the processor, for a run with a fault."""
DEFAULT: Final = Sandbox()


class Result(NamedTuple):
    """What a campaign came to.

    Attributes:
        runs: How many runs with a fault there were.
        findings: What was wrong.
    """

    runs: int
    findings: list[Finding]


def plan(calls: Iterable[tuple[str, bool]], wanted: Callable[[str], bool], each: int) -> Iterator[Fault]:
    """The faults of a program, by the calls that it made undisturbed.

    Args:
        calls: Their names, and whether each was about a file open for writing.
        wanted: Whether a call of a name is to fail.
        each: Of calls of one name, no more than so many fail.
    """
    counts: dict[str, int] = {}
    for name, writes in calls:
        count = counts[name] = counts.get(name, 0) + 1
        if count <= each and wanted(name):
            for action in FAULTS.get(name, ()):
                yield Fault(name, count, action, writes)


def campaign(
    path: str,
    arguments: Sequence[str],
    wanted: Callable[[str], bool],
    each: int,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    sandbox: Sandbox = DEFAULT,
) -> Result:
    """Runs a program once for each fault.

    Args:
        path: The program.
        arguments: Its arguments.
        wanted: Whether a call of a name is to fail.
        each: Of calls of one name, no more than so many fail.
        progress: Told how many runs are done, and of how many.
        sandbox: What the program has.

    Raises:
        UserError: It cannot be run, or does not end.
    """
    findings = []
    with Trials(path, arguments, sandbox) as trials:
        plain = trials.attempt("", _FIRST_CALLS, _FIRST_SECONDS)
        if plain.how:
            raise UserError(
                f"{path}: without faults, the program {'does not end' if plain.calls else 'cannot be run'}", 1
            )
        faults = list(plan(plain.calls, wanted, each))
        most = len(plain.calls) * _CALLS_FACTOR + _CALLS_MORE
        for done, fault in enumerate(faults, start=1):
            finding = judge(fault, plain, trials.attempt(fault.rule, most, _SECONDS))
            if finding is not None:
                findings.append(finding)
            progress(done, len(faults))
    return Result(len(faults), findings)
