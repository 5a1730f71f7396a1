"""What an explanation is made of: facts, in the order in which they happened.

Addresses and register values are unsigned 64-bit numbers; virtual unless it says physical. Names of registers are those
of 64-bit mode in lower case (``rax``), of fields those of ``struct pt_regs``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """An instruction in memory.

    Attributes:
        address: Where it lies.
        where: The same as ``symbol+0x1d``, "" where there is no symbol.
        raw: Its bytes.
        text: Disassembly in AT&T syntax, addresses of symbols as their names.
    """

    address: int
    where: str
    raw: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A register or field and what it holds."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Change:
    """A register or field that changed."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Access:
    """Memory that an instruction read or wrote.

    Attributes:
        write: It was written, or read and written; else only read.
        address: Of the first byte.
        size: Bytes.
        name: What lies there, such as ``pt_regs->ss`` or ``cpu_tss_rw.sp2``; "" if it has no name.
        value: What is there after the instruction, None if it cannot be read.
        symbol: The kernel symbol that the value is an address of, "" if none.
    """

    write: bool
    address: int
    size: int
    name: str
    value: int | None
    symbol: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction that ring 0 executed, or tried to.

    Attributes:
        code: The instruction.
        depth: 0 for the call itself, 1 and more within exceptions met on the way.
        changes: General registers, selectors and GS bases that it changed.
        flags: RFLAGS before and after.
        accesses: Memory it read or wrote.
        next: Address of the next instruction executed.
        next_where: The same as ``symbol+0x1d``, "" where there is no symbol.
        taken: Whether a conditional jump was taken, None for any other instruction.
        faulted: It did not complete: an exception follows.
        note: What it is for, "" where that needs no words.
    """

    code: Code
    depth: int
    changes: tuple[Change, ...]
    flags: Change
    accesses: tuple[Access, ...]
    next: int
    next_where: str
    taken: bool | None
    faulted: bool
    note: str


@dataclass(frozen=True, slots=True)
class CpuStep:
    """One thing the CPU did between two rings.

    Attributes:
        what: ``read``, ``check``, ``write`` or ``set``.
        subject: The register, table entry or condition, in the manuals' words.
        value: What was read, written or found, as text; addresses of the kernel with their symbols.
        address: Linear address of the memory touched, None for a register.
        where: The same as ``symbol+0x1d`` or a field's name, "" where there is none.
    """

    what: str
    subject: str
    value: str
    address: int | None
    where: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A change of privilege made by the CPU: through a door, or by an exception.

    Attributes:
        cause: ``syscall``, ``sysenter``, ``int $0x80`` or an exception's name such as ``#PF``.
        vector: The vector, None for the doors that use none.
        error: The error code.
        address: For a page fault the linear address.
        depth: As in `Instruction`.
        steps: What the CPU read, checked, wrote and set.
    """

    cause: str
    vector: int | None
    error: int
    address: int
    depth: int
    steps: tuple[CpuStep, ...]


@dataclass(frozen=True, slots=True)
class FrameFilled:
    """The entry code is done: ``pt_regs`` is complete.

    Attributes:
        address: Where it lies.
        fields: From the lowest address to the highest.
    """

    address: int
    fields: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class TableSlot:
    """The entry of a system-call table that the indirect call goes through.

    Attributes:
        table: Symbol of the table.
        number: Index.
        address: Virtual address of the entry.
        physical: Its physical address.
        content: What it holds.
        symbol: The symbol at that address, "" if there is none.
    """

    table: str
    number: int
    address: int
    physical: int
    content: int
    symbol: str


@dataclass(frozen=True, slots=True)
class LayerArgument:
    """An argument as one layer gets it.

    Attributes:
        name: Its name there.
        type: Its C type there.
        value: What the layer got.
        data: The first bytes of what a pointer to a path or to bytes for the kernel leads to, as far as they are
            mapped; None for anything else.
    """

    name: str
    type: str
    value: int
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One of the functions that a call's definition makes, as it was called."""

    function: str
    arguments: tuple[LayerArgument, ...]


@dataclass(frozen=True, slots=True)
class PythonCall:
    """A stub at whose ``hlt`` ring 0 handed over to Python.

    Attributes:
        symbol: The stub.
        regs: The ``pt_regs`` it got, in rdi.
        argument: What was in rsi.
        depth: As in `Instruction`.
        is_handler: The stub is that of a system call, not of an exception or of exit work.
        source: File and line of a call's definition, "" for other stubs.
        frame: The fields of ``pt_regs`` that differ from what the entry code filled in.
        layers: The layers of the call, the outermost first.
        waited: The handler waited, and the task left the CPU meanwhile.
        result: What went into rax, signed; None if it never returned.
        errno: Name and text of the error in ``result``, "" if there is none.
        frame_changes: Fields of ``pt_regs`` that it changed.
    """

    symbol: str
    regs: int
    argument: int
    depth: int
    is_handler: bool
    source: str
    frame: tuple[Change, ...]
    layers: tuple[LayerCall, ...]
    waited: bool
    result: int | None
    errno: str
    frame_changes: tuple[Change, ...]


Event = Instruction | Delivery | FrameFilled | TableSlot | PythonCall


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as the program passed it.

    Attributes:
        place: The register, or memory such as ``0(%ebp)``.
        name: The parameter's name, "" where the call is not defined.
        type: Its C type, "" likewise.
        value: What the place holds, all of it; None for memory that is not there.
    """

    place: str
    name: str
    type: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the program did to ask for the call.

    Attributes:
        door: ``syscall``, ``sysenter`` or ``int $0x80``.
        long_mode: From 64-bit code, not from code of compatibility mode.
        code: The instruction.
        number: The call's number, 32 bits.
        name: The call's name in the table of that door, "" for a number without one.
        entry: Its entry point, such as ``sys_write``, "" likewise.
        abi: The table: ``x86_64`` or ``i386``.
        defined: Whether Ring3 has the call.
        arguments: As many as the call takes; all six if that is not known.
        registers: All registers at that moment; RIP is the instruction's address.
    """

    door: str
    long_mode: bool
    code: Code
    number: int
    name: str
    entry: str
    abi: str
    defined: bool
    arguments: tuple[Argument, ...]
    registers: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """Ring 3 again.

    Attributes:
        by: The instruction that went back: ``sysretq``, ``sysretl``, ``sysexitl`` or ``iretq``.
        registers: All registers then.
        changes: Those that differ from what the program had, but for RIP.
        code: The instruction at which it goes on.
    """

    by: str
    registers: tuple[Value, ...]
    changes: tuple[Change, ...]
    code: Code


@dataclass(frozen=True, slots=True)
class Explanation:
    """One system call, from the user's instruction to the next one.

    Attributes:
        program: The program's path.
        task: Number of the thread.
        nth: Which call it was of all that were made, from 1.
        asked: The user's side.
        entry_names: All symbols at the first instruction of ring 0.
        events: What happened, in order.
        back: The way back, None if the program ended.
        ended: How the program ended, "" if it went on.
    """

    program: str
    task: int
    nth: int
    asked: Asked
    entry_names: tuple[str, ...]
    events: tuple[Event, ...]
    back: Return | None
    ended: str
