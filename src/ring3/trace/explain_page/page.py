"""What a page shows: calls, each a line of steps with what every step changes.

All numbers that may need 64 bits are strings in hexadecimal, because scripts of a page have none that keep them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ring3.machine.ram import PAGE_SIZE
from ring3.trace.explain.bits import Unfolded, paging_entry
from ring3.trace.explain.facts import Code
from ring3.trace.explain.walks import PageWalk

Lane = Literal["ring 3", "CPU", "ring 0", "Python"]
"""Who does a step."""
LANES: Final[tuple[Lane, ...]] = ("ring 3", "CPU", "ring 0", "Python")


@dataclass(frozen=True, slots=True)
class Station:
    """A part of the way.

    Attributes:
        heading: What it is called.
        text: What is said of it.
        source: Lines of C that its machine code stands for.
    """

    heading: str
    text: str
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: a name, what is there, and a remark."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Facts of a step, below a title."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Touch:
    """Memory that a step read or wrote.

    Attributes:
        write: It was written.
        address: Of the first byte.
        size: Bytes.
        name: What lies there, "" if it has no name.
        value: What is there then, None where that cannot be read.
        symbol: The kernel symbol that the value is an address of, "" if none.
    """

    write: bool
    address: str
    size: int
    name: str
    value: str | None
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An address, and the number of the walk to its page."""

    address: str
    walk: int


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction in memory, of ring 0 or the program; ``file`` and ``line`` where its source is known."""

    address: str
    where: str
    bytes: str
    text: str
    depth: int = 0
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A function's source: the file, the number of its first line, and its text."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way.

    Attributes:
        station: Number of the part of the way.
        lane: Who does it.
        title: What is done.
        effects: What came of it, in a few words each.
        code: The instruction.
        listing: Instructions around it, of the program.
        registers: Registers that hold something else after it, by their names.
        memory: What it touched.
        bits: Words that it read or wrote, unfolded.
        walks: How the pages of what it touched were found.
        tables: Other facts.
        written: The source of a function in Python.
    """

    station: int
    lane: Lane
    title: str
    effects: tuple[str, ...] = ()
    code: Line | None = None
    listing: tuple[Line, ...] = ()
    registers: Mapping[str, str] = field(default_factory=dict)
    memory: tuple[Touch, ...] = ()
    bits: tuple[Unfolded, ...] = ()
    walks: tuple[Found, ...] = ()
    tables: tuple[Table, ...] = ()
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the program's registers are kept on the kernel's stack: the struct, its address and fields by offset."""

    name: str
    address: str
    fields: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Level:
    """An entry of a page table that a walk read."""

    level: str
    index: int
    address: str
    bits: Unfolded


@dataclass(frozen=True, slots=True)
class Walk:
    """How a page was found; ``physical`` is None where it was not."""

    page: str
    root: str
    levels: tuple[Level, ...]
    physical: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call, from the program's instruction to the next one.

    Attributes:
        title: The heading.
        system: The operating system.
        door: By which instruction.
        name: The call's name.
        outcome: What came of it.
        stations: The parts of the way.
        steps: The way.
        registers: All registers at the start.
        frame: Where they are kept in ring 0, None if that was not seen.
        walks: Through the page tables.
    """

    title: str
    system: str
    door: str
    name: str
    outcome: str
    stations: tuple[Station, ...]
    steps: tuple[Step, ...]
    registers: Mapping[str, str]
    frame: Frame | None
    walks: tuple[Walk, ...]


def number(value: int) -> str:
    """A number as a page has it."""
    return f"{value:#x}"


def line(code: Code, depth: int = 0, source: tuple[str, int] = ("", 0)) -> Line:
    """An instruction."""
    return Line(number(code.address), code.where, code.raw.hex(" "), code.text, depth, *source)


def walks(told: Iterable[PageWalk]) -> tuple[Walk, ...]:
    """The walks, each entry unfolded."""
    return tuple(
        Walk(
            number(walk.page),
            number(walk.root),
            tuple(
                Level(entry.level.upper(), entry.address >> 3 & 511, number(entry.address), unfolded)
                for entry in walk.entries
                for unfolded in [paging_entry(entry.level, entry.value)]
            ),
            None if walk.physical is None else number(walk.physical),
        )
        for walk in told
    )


class Walked:
    """Finds the walk to an address."""

    def __init__(self, told: Sequence[PageWalk]) -> None:
        self._told = told

    def to(self, addresses: Iterable[int], *, missing: bool = False) -> tuple[Found, ...]:
        """The walk to each address's page that was seen last, or first if the page was ``missing``; each page once."""
        found: dict[int, Found] = {}
        for address in addresses:
            numbers = [at for at, walk in enumerate(self._told) if walk.page == address & -PAGE_SIZE]
            if numbers:
                chosen = numbers[0 if missing else -1]
                found.setdefault(chosen, Found(number(address), chosen))
        return tuple(found.values())
