"""The sentences of a Solaris call's explanation, and the parts that it is divided into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.solaris.regs import PS_C
from ring3.abi.solaris.sysent import NSYSCALL, SysentFlag
from ring3.trace.explain.events import Instruction
from ring3.trace.explain.model import Return
from ring3.trace.explain_solaris.model import Asked, Explanation, FlowStep, Python, Step

CPU: Final = (
    "The CPU looks nothing up in memory: model-specific registers say where ring 0 begins (LSTAR), with which "
    "selectors (STAR) and which flags are cleared (SFMASK). It saves RIP in RCX and RFLAGS in R11 and nothing else."
)
ENTRY: Final = (
    "sys_syscall stands on the user's stack with the user's registers. swapgs leads it to this CPU's cpu_t, that "
    "to the thread, and that to a struct regs at the top of the thread's kernel stack, where all registers are "
    "kept. Then the arguments are loaded from there as the C ABI wants them, the fourth in rcx, and the number "
    "becomes the address of a row of sysent."
)
CPU_HEADING: Final = "The CPU: syscall"
ENTRY_HEADING: Final = "The entry: sys_syscall"
TABLE_HEADING: Final = "The table: sysent"
WAY_BACK_HEADING: Final = "The way back"
END_HEADING: Final = "The end"


class Parts(NamedTuple):
    """What happened in ring 0, divided.

    Attributes:
        entry: Up to the call of the handler.
        handler: Inside it.
        back: Behind it.
    """

    entry: Sequence[Step]
    handler: Sequence[Step]
    back: Sequence[Step]


def parts(told: Explanation) -> Parts:
    """The steps up to the call of the handler, those inside it, and those behind it."""
    steps = told.steps
    if told.entered is None:
        return Parts(steps, (), ())
    first = told.entered.code.address
    addresses = [step.code.address if isinstance(step, Instruction) else -1 for step in steps]
    start = addresses.index(first) if first in addresses else len(steps)
    behind = told.entered.returns_to
    end = addresses.index(behind, start) if behind in addresses[start:] else len(steps)
    return Parts(steps[:start], steps[start:end], steps[end:])


def title(told: Explanation) -> str:
    """The heading of the whole."""
    name = told.asked.name or f"number {told.asked.number}"
    return f"{name}: system call {told.nth}, made by {told.program} (process {told.task})"


def program_heading(asked: Asked, again: str = "") -> str:
    """The heading of the program's side, before the call and ``again`` after it."""
    return f"The C library{again or f': {asked.function}'}" if asked.function else f"The program{again}"


def handler_heading(told: Explanation) -> str:
    """The heading of the handler, which was entered."""
    assert told.entered is not None
    code = told.entered.code
    return f"The handler: {code.where or f'{code.address:#x}'}"


def ask(asked: Asked) -> str:
    """How the program asks."""
    bound = f'; /etc/name_to_sysnum has the line "{asked.bound} {asked.number}"' if asked.bound else ""
    return (
        "A program asks for a system call with the instruction syscall: the number is in eax, and up to six arguments "
        "are in rdi, rsi, rdx, r10, r8 and r9. The function in libc gets its fourth argument in rcx, which syscall is "
        f"going to destroy, and therefore moves it to r10. The number is {asked.number:#x} = {asked.number}{bound}."
    )


def row(number: int, *, exists: bool) -> str:
    """Where the table's row is."""
    if not exists:
        return (
            f"There is no row {number}: the table has NSYSCALL = {NSYSCALL} rows, and jae has gone to the code that "
            "calls nosys."
        )
    return (
        f"Each row is a struct sysent of 0x20 bytes, and sy_callc lies at 0x18 in it. So the row of {number} is found "
        "by shll $0x5,%eax and leaq sysent(%rax),%rbx, and the handler is called through 0x18(%rbx). In RAM, at this "
        "moment:"
    )


def row_flags(number: int) -> str:
    """What the row's flags say of the result, and what the row is good for."""
    flags = SysentFlag(number)
    returns = "an int"
    name = "SE_32RVAL1"
    if flags & SysentFlag.SE_32RVAL2:
        returns, name = "two ints in one long", "SE_32RVAL2"
    elif flags & SysentFlag.SE_64RVAL:
        returns, name = "a long", "SE_64RVAL"
    return (
        f"sy_flags = {int(flags):#x} ({name}): the handler returns {returns}. "
        "Who changes the row changes the call."
    )


def python(step: Python) -> str:
    """A function of the kernel that is Python."""
    where = f" ({step.source})" if step.source else ""
    return f"Here the kernel's function is Python: {step.symbol}{where}."


def result(step: Python) -> str:
    """What came of it, "" if it never returned."""
    found = []
    if step.waited:
        found.append("The call had to wait; the thread gave up the CPU meanwhile.")
    if step.error:
        found.append(f"It failed with {step.error}: set_errno notes that in lwp_errno and sets t_post_sys.")
    elif step.result is not None:
        found.append(f"It returns {step.result:#x}.")
    return " ".join(found)


def flow(step: FlowStep) -> str:
    """A line as dtrace -F prints it, without its indentation."""
    if step.entry:
        return f"-> {step.function}({', '.join(f'{value & (1 << 64) - 1:#x}' for value in step.arguments)})"
    if step.error:
        return f"<- {step.function}: {step.error}"
    return f"<- {step.function}" + (f" = {step.result:#x}" if step.result is not None else "")


def way_back(back: Return) -> str:
    """The way out of ring 0."""
    if is_simple(back):
        return (
            "The results are kept in r12 and r13. Nothing else is to be done, so the call returns simply: carry off "
            "for success, the registers from struct regs, rip in rcx and the flags in r11, and sysret."
        )
    return (
        "The results are kept in r12 and r13, but a simple return will not do: post_syscall puts the error or the "
        "results into struct regs, with the carry flag for an error, and takes signals. All registers come from "
        "there, and iret goes back."
    )


def is_simple(back: Return) -> bool:
    """Whether it went back by sysret."""
    return back.by == "sysretq"


def again(back: Return) -> str:
    """Ring 3 again."""
    rax = next(value.value for value in back.registers if value.name == "rax")
    meaning = (
        f"the carry flag is on: {rax} in rax is the error"
        if carry(back)
        else f"the carry flag is off, rax is {rax:#x}"
    )
    return f"The program goes on behind its instruction, and {meaning}:"


def carry(back: Return) -> bool:
    """Whether the program finds the carry flag on, which is how a failure is told."""
    return any(value.name == "rflags" and bool(value.value & PS_C) for value in back.registers)


def changed(name: str, back: Return) -> list[str]:
    """Why one of the program's registers has changed."""
    simple = is_simple(back)
    reasons = {
        "rax": "the error" if carry(back) else "the result",
        "rdx": "the second result",
        "rcx": "RIP, for sysret" if simple else "the fourth argument, from struct regs",
        "r11": "RFLAGS, for sysret"
        if simple
        else "from struct regs, where no call stores it: the last trap's",
        "rflags": "carry on" if carry(back) else "carry off",
    }
    return [reasons[name]] if name in reasons else []


def end(told: Explanation) -> str:
    """The call that was the process's last."""
    return f"The process has ended with {told.ended}: there is no way back to ring 3."
