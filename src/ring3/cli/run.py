"""``ring3 run``: runs a program and passes its status on."""

from __future__ import annotations

import argparse
import sys

from ring3.cli import program


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    program.add_os(parser)
    program.add_path(parser)
    program.add_repeatable(parser)
    program.add_program(parser)
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program; returns its status."""
    path, arguments = program.words(options)
    with program.computer(options, path) as computer:
        computer.kernel.report = lambda line: print(f"ring3: {line}", file=sys.stderr)
        return program.run(computer, program.load(computer, path, arguments))
