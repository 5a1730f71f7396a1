"""Snapshots as Python sees them: a machine at one moment, to go back to as often as one likes."""

from __future__ import annotations

import io
import os
from typing import IO, TYPE_CHECKING, Self

from ring3.errors import UserError
from ring3.python.machine import Linux

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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it into a file, which `Snapshot.load` and ``ring3 run --from`` make a machine of again.

        Raises:
            UserError: It holds something that no file can, or the file cannot be written.
        """
        written = io.BytesIO()
        self._write(written)
        try:
            with open(path, "wb") as file:
                file.write(written.getbuffer())
        except OSError as error:
            raise UserError(f"{os.fspath(path)}: {error.strerror}", 1) from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Linux:
        """A new machine that is what the one was of which a snapshot was saved; its `processes` are those of then.

        Raises:
            UserError: The file cannot be read, is damaged or of another version of Ring3, or something of the host that
                it needs is not as it was.
        """
        name = os.fspath(path)
        try:
            with open(path, "rb") as file:
                return machine_of(file, name)
        except OSError as error:
            raise UserError(f"{name}: {error.strerror}", 1) from None

    def fork(self) -> Linux:
        """A new machine that is what this one was, beside it: what one does, the other does not see.

        Raises:
            UserError: It holds something that cannot be copied.
        """
        file = io.BytesIO()
        self._write(file)
        file.seek(0)
        return machine_of(file, "the snapshot")

    def _write(self, file: IO[bytes]) -> None:
        machine = self.machine
        if not isinstance(machine, Linux):
            raise UserError("snapshots of Linux are saved, and of no other system")
        machine.states.save(file, self.state, machine.made_with(), machine.fixtures())

    def __repr__(self) -> str:
        return f"<snapshot of {self.machine!r}>"


def machine_of(file: IO[bytes], name: str) -> Linux:
    """A new machine of what was saved of another one.

    Args:
        file: What was saved.
        name: What messages call it.

    Raises:
        UserError: It is damaged or of another version, or something of the host that it needs is not as it was.
    """
    from ring3.kernel.snapshot.file import head_of, load  # noqa: PLC0415 -- for who asks

    head = head_of(file, name)
    try:
        given = head["options"]
        machine = Linux(
            cpu=str(given["cpu"]),
            full_path=bool(given["full_path"]),
            virtual_time=bool(given["virtual_time"]),
            ram_bytes=int(given["ram_bytes"]),
        )
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{name}: the snapshot is damaged") from None
    try:
        load(file, name, head, machine.kernel, machine.fixtures())
    except BaseException:
        machine.discard()
        raise
    machine.begin_again()
    return machine
