"""The one way to watch or change what a kernel does: `Kernel.attach` puts an observer at a point.

Nobody asks on the way whether there is an observer: attaching exchanges what is called, and detaching puts back what
was called before, the very same object. So a kernel that nobody watches runs what it ran when it was written. Observers
are attached at any moment, also by another observer or in another thread, several at one point, and leave in any order;
what happens next is seen, calls that wait at that moment included.

`kernel.points` says at which points; `kernel.observed` what an observer of calls is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_functions import unwatch, watch

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel

Attacher = Callable[[Any, Any, Any], Callable[[], None]]
"""Puts an observer at a point of its kind; returns what takes it away."""


class Attachment:
    """An observer at a point, until it is detached or the ``with`` block ends."""

    def __init__(self, detach: Callable[[], None]) -> None:
        self._detach: Callable[[], None] | None = detach

    def detach(self) -> None:
        """Takes the observer away; nothing happens if that was done before."""
        detach, self._detach = self._detach, None
        if detach is not None:
            detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.detach()


class Replacement(CallObserver):
    """Has another function called instead, with the same arguments.

    Attributes:
        function: What is called.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def entry(self, call: Call) -> None:
        """Puts it there."""
        call.target = self.function


class Probes:
    """The attachments of one kernel."""

    def __init__(self, kernel: Kernel[Any], own: Mapping[type, Attacher]) -> None:
        """Begins with none.

        Args:
            kernel: The kernel.
            own: How observers get to points that only this kind of kernel has.
        """
        self._kernel = kernel
        self._attachers = {**_ATTACHERS, **own}
        self._attached: set[Attachment] = set()

    def attach(self, point: points.Point, observer: points.Observer) -> Attachment:
        """Puts an observer at a point; see `Kernel.attach`."""
        detach = self._attachers[type(point)](self._kernel, point, observer)

        def leave() -> None:
            self._attached.discard(attachment)
            detach()

        attachment = Attachment(leave)
        self._attached.add(attachment)
        return attachment

    def close(self) -> None:
        """Detaches whoever is still there."""
        for attachment in tuple(self._attached):
            attachment.detach()


def _at_function(kernel: Kernel[Any], point: points.Function, observer: CallObserver) -> Callable[[], None]:
    row = kernel.function_table[point.name]
    watch(kernel, row, observer)
    return lambda: unwatch(kernel, row, observer)


_ATTACHERS: Final[Mapping[type, Attacher]] = {points.Function: _at_function}
