"""The parts of a call's way, which both the text and the page are divided into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ring3.abi.kinds import Enum
from ring3.trace.explain import prose
from ring3.trace.explain.events import Event, FrameFilled, Instruction, PythonCall, TableSlot
from ring3.trace.explain.model import Explanation


class Stage(Enum):
    """A part of the way between the program's instruction and its next one."""

    CPU = "The CPU"
    ENTRY = "The entry code"
    DISPATCH = "To the table"
    TABLE = "The table"
    HANDLER = "The handler"
    WAY_BACK = "The way back"


PROGRAM = "The program"
AGAIN = "Ring 3 again"
END = "The end"
"""Headings of what is before and after ring 0."""


def staged(events: Sequence[Event]) -> Iterator[tuple[Stage, Event]]:
    """Each event with the part of the way that it belongs to."""
    stage = Stage.CPU
    for event in events:
        if isinstance(event, PythonCall) and event.is_handler:
            stage = Stage.HANDLER
        elif isinstance(event, TableSlot):
            stage = Stage.TABLE
        elif isinstance(event, Instruction) and stage is Stage.CPU:
            stage = Stage.ENTRY
        elif isinstance(event, Instruction) and stage is Stage.HANDLER:
            stage = Stage.WAY_BACK
        yield stage, event
        if isinstance(event, FrameFilled):
            stage = Stage.DISPATCH


def heading(stage: Stage, told: Explanation) -> str:
    """What a part of the way is called, with what it is about."""
    names = {Stage.CPU: told.asked.door, Stage.ENTRY: told.entry_names[0] if told.entry_names else ""}
    for event in told.events:
        if isinstance(event, TableSlot):
            names[Stage.TABLE] = event.table
        elif isinstance(event, PythonCall) and event.is_handler:
            names[Stage.HANDLER] = event.symbol
    return f"{stage.value}: {names[stage]}" if names.get(stage) else stage.value


def opening(stage: Stage, told: Explanation) -> str:
    """What is said before a part of the way, "" for nothing."""
    if stage is Stage.CPU:
        return prose.cpu(told.asked)
    if stage is Stage.ENTRY:
        return prose.entry(told)
    if stage is Stage.DISPATCH:
        return prose.nospec(told.asked)
    if stage is Stage.WAY_BACK:
        return prose.way_back(told.back)
    return ""
