"""Shows a run of a sweep again: what it is, its calls, what it writes and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from ring3.fleet.outcome import Outcome, Written
from ring3.fleet.summary import label

if TYPE_CHECKING:
    from ring3.fleet.sweep import Sweep


def show(sweep: Sweep, name: str, out: TextIO) -> int:
    """Makes a run again and writes what it does; returns 1 if something else came of it than is stored.

    Raises:
        UserError: The plan has no such run.
    """
    point = sweep.point(name)
    whole = point.run.name
    stored = sweep.find(whole)
    outcome = sweep.repeat(whole)
    lines = [f"run {whole}", label(point), ""]
    if outcome.trace:
        lines += [outcome.trace, ""]
    for stream, written in (("standard output", outcome.stdout), ("standard error", outcome.stderr)):
        if written.size:
            lines += [f"{stream} ({written.size} bytes):", text(written).rstrip("\n"), ""]
    lines.append(f"{outcome.ending}: {outcome.cause}" + (f" ({outcome.detail})" if outcome.detail else ""))
    lines += [f"    {place}" for place in outcome.stack]
    same = stored is None or essence(stored) == essence(outcome)
    if stored is None:
        lines.append("it has not been made in this sweep yet")
    elif same:
        lines.append("the same as in the sweep")
    else:
        lines.append(f"NOT the same as in the sweep, which has {stored.ending}: {stored.cause}")
    out.write("\n".join(lines) + "\n")
    return 0 if same else 1


def essence(outcome: Outcome) -> tuple[object, ...]:
    """What two outcomes of the same run have in common, however much of it was kept."""
    return (
        outcome.ending, outcome.status, outcome.cause, outcome.calls, outcome.last, outcome.files,
        outcome.stdout.digest, outcome.stderr.digest,
    )  # fmt: skip


def text(written: Written) -> str:
    """What was written, as text."""
    return written.head.encode("latin-1").decode("utf-8", "replace")
