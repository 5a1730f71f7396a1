"""The first turn of a task that is new: where it returns from the call that made it, or begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task


def first_turns(
    kernel: Kernel[Any], is_meant: Callable[[Created], bool], call: Callable[[Created], object]
) -> list[Attachment]:
    """Calls something with the birth of each new task that is meant, when it gets the CPU for the first time."""
    new: dict[Task, Created] = {}

    def created(event: Created) -> None:
        if is_meant(event):
            new[event.task] = event

    def runs(task: Task) -> None:
        birth = new.pop(task, None)
        if birth is not None:
            call(birth)

    return [kernel.probes.attach(points.TaskCreated(), created), kernel.probes.attach(points.OnCpu(), runs)]
