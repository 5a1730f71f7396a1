"""The command ``ring3``: finds the subcommand and turns what went wrong into one line and a status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from ring3 import __version__
from ring3.errors import KernelPanic, TripleFault, UserError

COMMANDS = {
    "run": "run a program",
}
PANIC_STATUS = 70
"""EX_SOFTWARE of sysexits.h."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status.

    Args:
        arguments: The command line without the program's name; None for this process's.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="ring3", description="The system-call machine of x86, in Python.")
    parser.add_argument("--version", action="version", version=f"ring3 {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if words[:1] == [name]:
            import_module(f"ring3.cli.{name}").configure(command)
    options = parser.parse_args(words)
    try:
        return int(options.main(options))
    except UserError as error:
        print(f"ring3: {error}", file=sys.stderr)
        return error.status
    except TripleFault as error:
        print(f"ring3: the CPU shut down: {error}", file=sys.stderr)
        return PANIC_STATUS
    except KernelPanic as panic:
        print(f"ring3: kernel panic: {panic}\n{panic.registers}", file=sys.stderr)
        import traceback  # costs 2 ms, and only a panic needs it

        traceback.print_exception(panic.__cause__ or panic)
        return PANIC_STATUS
    except BrokenPipeError:
        return 141
    except KeyboardInterrupt:
        return 130
