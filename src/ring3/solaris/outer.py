"""What surrounds a machine on the host: signals that this process gets are the first program's.

Those that the host's terminal makes of keys go to the process group that the terminal serves. A stop (SIGTSTP) stops
all of the machine with this process.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.signals import SIG_IGN, SolarisSig
from ring3.host_signals import noted
from ring3.solaris.process import Action
from ring3.solaris.siginfo import Info
from ring3.solaris.signals import sigtoproc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ring3.kernel.attention import Attention
    from ring3.solaris.task import SolarisTask

OF_KEYS: Final = {
    signal.SIGINT: SolarisSig.SIGINT,
    signal.SIGQUIT: SolarisSig.SIGQUIT,
    signal.SIGWINCH: SolarisSig.SIGWINCH,
}
"""What the host's terminal sends to those in its foreground."""
TO_FIRST: Final = {
    signal.SIGHUP: SolarisSig.SIGHUP,
    signal.SIGUSR1: SolarisSig.SIGUSR1,
    signal.SIGUSR2: SolarisSig.SIGUSR2,
    signal.SIGTERM: SolarisSig.SIGTERM,
}
"""What others send to this process."""


@contextmanager
def outer(task: SolarisTask, attention: Attention) -> Iterator[None]:
    """Passes on what happens on the host while the first program of a machine runs."""
    kernel, first = task.kernel, task.process

    def passed_on(number: int) -> None:
        key = OF_KEYS.get(signal.Signals(number))
        if key is None:
            sigtoproc(first, Info(TO_FIRST[signal.Signals(number)]))
            return
        group = kernel.terminal_groups.get(first.sid, first.pgid)
        for process in list(kernel.processes.values()):
            if process.pgid == group:
                sigtoproc(process, Info(key))

    both = OF_KEYS | TO_FIRST
    for number, own in both.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            first.actions[own] = Action(SIG_IGN)
    before = {number: signal.signal(number, noted) for number in both}
    attention.on_signal = passed_on
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
