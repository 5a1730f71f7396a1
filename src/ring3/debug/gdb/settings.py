"""What a client sets (``Q`` requests): GDB's manual, E.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.debug.gdb.packets import hexed, number
from ring3.debug.gdb.signals import from_gdb
from ring3.debug.processes import ProcessTarget

if TYPE_CHECKING:
    from ring3.debug.gdb.processes import Programs
    from ring3.debug.target import Target

Setting = Callable[["Target", "Programs", str], str]


def _pass_signals(target: Target, programs: Programs, rest: str) -> str:
    del programs
    if isinstance(target, ProcessTarget):
        target.passed = frozenset(from_gdb(number(word)) for word in rest.split(";") if word)
    return "OK"


def _catch_calls(target: Target, programs: Programs, rest: str) -> str:
    del programs
    on, *numbers = rest.split(";")
    if isinstance(target, ProcessTarget):
        wanted = frozenset(number(word) for word in numbers)
        target.calls = (wanted or None) if number(on) else ()
    return "OK"


def _thread_events(target: Target, programs: Programs, rest: str) -> str:
    del programs
    if isinstance(target, ProcessTarget):
        target.tells_threads = rest == "1"
    return "OK"


def _environment(target: Target, programs: Programs, rest: str) -> str:
    del target
    name, _, value = hexed(rest).partition(b"=")
    programs.environment[name] = value
    return "OK"


def _unset(target: Target, programs: Programs, rest: str) -> str:
    del target
    programs.environment[hexed(rest)] = None
    return "OK"


def _reset(target: Target, programs: Programs, rest: str) -> str:
    del target, rest
    programs.environment.clear()
    return "OK"


def _accepted(target: Target, programs: Programs, rest: str) -> str:
    """What there is to set is so already, or is the client's own affair."""
    del target, programs, rest
    return "OK"


SETTINGS: Final[dict[str, Setting]] = {
    "QPassSignals": _pass_signals,
    "QCatchSyscalls": _catch_calls,
    "QThreadEvents": _thread_events,
    "QEnvironmentHexEncoded": _environment,
    "QEnvironmentUnset": _unset,
    "QEnvironmentReset": _reset,
    "QProgramSignals": _accepted,
    "QStartupWithShell": _accepted,
    "qSymbol": _accepted,
}
