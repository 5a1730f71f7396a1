"""``python -m bench``: measure, print the table, say with the exit status whether Ring3 ran everything.

Status 0: every program ran under Ring3, whatever the goals say. 1: Ring3 failed somewhere. 2: nothing was
measured, because the command line or the guest programs' build is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import report
from bench.computing import COMPUTING
from bench.contenders import Contender, all_contenders
from bench.programs import BuildError
from bench.rounds import Outcome, compete
from bench.workloads import WORKLOADS, Settings, Workload

ALL: tuple[Workload, ...] = (*WORKLOADS, *COMPUTING)
WIDTH = 140  # columns of a table that goes to a file or a pipe


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What Ring3 costs, as ratios.")
    names = [workload.name for workload in ALL]
    parser.add_argument("--only", action="append", choices=names, help="only this workload (may be repeated)")
    parser.add_argument("--rounds", type=int, default=None, metavar="K", help="rounds (default 5, quick 2)")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the harness")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there as well")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu suits a busy machine")
    parser.add_argument("--cpu", type=int, metavar="N", help="run everything on this processor")
    parser.add_argument(
        "--qiling",
        metavar="PYTHON",
        default=os.environ.get("RING3_BENCH_QILING"),
        help="the interpreter of an environment that has Qiling (default $RING3_BENCH_QILING)",
    )
    options = parser.parse_args(given)
    if options.rounds is None:
        options.rounds = 2 if options.quick else 5
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    if options.cpu is not None and options.cpu not in os.sched_getaffinity(0):
        parser.error(f"--cpu {options.cpu}: no such processor here")
    if options.json is not None and not options.json.parent.is_dir():
        parser.error(f"--json {options.json}: no such directory")
    return options


def main(given: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print it, and return the exit status."""
    options = arguments(given)
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    settings = Settings(clock=options.clock, quick=options.quick)
    chosen = [workload for workload in ALL if not options.only or workload.name in options.only]
    contenders = all_contenders(options.qiling)
    errors = Console(stderr=True)
    try:
        with errors.status("compiling the guest programs") as status:
            for workload in chosen:
                workload.build()
            outcomes = [compete(one, contenders, settings, options.rounds, status.update) for one in chosen]
    except BuildError as error:
        errors.print(f"bench: {error}", markup=False, highlight=False)
        return 2
    show(outcomes, contenders, options)
    failed = [one for outcome in outcomes for one in outcome.series.values() if one.failure is not None]
    return 1 if any(one.contender.subject for one in failed) else 0


def show(outcomes: Sequence[Outcome], contenders: Sequence[Contender], options: argparse.Namespace) -> None:
    """Print the table and write the JSON file, if one was asked for."""
    size = "quick sizes, not for quoting" if options.quick else "full sizes"
    how = f"{options.rounds} rounds, {options.clock} time, {size}; ratios are medians of pairs within a round"
    versions = [f"{one.name}: {one.version}" for one in contenders if one.version]
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    console.print(report.table(outcomes, "\n".join([how, *versions])), highlight=False)
    if options.json is not None:
        document: dict[str, report.Json] = {
            "rounds": options.rounds,
            "clock": options.clock,
            "quick": options.quick,
        }
        document["workloads"] = report.as_json(outcomes)
        options.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
