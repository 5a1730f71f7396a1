"""What surrounds a machine on the host: signals that this process gets are the first program's, and it stops with it.

A signal from outside reaches the first process as the host would deliver it. Those that the host's terminal makes of
keys go to the group in the foreground: while the machine has the terminal, its own line discipline makes them. When
the first process has stopped and nobody inside waits for it, this process stops too, so that the shell outside sees
it; with SIGCONT both go on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import SIG_IGN, Sig
from ring3.host_signals import PASSED_ON, noted, stop_group
from ring3.kernel.attention import Attention
from ring3.kernel.clock import VirtualClocks
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import Action, bit
from ring3.linux.signals.send import group_send_sig_info, set_current_blocked

if TYPE_CHECKING:
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.terminals.console import Console

FROM_KEYS: Final = (Sig.SIGINT, Sig.SIGQUIT, Sig.SIGTSTP)
SETTLED: Final = 20_000_000
"""Nanoseconds that the others of a group get to stop before this process does."""


class Outer:
    """The first process and the host.

    Attributes:
        process: The first process.
    """

    def __init__(self, task: LinuxTask, attention: Attention, console: Console | None) -> None:
        self._kernel = task.kernel
        self.process = task.process
        self._attention = attention
        self._console = console

    def signal(self, number: int) -> None:
        """This process got a signal."""
        console = self._console
        if number == Sig.SIGWINCH and console is not None:
            console.resize()
        elif number == Sig.SIGCONT:
            self._go_on()
        elif number in FROM_KEYS and not (console is not None and console.attached):
            self._send_to_group(number)
        else:
            group_send_sig_info(self.process, SigInfo(number))

    def _send_to_group(self, number: int) -> None:
        """To the group in the foreground, as the host's terminal does."""
        console = self._console
        group = self.process.pgid if console is None else console.pty.group
        for process in self._kernel.processes.group(self.process.pgid if group is None else group):
            group_send_sig_info(process, SigInfo(number))

    def stopped(self, process: Process, number: int) -> None:
        """A process without a parent has stopped: if it is the first, this one does so soon."""
        if process is self.process:
            kernel = self._kernel
            kernel.timers.add(kernel.clocks.monotonic() + SETTLED, lambda: self._stop(number))

    def _stop(self, number: int) -> None:
        if not self.process.stopped:
            return
        console = self._console
        attached = console is not None and console.attached
        if console is not None:
            console.detach()
        before = signal.signal(signal.SIGCONT, signal.SIG_DFL)
        if number == Sig.SIGSTOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            stop_group(number)
        signal.signal(signal.SIGCONT, before)
        if console is not None and attached:
            console.attach()
        self._go_on()

    def _go_on(self) -> None:
        """This process goes on after a stop: so does the first group."""
        console = self._console
        if console is not None and console.attached:
            console.detach()
            console.attach()
        for process in self._kernel.processes.group(self.process.pgid):
            group_send_sig_info(process, SigInfo(int(Sig.SIGCONT)))


@contextmanager
def outer(task: LinuxTask, attention: Attention, console: Console | None) -> Iterator[None]:
    """Passes on what happens on the host while the first program of a machine runs."""
    kernel, process = task.kernel, task.process
    here = Outer(task, attention, console)
    inherit(
        task,
        [number for number in PASSED_ON if signal.getsignal(number) is signal.SIG_IGN],
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON),
    )
    before = {number: signal.signal(number, noted) for number in PASSED_ON}
    attention.on_signal = here.signal
    kernel.stopped_alone = here.stopped
    kernel.host.expects_alarm = not isinstance(kernel.clocks, VirtualClocks)
    if os.getsid(os.getppid()) == os.getsid(0):
        kernel.processes.watched_from_outside.add(process.pid)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def inherit(task: LinuxTask, ignored: Iterable[int], blocked: Iterable[int]) -> None:
    """Gives a program what it would have of its parent on the host: ignored and blocked signals (execve(2)).

    Args:
        task: The program's.
        ignored: The signals that are ignored outside.
        blocked: Those that are blocked there.
    """
    for number in ignored:
        task.process.actions[number] = Action(SIG_IGN)
    mask = sum(bit(number) for number in blocked if number in PASSED_ON)
    if mask:
        set_current_blocked(task, mask)
