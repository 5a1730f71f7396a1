"""How observers get to the points that Solaris has in a way of its own (`kernel.points`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ring3.kernel import points
from ring3.kernel.events import Executed, Sent, Taken
from ring3.kernel.functions import KernelFunction
from ring3.kernel.observed import Call
from ring3.kernel.probes import at_entry_of, at_return_of
from ring3.solaris import exece, signals
from ring3.solaris.siginfo import Info

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel

_TO_PROCESS: Final = KernelFunction("sigtoproc", "genunix", signals.sigtoproc)
_TAKEN: Final = KernelFunction("psig", "genunix", signals.psig)
_BECOME: Final = KernelFunction("become", "", exece.become)
_TO_THREAD: Final = KernelFunction("tsignal", "genunix", signals.tsignal)


def _to_process(call: Call) -> Sent:
    process, info = call.arguments
    return Sent(call.task, None, process, info, signals.is_ignored(process, info.signo))


def _to_thread(call: Call) -> Sent:
    task, signal, *rest = call.arguments
    info = next(iter(rest), None) or call.keywords.get("info") or Info(signal)
    return Sent(call.task, task, task.process, info, signals.is_ignored(task.process, signal))


def _forced(call: Call) -> Sent:
    task, signal, *rest = call.arguments
    told = dict(zip(("address", "code"), rest, strict=False)) | dict(call.keywords)
    info = Info(signal, told.get("code", 0), address=told.get("address", 0))
    return Sent(task, task, task.process, info, discarded=False)


at_forced: Final = at_entry_of(KernelFunction("trapsig", "genunix", signals.trapsig), _forced)
"""Tells of signals that are made of exceptions."""
_AT_PROCESS: Final = at_entry_of(_TO_PROCESS, _to_process)
_AT_THREAD: Final = at_entry_of(_TO_THREAD, _to_thread)

at_taken: Final = at_entry_of(_TAKEN, lambda call: Taken(*call.arguments))
"""Tells of signals that threads take."""


def _executed(call: Call) -> Executed:
    task, _, path, _ = call.arguments
    return Executed(task, path.encode("utf-8", "surrogateescape"))


at_exec: Final = at_return_of(_BECOME, _executed)
"""Tells of programs that processes become."""


def at_signal(
    kernel: SolarisKernel, point: points.SignalSent, observer: Callable[[Any], None]
) -> Callable[[], None]:
    """Tells of signals that processes and threads are sent."""
    leaves = [_AT_PROCESS(kernel, point, observer), _AT_THREAD(kernel, point, observer)]

    def leave() -> None:
        for one in leaves:
            one()

    return leave
