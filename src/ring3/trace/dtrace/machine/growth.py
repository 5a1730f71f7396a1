"""When programs may have more to be probed than before: they load objects, become others, and are forked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created


def watch(kernel: Kernel[Any], changed: Callable[[], None]) -> Callable[[], None]:
    """Calls `changed` whenever that may be; returns what ends it."""

    def created(event: Created) -> None:
        if event.parent is None or event.task.mm is not event.parent.mm:
            changed()

    probes = kernel.probes
    attached = [
        probes.attach(points.ObjectLoaded(), lambda _event: changed()),
        probes.attach(points.TaskExec(), lambda _event: changed()),
        probes.attach(points.TaskCreated(), created),
    ]

    def leave() -> None:
        for each in attached:
            each.detach()

    return leave
