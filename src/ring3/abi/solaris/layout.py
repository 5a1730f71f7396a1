"""C structures as tables: the name, offset and size of each field, in bytes.

A table says where things lie, not what they mean; offsets are those of the LP64 ABI. Always true of a table
made by `fields`: no two fields overlap and offsets rise. Padding shows as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a C structure.

    Attributes:
        name: As the header spells it.
        offset: Bytes from the start of the structure.
        size: Bytes it takes, for an array all elements together.
    """

    name: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Returns the offset of the first byte behind the field."""
        return self.offset + self.size


def fields(*rows: tuple[str, int, int]) -> tuple[Field, ...]:
    """Returns the table made of rows of (name, offset, size).

    Raises:
        ValueError: Two fields overlap, are out of order, or share a name.
    """
    table: list[Field] = []
    names: set[str] = set()
    for row in rows:
        field = Field(*row)
        if field.name in names:
            raise ValueError(f"field {field.name!r} appears twice")
        if table and field.offset < table[-1].end:
            raise ValueError(f"field {field.name!r} at {field.offset:#x} overlaps {table[-1].name!r}")
        names.add(field.name)
        table.append(field)
    return tuple(table)


def offset_of(table: tuple[Field, ...], name: str) -> int:
    """Returns the offset of a field in bytes, as mdb's ``::offsetof`` does.

    Raises:
        KeyError: The structure has no such field.
    """
    for field in table:
        if field.name == name:
            return field.offset
    raise KeyError(name)
