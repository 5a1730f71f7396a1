"""``ring3 run``: runs a program and passes its status on."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.cli import program
from ring3.cli.caller import caller_of
from ring3.cli.main import RawFormatter
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.computer import Linux, Solaris
    from ring3.kernel.task import Task

EPILOG: Final = """\
The program sees the host's system directories (/usr, /etc, /opt and the like) read-only, and the working directory.
Its home, /tmp, /var and /run have no files; /dev, /proc, /sys, processes and users are the machine's own.

What it writes stays in memory and is gone when it ends. To keep a result, print it: standard output and error are
yours, and `ring3 run PROGRAM >FILE` writes FILE. To give a program more files, show it the directory that holds them
with --bind, or start Ring3 there. docs/sandbox.md tells more.

Exit status: the program's; 128+N if signal N ended it; 126 or 127 if it cannot be run or found.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    program.add_on(parser)
    program.add_os(parser)
    program.add_cpu(parser)
    program.add_path(parser)
    program.add_repeatable(parser)
    program.add_capture(parser)
    program.add_reports(parser)
    parser.add_argument(
        "--from",
        dest="snapshot",
        metavar="FILE",
        help="go on with the machine of a snapshot (docs/python.md) instead of running a PROGRAM",
    )
    gdb = parser.add_argument_group("debugging").add_argument
    gdb(
        "--gdb",
        metavar="WHERE",
        help="wait for gdb at a port of this host, HOST:PORT or a Unix socket (a/path)",
    )
    gdb(
        "--gdb-kernel",
        action="store_true",
        help="show gdb the whole machine, ring 0 too, instead of the program",
    )
    changed = parser.add_argument_group("what the program changed in files that stay in memory").add_argument
    changed("--diff", action="store_true", help="list it on standard error when the program has ended")
    changed(
        "--save-diff", metavar="FILE", help="write it as a tar archive, a layer as container images have them"
    )
    changed("--apply-diff", action="append", metavar="FILE", help="begin with what such an archive says")
    program.add_program(parser)
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program; returns its status."""
    if options.gdb and caller_of(options).machine_name is not None:
        raise UserError("--gdb is for a program on a machine of its own")
    if options.snapshot is not None:
        return _go_on(options)
    path, arguments = program.words(options)
    with program.computer(options, path) as computer, ExitStack() as stack:
        program.report(options, computer)
        if options.diff or options.save_diff or options.apply_diff:
            from ring3.cli.changed import Changes  # noqa: PLC0415 - few ask for it

            changes = Changes(options, computer)
            task = program.load(computer, path, arguments, options)
            stack.enter_context(changes)
        else:
            task = program.load(computer, path, arguments, options)
        begin = _debugger(computer, task, options) if options.gdb else None
        return program.run(computer, task, options, begin)


def _go_on(options: argparse.Namespace) -> int:
    """Runs the first program of a snapshot to its end; returns its status."""
    if options.words or options.gdb:
        raise UserError("--from goes on with the program of a snapshot: it takes no PROGRAM and no --gdb")
    if caller_of(options).machine_name is not None:
        raise UserError("--from makes a machine of its own: it goes without --on")
    from ring3.python.snapshot import Snapshot  # noqa: PLC0415 - few programs begin so

    with Snapshot.load(options.snapshot) as machine:
        living = [process for process in machine.processes if not process.ended]
        if not living:
            raise UserError(f"{options.snapshot}: no program runs in the snapshot")
        program.report(options, machine)
        return program.run(machine, living[0].task, options)


def _debugger(computer: Linux | Solaris, task: Task, options: argparse.Namespace) -> Callable[[], None]:
    """Waits for gdb; gives what serves it until it goes."""
    from ring3.cli.debugged import debug, wait_for_client  # noqa: PLC0415 - few programs are debugged

    client = wait_for_client(options.gdb, partial(program.complain, options))
    return lambda: debug(computer, task, client, options)
