"""What the explanation of a Solaris call is made of."""

from __future__ import annotations

from dataclasses import dataclass

from ring3.trace.explain.events import CpuStep, Instruction
from ring3.trace.explain.facts import Code, Value
from ring3.trace.explain.model import Argument, Return
from ring3.trace.explain.walks import PageWalk


@dataclass(frozen=True, slots=True)
class Asked:
    """What the program did to ask for the call.

    Attributes:
        function: The program's function that holds the instruction, "" if it has no symbol.
        listing: That function from its start to its end, or the instruction alone.
        at: Address of the ``syscall`` instruction.
        number: eax.
        name: The call's name in the source, "" for a number that has none.
        bound: Its name in name_to_sysnum, which is DTrace's, "" likewise.
        arguments: As many as the call takes; all six if that is not known.
        registers: All registers at that moment; RIP is the instruction's address.
    """

    function: str
    listing: tuple[Code, ...]
    at: int
    number: int
    name: str
    bound: str
    arguments: tuple[Argument, ...]
    registers: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class SysentField:
    """A field of a ``struct sysent`` in RAM.

    Attributes:
        address: Where it lies.
        declaration: As C declares it, such as ``char sy_narg``.
        value: What it holds.
        symbol: The kernel symbol that the value is an address of, "" if none.
    """

    address: int
    declaration: str
    value: int
    symbol: str


@dataclass(frozen=True, slots=True)
class Entered:
    """The CPU at the first instruction of the function that ``sy_callc`` leads to, or of another one called instead.

    Attributes:
        code: That instruction.
        registers: All registers.
        returns_to: What lies on the stack: the return address.
        caller: The same as ``unix`sys_syscall+0x24d``.
    """

    code: Code
    registers: tuple[Value, ...]
    returns_to: int
    caller: str


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A kernel function that is Python was entered or left.

    Attributes:
        entry: Entered, or left.
        depth: 0 for what ring 0 called, 1 for what that called.
        function: Its scoped symbol.
        arguments: What it was called with; of a function that was left: nothing.
        result: What it returned, None if it failed or was only entered.
        error: The error it failed with, "" for none.
    """

    entry: bool
    depth: int
    function: str
    arguments: tuple[int, ...]
    result: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Python:
    """A stub at whose ``hlt`` ring 0 handed over.

    Attributes:
        symbol: The stub.
        source: File and line of the function, "" where it is not defined.
        flow: Which kernel functions were entered and left.
        waited: The call waited, and the thread left the CPU meanwhile.
        result: What went into rax, None if it never returned.
        error: The error that it failed with, "" for none.
    """

    symbol: str
    source: str
    flow: tuple[FlowStep, ...]
    waited: bool
    result: int | None
    error: str


Step = Instruction | Python
"""What happens in ring 0."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One system call, from the user's instruction to the next one.

    Attributes:
        program: The program's path.
        task: Number of the process.
        nth: Which call it was of all that were made, from 1.
        asked: The user's side.
        cpu: What the CPU read, checked and set.
        steps: What happened in ring 0, in order.
        regs: ``struct regs`` as the entry code filled it in, with its address; empty if that was not seen.
        sysent: The row in RAM, empty for a number beyond the table.
        entered: The handler's first instruction, None if none was called.
        back: The way back, None if the program ended.
        ended: How the program ended, "" if it went on.
        walks: Through the page tables, to each page that ring 0 touched.
    """

    program: str
    task: int
    nth: int
    asked: Asked
    cpu: tuple[CpuStep, ...]
    steps: tuple[Step, ...]
    regs_address: int
    regs: tuple[Value, ...]
    sysent: tuple[SysentField, ...]
    entered: Entered | None
    back: Return | None
    ended: str
    walks: tuple[PageWalk, ...]
