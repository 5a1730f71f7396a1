"""What kmdb is to stop for, as the probes of its machine have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.debug.memory import KERNEL_HALF
from ring3.kernel import points

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.base import Symbol
    from ring3.debug.mdb.targets.events import Event, Events
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import DataAccess
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task

Place = int | points.Data


class KernelEvents:
    """Has the probes tell of instructions and accesses that events are for.

    An address of the kernel counts whoever runs, one of a program in that which runs when the event is made.
    """

    def __init__(
        self,
        kernel: Kernel[Any],
        events: Events,
        arrived: Callable[[Task, int], None],
        accessed: Callable[[Event, Task], None],
    ) -> None:
        """Begins with nothing attached.

        Args:
            kernel: The machine's kernel.
            events: What there is to stop for.
            arrived: Is told of who comes to an instruction.
            accessed: Is told of who is about to make an access, in the middle of a run.
        """
        self._kernel = kernel
        self._events = events
        self._arrived = arrived
        self._accessed = accessed
        self._attached: dict[Place, Attachment] = {}
        self._spaces: dict[int, Mm | None] = {}

    def arm(self, symbol: Callable[[str], Symbol | None]) -> None:
        """The machine is about to run: the probes are told what has changed.

        Args:
            symbol: Finds a symbol of the kernel by its name.
        """
        wanted: dict[Place, Event] = {}
        for event in self._events.values():
            if event.address is None and event.symbol:
                found = symbol(event.symbol)
                event.address = None if found is None else found.value
            event.armed = None
            if event.address is not None and event.is_enabled:
                event.armed = []
                wanted |= dict.fromkeys(self._places(event, event.address), event)
        for place in self._attached.keys() - wanted.keys():
            self._attached.pop(place).detach()
        for place in wanted.keys() - self._attached.keys():
            self._attached[place] = self._attach(place, wanted[place])

    def at(self, address: int) -> list[Event]:
        """The events that an instruction is for."""
        return [
            event for event in self._events.values()
            if event.is_enabled and event.address is not None and address in _instructions(event, event.address)
        ]  # fmt: skip

    def _places(self, event: Event, address: int) -> list[Place]:
        places: list[Place] = list(_instructions(event, address))
        if event.access.strip("x"):
            space = self._space(event, address)
            places.append(
                points.Data(space, address, event.size, read="r" in event.access, write="w" in event.access)
            )
        return places

    def _space(self, event: Event, address: int) -> Mm | None:
        """The address space of an event: that of the program which ran when it was made; None for all."""
        if event.number not in self._spaces:
            task = self._kernel.current
            is_kernels = address >= KERNEL_HALF
            self._spaces[event.number] = None if is_kernels or task is None else task.mm
        return self._spaces[event.number]

    def _attach(self, place: Place, event: Event) -> Attachment:
        if isinstance(place, int):
            return self._kernel.probes.attach(points.Address(place), self._arrived)

        def on_access(access: DataAccess) -> None:
            self._accessed(event, access.task)

        return self._kernel.probes.attach(place, on_access)


def _instructions(event: Event, address: int) -> range:
    """The addresses of instructions that an event stops at."""
    if event.access and "x" not in event.access:
        return range(0)
    return range(address, address + max(event.size, 1))
