"""``ring3 console``: this terminal becomes the console of a machine that is up, where kmdb talks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ring3.cli.caller import caller_of
from ring3.cli.main import RawFormatter
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.cli.caller import Caller
    from ring3.computer import Linux, Solaris

EPILOG: Final = """\
Ctrl-C stops the machine and enters kmdb: programs on all terminals stand still, `:c` lets them go on, and a breakpoint
that is met stops them again. `$q`, or Ctrl-\\ while the machine runs, leaves the console; breakpoints go with it.
`ring3 mdb --on NAME -K` is the same, and enters kmdb at once.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("name", metavar="NAME", help="the machine")
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Becomes the console; returns the status of the command."""
    caller = caller_of(options)
    if caller.machine_name is None:
        from ring3.session.client import run_on  # noqa: PLC0415 - this process does no more than that

        return run_on(options.name, ["console", options.name])
    with caller.computer(argparse.Namespace(), "") as computer:
        return serve(caller, computer, (), is_entered=False)


def serve(caller: Caller, computer: Linux | Solaris, commands: Sequence[str], *, is_entered: bool) -> int:
    """Has kmdb in a machine that is up, until it is quit; returns the status of the command.

    Args:
        caller: At whose terminal it talks.
        computer: The machine.
        commands: What to do instead of talking.
        is_entered: Whether it stops the machine at once.
    """
    from ring3.cli.callers import CallersConsole  # noqa: PLC0415 - imports a whole system
    from ring3.computer import Solaris  # noqa: PLC0415
    from ring3.debug.mdb.kmdb import Kmdb  # noqa: PLC0415

    console = CallersConsole(caller, caller.standing)
    if not is_entered and not console.interactive:
        raise UserError("a console is a terminal; commands from a file are for ring3 mdb --on NAME -K")
    kmdb = Kmdb(computer.kernel, "solaris" if isinstance(computer, Solaris) else "linux", console)
    try:
        if commands:
            return int(not kmdb.session.run_all(commands))
        if is_entered:
            kmdb.enter_from_console()
        while not kmdb.is_over and (console.interactive or kmdb.events):  # a pipe has no key to stop it
            try:
                computer.kernel.run(kmdb)
            except KeyboardInterrupt:
                kmdb.enter_from_console()
    finally:
        kmdb.close()
    return 0
