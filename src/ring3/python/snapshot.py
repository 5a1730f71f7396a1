"""Snapshots as Python sees them: a machine at one moment, to go back to as often as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.kernel.snapshot.machine import State
    from ring3.python.machine import Machine


class Snapshot:
    """Everything that a machine was when `Machine.snapshot` was called.

    It costs what changes after it; it is gone when nobody keeps it. What it does not hold is who watches the machine
    (hooks and traces go on) and what was written to the host.

    Attributes:
        machine: The machine.
    """

    def __init__(self, machine: Machine, state: State) -> None:
        self.machine = machine
        self._state = state

    @property
    def state(self) -> State:
        """What is kept, for the machine.

        Raises:
            UserError: The machine is closed.
        """
        if self.machine.is_closed:
            raise UserError("the machine of this snapshot is closed")
        return self._state

    def restore(self) -> Self:
        """Makes the machine what it was; its processes, files and hooks are the same objects.

        Raises:
            UserError: The machine runs, or something of the host that it needs is not as it was. Nothing has changed
                then.
        """
        self.machine.restore(self)
        return self

    def __repr__(self) -> str:
        return f"<snapshot of {self.machine!r}>"
