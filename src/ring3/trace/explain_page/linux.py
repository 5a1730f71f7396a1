"""The steps of a Linux call's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from ring3.abi import tbl
from ring3.kernel.regs import NAMES
from ring3.trace.explain import prose
from ring3.trace.explain.doors import INT80
from ring3.trace.explain.events import (
    Delivery,
    Event,
    FrameFilled,
    Instruction,
    PythonCall,
    TableSlot,
)
from ring3.trace.explain.model import Asked, Explanation, Return
from ring3.trace.explain.names import PT_REGS
from ring3.trace.explain.stages import AGAIN, END, PROGRAM, Stage, heading, opening, staged
from ring3.trace.explain_page import sources
from ring3.trace.explain_page.page import (
    Call,
    Frame,
    Lane,
    Row,
    Station,
    Step,
    Table,
    Touch,
    Walked,
    line,
    number,
    walks,
)
from ring3.trace.explain_page.steps import argument, cpu_step, instruction, values

_M64: Final = (1 << 64) - 1
_OFFSETS: Final = {name: offset for offset, name in PT_REGS.items()}


def call(told: Explanation) -> Call:
    """The page's call."""
    return _Pager(told).call()


class _Pager:
    """Makes the steps of one call."""

    def __init__(self, told: Explanation) -> None:
        self._told = told
        self._stations: list[Station] = []
        self._walks = Walked(told.walks)
        self._frame = next((event for event in told.events if isinstance(event, FrameFilled)), None)

    def call(self) -> Call:
        told, asked = self._told, self._told.asked
        steps = tuple(self._steps())
        return Call(
            prose.title(told),
            "linux",
            asked.door
            if asked.door == INT80.name or asked.abi == tbl.Abi.X86_64
            else f"{asked.door} (32-bit)",
            asked.name or f"number {asked.number}",
            self._outcome(),
            tuple(self._stations),
            steps,
            values(asked.registers),
            None
            if self._frame is None
            else Frame(
                "struct pt_regs", number(self._frame.address), {_OFFSETS[name]: name for name in NAMES}
            ),
            walks(told.walks),
        )

    def _outcome(self) -> str:
        handlers = [
            event for event in self._told.events if isinstance(event, PythonCall) and event.is_handler
        ]
        return " ".join(prose.result(handlers[-1], self._told.ended)) if handlers else ""

    def _station(self, heading: str, text: str, source: tuple[str, ...] = ()) -> int:
        self._stations.append(Station(heading, text, source))
        return len(self._stations) - 1

    def _steps(self) -> Iterator[Step]:
        told = self._told
        yield self._asked(told.asked, self._station(PROGRAM, prose.ask(told.asked)))
        for stage, group in groupby(staged(told.events), key=lambda pair: pair[0]):
            source = tuple(prose.dispatch(told.asked)) if stage is Stage.DISPATCH else ()
            station = self._station(heading(stage, told), opening(stage, told), source)
            for _, event in group:
                yield from self._event(event, station)
        if told.back is not None:
            yield self._back(told.back, self._station(AGAIN, prose.back(told.back, told.asked)))
        else:
            yield Step(self._station(END, prose.end(told)), "ring 0", "The task has ended", (told.ended,))

    def _asked(self, asked: Asked, station: int) -> Step:
        name = asked.name or "no call has this number"
        rows = [Row(prose.number_register(asked), number(asked.number), f"the number: {name}")]
        rows += map(argument, asked.arguments)
        return Step(
            station,
            "ring 3",
            asked.code.text,
            (f"{asked.name or asked.number}, by {asked.door}",),
            code=line(asked.code),
            tables=(Table("The number and the arguments", tuple(rows)),),
        )

    def _event(self, event: Event, station: int) -> Iterator[Step]:
        if isinstance(event, Instruction):
            yield instruction(event, station, self._walks, "linux")
        elif isinstance(event, Delivery):
            if event is not self._told.events[0]:
                yield Step(station, "CPU", f"Exception {event.cause}", (prose.exception(event),))
            for step in event.steps:
                yield cpu_step(step, station, self._walks)
        elif isinstance(event, FrameFilled):
            rows = tuple(Row(field.name, number(field.value)) for field in event.fields)
            yield Step(
                station, "ring 0", "struct pt_regs is complete", tables=(Table("struct pt_regs", rows),)
            )
        elif isinstance(event, TableSlot):
            yield self._slot(event, station)
        elif event.is_handler:
            yield from self._handler(event, station)
        else:
            yield self._python(event, station)

    def _slot(self, event: TableSlot, station: int) -> Step:
        rows = (
            Row("the table", event.table, "in RAM"),
            Row("the index", f"{event.number} * 8", "an entry has 8 bytes"),
            Row("virtual address", number(event.address)),
            Row("physical address", number(event.physical)),
            Row("what it holds", number(event.content), event.symbol),
        )
        return Step(
            station,
            "ring 0",
            f"{event.table}[{event.number}] = {event.symbol or number(event.content)}",
            (prose.slot(event),),
            memory=(Touch(False, number(event.address), 8, event.table, number(event.content)),),
            walks=self._walks.to((event.address,)),
            tables=(Table("The slot", rows),),
        )

    def _handler(self, event: PythonCall, station: int) -> Iterator[Step]:
        has_slot = any(isinstance(other, TableSlot) for other in self._told.events)
        said = [prose.handler(event, self._told.asked, has_slot=has_slot)]
        if event.frame:
            said.append(prose.frame_changed(event))
        yield Step(station, "Python", f"{event.symbol} takes over", tuple(said))
        longs: Mapping[str, int] = {}
        for layer in event.layers:
            rows = [
                Row(
                    argument.name,
                    number(argument.value & _M64),
                    prose.argument(argument, longs.get(argument.name)),
                )
                for argument in layer.arguments
            ]
            innermost = layer.function.startswith("__do_")
            yield Step(
                station,
                "Python",
                layer.function,
                (f"in {event.source}",) if innermost else (),
                tables=(Table("Its arguments", tuple(rows)),) if rows else (),
                walks=self._walks.to(argument.value for argument in layer.arguments if argument.data),
                written=sources.function_at(event.source) if innermost else None,
            )
            longs = {argument.name: argument.value for argument in layer.arguments}
        yield self._result(event, station, "Python", prose.result(event, self._told.ended))

    def _python(self, event: PythonCall, station: int) -> Step:
        return self._result(event, station, "Python", [prose.python(event)])

    def _result(self, event: PythonCall, station: int, lane: Lane, said: list[str]) -> Step:
        registers = {} if event.result is None else {"rax": number(event.result & _M64)}
        outcome = "does not return" if event.result is None else f"returns {event.result}"
        writes = [
            Touch(
                True,
                number(event.regs + _OFFSETS[change.name]),
                8,
                f"pt_regs->{change.name}",
                number(change.after),
            )
            for change in event.frame_changes
        ]
        return Step(
            station, lane, f"{event.symbol} {outcome}", tuple(said), registers=registers, memory=tuple(writes)
        )

    def _back(self, back: Return, station: int) -> Step:
        rows = tuple(
            Row(
                change.name,
                f"{number(change.before)} -> {number(change.after)}",
                " ".join(prose.changed(change, back, self._told.asked)),
            )
            for change in back.changes
        )
        return Step(
            station,
            "ring 3",
            back.code.text,
            ("the next instruction",),
            code=line(back.code),
            registers=values(back.registers),
            tables=(Table("What the program finds changed", rows),) if rows else (),
        )
