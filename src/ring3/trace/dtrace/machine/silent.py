"""Probes of what never happens here, which scripts may name: lockstat.

One thread at a time runs in these kernels, to where it waits or its time is over, so there is nothing that locks
would keep apart, and none are taken. Source: the Dynamic Tracing Guide's chapter on lockstat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ring3.trace.dtrace.machine.events import typed
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, select

_MUTEX: Final = ("kmutex_t *",)
_WAITED: Final = ("kmutex_t *", "uint64_t")
_LOCK: Final = ("krwlock_t *", "int")
_HELD_UP: Final = ("krwlock_t *", "uint64_t", "int", "int", "uint64_t")
_LOCKSTAT: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "mutex_enter": {"adaptive-acquire": _MUTEX, "adaptive-block": _WAITED, "adaptive-spin": _WAITED},
    "mutex_exit": {"adaptive-release": _MUTEX},
    "lock_set": {"spin-acquire": _MUTEX, "spin-spin": _WAITED},
    "lock_clear": {"spin-release": _MUTEX},
    "rw_enter": {"rw-acquire": _LOCK, "rw-block": _HELD_UP},
    "rw_exit": {"rw-release": _LOCK},
    "rw_tryupgrade": {"rw-upgrade": _LOCK[:1]},
    "rw_downgrade": {"rw-downgrade": _LOCK[:1]},
    "thread_lock": {"thread-spin": _WAITED},
}
"""By the functions of illumos's kernel: the probes in them, with the types of what they would tell."""
_MODULES: Final = ("genunix", "unix")


class SilentProvider:
    """lockstat."""

    name = "lockstat"

    def __init__(self, module: str) -> None:
        """Have the probes in a module."""
        self._probes = [
            Probe(self.name, module, function, what, types=typed(types))
            for function, probes in _LOCKSTAT.items()
            for what, types in probes.items()
        ]

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches; they may be named by the modules of Solaris's kernel, too."""
        if description.module in _MODULES:
            description = description._replace(module="")
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Nothing fires."""
        del probe, fire
        return lambda: None
