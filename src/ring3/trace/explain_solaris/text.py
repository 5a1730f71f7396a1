"""The explanation as text: short sentences, and listings in the form in which mdb and DTrace print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ring3.abi.solaris.regs import PS_C
from ring3.abi.solaris.sysent import NSYSCALL, SysentFlag
from ring3.trace.explain import listing
from ring3.trace.explain.events import Instruction
from ring3.trace.explain.facts import Value
from ring3.trace.explain.listing import INDENT, beside, paragraph
from ring3.trace.explain_solaris.model import (
    Asked,
    Entered,
    Explanation,
    FlowStep,
    Python,
    Return,
    Step,
    SysentField,
)

_COLUMNS: Final = (
    ("rax", "r8"), ("rbx", "r9"), ("rcx", "r10"), ("rdx", "r11"), ("rsi", "r12"), ("rdi", "r13"), ("rbp", "r14"),
    ("rsp", "r15"),
)  # fmt: skip
"""The registers as mdb's $r shows them, two in a row."""


def render(told: Explanation) -> str:
    """The whole text, ending with a newline."""
    name = told.asked.name or f"number {told.asked.number}"
    title = f"{name}: system call {told.nth}, made by {told.program} (process {told.task})"
    lines = [title, "=" * len(title)]
    for number, (heading, body) in enumerate(_sections(told), 1):
        lines += ["", f"{number}. {heading}", "-" * (len(heading) + len(f"{number}. ")), *body]
    return "\n".join(lines) + "\n"


def _sections(told: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Each section's heading and lines."""
    entry, handler, back = _parts(told)
    yield (
        f"The C library: {told.asked.function}" if told.asked.function else "The program",
        _asked(told.asked),
    )
    yield "The CPU: syscall", _cpu(told)
    yield "The entry: sys_syscall", _entry(told, entry)
    yield "The table: sysent", _table(told)
    if told.entered is not None:
        where = told.entered.code.where or f"{told.entered.code.address:#x}"
        yield f"The handler: {where}", _handler(told, told.entered, handler)
    if told.back is not None:
        yield "The way back", _way_back(told, told.back, back)
        yield "The C library again" if told.asked.function else "The program again", _again(told, told.back)
    else:
        yield (
            "The end",
            [*_steps(back), f"The process has ended with {told.ended}: there is no way back to ring 3."],
        )


def _parts(told: Explanation) -> tuple[Sequence[Step], Sequence[Step], Sequence[Step]]:
    """The steps up to the call of the handler, those inside it, and those behind it."""
    steps = told.steps
    if told.entered is None:
        return steps, (), ()
    first = told.entered.code.address
    addresses = [step.code.address if isinstance(step, Instruction) else -1 for step in steps]
    start = addresses.index(first) if first in addresses else len(steps)
    behind = told.entered.returns_to
    end = addresses.index(behind, start) if behind in addresses[start:] else len(steps)
    return steps[:start], steps[start:end], steps[end:]


# -- the program -------------------------------------------------------------------------------------------------


def _asked(asked: Asked) -> list[str]:
    registers = _by_name(asked.registers)
    bound = f'; /etc/name_to_sysnum has the line "{asked.bound} {asked.number}"' if asked.bound else ""
    lines = paragraph(
        "A program asks for a system call with the instruction syscall: the number is in eax, and up to six arguments "
        "are in rdi, rsi, rdx, r10, r8 and r9. The function in libc gets its fourth argument in rcx, which syscall is "
        f"going to destroy, and therefore moves it to r10. The number is {asked.number:#x} = {asked.number}{bound}."
    )
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
    lines = paragraph(
        "The CPU looks nothing up in memory: model-specific registers say where ring 0 begins (LSTAR), with which "
        "selectors (STAR) and which flags are cleared (SFMASK). It saves RIP in RCX and RFLAGS in R11 and nothing else."
    )
    return [*lines, "", *(line for step in told.cpu for line in listing.step(step))]


def _entry(told: Explanation, steps: Sequence[Step]) -> list[str]:
    lines = paragraph(
        "sys_syscall stands on the user's stack with the user's registers. swapgs leads it to this CPU's cpu_t, that "
        "to the thread, and that to a struct regs at the top of the thread's kernel stack, where all registers are "
        "kept. Then the arguments are loaded from there as the C ABI wants them, the fourth in rcx, and the number "
        "becomes the address of a row of sysent."
    )
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
        return paragraph(
            f"There is no row {number}: the table has NSYSCALL = {NSYSCALL} rows, and jae has gone to the code that "
            "calls nosys."
        )
    address = told.sysent[0].address
    lines = paragraph(
        f"Each row is a struct sysent of 0x20 bytes, and sy_callc lies at 0x18 in it. So the row of {number} is found "
        "by shll $0x5,%eax and leaq sysent(%rax),%rbx, and the handler is called through 0x18(%rbx). In RAM, at this "
        "moment:"
    )
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
    flags = SysentFlag(told.sysent[1].value)
    return [*lines, *paragraph(f"{_returns(flags)} Who changes the row changes the call.")]


def _field(field: SysentField) -> str:
    if field.declaration.startswith("char"):
        return f"'\\{field.value:03o}'"
    return field.symbol or (f"{field.value:#x}" if field.value else "0")


def _returns(flags: SysentFlag) -> str:
    if flags & SysentFlag.SE_32RVAL2:
        return f"sy_flags = {int(flags):#x} (SE_32RVAL2): the handler returns two ints in one long."
    if flags & SysentFlag.SE_64RVAL:
        return f"sy_flags = {int(flags):#x} (SE_64RVAL): the handler returns a long."
    return f"sy_flags = {int(flags):#x} (SE_32RVAL1): the handler returns an int."


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
    where = f" ({step.source})" if step.source else ""
    lines = ["", *paragraph(f"Here the kernel's function is Python: {step.symbol}{where}.")]
    if step.flow:
        lines += ["", *(_flow(one) for one in step.flow)]
    result = []
    if step.waited:
        result.append("The call had to wait; the thread gave up the CPU meanwhile.")
    if step.error:
        result.append(f"It failed with {step.error}: set_errno notes that in lwp_errno and sets t_post_sys.")
    elif step.result is not None:
        result.append(f"It returns {step.result:#x}.")
    if result:
        lines += ["", *paragraph(" ".join(result))]
    return [*lines, ""]


def _flow(step: FlowStep) -> str:
    """A line as dtrace -F prints it."""
    indent = INDENT + "  " * step.depth
    if step.entry:
        return f"{indent}-> {step.function}({', '.join(f'{value & (1 << 64) - 1:#x}' for value in step.arguments)})"
    if step.error:
        return f"{indent}<- {step.function}: {step.error}"
    return f"{indent}<- {step.function}" + (f" = {step.result:#x}" if step.result is not None else "")


# -- the way out -------------------------------------------------------------------------------------------------


def _way_back(told: Explanation, back: Return, steps: Sequence[Step]) -> list[str]:
    simple = back.by == "sysretq"
    if simple:
        text = (
            "The results are kept in r12 and r13. Nothing else is to be done, so the call returns simply: carry off "
            "for success, the registers from struct regs, rip in rcx and the flags in r11, and sysret."
        )
    else:
        text = (
            "The results are kept in r12 and r13, but a simple return will not do: post_syscall puts the error or the "
            "results into struct regs, with the carry flag for an error, and takes signals. All registers come from "
            "there, and iret goes back."
        )
    return [*paragraph(text), "", *_steps(steps)]


def _again(told: Explanation, back: Return) -> list[str]:
    registers = _by_name(back.registers)
    carry = bool(registers["rflags"] & PS_C)
    rax = registers["rax"]
    meaning = (
        f"the carry flag is on: {rax} in rax is the error"
        if carry
        else f"the carry flag is off, rax is {rax:#x}"
    )
    lines = paragraph(f"The program goes on behind its instruction, and {meaning}:")
    code = back.code
    lines += ["", f"{INDENT}{code.where + ':' if code.where else f'{code.address:#x}:':<24} {code.text}", ""]
    shown = [change for change in back.changes if change.name not in ("gs_base", "kernel_gs_base")]
    if not shown:
        return [*lines, *paragraph("Every register is as it was before.")]
    lines += [*paragraph("Of the program's registers, these have changed:"), ""]
    for change in shown:
        left = f"{INDENT}{change.name:<8} {change.before:#x} -> {change.after:#x}"
        lines += beside(left, _why(change.name, carry=carry, simple=back.by == "sysretq"), 52)
    return lines


def _why(name: str, *, carry: bool, simple: bool) -> list[str]:
    """What changed a register."""
    reasons = {
        "rax": "the error" if carry else "the result",
        "rdx": "the second result",
        "rcx": "RIP, for sysret" if simple else "the fourth argument, from struct regs",
        "r11": "RFLAGS, for sysret"
        if simple
        else "from struct regs, where no call stores it: the last trap's",
        "rflags": "carry on" if carry else "carry off",
    }
    return [reasons[name]] if name in reasons else []
