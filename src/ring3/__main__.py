"""The process of the command ``ring3`` and of ``python -m ring3``: starts and ends faster than Python would alone."""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn


def command() -> NoReturn:
    """Runs the command line of this process and ends it.

    The garbage collector would look at all modules again and again while they are imported, and Python would take them
    apart one by one at the end: 5 and 14 ms of some 100. `ring3.cli.program.computer` switches the collector on again.
    """
    gc.disable()
    from ring3.cli.main import main  # noqa: PLC0415 - see above

    try:
        status = main()
    except SystemExit as end:  # --help, --version, bad usage
        status = end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        _die_of_interrupt()
    with suppress(OSError):
        sys.stderr.flush()  # main does so for standard output
    os._exit(status)


def _die_of_interrupt() -> NoReturn:
    """Ends this process by SIGINT, so that whoever waits for it knows why."""
    import signal  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.raise_signal(signal.SIGINT)
    os._exit(128 + signal.SIGINT)


if __name__ == "__main__":
    command()
