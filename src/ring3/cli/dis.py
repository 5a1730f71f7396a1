"""``ring3 dis``: the functions of an object file, as dis(1) of Solaris lists them."""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path

from ring3.debug.disassembly.listing import function, functions, sections
from ring3.debug.object_file import FileSymbol, ObjectFile
from ring3.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "-F",
        dest="functions",
        action="append",
        default=[],
        metavar="NAME",
        help="that function only (may be repeated)",
    )
    parser.add_argument("file", metavar="FILE", help="an ELF file of x86")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints functions, or all code of a file that has no symbols; 1 if one is not there."""
    try:
        file = ObjectFile(options.file, Path(options.file).read_bytes())
    except OSError as error:
        raise UserError(f"failed to open {options.file}: {error.strerror}") from None
    status = 0
    found: list[FileSymbol] = [] if options.functions else functions(file)
    for name in options.functions:
        named = functions(file, name)
        found += named
        if not named:
            print(f"ring3: {options.file}: there is no function {name}", file=sys.stderr)
            status = 1
    lines = chain.from_iterable(function(file, symbol) for symbol in found)
    for line in lines if found or options.functions else sections(file):
        print(line, end="")
    return status
