"""The steps that both systems have: instructions of ring 0, and what the CPU does between two rings."""

from __future__ import annotations

from ring3.trace.explain import bits, listing
from ring3.trace.explain.bits import Unfolded
from ring3.trace.explain.events import CpuStep, Instruction
from ring3.trace.explain.facts import Value
from ring3.trace.explain.model import Argument
from ring3.trace.explain_page import sources
from ring3.trace.explain_page.page import Row, Step, Touch, Walked, line, number


def values(told: tuple[Value, ...]) -> dict[str, str]:
    """What registers hold."""
    return {value.name: number(value.value) for value in told}


def argument(told: Argument) -> Row:
    """What the program passed, with its C declaration."""
    kind = f"{told.type} {told.name}".replace("* ", "*").strip()
    return Row(told.place, "not in memory" if told.value is None else number(told.value), kind)


def instruction(told: Instruction, station: int, found: Walked, system: str) -> Step:
    """A step of ring 0's machine code."""
    registers = {change.name: number(change.after) for change in told.changes}
    registers["rip"] = number(told.next)
    if told.flags.before != told.flags.after:
        registers["rflags"] = number(told.flags.after)
    memory = tuple(
        Touch(
            access.write,
            number(access.address),
            access.size,
            access.name,
            None if access.value is None else number(access.value),
            access.symbol,
        )
        for access in told.accesses
    )
    return Step(
        station,
        "ring 0",
        told.code.text,
        tuple(listing.effects(told)),
        code=line(told.code, told.depth, sources.line_of(system, told.code)),
        registers=registers,
        memory=() if told.faulted else memory,
        bits=_unfolded(told),
        walks=found.to((access.address for access in told.accesses), missing=told.faulted),
    )


def _unfolded(told: Instruction) -> tuple[Unfolded, ...]:
    """The selectors that an instruction changed."""
    changes = (change for change in told.changes if change.name in ("cs", "ss"))
    return tuple(bits.selector(change.name.upper(), change.after) for change in changes)


def cpu_step(told: CpuStep, station: int, found: Walked) -> Step:
    """A step of the CPU between two rings."""
    registers: dict[str, str] = {}
    memory: tuple[Touch, ...] = ()
    if told.what == "set" and told.raw is not None:
        registers[told.subject.lower()] = number(told.raw)
    if told.address is not None:
        raw = None if told.raw is None else number(told.raw)
        size = told.bits.width // 8 if told.bits is not None and told.what == "read" else 8
        memory = (Touch(told.what == "write", number(told.address), size, told.where, raw),)
    if told.what == "write" and told.address is not None:
        registers["rsp"] = number(told.address)
    return Step(
        station,
        "CPU",
        f"{told.what} {told.subject}",
        (told.value,),
        registers=registers,
        memory=memory,
        bits=() if told.bits is None else (told.bits,),
        walks=found.to(() if told.address is None else (told.address,)),
    )
