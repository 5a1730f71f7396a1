"""The process of the command ``ring3`` and of ``python -m ring3``: starts and ends faster than Python would alone."""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

import ring3
from ring3 import finder


def command() -> NoReturn:
    """Runs the command line of this process and ends it.

    The garbage collector would look at all modules again and again while they are imported, and Python would take them
    apart one by one at the end: 5 and 14 ms of some 100. `ring3.cli.here` switches the collector on again.
    """
    gc.disable()
    finder.install(ring3)
    try:
        status = _run(sys.argv[1:])
    except SystemExit as end:  # --help, --version, bad usage
        status = end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        _die_of_interrupt()
    with suppress(OSError):
        sys.stderr.flush()  # main does so for standard output
    os._exit(status)


def _run(words: list[str]) -> int:
    """Runs the words; those for a machine that is up are passed on to it, and no kernel is imported here."""
    if len(words) > 2 and words[1] == "--on" and words[0] != "gdb":  # gdb itself is started here
        from ring3.session.client import run_on  # noqa: PLC0415 - see above

        return run_on(words[2], [words[0], *words[3:]])
    from ring3.cli.main import main  # noqa: PLC0415 - see above

    return main()


def _die_of_interrupt() -> NoReturn:
    """Ends this process by SIGINT, so that whoever waits for it knows why."""
    import signal  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.raise_signal(signal.SIGINT)
    os._exit(128 + signal.SIGINT)


if __name__ == "__main__":
    command()
