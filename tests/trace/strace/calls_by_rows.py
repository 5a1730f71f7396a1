"""Scripts of calls with arguments by their rows, good ones and bad ones, for `tests/programs/trace/replay.c`.

What a pointer leads to lies at the end of an area behind which there is nothing, so that what is too short cannot be
read. The same seed makes the same script.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from ring3.abi.c_types import POINTER
from ring3.abi.meaning import Arg, Meaning
from ring3.abi.notation import TYPES, meaning, scalar
from ring3.abi.rows import Call
from ring3.abi.structs import Place, Struct
from ring3.abi.tbl import Abi, Slot, sys_call_table
from ring3.trace.strace import own_structs, tables

AREAS: Final = 8
_AREA: Final = 0x20000000
_APART: Final = 0x100000
_LENGTH: Final = 0x10000
_LAST: Final = 450
"""The last call that strace 6.1 knows."""
_OTHERS: Final = {
    "exit",
    "exit_group",
    "vfork",
    "rt_sigreturn",
    "sigreturn",
    "restart_syscall",
    "uretprobe",
    "uprobe",
}
_ITSELF: Final = {"execve", "open", "mmap", "mmap2"}
"""Calls that the program of the script makes itself."""
_STRINGS: Final = (
    b"abc\0", b"/dev/null\0", b'\x01\x7f\xff\n"\\1\0', b"x" * 31 + b"\0", b"x" * 32 + b"\0", b"y" * 40 + b"\0",
    b"unterminated", b"\0",
)  # fmt: skip
_BAD: Final = (0xDEADBEEFCAFE0000, 0x10)
_NUMBERS: Final = (0, 1, 2, 3, -1, 0x7FFFFFFF, 0x80000000, 0xDEADBEEF, 0xDEADBEEFCAFEF00D, 0x123456789ABC)
_BY_MEANING: Final[Mapping[Meaning, tuple[int, ...]]] = {
    **dict.fromkeys((Meaning.FD, Meaning.PIDFD), (0, 1, -1, 5, 77)),
    Meaning.DIRFD: (-100, 3, -1),
    **dict.fromkeys((Meaning.SIZE, Meaning.COUNT), (0, 1, 2, 5, 16, 33, 64, 0x1000, -1)),
    Meaning.SIGNAL: (1, 9, 11, 32, 33, 64, 65, 0, -1, 17),
    **dict.fromkeys((Meaning.PID, Meaning.TID, Meaning.TGID, Meaning.PGID, Meaning.SID), (0, 1, -1, 12345)),
    **dict.fromkeys((Meaning.UID, Meaning.GID), (0, 1, -1, 1000, 0xFFFF)),
    Meaning.MODE: (0, 0o644, 0o4755, 0o100644, 0o20600, 0xFFFF, -1),
}
_SETS: Final = (Meaning.SIGSET, Meaning.FD_SET, Meaning.CPU_SET, Meaning.NODE_SET)


def slots(bits: int) -> Iterator[tuple[Slot, Call]]:
    """The calls of a width that a script can have, with their rows."""
    for slot in sys_call_table(Abi.X86_64 if bits == 64 else Abi.I386):
        if slot.name is None or slot.number > _LAST or slot.name in _OTHERS | _ITSELF:
            continue
        row = tables.row_of(slot.symbol, slot.name)
        if row is not None:
            yield slot, row


class Script:
    """A script that grows call by call."""

    def __init__(self, bits: int, seed: str) -> None:
        self.names: list[str] = []
        self._bits = bits
        self._random = random.Random(seed)
        self._records: list[tuple[int, list[int], list[tuple[int, int, int]]]] = []
        self._blob = bytearray()
        self._copies: list[tuple[int, int, int]] = []
        self._area = 0

    def packed(self) -> bytes:
        """The script as its program reads it."""
        size = 8 + sum(64 + 24 * len(copies) for _, _, copies in self._records)
        out = [struct.pack("<Q", len(self._records))]
        for number, arguments, copies in self._records:
            out.append(struct.pack("<8Q", number, len(copies), *arguments))
            out += [struct.pack("<3Q", to, start + size, length) for to, start, length in copies]
        return b"".join(out) + bytes(self._blob)

    def add_call(self, number: int, arguments: list[int], memory: Mapping[int, bytes]) -> None:
        """Adds a call with these arguments, which finds these bytes at these addresses."""
        copies = []
        for address, data in memory.items():
            copies.append((address, len(self._blob), len(data)))
            self._blob += data
        self._records.append((number, arguments, copies))
        self.names.append(str(number))

    def add(self, slot: Slot, row: Call) -> None:
        """Adds a call with some arguments."""
        self._copies, self._area = [], 0
        values = {p.name: self._scalar(p.arg) if p.arg.when is None else 0 for p in row.parameters}
        for parameter in row.arguments(values.values(), tables.sets()):
            if parameter.arg.when is not None:
                values[parameter.name] = self._pointer(parameter.arg, values)
        mask = (1 << self._bits) - 1
        arguments = [value & mask for value in values.values()]
        self._records.append((slot.number, (arguments + [0] * 6)[:6], self._copies))
        self.names.append(slot.name or "")

    # -- values ----------------------------------------------------------------------------------------------------

    def _scalar(self, arg: Arg) -> int:
        if arg.meaning is Meaning.VALUES:
            return self._of_set(arg.of)
        return self._random.choice(_BY_MEANING.get(arg.meaning, _NUMBERS))

    def _of_set(self, name: str) -> int:
        choose, of = self._random.choice, tables.sets()[name]
        values = [value.value for value in of.values if value.bits in (None, self._bits)] or [0]
        luck = self._random.random()
        if of.flags:
            number = choose(values) | choose(values)
            number |= (
                (1 << self._random.randrange(32)) * (luck < 0.2)
                if luck > 0.1
                else choose((0, 0xFFFFFFFF)) - number
            )
        else:
            number = choose((0xFFFFFFFF, 1 << self._random.randrange(32))) if luck < 0.1 else choose(values)
        for field in of.fields:
            inner = 0 if field.number or field.of not in tables.sets() else self._of_set(field.of)
            number = number & ~field.mask | inner << field.shift & field.mask
        return number

    # -- memory ----------------------------------------------------------------------------------------------------

    def _put(self, data: bytes) -> int:
        """Bytes at the end of an area, sometimes without their end; sometimes a bad address instead."""
        luck = self._random.random()
        if luck < 0.09:
            return 0 if luck < 0.05 else self._random.choice(_BAD)
        if luck < 0.17:
            data = data[: max(len(data) - self._random.choice((1, 4, len(data) // 2 or 1)), 0)]
        address = _AREA + self._area % AREAS * _APART + _LENGTH - len(data)
        self._area += 1
        if data:
            self._copies.append((address, len(self._blob), len(data)))
            self._blob += data
        return address

    def _pointer(self, arg: Arg, beside: Mapping[str, int], depth: int = 0) -> int:
        choose = self._random.choice
        given = int(arg.length) if arg.length.isdecimal() else beside.get(arg.length)
        count = given if given is not None and 0 <= given < 0x8000 else choose((1, 2, 3))
        if arg.meaning in (Meaning.PATH, Meaning.STRING) and given is None:
            return self._put(choose(_STRINGS))
        if arg.meaning is Meaning.STRINGS:
            pointers = [self._put(choose(_STRINGS)) for _ in range(self._random.randrange(3))]
            return self._put(b"".join(self._word(pointer) for pointer in [*pointers, 0]))
        if arg.meaning in (Meaning.BYTES, Meaning.HEX_BYTES, Meaning.PATH, Meaning.STRING):
            return self._put(bytes(i * 37 & 0xFF for i in range(count)))
        if arg.meaning in _SETS:
            return self._put(
                choose((bytes(128), b"\xff" * 128, self._random.randbytes(128), b"\0\2\0\x10" + bytes(4)))
            )
        count = min(count, 99) if arg.length else 1
        row = own_structs.every().get(f"{arg.of}32" * (self._bits == 32)) or own_structs.every().get(arg.of)
        if arg.meaning is Meaning.STRUCT:
            known = row is not None and depth < 2
            return self._put(
                b"".join(self._struct(row, depth) for _ in range(count))
                if known and row
                else bytes(range(64))
            )
        width = ((arg.target or TYPES["int"]).bits or 32) // 8
        element = arg._replace(when=None)
        return self._put(b"".join(self._number(self._scalar(element), width) for _ in range(count)))

    def _word(self, number: int) -> bytes:
        return self._number(number, self._bits // 8)

    @staticmethod
    def _number(number: int, width: int) -> bytes:
        return (number & (1 << 8 * width) - 1).to_bytes(width, "little")

    def _struct(self, row: Struct, depth: int) -> bytes:
        layout = row.layout(self._bits)
        if self._random.random() < 0.1:
            return bytes(layout.size)
        raw = bytearray(layout.size)
        for place in layout.places:
            raw[place.offset : place.offset + place.size] = self._field(row, place, depth)
        return bytes(raw)

    def _field(self, row: Struct, place: Place, depth: int) -> bytes:
        field, count = place.field, 1 if place.field.length is None else place.field.length
        if not place.size or field.name in (
            "msg_controllen",
            "cmsg_len",
        ):  # strace 6.1 never ends on some of them
            return bytes(place.size)
        if field.type.startswith("struct ") and not field.pointer:
            inner = row.embedded[field.type.removeprefix("struct ")]
            return b"".join(self._struct(inner, depth + 1) for _ in range(count))
        if field.length is not None and field.type in ("char", "u8", "unsigned char"):
            return b"name".ljust(count, b"\0")[:count]
        target = scalar(field.type, self._bits) if field.type in TYPES else TYPES["u64"]
        arg = meaning(field.meaning or "number", POINTER if field.pointer else target, self._bits, target)
        is_pointer = field.pointer or arg.when is not None
        values = (
            self._pointer(arg, {}, depth + 1) if is_pointer else self._scalar(arg) for _ in range(count)
        )
        return b"".join(self._number(value, place.size // count) for value in values)
