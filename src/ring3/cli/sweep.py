"""``ring3 sweep``: makes the runs of a plan, here or on a cluster, and says what came of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Final

from ring3.cli.main import RawFormatter
from ring3.errors import UserError
from ring3.fleet import page, parquet, plan, repeated
from ring3.fleet.progress import Progress
from ring3.fleet.sweep import Sweep, folder_of, with_pool

EPILOG: Final = """\
examples:
  ring3 sweep parser.toml                                   # outcomes and results.parquet in parser.sweep/
  ring3 sweep --scheduler tcp://head:8786 parser.toml       # the same on a cluster
  ring3 sweep --repeat 3f9a0c parser.toml                   # one of its runs again, here, with its calls

A sweep that is cut off goes on when it is started again: no run is made twice. docs/fleets.md tells how a plan is
written. Exit status: 0 if all went as expected, 1 if runs failed or the sweep cannot go on, 2 for bad usage.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.add_argument("plan", metavar="PLAN.toml", help="what is to be run")
    parser.add_argument("-o", "--output", metavar="DIR", help="where outcomes are kept (default: PLAN.sweep)")
    parser.add_argument(
        "-j",
        "--jobs",
        metavar="N",
        type=_positive,
        help="processes of this machine (default: one a processor)",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster, whose workers make the runs"
    )
    parser.add_argument(
        "--only", metavar="KEY=VALUE", action="append", default=[],
        help="only runs of this program, version, input, policy or seed; may be given several times",
    )  # fmt: skip
    parser.add_argument("--repeat", metavar="NAME", help="make this run again, and show what it does")
    parser.add_argument("--no-parquet", action="store_true", help="do not write results.parquet")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the sweep; returns 1 if runs failed."""
    if options.scheduler is not None and options.jobs is not None:
        raise UserError("--jobs is about this machine, and --scheduler about others")
    found = plan.read(options.plan)
    with Sweep(found, options.output or folder_of(options.plan), _only(options.only)) as sweep:
        if options.repeat is not None:
            return repeated.show(sweep, options.repeat, sys.stdout)
        if not options.no_parquet:
            parquet.require()
        try:
            with_pool(sweep, options.jobs, options.scheduler, _teller(options))
        except KeyboardInterrupt:
            sys.stderr.write(f"\nring3: interrupted: {sweep.made} runs were made; the same command goes on\n")
            raise
        return _show(sweep, options)


def _show(sweep: Sweep, options: argparse.Namespace) -> int:
    summary = sweep.summary()
    if not options.no_parquet:
        parquet.write(os.path.join(sweep.output, "results.parquet"), sweep.rows())
    page.write(os.path.join(sweep.output, "summary.html"), sweep.plan.source, summary)
    print(f"{sweep.plan.source}: {summary}", end="")
    print(f"\n{sweep.made} of them were made now; all are in {sweep.output}")
    return 1 if summary.failed else 0


def _teller(options: argparse.Namespace) -> Callable[[Progress], object]:
    """Shows progress on a terminal, on one line."""
    if options.quiet or not sys.stderr.isatty():
        return lambda _progress: None
    last = ""

    def tell(progress: Progress) -> None:
        nonlocal last
        text = str(progress)
        if text != last:
            is_over = progress.done == progress.total
            sys.stderr.write(f"\r{text.ljust(len(last))}" + "\n" * is_over)
            sys.stderr.flush()
            last = "" if is_over else text

    return tell


def _only(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--only {word}: KEY=VALUE is meant")
        found[key] = value
    return found


def _positive(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and int(word)):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 1 on")
    return int(word)
