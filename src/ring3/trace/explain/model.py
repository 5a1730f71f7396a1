"""What an explanation is made of: what the program asked, the events in between (``events``), and what it got."""

from __future__ import annotations

from dataclasses import dataclass

from ring3.trace.explain.events import Event
from ring3.trace.explain.facts import Change, Code, Value
from ring3.trace.explain.walks import PageWalk


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
        walks: Through the page tables, to each page that the call touched.
    """

    program: str
    task: int
    nth: int
    asked: Asked
    entry_names: tuple[str, ...]
    events: tuple[Event, ...]
    back: Return | None
    ended: str
    walks: tuple[PageWalk, ...]
