"""The steps of a Solaris call's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ring3.trace.explain.events import Instruction
from ring3.trace.explain.model import Return
from ring3.trace.explain_page import sources
from ring3.trace.explain_page.page import (
    Call,
    Frame,
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
from ring3.trace.explain_solaris import prose
from ring3.trace.explain_solaris.model import Asked, Entered, Explanation, Python
from ring3.trace.explain_solaris.model import Step as Told
from ring3.trace.explain_solaris.names import REGS


def call(told: Explanation) -> Call:
    """The page's call."""
    return _Pager(told).call()


class _Pager:
    """Makes the steps of one call."""

    def __init__(self, told: Explanation) -> None:
        self._told = told
        self._stations: list[Station] = []
        self._walks = Walked(told.walks)

    def call(self) -> Call:
        told = self._told
        steps = tuple(self._steps())
        outcomes = [prose.result(step) for step in told.steps if isinstance(step, Python)]
        return Call(
            prose.title(told),
            "solaris",
            "syscall",
            told.asked.name or f"number {told.asked.number}",
            next(filter(None, outcomes), ""),
            tuple(self._stations),
            steps,
            values(told.asked.registers),
            Frame("struct regs", number(told.regs_address), REGS) if told.regs else None,
            walks(told.walks),
        )

    def _station(self, heading: str, text: str) -> int:
        self._stations.append(Station(heading, text))
        return len(self._stations) - 1

    def _steps(self) -> Iterator[Step]:
        told = self._told
        entry, handler, back = prose.parts(told)
        yield self._asked(told.asked, self._station(prose.program_heading(told.asked), prose.ask(told.asked)))
        station = self._station(prose.CPU_HEADING, prose.CPU)
        for step in told.cpu:
            yield cpu_step(step, station, self._walks)
        yield from self._way(entry, self._station(prose.ENTRY_HEADING, prose.ENTRY))
        yield self._row(
            self._station(prose.TABLE_HEADING, prose.row(told.asked.number, exists=bool(told.sysent)))
        )
        if told.entered is not None:
            station = self._station(prose.handler_heading(told), "")
            yield self._entered(told.entered, station)
            yield from self._way(handler, station)
        if told.back is None:
            station = self._station(prose.END_HEADING, prose.end(told))
            yield from self._way(back, station)
            yield Step(station, "ring 0", "The process has ended", (told.ended,))
            return
        yield from self._way(back, self._station(prose.WAY_BACK_HEADING, prose.way_back(told.back)))
        station = self._station(prose.program_heading(told.asked, " again"), prose.again(told.back))
        yield self._back(told.back, station)

    def _asked(self, asked: Asked, station: int) -> Step:
        rows = [Row("eax", number(asked.number), f"the number: {asked.name or 'no call has it'}")]
        rows += map(argument, asked.arguments)
        at = next(code for code in asked.listing if code.address == asked.at)
        return Step(
            station,
            "ring 3",
            at.text,
            (f"{asked.name or asked.number}, from {asked.function or 'the program'}",),
            code=line(at),
            listing=tuple(line(code) for code in asked.listing),
            tables=(Table("The number and the arguments", tuple(rows)),),
        )

    def _way(self, steps: Sequence[Told], station: int) -> Iterator[Step]:
        for step in steps:
            if isinstance(step, Instruction):
                yield instruction(step, station, self._walks, "solaris")
            else:
                yield from self._python(step, station)

    def _row(self, station: int) -> Step:
        told = self._told
        if not told.sysent:
            return Step(station, "ring 0", f"no row {told.asked.number}")
        rows = tuple(
            Row(
                field.declaration,
                number(field.value),
                " ".join((number(field.address), field.symbol)).strip(),
            )
            for field in told.sysent
        )
        callc = told.sysent[-1]
        return Step(
            station,
            "ring 0",
            f"sysent[{told.asked.number}].sy_callc = {callc.symbol or number(callc.value)}",
            (prose.row_flags(told.sysent[1].value),),
            memory=(Touch(False, number(callc.address), 8, "sy_callc", number(callc.value)),),
            walks=self._walks.to((callc.address,)),
            tables=(Table(f"struct sysent at {number(told.sysent[0].address)}", rows),),
        )

    def _entered(self, entered: Entered, station: int) -> Step:
        rows = (
            Row("the handler", number(entered.code.address), entered.code.where),
            Row("returns to", number(entered.returns_to), entered.caller),
        )
        return Step(
            station,
            "ring 0",
            f"{entered.code.where or number(entered.code.address)} is entered",
            registers=values(entered.registers),
            tables=(Table("At its first instruction", rows),),
        )

    def _python(self, step: Python, station: int) -> Iterator[Step]:
        written = sources.function_at(step.source) if step.source else None
        yield Step(station, "Python", f"{step.symbol} is Python", (prose.python(step),), written=written)
        for one in step.flow:
            yield Step(station, "Python", f"{'  ' * one.depth}{prose.flow(one)}", written=written)
        registers = {} if step.result is None else {"rax": number(step.result & (1 << 64) - 1)}
        outcome = "does not return" if step.result is None else "returns"
        yield Step(
            station,
            "Python",
            f"{step.symbol} {outcome}",
            tuple(filter(None, (prose.result(step),))),
            registers=registers,
            written=written,
        )

    def _back(self, back: Return, station: int) -> Step:
        rows = tuple(
            Row(
                change.name,
                f"{number(change.before)} -> {number(change.after)}",
                " ".join(prose.changed(change.name, back)),
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
