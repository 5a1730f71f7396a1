"""How observers get to the points that only Linux has (`kernel.points`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.kernel import points
from ring3.kernel.observed import CallObserver
from ring3.kernel.watched_items import WatchedItem, watch_item

if TYPE_CHECKING:
    from ring3.kernel.probes import Attacher
    from ring3.linux.model.system import LinuxSystem


def _at_layer(kernel: LinuxSystem, point: points.Layer, observer: CallObserver) -> Callable[[], None]:
    _, prefix, entry = point.name.partition("__se_")
    if not prefix:
        _, _, entry = point.name.partition("__do_")
    layers = kernel.call(entry)
    return watch_item(layers.namespace, point.name, observer, partial(WatchedItem, layers.definition))


OWN: Final[Mapping[type, Attacher]] = {points.Layer: _at_layer}
