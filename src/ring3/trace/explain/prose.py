"""The sentences of the text form: what a step of the way is, with this call's own numbers in it."""

from __future__ import annotations

from typing import Final

from ring3.abi import tbl
from ring3.trace.explain.doors import INT80, SYSCALL, SYSCALL_COMPAT, SYSENTER, Door
from ring3.trace.explain.model import Asked, Change, Delivery, Explanation, LayerArgument, PythonCall, Return, TableSlot

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
    return f"{name}: system call {told.nth} of {told.program}"


def ask(asked: Asked) -> str:
    """How the program asks."""
    door = door_of(asked)
    mode = "64-bit code" if asked.long_mode else "32-bit code (compatibility mode)"
    places = f"{', '.join(door.places[:-1])} and {door.places[-1]}"
    text = f"In {mode} the program executes {asked.door}. By the convention of this door the number of the call is "
    text += f"in {number_register(asked)} and the arguments are in {places}. "
    wide = asked.abi == tbl.Abi.X86_64
    table = f"syscall_{'64' if wide else '32'}.tbl"
    row = next((row for row in (tbl.load_x86_64() if wide else tbl.load_i386()) if row.number == asked.number), None)
    if not asked.name or row is None:
        return f"{text}The number is {asked.number}, for which {table} has no row."
    columns = [str(row.number), row.abi, row.name, *(column for column in (row.entry, row.compat) if column)]
    text += f"The number is {asked.number}; its row in {table} is \"{' '.join(columns)}\""
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


def slot_line(told: TableSlot) -> str:
    """The table's entry with what it holds."""
    symbol = f" <{told.symbol}>" if told.symbol else ""
    return (
        f"{told.table}[{told.number}] at {told.address:#x} (physical {told.physical:#x}) = {told.content:#x}{symbol}"
    )


def handler(told: PythonCall, asked: Asked, *, has_slot: bool) -> str:
    """What the stub does."""
    text = "" if has_slot else "No entry of a table was used, because the number is not in its bounds. "
    if not told.source:
        return f"{text}{told.symbol} stands for every number without a call."
    arguments = "".join(f", {argument.type}, {argument.name}" for argument in asked.arguments)
    name = asked.entry.removeprefix("compat_").removeprefix("sys_")
    macro = "COMPAT_SYSCALL_DEFINE" if asked.entry.startswith("compat_") else "SYSCALL_DEFINE"
    return (
        f"{text}Here machine code ends. What Linux declares as {macro}{len(asked.arguments)}({name}{arguments}) is "
        f"written in {told.source}. It makes three functions, each of which calls the next: the first takes the "
        "arguments out of struct pt_regs, the second has them as long, and the third has them in their own types, so "
        "that what the caller left in the upper bits of a shorter type is cut off."
    )


def argument(told: LayerArgument, long: int | None) -> str:
    """An argument as a layer has it: longs in hexadecimal, typed numbers as C prints them.

    Args:
        told: The argument.
        long: For the innermost layer the same argument as long, where it was another number; else None.
    """
    if told.type in ("long", "unsigned long"):
        text = f"{told.name} = {told.value:#x}"
    else:
        pointer = "*" in told.type
        number = f"{told.value:#x}" if pointer or told.value > _LARGE else str(told.value)
        text = f"{told.type.rstrip(' *')} {'*' * pointer}{told.name} = {number}"
    if long is not None:
        text += f", cut from {long:#x}"
    if told.data:
        text += f", which points to {_c_string(told.data)}"
    return text


def _c_string(data: bytes) -> str:
    """Bytes as a literal of C."""
    shown = "".join(_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)
    return f'"{shown}"'


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
    text = "The result goes from rax into pt_regs->ax. Before ring 3 runs again, ring 0 looks for work that waits: signals, "
    text += "rescheduling. "
    return text + ("Then the registers are taken back from pt_regs:" if returned else "")


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
