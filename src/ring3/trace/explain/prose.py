"""The sentences of the text form: what a step of the way is, with this call's own numbers in it."""

from __future__ import annotations

from typing import Final

from ring3.abi import tbl
from ring3.trace.explain.doors import INT80, SYSCALL, SYSCALL_COMPAT, SYSENTER, Door
from ring3.trace.explain.model import Asked, Change, Delivery, Explanation, LayerArgument, PythonCall, Return, TableSlot

_ORDINALS: Final = {1: "first", 2: "second", 3: "third"}

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


def door_of(asked: Asked) -> Door:
    """The door that was used."""
    return next(door for door in _DOORS if (door.name, door.abi) == (asked.door, asked.abi))


def number_register(asked: Asked) -> str:
    """Where the number is, as that door sees it."""
    return "rax" if door_of(asked) is SYSCALL else "eax"


def title(told: Explanation) -> str:
    """The heading of the whole."""
    name = told.asked.name or f"number {told.asked.number}"
    return f"{name}: system call {told.nth} of {told.program}"


def ask(asked: Asked) -> str:
    """How the program asks."""
    door = door_of(asked)
    mode = "64-bit code" if asked.long_mode else "32-bit code (compatibility mode)"
    number = number_register(asked)
    places = f"{', '.join(door.places[:-1])} and {door.places[-1]}"
    text = f"In {mode} the program executes {asked.door}. "
    text += f"By the convention of this door the number is in {number} and the arguments are in {places}. "
    table = f"syscall_{'64' if asked.abi == tbl.Abi.X86_64 else '32'}.tbl"
    if not asked.name:
        return text + f"Number {asked.number} has no row in {table}."
    text += f"Number {asked.number} is {asked.name} in {table}, with the entry point {asked.entry}"
    if not asked.defined:
        return text + ", a call that Ring3 does not have: these are all six registers."
    count = len(asked.arguments)
    return text + f", which takes {count or 'no'} argument{'' if count == 1 else 's'}."


def cpu(asked: Asked) -> str:
    """What the door's instruction is."""
    return _DOORS[door_of(asked)]


def entry(told: Explanation) -> str:
    """Where ring 0 begins."""
    first, *others = told.entry_names or ("no symbol",)
    also = f" (also known as {', '.join(others)})" if others else ""
    return (
        f"The first instruction of ring 0 is that at {first}{also}. The entry code changes to the kernel's data and "
        "stack and saves the user's registers there as struct pt_regs, from its highest field down. It clears them then, "
        "so that nothing of the user's is left in them."
    )


def frame(address: int) -> str:
    """The frame is complete."""
    return f"With that struct pt_regs, at {address:#x}, is complete:"


def dispatch() -> str:
    """From the frame to the table."""
    return (
        "The C code of Linux would go on here, and this does the same: it compares the number with the length of the "
        "table, masks it without a branch (array_index_nospec), so that a mispredicted jump reads nothing beyond the "
        "table either, and calls what the table's entry points to."
    )


def slot(told: TableSlot) -> str:
    """The table's entry."""
    return (
        f"The entry is 8 bytes of RAM at {told.table} + 8 * {told.number}. The call goes where it points at this moment: "
        "who changes it changes the call."
    )


def slot_line(told: TableSlot) -> str:
    """The table's entry with what it holds."""
    symbol = f" <{told.symbol}>" if told.symbol else ""
    return (
        f"{told.table}[{told.number}] at {told.address:#x} (physical {told.physical:#x}) = {told.content:#x}{symbol}"
    )


def handler(told: PythonCall, has_slot: bool) -> str:
    """What the stub does."""
    text = "" if has_slot else "No entry of a table was used: the number is not in its bounds. "
    if not told.layers:
        return text + f"{told.symbol} answers without a handler."
    inner = told.layers[0].function.partition("_sys_")[2]
    return text + (
        f"The stub is where machine code ends. The definition of {inner} ({told.source}) makes three functions: "
        f"{told.symbol} takes struct pt_regs apart, the next takes all arguments as long, and the last has the C types "
        "of the declaration, so that what the caller left in the upper bits of a narrower type is cut off."
    )


def argument(told: LayerArgument) -> str:
    """An argument of a layer: a long in hexadecimal, a typed number as C would print it, too."""
    if told.type in ("unsigned long", "long") or abs(told.value) < 10:
        return f"{told.name} = {told.value:#x}"
    return f"{told.name} = {told.value:#x} ({told.value})" if "*" not in told.type else f"{told.name} = {told.value:#x}"


def result(told: PythonCall, ended: str) -> list[str]:
    """What came of the handler."""
    text = []
    if told.waited:
        text.append("It could not go on at once: the task left the CPU with its kernel stack as it is here, and waited.")
    if told.result is None:
        text.append(f"It does not return: the program ends here, with {ended}.")
    elif told.errno:
        text.append(f"It fails with {told.errno}: the result is -errno, {told.result} (rax = {told.result & (1 << 64) - 1:#x}).")
    else:
        text.append(f"It returns {told.result} (rax = {told.result & (1 << 64) - 1:#x}).")
    return text


def python(told: PythonCall) -> str:
    """A stub that is not a system call's."""
    text = f"{told.symbol} runs in Python"
    if told.result is None:
        return text + " and does not return."
    changed = ", ".join(f"{c.name} = {c.after:#x}" for c in told.frame_changes)
    return text + (f" and changes pt_regs: {changed}." if changed else f" and returns {told.result:#x}.")


def exception(told: Delivery) -> str:
    """An exception on the way."""
    where = f" at {told.address:#x}" if told.cause == "#PF" else ""
    return (
        f"The instruction does not complete: {told.cause}{where} (vector {told.vector}, error code {told.error:#x}). The "
        "CPU delivers the exception through the IDT as it would from ring 3:"
    )


def way_back(returned: bool) -> str:
    """The way out of ring 0."""
    text = "rax goes into pt_regs->ax. Before ring 3 runs again, ring 0 looks for work that waits (signals, rescheduling)"
    return f"{text}; then the registers come back from pt_regs." if returned else f"{text}."


_RETURNS: Final = {
    "sysretq": "sysretq takes RIP from rcx and RFLAGS from r11.",
    "sysretl": "sysretl takes EIP from ecx and EFLAGS from r11.",
    "sysexitl": "sysexitl takes EIP from edx and ESP from ecx.",
    "iretq": "iretq pops RIP, CS, RFLAGS, RSP and SS.",
}


def back(told: Return, asked: Asked) -> str:
    """Ring 3 again."""
    text = f"{_RETURNS.get(told.by, f'{told.by} goes back.')} CPL is 3. "
    if told.code.address == asked.code.address + len(asked.code.raw):
        return text + "The program goes on with its next instruction:"
    if asked.door == "sysenter" or (asked.door == "syscall" and asked.abi == tbl.Abi.I386):
        if told.code.where.endswith("int80_landing_pad"):
            return text + "The program goes on at the landing pad, which undoes what __kernel_vsyscall has pushed:"
    return text + "pt_regs->ip was changed, so the program goes on elsewhere:"


def changed(told: Change, asked: Asked) -> list[str]:
    """Why one of the program's registers has changed."""
    if told.name == "rax":
        return ["the result"]
    if asked.door == "syscall" and told.name == "rcx":
        return ["the address of the next instruction, left by syscall"]
    if asked.door == "syscall" and told.name == "r11":
        return ["RFLAGS, left by syscall"]
    return []
