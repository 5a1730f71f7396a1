"""What the commands that run a program share: its words on the command line, and Ctrl-C."""

from __future__ import annotations

import argparse
import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from ring3.api import Linux, Solaris, System, system_of
from ring3.errors import UserError


def add_path(parser: argparse.ArgumentParser) -> None:
    """Declares ``--path``."""
    parser.add_argument(
        "--path",
        choices=("full", "short"),
        default="short",
        help="full: run ring 0's code for every call; short: only where it matters (default)",
    )


def add_os(parser: argparse.ArgumentParser) -> None:
    """Declares ``--os``."""
    parser.add_argument(
        "--os",
        choices=tuple(System),
        help="the system to run the program on (default: the one it says it was made for, or linux if it says nothing)",
    )


def add_repeatable(parser: argparse.ArgumentParser) -> None:
    """Declares ``--seed`` and ``--virtual-time``."""
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="take all randomness, addresses included, from N instead of from the host",
    )
    parser.add_argument(
        "--virtual-time",
        action="store_true",
        help="clocks that only the program moves: sleeping costs nothing; with --seed, every run is the same",
    )


def computer(options: argparse.Namespace, path: str) -> Linux | Solaris:
    """A computer with the system that a program is to run on.

    Args:
        options: Those of `add_os`, and of `add_path` and `add_repeatable` where the command has them.
        path: The program.
    """
    system = System(options.os) if options.os else system_of(path) or System.LINUX
    full_path = getattr(options, "path", "short") == "full"
    seed, virtual_time = getattr(options, "seed", None), getattr(options, "virtual_time", False)
    kind = Solaris if system is System.SOLARIS else Linux
    made = kind(full_path=full_path, seed=seed, virtual_time=virtual_time)
    gc.freeze()  # what has been imported and booted stays: the collector need not look at it
    gc.enable()
    return made


def add_program(parser: argparse.ArgumentParser, before: str = "") -> None:
    """Declares the program and its arguments, as the last ones; what follows the program is its own, ``--`` too.

    Args:
        parser: The command's parser; its usage line is written anew.
        before: The arguments that come before the program, for that line.
    """
    parser.add_argument("words", metavar="PROGRAM [ARG...]", nargs=argparse.REMAINDER, help="what to run")
    parser.usage = f"{parser.prog} [OPTION...] {before}[--] PROGRAM [ARG...]"


def words(options: argparse.Namespace) -> tuple[str, list[str]]:
    """The program and its arguments.

    Raises:
        UserError: There is none.
    """
    program = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not program:
        raise UserError("no PROGRAM is given")
    return program[0], program[1:]


@contextmanager
def interruptible() -> Iterator[None]:
    """Lets Ctrl-C end this process at once, as it ends any program.

    Python would only note it, and act when the emulator comes back, which a program without calls never lets it do.
    A handler that somebody else has put there, or that ignores the signal, stays.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
