"""An explanation as text: short sentences and listings, in the order in which things happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from ring3.trace.explain import listing, prose
from ring3.trace.explain.events import (
    Delivery,
    Event,
    FrameFilled,
    Instruction,
    LayerCall,
    PythonCall,
    TableSlot,
)
from ring3.trace.explain.facts import Value
from ring3.trace.explain.listing import INDENT, beside, paragraph
from ring3.trace.explain.model import Argument, Asked, Explanation, Return
from ring3.trace.explain.registers import GENERAL, flag_names
from ring3.trace.explain.stages import AGAIN, END, PROGRAM, Stage, heading, opening, staged

_NARROW: Final = {
    f"r{name}": f"e{name}" for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp", "ip", "flags")
}
_M32: Final = 0xFFFF_FFFF


def render(told: Explanation) -> str:
    """The whole text, ending with a newline."""
    title = prose.title(told)
    lines = [title, "=" * len(title)]
    for number, (name, body) in enumerate(_sections(told), 1):
        lines += ["", f"{number}. {name}", "-" * (len(name) + len(f"{number}. ")), *body]
    return "\n".join(lines) + "\n"


def _sections(told: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Each section's heading and lines."""
    yield PROGRAM, _asked(told.asked)
    for stage, group in groupby(staged(told.events), key=lambda pair: pair[0]):
        body = _opening(stage, told)
        body += _told([event for _, event in group], told)
        yield heading(stage, told), body
    if told.back is not None:
        yield AGAIN, _back(told.back, told.asked)
    else:
        yield END, [prose.end(told)]


def _opening(stage: Stage, told: Explanation) -> list[str]:
    """The sentences before what happened in a part of the way, with the C that it stands for."""
    text = opening(stage, told)
    lines = [*paragraph(text), ""] if text else []
    if stage is Stage.DISPATCH:
        source = [INDENT + line for line in prose.dispatch(told.asked)]
        return [prose.C_SOURCE, "", *source, "", *lines]
    return lines


def _told(events: Sequence[Event], told: Explanation) -> list[str]:
    """The lines of what happened in a part of the way; instructions in a row are one listing."""
    lines: list[str] = []
    for _, group in groupby(events, key=lambda event: isinstance(event, Instruction)):
        row = list(group)
        code = [event for event in row if isinstance(event, Instruction)]
        lines += (
            listing.instructions(code) if code else [line for event in row for line in _event(event, told)]
        )
    return lines


def _event(event: Event, told: Explanation) -> list[str]:
    """The lines of one event that is no instruction."""
    if isinstance(event, FrameFilled):
        return ["", *paragraph(prose.frame(event.address)), "", *listing.table(event.fields, 3)]
    if isinstance(event, TableSlot):
        return [*paragraph(prose.slot(event)), "", *prose.slot_lines(event), ""]
    if isinstance(event, PythonCall):
        return _handler(event, told) if event.is_handler else ["", *paragraph(prose.python(event)), ""]
    if not isinstance(event, Delivery):
        return []
    steps = [line for step in event.steps for line in listing.step(step)]
    return steps if event is told.events[0] else ["", *paragraph(prose.exception(event)), "", *steps, ""]


def _asked(asked: Asked) -> list[str]:
    door = prose.door_of(asked)
    registers = {value.name: value.value for value in asked.registers}
    number = registers["rax"] if asked.long_mode else registers["rax"] & _M32
    shown = {
        "rax",
        "rip",
        *(place if place in registers else f"r{place[1:]}" for place in door.places[: len(asked.arguments)]),
    }
    rest = [Value(name, registers[name]) for name in GENERAL if name not in shown]
    what = f"the number{f': {asked.name}' if asked.name else ''}"
    lines = [*paragraph(prose.ask(asked)), "", listing.code(asked.code), ""]
    lines += beside(f"{INDENT}{prose.number_register(asked):<8} {number:#x}", [what], 36)
    for argument in asked.arguments:
        lines += _argument(argument, asked)
    flags = registers["rflags"]
    lines += ["", "The other registers at that moment:", "", *listing.table(_as_seen(rest, asked), 4)]
    return [
        *lines,
        f"{INDENT}{'rflags' if asked.long_mode else 'eflags'} {flags:#x} [{' '.join(flag_names(flags))}]",
    ]


def _argument(argument: Argument, asked: Asked) -> list[str]:
    """An argument in its place, with its C declaration."""
    value = argument.value
    if value is not None and not asked.long_mode:
        value &= _M32
    shown = "not in memory" if value is None else f"{value:#x}"
    parts = [f"{argument.type} {argument.name}".replace("* ", "*").strip()] if argument.name else []
    if value is not None and argument.place.startswith("e") and value > _M32:
        parts.append(f"only the lower half counts: {value & _M32:#x}")
    return beside(f"{INDENT}{argument.place:<8} {shown}", parts, 36)


def _as_seen(rows: Sequence[Value], asked: Asked) -> list[Value]:
    """Registers as the program's own mode shows them."""
    if asked.long_mode:
        return list(rows)
    return [Value(_NARROW[row.name], row.value & _M32) for row in rows if row.name in _NARROW]


def _handler(told: PythonCall, explanation: Explanation) -> list[str]:
    has_slot = any(isinstance(event, TableSlot) for event in explanation.events)
    lines = paragraph(prose.handler(told, explanation.asked, has_slot=has_slot))
    if told.frame:
        lines += ["", *paragraph(prose.frame_changed(told))]
    lines.append("")
    longs: dict[str, int] = {}
    for layer in told.layers:
        lines += _layer(layer, told, longs)
        longs = {argument.name: argument.value for argument in layer.arguments}
    if told.layers:
        lines.append("")
    lines += paragraph(" ".join(prose.result(told, explanation.ended)))
    if told.frame_changes:
        changed = ", ".join(f"{c.name} = {c.after:#x}" for c in told.frame_changes)
        lines += paragraph(f"It changed pt_regs itself: {changed}.")
    return lines


def _layer(layer: LayerCall, call: PythonCall, longs: Mapping[str, int]) -> list[str]:
    """One layer as it was called; ``longs`` are the arguments of the layer above by name."""
    what = ""
    if layer.function == call.symbol:
        what = f"(regs = {call.regs:#x})"
    elif layer.function.startswith("__do_"):
        what = f"  in {call.source}"
    lines = [f"{INDENT}{layer.function}{what}"]
    for argument in layer.arguments:
        text = prose.argument(argument, longs.get(argument.name))
        lines.append(f"{INDENT * 2}{text}")
    return lines


def _back(back: Return, asked: Asked) -> list[str]:
    lines = [*paragraph(prose.back(back, asked)), "", listing.code(back.code), ""]
    changes = [c for c in back.changes if asked.long_mode or c.name in _NARROW]
    if not changes:
        return [*lines, *paragraph("Every register is as it was before.")]
    lines += [*paragraph("Of the program's registers, these have changed:"), ""]
    for change in changes:
        name = change.name if asked.long_mode else _NARROW[change.name]
        before, after = (
            (change.before, change.after) if asked.long_mode else (change.before & _M32, change.after & _M32)
        )
        lines += beside(
            f"{INDENT}{name:<8} {before:#x} -> {after:#x}", prose.changed(change, back, asked), 52
        )
    return lines
