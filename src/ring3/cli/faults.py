"""``ring3 faults``: runs a program once for each call that can fail, and reports what it does wrong."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from ring3.cli import program
from ring3.cli.main import RawFormatter
from ring3.cli.sandbox import sandbox
from ring3.errors import UserError
from ring3.trace import expressions
from ring3.trace.faults.campaign import campaign
from ring3.trace.faults.report import FORMATS

INTERRUPTED: Final = 130
"""The status that a shell gives a command which SIGINT has ended."""
EPILOG: Final = """\
examples:
  ring3 faults ./convert input output
  ring3 faults -e write,close,fsync --format junit -o report.xml ./convert input output

docs/faults.md tells what is found, and how. Exit status: 0 if nothing was found, 1 if something was or a report
cannot be written, 2 for bad usage.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "-e", "--calls", metavar="SET", default="all", help="which calls fail, as strace has sets"
    )
    parser.add_argument(
        "--each", metavar="N", type=_number, default=10, help="of calls of one name, the first N fail"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="of the report")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where the report goes (default: standard output)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on standard error")
    program.add_program(parser)
    parser.set_defaults(main=run)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 on")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Runs the campaign; returns 1 if something was found."""
    path, arguments = program.words(options)
    chosen = expressions.calls(options.calls)
    shows = not options.quiet and sys.stderr.isatty()

    def progress(done: int, of: int) -> None:
        if shows:
            sys.stderr.write(f"\r{done} of {of} runs" + "\n" * (done == of))

    try:
        result = campaign(
            path,
            arguments,
            lambda name: chosen(name, 64) or chosen(name, 32),
            options.each,
            progress,
            sandbox(options),
        )
    except KeyboardInterrupt:
        print("ring3: interrupted: no report is written", file=sys.stderr)
        return INTERRUPTED
    report = FORMATS[options.format](result, [path, *arguments])
    if options.output is None:
        sys.stdout.write(report)
    else:
        try:
            with open(options.output, "w", encoding="utf-8") as file:
                file.write(report)
        except OSError as error:
            raise UserError(f"{options.output}: {error.strerror}", 1) from None
    return 1 if result.findings else 0
