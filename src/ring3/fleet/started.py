"""Programs that have started: runs begin in a snapshot, on a machine that is kept from one to the next.

A process that makes runs has the bytes of a snapshot once, makes a machine of them once, and then goes back to its
beginning for each run.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from ring3.errors import UserError
from ring3.python.snapshot import machine_of

if TYPE_CHECKING:
    from ring3.python.machine import Linux
    from ring3.python.snapshot import Snapshot

WHAT: Final = "the snapshot"


class Started:
    """The machine of the snapshot that was asked for last."""

    def __init__(self) -> None:
        self._digest = ""
        self._machine: Linux | None = None
        self._beginning: Snapshot | None = None

    def machine(self, digest: str, data: bytes) -> Linux:
        """A machine as it is in a snapshot.

        Args:
            digest: The snapshot's hash.
            data: The snapshot.

        Raises:
            UserError: No machine can be made of it here.
        """
        if self._machine is None or digest != self._digest:
            self.forget()
            machine = machine_of(io.BytesIO(data), WHAT)
            self._machine, self._digest = machine, digest
            self._beginning = machine.snapshot()
        assert self._beginning is not None
        self._beginning.restore()
        if all(process.ended for process in self._machine.processes):
            raise UserError(f"{WHAT}: no program runs in it")
        return self._machine

    def forget(self) -> None:
        """The machine is kept no more."""
        machine, self._machine = self._machine, None
        if machine is not None:
            machine.discard()


STARTED: Final = Started()
"""That of this process."""
