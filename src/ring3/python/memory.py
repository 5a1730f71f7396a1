"""A program's memory, registers and mappings as Python objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ring3.abi.structs import Value
from ring3.debug.memory import Memory as EngineMemory
from ring3.debug.registers import ALL, GENERAL, UserRegisters
from ring3.errors import UserError
from ring3.trace.pictures.address_space import look
from ring3.trace.pictures.address_space_text import size

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.trace.pictures.address_space import AddressSpace


class Mapping(NamedTuple):
    """A range of a program's addresses.

    Attributes:
        start: The first address.
        end: The address behind the last one.
        rights: As in /proc/PID/maps: ``r-xp``.
        offset: Where in the file it begins.
        name: The file, or what the kernel calls it.
    """

    start: int
    end: int
    rights: str
    offset: int
    name: str

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self.start <= address < self.end

    def __repr__(self) -> str:
        return f"{self.start:012x}-{self.end:012x} {self.rights} {self.offset:08x} {self.name}".rstrip()


class Dump(NamedTuple):
    """Bytes of a program's memory, to be looked at.

    Attributes:
        address: Of the first one.
        data: The bytes.
    """

    address: int
    data: bytes

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Address, digits and characters, sixteen bytes a line."""
        for at in range(0, len(self.data), 16):
            part = self.data[at : at + 16]
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
            yield f"{self.address + at:#x}", part.hex(" "), shown

    def __repr__(self) -> str:
        return "\n".join(f"{address}  {digits:<47}  {shown}" for address, digits, shown in self.lines())

    def _repr_html_(self) -> str:
        return table(("address", "bytes", "characters"), list(self.lines()))


class Memory:
    """What lies at the addresses of a program: ``memory[address:end]`` are bytes, and can be set."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._memory = EngineMemory(task.kernel, task.memory)

    def read(self, address: int, size: int) -> bytes:
        """Bytes.

        Raises:
            UserError: Nothing is mapped there.
        """
        return self._memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Writes, code too, whatever the program itself may.

        Raises:
            UserError: Nothing is mapped there; nothing was written.
        """
        self._memory.write(address, data)

    @property
    def word(self) -> int:
        """Bytes of a pointer."""
        return self._memory.word

    def available(self, address: int, size: int) -> bytes:
        """The bytes at an address up to the first that is not there, perhaps none."""
        return self._memory.read_available(address, size)

    def string(self, address: int, limit: int = 4096) -> str:
        """The text before the first NUL."""
        return self._memory.string(address, limit).decode("utf-8", "surrogateescape")

    def integer(self, address: int, size: int = 8, *, signed: bool = False) -> int:
        """An integer, the lowest byte first."""
        return int.from_bytes(self.read(address, size), "little", signed=signed)

    def set_integer(self, address: int, value: int, size: int = 8) -> None:
        """Sets an integer."""
        self.write(address, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def struct(self, name: str, address: int) -> dict[str, Value | tuple[Value, ...]]:
        """A struct of Linux's headers, such as ``stat``, field by field.

        Raises:
            KeyError: There is no such struct.
        """
        from ring3.abi.linux.structs import every  # noqa: PLC0415 -- all families

        row, bits = every()[name], self._memory.word * 8
        return row.values(bits, self.read(address, row.size(bits)))

    def dump(self, address: int, size: int = 256) -> Dump:
        """Bytes that show themselves as lines of hexadecimal digits and characters; as many as are mapped."""
        return Dump(address, self.available(address, size))

    def _repr_html_(self) -> str:
        space = self._space()
        rows: list[tuple[object, ...]] = [
            (f"{a.start:#x}", size(a.end - a.start), size(a.resident), a.perms, a.name) for a in space.areas
        ]
        return table(("from", "size", "in memory", "rights", "what"), rows)

    def _space(self) -> AddressSpace:
        found = look(self._task.kernel, self._task)
        if found is None:
            raise UserError(f"{self._task.name} ({self._task.tid}) has ended: its memory is gone")
        return found

    def __getitem__(self, place: int | slice) -> bytes:
        if isinstance(place, int):
            return self.read(place, 1)
        return self.read(place.start, place.stop - place.start)

    def __setitem__(self, place: int | slice, data: bytes) -> None:
        self.write(place if isinstance(place, int) else place.start, data)


class Registers:
    """The registers of a program by name: ``registers.rax``, ``registers["rip"]``; they can be set."""

    __slots__ = ("_registers",)
    _registers: UserRegisters

    def __init__(self, task: Task) -> None:
        object.__setattr__(self, "_registers", UserRegisters(task.kernel, task))

    def __getitem__(self, name: str) -> int:
        return self._registers[name]

    def __setitem__(self, name: str, value: int) -> None:
        self._registers[name] = value

    def __getattr__(self, name: str) -> int:
        if name not in ALL:
            raise AttributeError(f"there is no register {name}")
        return self._registers[name]

    def __setattr__(self, name: str, value: int) -> None:
        if name not in ALL:
            raise AttributeError(f"there is no register {name}")
        self._registers[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter((*GENERAL, "rip", "rflags"))

    def values(self) -> dict[str, int]:
        """The general registers, the instruction pointer and the flags."""
        return {name: self._registers[name] for name in self}

    def __repr__(self) -> str:
        words = [f"{name:>6} {value:016x}" for name, value in self.values().items()]
        return "\n".join(" ".join(words[at : at + 4]) for at in range(0, len(words), 4))

    def _repr_html_(self) -> str:
        return table(("register", "value"), [(name, f"{value:#x}") for name, value in self.values().items()])


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """A table in HTML, for Jupyter."""
    from html import escape  # noqa: PLC0415 -- for notebooks

    def line(tag: str, cells: tuple[object, ...]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + line("th", head) + "".join(line("td", row) for row in rows) + "</table>"
