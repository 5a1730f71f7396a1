"""``ring3 dtrace``: dtrace(1M), with its own command line."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from ring3.trace.dtrace.command import Command, HostAlone
from ring3.trace.dtrace.command_line import USAGE

EXAMPLES: Final = """\
examples:
  ring3 dtrace -n 'tick-1s { printf("%Y\\n", walltimestamp); }'
  ring3 dtrace -qs script.d argument
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: dtrace(1M) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] [ARG...]", nargs="*")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs dtrace; returns its status."""
    if options.words[:1] == ["--help"]:
        print(f"usage: ring3 {USAGE.removeprefix('Usage: ')}\n{EXAMPLES}")
        return 0
    return Command(HostAlone(), sys.stdout.buffer, sys.stderr).main(options.words)
