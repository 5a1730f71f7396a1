"""``ring3 run``: runs a program and passes its status on."""

from __future__ import annotations

import argparse
import sys

from ring3.api import Linux


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "--path",
        choices=("full", "short"),
        default="short",
        help="full: run ring 0's code for every call; short: only where it matters (default)",
    )
    parser.add_argument("program", metavar="PROGRAM")
    parser.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program; returns its status."""
    with Linux(full_path=options.path == "full") as linux:
        linux.kernel.report = lambda line: print(f"ring3: {line}", file=sys.stderr)
        return linux.run(linux.load(options.program, options.arguments))
