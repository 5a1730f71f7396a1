"""``ring3 gdb``: starts gdb, already connected to a program that stands before its first instruction."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Final

from ring3.cli import program
from ring3.cli.caller import caller_of
from ring3.cli.confined import confine
from ring3.cli.main import RawFormatter
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.computer import Linux, Solaris
    from ring3.kernel.task import Task

EPILOG: Final = """\
gdb runs on the host, with your ~/.gdbinit; the program runs on Ring3, and gdb reads its files as the program sees them.
Both have this terminal. docs/gdb.md tells what gdb can do there, and how a gdb of your own connects (ring3 run --gdb).

examples:
  ring3 gdb ./a.out
  ring3 gdb --ex 'break main' --ex continue ./a.out argument
  ring3 gdb --gdb-kernel ./a.out
  ring3 gdb --on linux-1 ./a.out       on a machine that is up
  ring3 gdb --on linux-1 -p PID        a process there

Exit status: the program's, if it has ended; else gdb's.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    program.add_on(parser)
    parser.add_argument("-p", "--pid", type=int, help="with --on: a process that runs already")
    program.add_os(parser)
    program.add_path(parser)
    program.add_repeatable(parser)
    program.add_reports(parser)
    parser.add_argument("--gdb", default="gdb", metavar="FILE", help="which gdb (default: gdb)")
    parser.add_argument("--ex", action="append", default=[], metavar="COMMAND", help="have gdb do this first")
    parser.add_argument("--batch", action="store_true", help="end when the commands of --ex are done")
    parser.add_argument(
        "--gdb-kernel", action="store_true", help="show the whole machine, ring 0 too, instead of the program"
    )
    program.add_program(parser)
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.set_defaults(main=run, client=run_client)


def run_client(options: argparse.Namespace, words: list[str]) -> int:
    """Starts gdb, and has a machine that is up serve it; returns what that says, or gdb's status."""
    from ring3.session.client import run_on  # noqa: PLC0415 - for a machine that is up
    from ring3.session.folder import Folder  # noqa: PLC0415 - as above

    Folder().connect(options.on).close()  # gdb is not started for a machine that is not up
    gdb, connection = _connected(options, options.words[0] if options.words else "")
    try:
        status = run_on(options.on, words, [connection.fileno()])
    finally:
        connection.close()
    return gdb.wait() or status


def run(options: argparse.Namespace) -> int:
    """Starts gdb and serves it; returns the program's status, or gdb's if the program lives."""
    if caller_of(options).machine_name is not None:
        return _served(options)
    if options.pid is not None:
        raise UserError("-p is for processes on a machine that is up: ring3 gdb --on NAME -p PID", 2)
    path, arguments = program.words(options)
    with program.computer(options, path) as computer:
        program.report(options, computer)
        task = program.load(computer, path, arguments, options)
        return _debugged(computer, task, path, options)


def _served(options: argparse.Namespace) -> int:
    """Serves the gdb of a client; returns the status of the program that was started for it."""
    from ring3.cli.debugged import debug  # noqa: PLC0415 - only where somebody debugs

    caller = caller_of(options)
    with program.computer(options, "") as computer:
        connection = socket.socket(fileno=os.dup(caller.handed[0]))
        task: Task | None = None
        if options.pid is not None:
            task = computer.kernel.tasks.get(options.pid)
            if task is None:
                raise UserError(f"there is no process {options.pid}")
        elif options.words or not options.gdb_kernel:
            path, arguments = program.words(options)
            program.report(options, computer)
            task = program.load(computer, path, arguments, options)
        debug(computer, task, connection, options)
        return 0 if task is None or options.pid is not None else computer.run(task)


def _debugged(computer: Linux | Solaris, task: Task, path: str, options: argparse.Namespace) -> int:
    from ring3.cli.debugged import debug  # noqa: PLC0415 - only where a program was found

    client, connection = _connected(options, path)
    confine(computer, options)
    debug(computer, task, connection, options)
    status = computer.run(task)
    client.wait()
    return status


def _connected(options: argparse.Namespace, path: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Starts gdb, and gives its connection; from then on the key SIGINT is gdb's.

    Raises:
        UserError: It is not there.
    """
    from ring3.debug.gdb.serve import accept, listen  # noqa: PLC0415 - only where a program was found

    with tempfile.TemporaryDirectory(prefix="ring3-gdb-") as folder:
        listening, name = listen(os.path.join(folder, "socket"))
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the key is gdb's
        try:
            return _start(options, path, name), accept(listening)
        except BaseException:
            signal.signal(signal.SIGINT, before)
            raise


def _start(options: argparse.Namespace, path: str, name: str) -> subprocess.Popen[bytes]:
    """Starts gdb.

    Raises:
        UserError: It is not there.
    """
    symbols = _kernel_image() if options.gdb_kernel else path
    commands = [f"target remote {name}", *options.ex]
    words = [options.gdb, "-q", *(["-batch"] * options.batch)]
    words += [word for command in commands for word in ("-ex", command)]
    try:
        return subprocess.Popen(
            [*words, *([symbols] if symbols else [])], stdin=sys.stdin, restore_signals=True
        )
    except FileNotFoundError:
        raise UserError(
            f"{options.gdb}: not found; install gdb, or connect one with ring3 run --gdb", 127
        ) from None


def _kernel_image() -> str:
    from ring3 import resources  # noqa: PLC0415

    return os.path.join(resources.ROOT, "image", "linux", "vmlinux")
