"""``ring3 up``: boots a machine in the background, for other commands and terminals to use."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from ring3.cli import program
from ring3.cli.confined import confine, serving
from ring3.cli.here import Here
from ring3.cli.main import RawFormatter
from ring3.cli.sandbox import add_machine
from ring3.computer import Linux
from ring3.errors import Ring3Error, UserError
from ring3.loader.personality import System
from ring3.session.folder import Folder, is_name

EPILOG: Final = """\
Prints the machine's name, which the other commands take:

  ring3 up                              boots one
  ring3 run --on linux-1 bash           runs a program on it, on this terminal
  ring3 strace --on linux-1 -p PID      traces another terminal's program
  ring3 ls; ring3 ps linux-1            lists machines; lists processes
  ring3 down linux-1                    ends it

Programs on it see the working directory that it was started in. docs/up.md tells more.
"""
IDLE: Final = 3600.0
FAILED: Final = 1
READY: Final = "\t"
"""What comes before the name of a machine that has booted, and before no complaint."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("--name", metavar="NAME", help="what it is called (default: linux-1 and so on)")
    parser.add_argument(
        "--os", choices=tuple(map(str, System)), default=System.LINUX, help="the system (default: linux)"
    )
    parser.add_argument(
        "--idle",
        type=_seconds,
        default=IDLE,
        metavar="SECONDS",
        help="end it after so long without clients and programs; 0: never (default: an hour)",
    )
    parser.add_argument(
        "--foreground", action="store_true", help="stay in the foreground, until a signal ends it"
    )
    program.add_cpu(parser)
    program.add_path(parser)
    program.add_repeatable(parser)
    program.add_capture(parser)
    add_machine(parser)
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Boots the machine; returns when it can be used, or with --foreground when it is over."""
    folder = Folder()
    if options.name is not None and not is_name(options.name):
        raise UserError(f"{options.name!r} is not a name: letters, digits and . _ - are meant")
    if options.foreground:
        return _serve(options, folder, print)
    return _in_background(options, folder)


def _free_name(folder: Folder, system: str) -> str:
    taken = folder.names()
    return next(name for number in range(1, len(taken) + 2) if (name := f"{system}-{number}") not in taken)


def _in_background(options: argparse.Namespace, folder: Folder) -> int:
    """Serves in a process of its own; waits until that has booted."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os.close(heard)
        _be_a_daemon(options, folder, told)
    os.close(told)
    with open(heard, encoding="utf-8") as pipe:
        answer = pipe.read()
    if not answer.startswith(READY):
        os.waitpid(child, 0)
        raise UserError(answer or "the server has died", FAILED)
    print(answer.removeprefix(READY))
    return 0


def _be_a_daemon(options: argparse.Namespace, folder: Folder, told: int) -> NoReturn:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)

    def ready(name: str) -> None:
        os.write(told, f"{READY}{name}".encode())
        os.close(told)

    try:
        _serve(options, folder, ready)
    except Ring3Error as error:
        with suppress(OSError):  # it has gone up before, and nobody listens any more
            os.write(told, str(error).encode())
    finally:
        os._exit(FAILED)


def _serve(options: argparse.Namespace, folder: Folder, ready: Callable[[str], None]) -> NoReturn:
    """Boots a machine and serves its clients; this process ends when it is over.

    Raises:
        UserError: There is a machine of that name, or the host cannot provide one.
        Ring3Error: The machine has failed.
    """
    from ring3.cli.served import perform_for  # noqa: PLC0415 - --help does without
    from ring3.session.server import Server, listen  # noqa: PLC0415

    name = options.name or _free_name(folder, options.os)
    listener = listen(folder, name)
    try:
        computer = Here().computer(options, "")
        if isinstance(computer, Linux):
            computer.mount_view()
        server = Server(name, computer, listener, perform_for, options.idle)
        confine(computer, options, serving(folder.path))
        ready(name)
        sys.stdout.flush()
        server.run()
    finally:
        folder.remove(name)
    os._exit(0)


def _seconds(word: str) -> float:
    try:
        found = float(word)
    except ValueError:
        found = -1
    if not 0 <= found < 1e9:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of seconds")
    return found
