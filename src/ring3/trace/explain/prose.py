"""The sentences of the text form: what a step of the way is, with this call's own numbers in it."""

from __future__ import annotations

from typing import Final

from ring3.abi import tbl
from ring3.trace.explain.doors import INT80, SYSCALL, SYSCALL_COMPAT, SYSENTER, Door
from ring3.trace.explain.events import Delivery, LayerArgument, PythonCall, TableSlot
from ring3.trace.explain.facts import Change
from ring3.trace.explain.layers import SHOWN
from ring3.trace.explain.listing import INDENT
from ring3.trace.explain.model import Asked, Explanation, Return

_DOORS: Final = {
    SYSCALL: "syscall looks nothing up in memory: model-specific registers say where ring 0 begins (LSTAR), with "
    "which selectors (STAR) and which flags are cleared (FMASK). It saves RIP in RCX and RFLAGS in R11 and nothing "
    "else, which is why a call destroys these two.",
    SYSCALL_COMPAT: "syscall looks nothing up in memory: model-specific registers say where ring 0 begins (CSTAR, "
    "because the code runs in compatibility mode), with which selectors (STAR) and which flags are cleared (FMASK). "
    "It saves EIP in ECX and EFLAGS in R11 and nothing else.",
    SYSENTER: "sysenter takes ring 0's code segment, stack pointer and first instruction from three model-specific "
    "registers, 0x174 to 0x176. It saves neither the address to go back to nor the user's stack pointer: the program "
    "has left that in ebp, and the way back leads to a fixed place in the vDSO. That is what __kernel_vsyscall is for.",
    INT80: "int $0x80 is a software interrupt. Its number picks a gate of the interrupt descriptor table; the gate's "
    "DPL says who may use it, its selector and offset where ring 0 begins. The stack changes to the one that the "
    "task-state segment names, and there the CPU pushes what iret will need: SS, RSP, RFLAGS, CS and RIP.",
}

_LARGE: Final = 0xFFFF
_ESCAPES: Final = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}


def door_of(asked: Asked) -> Door:
    """The door that was used."""
    return next(door for door in _DOORS if (door.name, door.abi) == (asked.door, asked.abi))


def number_register(asked: Asked) -> str:
    """Where the number is, as that door sees it."""
    return "rax" if door_of(asked) is SYSCALL else "eax"


def title(told: Explanation) -> str:
    """The heading of the whole."""
    name = told.asked.name or f"number {told.asked.number}"
    return f"{name}: system call {told.nth}, made by {told.program} (task {told.task})"


def ask(asked: Asked) -> str:
    """How the program asks."""
    door = door_of(asked)
    mode = "64-bit code" if asked.long_mode else "32-bit code (compatibility mode)"
    places = f"{', '.join(door.places[:-1])} and {door.places[-1]}"
    text = f"In {mode} the program executes {asked.door}. By the convention of this door the number of the call is "
    text += f"in {number_register(asked)} and the arguments are in {places}. "
    wide = asked.abi == tbl.Abi.X86_64
    table = f"syscall_{'64' if wide else '32'}.tbl"
    row = next(
        (row for row in (tbl.load_x86_64() if wide else tbl.load_i386()) if row.number == asked.number), None
    )
    if not asked.name or row is None:
        return f"{text}The number is {asked.number}, for which {table} has no row."
    columns = [str(row.number), row.abi, row.name, *(column for column in (row.entry, row.compat) if column)]
    text += f'The number is {asked.number}; its row in {table} is "{" ".join(columns)}"'
    if not asked.defined:
        return f"{text}, a call that Ring3 does not have. These are all six places:"
    count = len(asked.arguments)
    return f"{text}, and the call takes {count or 'no'} argument{'' if count == 1 else 's'}:"


def cpu(asked: Asked) -> str:
    """What the door's instruction is."""
    return _DOORS[door_of(asked)]


def entry(told: Explanation) -> str:
    """Where ring 0 begins."""
    first, *others = told.entry_names or ("an address without a symbol",)
    also = f" (also known as {', '.join(others)})" if others else ""
    text = f"Ring 0 begins at {first}{also}. swapgs gives it this CPU's data. "
    if told.asked.door == INT80.name:
        text += "The stack is the task's kernel stack already, with the CPU's five words on it; below them "
    else:
        text += "From there it takes the address of the task's kernel stack, and there "
    return text + (
        "it builds struct pt_regs out of the user's registers, from the highest field down. Then it clears the "
        "registers, so that nothing of the user's is left in them."
    )


def frame(address: int) -> str:
    """The frame is complete."""
    return f"With that struct pt_regs, at {address:#x}, is complete:"


C_SOURCE: Final = "What follows is, in Linux's arch/x86/entry/common.c,"


def dispatch(asked: Asked) -> list[str]:
    """From the frame to the table, in C."""
    if asked.abi == tbl.Abi.X86_64:
        size, table = "NR_syscalls", "sys_call_table"
    else:
        size, table = "IA32_NR_syscalls", "ia32_sys_call_table"
    return [
        f"if (likely(nr < {size})) {{",
        f"        nr = array_index_nospec(nr, {size});",
        f"        regs->ax = {table}[nr](regs);",
        "}",
    ]


def nospec(asked: Asked) -> str:
    """What the C is about, and with which number."""
    return (
        "array_index_nospec masks the number without a branch, so that a CPU that speculates past the comparison reads "
        f"nothing beyond the table. In machine code, with nr = {asked.number}:"
    )


def slot(told: TableSlot) -> str:
    """The table's entry."""
    return (
        f"The entry is the 8 bytes at {told.table} + {told.number} * 8, in RAM. The call goes to the address that is "
        "there at this moment; who changes the entry changes the call:"
    )


def slot_lines(told: TableSlot) -> list[str]:
    """The table's entry with what it holds."""
    symbol = f" <{told.symbol}>" if told.symbol else ""
    return [
        f"{INDENT}{told.table}[{told.number}] at {told.address:#x} (physical {told.physical:#x})",
        f"{INDENT}{INDENT}= {told.content:#x}{symbol}",
    ]


def handler(told: PythonCall, asked: Asked, *, has_slot: bool) -> str:
    """What the stub does."""
    text = "" if has_slot else "No entry of a table was used, because the number is not in its bounds. "
    if not told.source:
        return f"{text}{told.symbol} stands for every number without a call."
    arguments = "".join(f", {argument.type}, {argument.name}" for argument in asked.arguments)
    name = asked.entry.removeprefix("compat_").removeprefix("sys_")
    macro = "COMPAT_SYSCALL_DEFINE" if asked.entry.startswith("compat_") else "SYSCALL_DEFINE"
    return (
        f"{text}Here machine code ends. The call is declared as {macro}{len(asked.arguments)}({name}{arguments}). "
        "That makes three functions, each of which calls the next: the first takes the arguments out of struct "
        "pt_regs, the second has them as long, and the third, which does the work, has them in their own types, so "
        "that what the caller left in the upper bits of a shorter type is cut off."
    )


def frame_changed(told: PythonCall) -> str:
    """What ring 0 has done to ``pt_regs`` since they were filled."""
    changed = ", ".join(f"{c.name} {c.before:#x} -> {c.after:#x}" for c in told.frame)
    return f"Since the entry code filled pt_regs, ring 0 has changed these fields: {changed}."


def argument(told: LayerArgument, long: int | None) -> str:
    """An argument as a layer has it: longs in hexadecimal, typed numbers as C prints them.

    Args:
        told: The argument.
        long: The same argument as the layer above has it, None if it has none of that name.
    """
    if told.type in ("long", "unsigned long"):
        text = f"{told.name} = {told.value:#x}"
    else:
        pointer = "*" in told.type
        number = f"{told.value:#x}" if pointer or told.value > _LARGE else str(told.value)
        text = f"{told.type.rstrip(' *')} {'*' * pointer}{told.name} = {number}"
    if long is not None and long != told.value:
        text += f", cut from {long:#x}"
    if told.data:
        text += f", which {'begins with' if len(told.data) == SHOWN else 'points to'} {_c_string(told.data)}"
    return text


def _c_string(data: bytes) -> str:
    """Bytes as a literal of C."""
    shown = "".join(
        _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data
    )
    return f'"{shown}"'


def result(told: PythonCall, ended: str) -> list[str]:
    """What came of the handler."""
    text = []
    if told.waited:
        text.append(
            "It could not go on at once: the task left the CPU with its kernel stack as it is here, and waited."
        )
    if told.result is None:
        text.append(f"It does not return: the task ends here, with {ended}.")
    elif told.errno:
        text.append(
            f"It fails with {told.errno}: the result is -errno, {told.result} (rax = {told.result & (1 << 64) - 1:#x})."
        )
    else:
        text.append(f"It returns {told.result} (rax = {told.result & (1 << 64) - 1:#x}).")
    return text


def end(told: Explanation) -> str:
    """The call that was the task's last."""
    return f"Task {told.task} has ended with {told.ended}: there is no way back to ring 3."


def python(told: PythonCall) -> str:
    """A stub that is not a system call's."""
    text = f"{told.symbol} runs in Python"
    if told.result is None:
        return text + " and does not return."
    changed = ", ".join(f"{c.name} = {c.after:#x}" for c in told.frame_changes)
    if changed:
        return f"{text} and changes pt_regs: {changed}."
    again = "; the instruction will be tried again" if told.symbol == "exc_page_fault" and told.depth else ""
    return f"{text} and returns {told.result}{again}."


def exception(told: Delivery) -> str:
    """An exception on the way."""
    where = f" at {told.address:#x}" if told.cause == "#PF" else ""
    return (
        f"The instruction does not complete: {told.cause}{where} (vector {told.vector}, error code {told.error:#x}). "
        "The CPU delivers the exception through the IDT as it would from ring 3:"
    )


def way_back(back: Return | None) -> str:
    """The way out of ring 0."""
    text = "The result goes from rax into pt_regs->ax. Before ring 3 runs again, ring 0 looks for work that waits: "
    text += "signals, rescheduling."
    return f"{text} {_CHECKS[back.by]}" if back is not None and back.by in _CHECKS else text


_OTHERWISE: Final = "; if not, it would leave by iretq, which gives back everything."
_CHECKS: Final = {
    "sysretq": "sysretq gives back RIP from rcx and RFLAGS from r11, with fixed selectors. So ring 0 compares first "
    "whether rcx is pt_regs->ip and canonical, whether r11 is pt_regs->flags, and whether CS and SS are those of "
    f"64-bit code{_OTHERWISE}",
    "sysexitl": "sysexitl gives back EIP from edx and ESP from ecx, with fixed selectors. So ring 0 compares first "
    f"whether pt_regs say the same{_OTHERWISE}",
    "sysretl": "sysretl gives back EIP from ecx and EFLAGS from r11, with fixed selectors. So ring 0 compares first "
    f"whether pt_regs say the same{_OTHERWISE}",
    "iretq": "Then the registers are taken from pt_regs, and iretq pops the rest.",
}
_RETURNS: Final = {
    "sysretq": "sysretq takes RIP from rcx and RFLAGS from r11.",
    "sysretl": "sysretl takes EIP from ecx and EFLAGS from r11.",
    "sysexitl": "sysexitl takes EIP from edx and ESP from ecx.",
    "iretq": "iretq pops RIP, CS, RFLAGS, RSP and SS.",
}


def back(told: Return, asked: Asked) -> str:
    """Ring 3 again."""
    text = f"{_RETURNS.get(told.by, f'{told.by} goes back.')} CPL is 3. "
    if goes_on(told, asked):
        if told.code.where == _LANDING_PAD:
            return f"{text}The program goes on at the landing pad, which undoes what __kernel_vsyscall has pushed:"
        return f"{text}The program goes on with its next instruction:"
    return f"{text}pt_regs->ip was changed, so the program goes on elsewhere:"


_LANDING_PAD: Final = "int80_landing_pad"


def goes_on(told: Return, asked: Asked) -> bool:
    """Whether the program goes on where the door's convention says, not in a signal handler or another program."""
    if door_of(asked) in (SYSENTER, SYSCALL_COMPAT):
        return told.code.where == _LANDING_PAD
    return told.code.address == asked.code.address + len(asked.code.raw)


def changed(told: Change, back: Return, asked: Asked) -> list[str]:
    """Why one of the program's registers has changed."""
    if not goes_on(back, asked):
        return []
    if told.name == "rax":
        return ["the result"]
    why = _CLOBBERED.get((asked.door, told.name))
    return [why] if why is not None else []


_CLOBBERED: Final = {
    ("syscall", "rcx"): "the address of the next instruction, left by syscall",
    ("syscall", "r11"): "RFLAGS, left by syscall",
    ("sysenter", "rcx"): "the stack pointer, for sysexit; the vDSO restores it",
    ("sysenter", "rdx"): "the landing pad, for sysexit; the vDSO restores it",
    ("sysenter", "rbp"): "the sixth argument, which was at 0(%ebp)",
}
