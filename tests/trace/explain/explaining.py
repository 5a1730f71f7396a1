"""Explains a call of a guest program in this process, and picks facts out of the explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ring3.computer import Linux
from ring3.trace.explain.events import Delivery, Event, FrameFilled, Instruction, PythonCall, TableSlot
from ring3.trace.explain.model import Explanation
from ring3.trace.explain.watch import Explainer, Wanted
from tests.support import guest
from tests.support.toolchain import Bits, Toolchain, musl

PROGRAMS = Path(__file__).parent / "programs"

Kind = TypeVar("Kind", Instruction, Delivery, FrameFilled, TableSlot, PythonCall)


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, and how the program ended."""

    told: Explanation
    status: int

    def all(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind, in order."""
        return [event for event in self.told.events if isinstance(event, kind)]

    @property
    def code(self) -> list[Instruction]:
        """The instructions of ring 0."""
        return self.all(Instruction)

    @property
    def handler(self) -> PythonCall:
        """The one handler that was called."""
        (found,) = [call for call in self.all(PythonCall) if call.is_handler]
        return found

    @property
    def slot(self) -> TableSlot:
        """The one table entry that was used."""
        (found,) = self.all(TableSlot)
        return found

    @property
    def frame(self) -> dict[str, int]:
        """``pt_regs`` as the entry code filled them in."""
        (found,) = self.all(FrameFilled)
        return {field.name: field.value for field in found.fields}

    @property
    def registers(self) -> dict[str, int]:
        """The program's registers at its call."""
        return {value.name: value.value for value in self.told.asked.registers}

    @property
    def kinds(self) -> list[type[Event]]:
        """The kinds of the events, each once for a row of events of one kind."""
        found: list[type[Event]] = []
        for event in self.told.events:
            if not found or type(event) is not found[-1]:
                found.append(type(event))
        return found


def build(toolchain: Toolchain, name: str, bits: Bits) -> Path:
    """A program of this folder's ``programs``."""
    return toolchain.build([PROGRAMS / name], target=musl(bits), kind="nolibc")


def explain(
    program: Path,
    wanted: Wanted | None = None,
    *,
    arguments: Sequence[str] = (),
    prepare: Callable[[Linux], None] = lambda linux: None,
) -> Explained:
    """Runs a program to its end and explains one call of it.

    Args:
        program: The program.
        wanted: The call; its first one unless given.
        arguments: The rest of ``argv``.
        prepare: What to do to the machine before the program runs.
    """
    with guest.boot() as linux:
        prepare(linux)
        task = linux.load(str(program), arguments, {})
        explainer = Explainer(linux.kernel, wanted or Wanted())
        status = linux.run(task)
        assert explainer.explanation is not None
        return Explained(explainer.explanation, status)
