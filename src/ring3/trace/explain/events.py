"""What can happen on the way through ring 0, each as a value; an explanation has them in their order."""

from __future__ import annotations

from dataclasses import dataclass

from ring3.trace.explain.bits import Unfolded
from ring3.trace.explain.facts import Change, Code, Value


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
        raw: What was read, written or set, as a number; None for a check.
        bits: The same unfolded, or what a check looks at; None where the number has no fields.
    """

    what: str
    subject: str
    value: str
    address: int | None
    where: str
    raw: int | None
    bits: Unfolded | None


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
