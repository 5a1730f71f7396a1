"""``ring3 run``: runs a program and passes its status on."""

from __future__ import annotations

import argparse
import os
from typing import Final

from ring3.cli import program
from ring3.cli.confinement import confine
from ring3.cli.main import RawFormatter
from ring3.fs.view import visible_files

EPILOG: Final = """\
The program sees the host's system directories (/usr, /etc, /opt and the like) read-only, and the working directory.
Its home, /tmp, /var and /run are empty; /dev, /proc, /sys, processes and users are the machine's own.

What it writes stays in memory and is gone when it ends. To keep a result, print it: standard output and error are
yours, and `ring3 run PROGRAM >FILE` writes FILE. To give a program more files, start Ring3 in the directory that holds
them. docs/sandbox.md tells more.

Exit status: the program's; 128+N if signal N ended it; 126 or 127 if it cannot be run or found.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    program.add_os(parser)
    program.add_cpu(parser)
    program.add_path(parser)
    program.add_repeatable(parser)
    program.add_reports(parser)
    parser.add_argument(
        "--no-confine", action="store_true", help="keep this process's own rights while the program runs"
    )
    program.add_program(parser)
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program; returns its status."""
    path, arguments = program.words(options)
    with program.computer(options, path) as computer:
        computer.kernel.report = program.reporter(options)
        task = program.load(computer, path, arguments, options)
        if not options.no_confine:
            confine(visible_files(os.getcwdb(), os.fsencode(path)), computer.machine.cpu.requests)
        return program.run(computer, task, options)
