"""``ring3 dis``: the functions of an object file, as dis(1) of Solaris lists them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ring3.debug.disassembly.listing import listing
from ring3.debug.object_file import ObjectFile
from ring3.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "-F", dest="functions", action="append", default=[], metavar="NAME", help="that function only"
    )
    parser.add_argument("file", metavar="FILE", help="an ELF file of x86")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints the functions; 1 if there are none of those names."""
    try:
        file = ObjectFile(options.file, Path(options.file).read_bytes())
    except OSError as error:
        raise UserError(f"failed to open {options.file}: {error.strerror}") from None
    found = False
    for line in listing(file, options.functions):
        found = True
        print(line, end="")
    return 0 if found else 1
