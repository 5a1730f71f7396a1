"""Struct rows: layouts of both widths, what is refused, and memory."""

from __future__ import annotations

import pytest

from ring3.abi.structs import Struct, fields

INNER = Struct("inner", "short a\nu64 b")
OUTER = Struct(
    "outer",
    """
    char name[3]: string
    struct inner inner
    align u64
    int tail: fd
    void *last[2]: address
    size 64
    """,
    INNER,
)


def test_fields_of_both_widths_are_aligned_as_c_does() -> None:
    assert [(p.field.name, p.offset, p.size) for p in OUTER.layout(64).places] == [
        ("name", 0, 3),
        ("inner", 8, 16),
        ("tail", 24, 4),
        ("last", 32, 16),
    ]
    assert [(p.field.name, p.offset, p.size) for p in OUTER.layout(32).places] == [
        ("name", 0, 3),
        ("inner", 4, 12),
        ("tail", 16, 4),
        ("last", 20, 8),
    ]
    assert (OUTER.size(64), OUTER.size(32), OUTER.layout(32).align) == (64, 64, 4)


def test_a_packed_struct_has_no_padding() -> None:
    assert Struct("packed", "u8 a\nu64 b", packed=True).size(64) == 9


class Bytes(bytearray):
    """A memory that begins at 0."""

    def read(self, address: int, size: int) -> bytes:
        return bytes(self[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self[address : address + len(data)] = data


def test_a_struct_is_written_to_memory_and_read_from_it() -> None:
    memory = Bytes(80)
    OUTER.write(memory, 8, 32, b"abc", -1, 2, 3, 4, 5)
    assert OUTER.read(memory, 8, 32) == (b"abc", -1, 2, 3, 4, 5)
    assert OUTER.values(32, bytes(memory[8:])) == {
        "name": b"abc",
        "inner": (-1, 2),
        "tail": 3,
        "last": (4, 5),
    }


@pytest.mark.parametrize("text", ["int", "int a[", "int a: ", "*a"])
def test_what_is_no_field_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a field"):
        fields(text)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(KeyError):
        Struct("wrong", "nothing a").layout(64)
