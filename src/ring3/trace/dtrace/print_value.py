"""What print() shows: a value with its type, structs member by member."""

from __future__ import annotations

from ring3.trace.dtrace.printf import decode
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Integer,
    Member,
    String,
    Struct,
    Type,
    is_signed,
    resolve,
)

_INDENT = "    "


def show(value: int | bytes, kind: Type) -> str:
    """A value as print() shows it: `int64_t 0x5`, `struct foo {`, its members, `}`."""
    resolved = resolve(kind)
    data = (
        value
        if isinstance(value, bytes)
        else (value & ((1 << 8 * resolved.size) - 1)).to_bytes(resolved.size, "little")
    )
    if isinstance(resolved, String):
        return f'{kind} "{decode(data)}"\n'
    return f"{kind} {_value(data, kind, 0)}" + ("" if isinstance(resolved, Struct) else "\n")


def _value(data: bytes, kind: Type, depth: int) -> str:
    resolved = resolve(kind)
    if isinstance(resolved, Struct):
        lines = [_member(data, member, depth + 1) for member in resolved.members.values()]
        return "{\n" + "".join(lines) + f"{_INDENT * depth}}}"
    if isinstance(resolved, Array):
        return _array(data, resolved, depth)
    number = int.from_bytes(data[: resolved.size], "little", signed=is_signed(resolved))
    if isinstance(resolved, Enum):
        return next((name for name, value in resolved.values.items() if value == number), str(number))
    return _number(number, resolved)


def _number(number: int, kind: Type) -> str:
    if isinstance(kind, Integer) and kind.char_like:
        return _character(number)
    return f"{number & ((1 << 8 * kind.size) - 1):#x}" if number else "0"


def _character(number: int) -> str:
    char = number & 0xFF
    if 32 <= char < 127:
        return f"'{chr(char)}'"
    return f"'\\{char:o}'"


def _array(data: bytes, kind: Array, depth: int) -> str:
    element = resolve(kind.element)
    count = kind.count or 0
    if isinstance(element, Integer) and element.char_like:
        return f'[ "{decode(data[:count].partition(bytes(1))[0])}" ]'
    size = element.size
    parts = [
        _value(data[size * index : size * (index + 1)], kind.element, depth + 1) for index in range(count)
    ]
    if isinstance(element, Struct):
        inner = "".join(f"{_INDENT * (depth + 1)}{kind.element} {part},\n" for part in parts)
        return "[\n" + inner + f"{_INDENT * depth}]"
    return f"[ {', '.join(parts)} ]"


def _member(data: bytes, member: Member, depth: int) -> str:
    piece = data[member.offset :]
    if member.bits:
        number = int.from_bytes(piece[: resolve(member.type).size], "little") >> member.bit & (
            (1 << member.bits) - 1
        )
        return f"{_INDENT * depth}{member.type} {member.name} :{member.bits} = {f'{number:#x}' if number else 0}\n"
    return f"{_INDENT * depth}{member.type} {member.name} = {_value(piece, member.type, depth)}\n"
