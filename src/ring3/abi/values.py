"""Sets of named values: what the bits and numbers of system calls are called, and how they are written.

A set is data. In a file of `data/` it begins with a line of its kind, its name, the headers that have the same names
(the tests compile them), and the fields that it has besides bits; indented lines with names and values follow::

    enum whence <linux/fs.h>
        SEEK_SET 0 SEEK_CUR 1 SEEK_END 2
    flags open <asm/fcntl.h> 0x3:accmode
        O_CREAT 0x40 O_EXCL 0x80

``NAME/32`` and ``NAME/64`` are for programs of that width alone. A field is ``MASK:SET``, where the values of the
other set are those under the mask; ``MASK>>SHIFT:SET``, where they are shifted down; or ``MASK>>SHIFT:*NAME``, a
number that is written as shifted by what NAME stands for.

A set may be continued, with other headers, where the line of its kind and name comes again.

Names that stand for several bits are written before those for the single ones, else the order is that of the data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ring3.abi.kinds import NamedTuple

_HEAD: Final = re.compile(r"(enum|flags|table) (\w+)(?: <([^>]*)>)?((?: \S+)*)")
_FIELD: Final = re.compile(r"(\d\w*)(?:>>(\d+))?:(\*?)(\w+)")


class Field(NamedTuple):
    """Some bits of a value that are a number or an enumeration of their own.

    Attributes:
        mask: The bits.
        shift: How far the enumeration's values are shifted up.
        of: The set of values, by name; or what stands for the shift, if it is a number.
        number: Whether it is a number without names.
    """

    mask: int
    shift: int
    of: str
    number: bool


class Value(NamedTuple):
    """A name of a set.

    Attributes:
        name: As the headers spell it.
        value: What it stands for.
        bits: 32 or 64 if it exists for programs of that width alone, else None.
        headers: The headers that define it, in the order to include them.
    """

    name: str
    value: int
    bits: int | None
    headers: tuple[str, ...] = ()


class ValueSet:
    """One set of values.

    Attributes:
        name: What rows call it.
        flags: Whether its values are bits that are set together; else it is an enumeration.
        fields: Bits that are fields.
        values: The names, in the order in which they are tried.
    """

    def __init__(
        self,
        name: str,
        values: Iterable[Value],
        *,
        flags: bool = False,
        fields: tuple[Field, ...] = (),
        as_written: bool = False,
    ) -> None:
        self.name = name
        self.flags = flags
        self.fields = fields
        every = tuple(values)
        self.values = _several_bits_first(every) if flags and not as_written else every
        self._by_value: dict[int, dict[int, str]] = {}

    def __getitem__(self, name: str) -> int:
        """What a name stands for, in 64-bit programs if the widths differ.

        Raises:
            KeyError: The set has no such name.
        """
        for value in reversed(self.values):
            if value.name == name and value.bits != 32:
                return value.value
        return self.value(name, 32)

    def value(self, name: str, bits: int) -> int:
        """What a name stands for in programs of a width.

        Raises:
            KeyError: The set has no such name.
        """
        for value in self.values:
            if value.name == name and value.bits in (None, bits):
                return value.value
        raise KeyError(name)

    def by_value(self, bits: int = 64) -> Mapping[int, str]:
        """The names by value, for programs of a width."""
        found = self._by_value.get(bits)
        if found is None:
            found = self._by_value[bits] = {}
            for value in self.values:
                if value.bits in (None, bits):
                    found.setdefault(value.value, value.name)
        return found

    def split(self, number: int, bits: int = 64) -> Parts:
        """The names that make up a value.

        Args:
            number: The value, without a sign where the set is of flags.
            bits: The width of the program.
        """
        names: list[str] = []
        fields: list[tuple[Field, int]] = []
        for field in self.fields:
            fields.append((field, (number & field.mask) >> field.shift))
            number &= ~field.mask
        if not self.flags:
            name = self.by_value(bits).get(number)
            return Parts((name,) if name else (), tuple(fields), 0 if name else number)
        if not number:
            zero = next((v.name for v in self.values if v.value == 0 and v.bits in (None, bits)), None)
            return Parts((zero,) if zero and not fields else (), tuple(fields), 0)
        for value in self.values:
            if value.value and number & value.value == value.value and value.bits in (None, bits):
                names.append(value.name)
                number &= ~value.value
        return Parts(tuple(names), tuple(fields), number)

    def command(self, number: int) -> int:
        """The part of a value that says which command it is: its first field that is an enumeration, else all of it."""
        for field in self.fields:
            if not field.number:
                return (number & field.mask) >> field.shift
        return number


class Parts(NamedTuple):
    """A value taken apart.

    Attributes:
        names: The names of its bits, or the one of an enumeration.
        fields: Its fields, each with its value.
        rest: What has no name.
    """

    names: tuple[str, ...]
    fields: tuple[tuple[Field, int], ...]
    rest: int


def _several_bits_first(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The values such that one that includes another comes before it."""
    return tuple(sorted(values, key=lambda value: value.value.bit_count() < 2))


def parse(text: str, constants: Callable[[str], Mapping[str, int]] = lambda _: {}) -> dict[str, ValueSet]:
    """The sets of a file, by name.

    Args:
        text: What the file holds.
        constants: Gives the integers that a module defines; a line ``from MODULE PREFIX`` takes those with the prefix.

    Raises:
        ValueError: A line is malformed, or a name repeats.
    """
    found: dict[str, ValueSet] = {}
    kinds: dict[str, str] = {}
    fields: dict[str, tuple[Field, ...]] = {}
    values: dict[str, list[Value]] = {}
    name = ""
    headers: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            head = _HEAD.fullmatch(line)
            if head is None:
                raise ValueError(f"line {number}: {line!r} does not begin a set of values")
            name = head[2]
            headers = tuple((head[3] or "").split())
            if kinds.setdefault(name, head[1]) != head[1]:
                raise ValueError(f"line {number}: {name} is of another kind")
            fields[name] = fields.get(name, ()) + tuple(_field(word) for word in head[4].split())
            values.setdefault(name, [])
        elif line.split()[0] == "from":
            _, module, prefix = line.split()
            values[name] += [
                Value(key, value, None, headers)
                for key, value in constants(module).items()
                if key.startswith(prefix)
            ]
        else:
            values[name] += _pairs(line, number, headers)
    for name, kind in kinds.items():
        found[name] = ValueSet(
            name, values[name], flags=kind != "enum", fields=fields[name], as_written=kind == "table"
        )
    return found


def _pairs(line: str, number: int, headers: tuple[str, ...]) -> list[Value]:
    words = line.split()
    if len(words) % 2:
        raise ValueError(f"line {number}: a name without a value")
    found = []
    for word, value in zip(words[::2], words[1::2], strict=True):
        name, _, bits = word.partition("/")
        found.append(Value(name, int(value, 0), int(bits) if bits else None, headers))
    return found


def _field(word: str) -> Field:
    match = _FIELD.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is not a field")
    mask, shift, number, of = match.groups()
    return Field(int(mask, 0), int(shift or 0), of, bool(number))
