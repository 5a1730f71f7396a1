"""What is read from the host and written to it, for observers (`points.HostData`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ring3.fs import host, host_os
from ring3.kernel.functions import KernelFunction
from ring3.kernel.watched_functions import unwatch, watch

if TYPE_CHECKING:
    from ring3.kernel import points
    from ring3.kernel.core import Kernel
    from ring3.kernel.observed import CallObserver

_FUNCTIONS: Final = tuple(
    KernelFunction(function.__name__, "", function)
    for function in (
        host.HostFile.read,
        host.HostFile.write,
        host.HostFile.pwrite,
        host_os.pread,
        host_os.preadv,
    )
)


def at_host_data(kernel: Kernel[Any], point: points.HostData, observer: CallObserver) -> Callable[[], None]:
    """Puts an observer at all of them."""
    for row in _FUNCTIONS:
        watch(kernel, row, observer)

    def leave() -> None:
        for row in _FUNCTIONS:
            unwatch(kernel, row, observer)

    return leave
