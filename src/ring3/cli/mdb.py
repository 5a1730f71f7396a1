"""``ring3 mdb``: mdb(1), with its own command line."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from ring3.debug.mdb.command import USAGE, main

EXAMPLES: Final = """\
examples:
  echo "main::dis" | ring3 mdb ./program
  ring3 mdb -e '0t2 << 0t10=K'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: mdb(1) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] [FILE]", nargs="*")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs mdb; returns its status."""
    words = list(options.words)
    if words[:1] == ["--help"]:
        print(f"{USAGE}\n{EXAMPLES}")
        return 0
    return main(words, sys.stdin, sys.stdout, sys.stderr)
