"""The clocks behind the fast traps (``int $0xd2``), which the machine code calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address
from ring3.solaris.definition import function

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

_NANOSECONDS: Final = 10**9


@function("unix")
def tsc_gethrtime(task: SolarisTask) -> int:
    """Nanoseconds since the machine was switched on (``gethrtimef`` points here)."""
    return task.kernel.clocks.monotonic()


@function("unix")
def pc_gethrestime(task: SolarisTask, tsp: Address) -> int:
    """Stores the time of day as a ``timespec_t`` in the kernel (``gethrestimef`` points here)."""
    seconds, nanoseconds = divmod(task.kernel.clocks.realtime(), _NANOSECONDS)
    task.kernel.store(tsp, seconds.to_bytes(8, "little") + nanoseconds.to_bytes(8, "little"))
    return 0


@function("genunix")
def mstate_thread_onproc_time(task: SolarisTask, t: Address) -> int:
    """Nanoseconds that a thread has had the CPU; with one thread, what the whole machine has had it."""
    return task.kernel.clocks.cpu()
