"""Types of programs by name: DWARF of a compiler, for both widths, and CTF."""

import struct
import zlib

import pytest

from ring3.trace.dtrace.machine.ctf_types import CtfTypes
from ring3.trace.dtrace.types import Array, Enum, Integer, Pointer, Struct, Typedef, resolve
from tests.support.toolchain import Bits, Toolchain
from tests.trace.dtrace.machine.test_host import dtrace

SCRIPT = """pid$target:a.out:draw:entry {
    this->s = (struct shape *)copyin(arg0, sizeof (struct shape));
    this->n = (struct shape *)copyin((uintptr_t)this->s->next, sizeof (struct shape));
    printf("%s %d %d %d ", copyinstr((uintptr_t)this->s->name), this->s->color, this->s->level, this->s->other);
    printf("%d %c %d ", this->s->corners[1].y, this->s->u.bytes[0], sizeof (point_t));
    printf("%s %d %d", copyinstr((uintptr_t)this->n->name), this->n->corners[0].x, this->n->next == NULL);
}"""


@pytest.mark.guest
@pytest.mark.parametrize(("bits", "flag"), [(64, "-g"), (64, "-gdwarf-3"), (32, "-g")])
def test_structs_of_a_program_with_dwarf(toolchain: Toolchain, bits: Bits, flag: str) -> None:
    program = toolchain.program("usdt/types.c", bits=bits, flags=(flag, "-O1"))
    assert dtrace(str(program), "-qn", SCRIPT)[1] == "first 5 5 9 -4 D 8 last 1 1\n"


@pytest.mark.guest
def test_a_type_that_is_nowhere_is_an_error(toolchain: Toolchain) -> None:
    program = toolchain.program("usdt/types.c", flags=("-g", "-O1"))
    status, _, errors = dtrace(str(program), "-n", "BEGIN { trace(sizeof (struct nowhere)); }")
    assert status == 1
    assert "struct nowhere" in errors


class Ctf:
    """Writes a section of CTF."""

    def __init__(self) -> None:
        self.types = bytearray()
        self.strings = bytearray(b"\0")

    def string(self, text: str) -> int:
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at if text else 0

    def add(self, name: str, kind: int, size: int, items: int = 0, tail: bytes = b"") -> None:
        self.types += struct.pack("<IHH", self.string(name), kind << 11 | 1 << 10 | items, size) + tail

    def section(self, *, compressed: bool) -> bytes:
        body = bytes(self.types + self.strings)
        lengths = (0, 0, 0, 0, 0, 0, len(self.types), len(self.strings))
        return struct.pack("<HBB8I", 0xCFF1, 2, compressed, *lengths) + (
            zlib.compress(body) if compressed else body
        )


def example() -> Ctf:
    """`struct shape { struct shape *next; int sides:3; unsigned char names[4]; color_t color; }` and what it needs."""
    made = Ctf()
    made.add("int", 1, 4, tail=struct.pack("<I", 1 << 24 | 32))  # 1
    made.add("unsigned char", 1, 1, tail=struct.pack("<I", 2 << 24 | 8))  # 2
    made.add("", 4, 0, tail=struct.pack("<HHI", 2, 1, 4))  # 3
    values = ((made.string("RED"), 1), (made.string("GREEN"), -5))
    made.add("color", 8, 4, 2, b"".join(struct.pack("<Ii", *value) for value in values))  # 4
    made.add("color_t", 10, 4)  # 5
    made.add("", 3, 8)  # 6: a pointer to 8
    made.add("int", 1, 1, tail=struct.pack("<I", 1 << 24 | 3))  # 7: three bits
    members = (("next", 6, 0), ("sides", 7, 64), ("names", 3, 72), ("color", 5, 128))
    fields = b"".join(struct.pack("<IHH", made.string(name), kind, bit) for name, kind, bit in members)
    made.add("shape", 6, 24, 4, fields)  # 8
    made.add("", 5, 1, 1, struct.pack("<HH", 8, 0))  # 9: int (struct shape)
    return made


@pytest.mark.parametrize("compressed", [False, True])
def test_types_of_ctf(compressed: bool) -> None:
    types = CtfTypes(example().section(compressed=compressed))
    shape = types.find("struct shape")
    assert isinstance(shape, Struct)
    assert (shape.size, shape.complete) == (24, True)
    assert {name: (member.offset, member.bit, member.bits) for name, member in shape.members.items()} == {
        "next": (0, 0, 0),
        "sides": (8, 0, 3),
        "names": (9, 0, 0),
        "color": (16, 0, 0),
    }
    following = shape.members["next"].type
    assert isinstance(following, Pointer)
    assert following.target is shape
    names, color = shape.members["names"].type, types.find("color_t")
    assert isinstance(names, Array)
    assert (names.count, str(names.element)) == (4, "unsigned char")
    assert isinstance(color, Typedef)
    enumeration = resolve(color)
    assert isinstance(enumeration, Enum)
    assert enumeration.values == {"RED": 1, "GREEN": -5}
    number = types.find("int")
    assert isinstance(number, Integer)
    assert (number.size, number.signed) == (4, True)
    assert types.find("struct nowhere") is None


def test_ctf_that_is_damaged_is_an_error_of_value() -> None:
    data = example().section(compressed=False)
    for cut in range(len(data)):
        try:
            types = CtfTypes(data[:cut])
        except ValueError:
            continue
        types.find("struct shape")
    with pytest.raises(ValueError, match="version 4"):
        CtfTypes(data[:2] + b"\4" + data[3:])
    with pytest.raises(ValueError, match="damaged"):
        CtfTypes(data[:3] + b"\1" + data[4:])
