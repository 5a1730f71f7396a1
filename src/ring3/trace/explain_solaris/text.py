"""The explanation as text: short sentences, and listings in the form in which mdb and DTrace print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ring3.trace.explain import listing
from ring3.trace.explain.events import Instruction
from ring3.trace.explain.facts import Value
from ring3.trace.explain.listing import INDENT, beside, paragraph
from ring3.trace.explain.model import Return
from ring3.trace.explain_solaris import prose
from ring3.trace.explain_solaris.model import Asked, Entered, Explanation, Python, Step, SysentField

_COLUMNS: Final = (
    ("rax", "r8"), ("rbx", "r9"), ("rcx", "r10"), ("rdx", "r11"), ("rsi", "r12"), ("rdi", "r13"), ("rbp", "r14"),
    ("rsp", "r15"),
)  # fmt: skip
"""The registers as mdb's $r shows them, two in a row."""


def render(told: Explanation) -> str:
    """The whole text, ending with a newline."""
    title = prose.title(told)
    lines = [title, "=" * len(title)]
    for number, (heading, body) in enumerate(_sections(told), 1):
        lines += ["", f"{number}. {heading}", "-" * (len(heading) + len(f"{number}. ")), *body]
    return "\n".join(lines) + "\n"


def _sections(told: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Each section's heading and lines."""
    entry, handler, back = prose.parts(told)
    yield prose.program_heading(told.asked), _asked(told.asked)
    yield prose.CPU_HEADING, _cpu(told)
    yield prose.ENTRY_HEADING, _entry(told, entry)
    yield prose.TABLE_HEADING, _table(told)
    if told.entered is not None:
        yield prose.handler_heading(told), _handler(told, told.entered, handler)
    if told.back is not None:
        yield prose.WAY_BACK_HEADING, [*paragraph(prose.way_back(told.back)), "", *_steps(back)]
        yield prose.program_heading(told.asked, " again"), _again(told.back)
    else:
        yield prose.END_HEADING, [*_steps(back), prose.end(told)]


# -- the program -------------------------------------------------------------------------------------------------


def _asked(asked: Asked) -> list[str]:
    registers = _by_name(asked.registers)
    lines = paragraph(prose.ask(asked))
    lines.append("")
    for code in asked.listing:
        mark = "    <- here" if code.address == asked.at else ""
        lines.append(
            f"{INDENT}{code.where + ':' if code.where else f'{code.address:#x}:':<24} {code.text}{mark}"
        )
    lines += ["", *_dollar_r(registers), ""]
    lines.append(f"{INDENT}// rax = {registers['rax']:#x}{_name_of_number(asked)}")
    for argument in asked.arguments:
        kind = f"    {argument.type} {argument.name}".replace("* ", "*") if argument.name else ""
        lines.append(f"{INDENT}// {argument.place} = {argument.value:#x}{kind}")
    return lines


def _name_of_number(asked: Asked) -> str:
    if asked.name:
        return f" = {asked.number}    the number of {asked.name}"
    return f" = {asked.number}    a number without a call"


def _dollar_r(registers: dict[str, int]) -> list[str]:
    """The general registers as mdb's $r."""
    lines = [
        f"{INDENT}%{left} = 0x{registers[left]:016x}       %{right:<3} = 0x{registers[right]:016x}"
        for left, right in _COLUMNS
    ]
    return [*lines, f"{INDENT}%rip = 0x{registers['rip']:016x}"]


def _by_name(values: Sequence[Value]) -> dict[str, int]:
    return {value.name: value.value for value in values}


# -- the way in --------------------------------------------------------------------------------------------------


def _cpu(told: Explanation) -> list[str]:
    lines = paragraph(prose.CPU)
    return [*lines, "", *(line for step in told.cpu for line in listing.step(step))]


def _entry(told: Explanation, steps: Sequence[Step]) -> list[str]:
    lines = paragraph(prose.ENTRY)
    lines += ["", *_steps(steps)]
    if told.regs:
        fields = [value for value in told.regs if value.name.startswith("r_")]
        lines += ["", f"struct regs, at {told.regs_address:#x}:", "", *listing.table(fields, 3)]
    return lines


def _steps(steps: Sequence[Step]) -> list[str]:
    """Instructions in a row as one listing, and what is Python between them."""
    lines: list[str] = []
    for is_code, group in groupby(steps, key=lambda step: isinstance(step, Instruction)):
        row = list(group)
        if is_code:
            lines += listing.instructions([step for step in row if isinstance(step, Instruction)])
        else:
            lines += [line for step in row if isinstance(step, Python) for line in _python(step)]
    return lines


def _table(told: Explanation) -> list[str]:
    number = told.asked.number
    if not told.sysent:
        return paragraph(prose.row(number, exists=False))
    address = told.sysent[0].address
    lines = paragraph(prose.row(number, exists=True))
    lines += [
        "",
        f"{INDENT}> sysent + 0x20 * 0t{number} = J",
        f"{INDENT}                {address:x}",
        f"{INDENT}> {address:x}::print -Ta struct sysent",
        f"{INDENT}{address:x} struct sysent {{",
        *(f"{INDENT}    {field.address:x} {field.declaration} = {_field(field)}" for field in told.sysent),
        f"{INDENT}}}",
        "",
    ]
    return [*lines, *paragraph(prose.row_flags(told.sysent[1].value))]


def _field(field: SysentField) -> str:
    if field.declaration.startswith("char"):
        return f"'\\{field.value:03o}'"
    return field.symbol or (f"{field.value:#x}" if field.value else "0")


# -- the handler -------------------------------------------------------------------------------------------------


def _handler(told: Explanation, entered: Entered, steps: Sequence[Step]) -> list[str]:
    registers = _by_name(entered.registers)
    lines = [
        f"{INDENT}stop at {entered.code.where}",
        f"{INDENT}{entered.code.where}: {entered.code.text}",
        "",
    ]
    lines += [*_dollar_r(registers), ""]
    lines += [f"{INDENT}// {text}" for text in _comments(told, entered, registers)]
    return [*lines, "", *_steps(steps)]


def _comments(told: Explanation, entered: Entered, registers: dict[str, int]) -> Iterator[str]:
    if told.sysent:
        yield f"rax = {told.asked.number} * 0x20, rbx = sysent+{registers['rax']:#x}, the row"
    for argument in told.asked.arguments:
        place = "rcx" if argument.place == "r10" else argument.place
        yield f"{place} = {registers[place]:#x}" + (f", {argument.name}" if argument.name else "")
    yield f"on the stack: {entered.returns_to:#x}" + (f" = {entered.caller}" if entered.caller else "")


def _python(step: Python) -> list[str]:
    lines = ["", *paragraph(prose.python(step))]
    if step.flow:
        lines += ["", *(f"{INDENT}{'  ' * one.depth}{prose.flow(one)}" for one in step.flow)]
    if result := prose.result(step):
        lines += ["", *paragraph(result)]
    return [*lines, ""]


# -- the way out -------------------------------------------------------------------------------------------------


def _again(back: Return) -> list[str]:
    lines = paragraph(prose.again(back))
    code = back.code
    lines += ["", f"{INDENT}{code.where + ':' if code.where else f'{code.address:#x}:':<24} {code.text}", ""]
    shown = [change for change in back.changes if change.name not in ("gs_base", "kernel_gs_base")]
    if not shown:
        return [*lines, *paragraph("Every register is as it was before.")]
    lines += [*paragraph("Of the program's registers, these have changed:"), ""]
    for change in shown:
        left = f"{INDENT}{change.name:<8} {change.before:#x} -> {change.after:#x}"
        lines += beside(left, prose.changed(change.name, back), 52)
    return lines
