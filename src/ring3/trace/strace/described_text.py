"""Structs of `families` as text: the fields that are shown, and what a call has answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import POINTER
from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Arg, Condition, Meaning, When
from ring3.abi.notation import TYPES, meaning, scalar
from ring3.abi.structs import Place
from ring3.trace.strace import tables
from ring3.trace.strace.described_fields import COUNTS, FIELDS, STRUCTS
from ring3.trace.strace.families import Described, Item
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.style import InHex
from ring3.trace.strace.times import date

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_LISTS: Final = frozenset({Meaning.NUMBER, Meaning.HEX, Meaning.VALUES})
"""Meanings of bytes that are numbers each."""
_CHARACTERS: Final = frozenset({"char", "u8", "unsigned char"})


class Sight(NamedTuple):
    """One look at a struct.

    Attributes:
        text: Writes its values.
        row: The struct.
        address: Where it is; 0 for one inside another.
        raw: Its bytes as they are.
        before: Its bytes as the call was given them.
        result: What the call returned, None if it has not returned or failed.
        numbers: Its fields that are numbers, by name.
        limit: How many of its bytes count, None if all do.
    """

    text: Text
    row: Described
    address: int
    raw: bytes
    before: bytes
    result: int | None
    numbers: Mapping[str, int]
    limit: int | None


def described(
    text: Text,
    row: Described,
    address: int,
    raw: bytes,
    before: bytes,
    result: int | None,
    limit: int | None = None,
) -> str:
    """A struct and the answer in it, of which no more than `limit` bytes count."""
    own = STRUCTS.get(row.name)
    if own is not None:
        return own(text, raw)
    sight = Sight(text, row, address, raw, before, result, _numbers(row, before, text.bits), limit)
    found = _braced(sight, row.shown)
    if row.is_dated:
        seconds, nanoseconds = (sight.numbers[place.field.name] for place in row.layout(text.bits).places[:2])
        found += date(seconds, nanoseconds, 9)
    if row.answer and result is not None:
        after = sight._replace(before=raw, numbers=_numbers(row, raw, text.bits))
        answer = _braced(after, row.answer)
        found += f" => {answer}" * (answer != "{}")
    elif row.always_answers:
        found += f" => {address:#x}"
    return found


def _numbers(row: Described, raw: bytes, bits: int) -> Mapping[str, int]:
    return {name: value for name, value in row.values(bits, raw).items() if isinstance(value, int)}


def _braced(sight: Sight, items: Sequence[Item]) -> str:
    parts = list(_parts(sight, items))
    if sight.row.inside:
        parts = [f"{sight.row.inside}={{{', '.join(parts)}}}"]
    if sight.limit is not None:
        parts += _behind(sight)
    if sight.row.is_open:
        return ", ".join(parts)
    is_alone = len(items) == 1 and items[0].label == "[]"
    return f"[{', '.join(parts)}]" if sight.row.is_bare or is_alone else "{" + ", ".join(parts) + "}"


def _parts(sight: Sight, items: Sequence[Item]) -> Iterator[str]:
    for at, item in enumerate(items):
        if item.succeeded and sight.result is None:
            continue
        if sight.limit is not None and sight.limit <= item.beyond:
            continue
        if not item.name:
            yield item.label
            continue
        if item.verbose and not sight.text.style.verbose:
            is_first = at == 0 or not items[at - 1].verbose or items[at - 1].silent
            if is_first and not item.silent:
                yield "..."
            continue
        place = sight.row.place(item.name, sight.text.bits)
        raw = sight.raw if item.succeeded else sight.before
        if item.if_changed and _part(place, raw) == _part(place, sight.before):
            continue
        is_abbreviated = item.abbreviated and not sight.text.style.verbose
        shown = _abbreviated(sight, place) if is_abbreviated else _field(sight, place, raw)
        if shown is None:
            continue
        if item.changes and (sight.result is not None or item.anyway):
            shown += f" => {_field(sight, place, sight.raw)}"
        inner = sight.row.embedded.get(place.field.type.removeprefix("struct "))
        is_open = isinstance(inner, Described) and inner.is_open
        yield shown if is_open or sight.row.is_bare or item.label == "[]" else f"{item.label}={shown}"


def _behind(sight: Sight) -> Iterator[str]:
    """What a call says to be there behind the fields that are shown, unless that is nothing but zeros."""
    bits = sight.text.bits
    places = [sight.row.place(item.name, bits) for item in sight.row.shown]
    known = [
        place
        for place, item in zip(places, sight.row.shown, strict=True)
        if (sight.limit or 0) > item.beyond and _field(sight, place, sight.before) is not None
    ]
    end = max(place.offset + place.size for place in known)
    raw = sight.text.read(sight.address, sight.limit or 0)[end:]
    if any(raw):
        shown = f"{quoted(raw, InHex.ALL)} /* bytes {end}..{(sight.limit or 0) - 1} */"
        yield f"extra_data={shown}" if sight.text.style.verbose else "..."


def _abbreviated(sight: Sight, place: Place) -> str | None:
    """An array whose elements are not looked at."""
    arg = _arg(sight, place)
    if arg.condition is not None and not _holds(sight, arg.condition):
        return None
    return "[...]" if sight.numbers[arg.length] else "[]"


def _part(place: Place, raw: bytes) -> bytes:
    return raw[place.offset : place.offset + place.size]


def _holds(sight: Sight, condition: Condition) -> bool:
    """Whether another field has the values that a condition names."""
    place = sight.row.place(condition.argument, sight.text.bits)
    number = sight.numbers[condition.argument]
    of = _arg(sight, place).of
    values = [
        int(name, 0) if name[0].isdecimal() else tables.sets()[of].value(name, sight.text.bits)
        for name in condition.values
    ]
    return condition.holds(number, values)


def _arg(sight: Sight, place: Place) -> Arg:
    field = place.field
    target = scalar(field.type, sight.text.bits) if field.type in TYPES else TYPES["u64"]
    return meaning(field.meaning or "number", POINTER if field.pointer else target, sight.text.bits, target)


def _field(sight: Sight, place: Place, raw: bytes) -> str | None:
    """A field; None if it is not shown."""
    field, text = place.field, sight.text
    part = _part(place, raw)
    said = field.meaning
    if said == "unused" or (said == "spare" and not any(part)):
        return None
    arg = _arg(sight, place)
    if arg.condition is not None and not _holds(sight, arg.condition):
        return None
    own = FIELDS.get((sight.row.name, field.name))
    if own is not None:
        return own(sight.text, part, sight.numbers)
    if field.length is not None:
        return _array(sight, place, arg, part)
    if field.type.startswith("struct ") and not field.pointer:
        return _inner(sight, field.type, part)
    number = int.from_bytes(part, "little")
    if arg.when is When.EXIT and sight.result is None:
        return f"{number:#x}" if number else "NULL"
    if arg.when is not None or field.pointer:
        return text.value(arg, number, sight.numbers, sight.result)
    return text.scalar(arg, number if arg.meaning is Meaning.VALUES else arg.type.cast(number))


def _inner(sight: Sight, kind: str, part: bytes) -> str:
    inner = sight.row.embedded[kind.removeprefix("struct ")]
    return sight.text.fields(inner, part, sight.result)


def _array(sight: Sight, place: Place, arg: Arg, part: bytes) -> str:
    """An array: characters, bytes, numbers or structs, as many of them as count."""
    field, text = place.field, sight.text
    if field.type in _CHARACTERS and arg.meaning not in _LISTS:
        return _characters(sight, place, arg, part)
    is_struct = field.type.startswith("struct ")
    size = sight.row.embedded[field.type[7:]].size(text.bits) if is_struct else arg.type.bits // 8
    count = _count(sight, place, arg)

    def element(raw: bytes) -> str:
        if is_struct:
            return _inner(sight, field.type, raw)
        return text.scalar(arg, arg.type.cast(int.from_bytes(raw, "little")))

    if field.length:
        count = min(count, field.length)
        limit = count if text.style.verbose else min(count, text.style.length)
        found = [element(part[at * size : (at + 1) * size]) for at in range(limit)]
        return f"[{', '.join([*found, *(['...'] if limit < count else [])])}]"
    base = sight.address + place.offset
    try:
        return text.several(base, count, size, lambda at: element(text.read(at, size)), "count")
    except Errno:
        return f"{base:#x}"


def _count(sight: Sight, place: Place, arg: Arg) -> int:
    """How many elements of an array count."""
    own = COUNTS.get((sight.row.name, place.field.name))
    if own is not None:
        return own(sight.numbers)
    return sight.numbers[arg.length] if arg.length else place.field.length or 0


def _characters(sight: Sight, place: Place, arg: Arg, part: bytes) -> str:
    """An array of characters or bytes; what is behind the struct is looked at where it lies."""
    if not place.field.length:
        return sight.text.value(arg._replace(when=When.ENTRY), sight.address + place.offset, sight.numbers)
    if arg.length:  # a string of that many characters has a null behind it
        null = 1 if arg.meaning is Meaning.STRING else 0
        size = min(max(sight.numbers[arg.length], 0), place.field.length - null)
        part = part[: size + null]
    return sight.text.characters(arg.meaning, part)
