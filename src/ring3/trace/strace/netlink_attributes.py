"""Attributes of netlink(7) messages as strace writes them; `netlink_rows` says what each carries.

Sources: linux/netlink.h and runs of strace 6.1.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Arg, Meaning
from ring3.abi.notation import TYPES, meaning, scalar
from ring3.abi.values import ValueSet
from ring3.trace.addresses import ipv4, ipv6
from ring3.trace.strace import tables
from ring3.trace.strace.naming import named, styled
from ring3.trace.strace.netlink_rows import Attributes
from ring3.trace.strace.netlink_rows import attributes as rows_of
from ring3.trace.strace.netlink_special import SPECIAL
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

HEAD: Final = 4
_TYPE_MASK: Final = 0x3FFF
_NESTED: Final = 0x8000
_NET_ORDER: Final = 0x4000
_WIDEST: Final = 8
"""Bytes of the widest number."""
_ADDRESS_BYTES: Final = {socket.AF_INET: 4, socket.AF_INET6: 16}
_HARDWARE_MOST: Final = 32
_HARDWARE_BYTES: Final = {0: 7, 1: 6, 7: 1, 24: 8, 32: 20}
"""How long addresses are, by the kind of the hardware (ARPHRD_*); of other kinds as long as what is there."""


class Place(NamedTuple):
    """Where attributes stand.

    Attributes:
        said: What strings have said so far, by the key that rows give them, and the number of the family.
        family: The family of addresses that the message is of.
        hardware: The kind of hardware (ARPHRD_*) that addresses are of; None if nothing says it.
    """

    said: dict[str, str]
    family: int
    hardware: int | None


def hexadecimal(text: Text, address: int, size: int) -> str:
    """Bytes, in hexadecimal; their address if they cannot be read."""
    try:
        return text.bytes_at(address, size, InHex.ALL)
    except Errno:
        return f"{address:#x}"


def attributes(text: Text, address: int, size: int, of: Attributes, place: Place) -> str:
    """The attributes in so many bytes."""
    found: list[str] = []
    while True:
        raw = b""
        if size < HEAD:
            shown = hexadecimal(text, address, size)
        elif len(found) >= text.style.length and not text.style.verbose:
            shown = "..."
        else:
            try:
                raw = text.read(address, HEAD)
                shown = _attribute(text, address, raw, size, of, place)
            except Errno:
                shown = f"... /* {address:#x} */" if found else f"{address:#x}"
        found.append(shown)
        length = min(int.from_bytes(raw[:2], "little"), size)
        step = length + -length % HEAD
        if length < HEAD or step >= size:
            break
        address += step
        size -= step
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _attribute(text: Text, address: int, raw: bytes, size: int, of: Attributes, place: Place) -> str:
    length, number = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:4], "little")
    kinds = tables.sets()[of.of]
    bits = "NLA_F_NESTED|" * bool(number & _NESTED) + "NLA_F_NET_BYTEORDER|" * bool(number & _NET_ORDER)
    head = f"{{nla_len={length}, nla_type={bits}{text.named(kinds, number & _TYPE_MASK)}}}"
    size = min(length, size) - HEAD
    if size <= 0:
        return head
    kind = of.kind(kinds.by_value().get(number & _TYPE_MASK, ""))
    address += HEAD
    try:
        shown = carried(text, kind, address, size, place) if kind else None
    except Errno:
        shown = f"{address:#x}"
    return f"[{head}, {hexadecimal(text, address, size) if shown is None else shown}]"


def carried(text: Text, kind: str, address: int, size: int, place: Place) -> str | None:
    """What an attribute carries; None if it cannot be that.

    Raises:
        Errno: It cannot be read.
    """
    kind, _, behind = kind.partition(" then ")
    word, _, rest = kind.partition(" ")
    if word == "by":
        key, _, cases = rest.partition(" ")
        return _chosen(text, place.said.get(key, ""), cases, address, size, place)
    if not behind:
        return _carried(text, kind, address, size, place)
    whole = _size(text, kind)
    try:
        shown = _carried(text, kind, address, size, place)
    except Errno:
        shown = f"{address:#x}"
    if shown is None or size <= whole:
        return shown
    return f"{shown}, {carried(text, behind, address + whole, size - whole, place)}"


def _carried(text: Text, kind: str, address: int, size: int, place: Place) -> str | None:
    word, _, rest = kind.partition(" ")
    if word in SPECIAL:
        return SPECIAL[word](text, address, size)
    if word in _ONE:
        return _ONE[word](text, rest, address, size, place)
    return _number(text, kind, address, size)


def _size(text: Text, kind: str) -> int:
    """How many bytes of a kind count, if that is always the same."""
    word, _, rest = kind.partition(" ")
    if word == "struct":
        return text.row(rest.split()[-1]).size(text.bits)
    base = word.rstrip(":+")
    return scalar(base, text.bits).bits // 8 if base in TYPES else 0


def _chosen(text: Text, said: str, cases: str, address: int, size: int, place: Place) -> str | None:
    for case in cases.split(" | "):
        name, _, kind = case.partition(" ")
        if name in (said, "else"):
            return carried(text, kind, address, size, place)
    return None


# -- numbers -----------------------------------------------------------------------------------------------------------


def _meant(text: Text, kind: str) -> Arg:
    base, _, said = kind.partition(":")
    target = scalar(base.rstrip("+"), text.bits)
    return meaning(said.strip() or "number", target, text.bits, target)


def _number(text: Text, kind: str, address: int, size: int) -> str | None:
    """A number of a C type."""
    arg = _meant(text, kind)
    width = arg.type.bits // 8
    is_narrow = arg.meaning is Meaning.VALUES and "+" not in kind
    if size < width or (is_narrow and size > _WIDEST):
        return None
    return _scalar(text, arg, kind, text.read(address, width))


def _scalar(text: Text, arg: Arg, kind: str, raw: bytes) -> str:
    is_big = kind.startswith("be")
    number = int.from_bytes(raw, "big" if is_big else "little")
    if arg.meaning is Meaning.VALUES:
        shown = text.named(tables.sets()[arg.of], number)
        return f"{'htons' if len(raw) == 2 else 'htonl'}({shown})" if is_big else shown
    if arg.meaning is Meaning.PORT:
        return f"htons({number})"
    return text.scalar(arg, arg.type.cast(number))


def _wide_hex(text: Text, _rest: str, address: int, size: int, _place: Place) -> str | None:
    """A number as wide as what is there."""
    return f"{_any(text, address, size):#x}" if size <= _WIDEST else None


def _wide_named(text: Text, rest: str, address: int, size: int, _place: Place) -> str | None:
    return text.named(tables.sets()[rest], _any(text, address, size)) if size <= _WIDEST else None


def _any(text: Text, address: int, size: int) -> int:
    return int.from_bytes(text.read(address, size), "little")


def _ticks(text: Text, _rest: str, address: int, size: int, _place: Place) -> str | None:
    """Hundredths of a second."""
    if size > _WIDEST:
        return None
    number = _any(text, address, size)
    return f"{number} /* {number // 100}.{number % 100:02} s */" if number else "0"


# -- addresses ---------------------------------------------------------------------------------------------------------


def _hardware(text: Text, _rest: str, address: int, size: int, place: Place) -> str | None:
    """An address of hardware, as long as its kind says."""
    if size > _HARDWARE_MOST:
        return None
    length = size if place.hardware is None else _HARDWARE_BYTES.get(place.hardware, size)
    return text.read(address, min(size, length)).hex(":")


def _ipv4(text: Text, _rest: str, address: int, size: int, _place: Place) -> str | None:
    width = _ADDRESS_BYTES[socket.AF_INET]
    if size < width:
        return None
    raw = text.read(address, width)
    return styled(text.style.names, ipv4(int.from_bytes(raw, "little")), quoted(raw, InHex.ALL))


def _ipv6(text: Text, _rest: str, address: int, size: int, _place: Place) -> str | None:
    width = _ADDRESS_BYTES[socket.AF_INET6]
    if size < width:
        return None
    raw = text.read(address, width)
    return styled(text.style.names, ipv6(raw), quoted(raw, InHex.ALL))


def _address(text: Text, rest: str, address: int, size: int, place: Place) -> str | None:
    """An address of the message's family."""
    of = _ADDRESSES.get(place.family)
    return of(text, rest, address, size, place) if of is not None else None


_ADDRESSES: Final[Mapping[int, Callable[[Text, str, int, int, Place], str | None]]] = {
    socket.AF_INET: _ipv4,
    socket.AF_INET6: _ipv6,
}

# -- strings, structs, arrays ------------------------------------------------------------------------------------------


def _bytes(text: Text, _rest: str, address: int, size: int, _place: Place) -> str | None:
    return hexadecimal(text, address, size)


def _text(text: Text, _rest: str, address: int, size: int, _place: Place) -> str | None:
    """A string, whose last null is not shown."""
    shown = min(size, text.style.length + 1)
    raw = text.read(address, shown)
    if shown == size and raw.endswith(b"\0"):
        return quoted(raw[:-1], text.style.in_hex)
    return quoted(raw[: text.style.length], text.style.in_hex) + "..."


def _string(text: Text, rest: str, address: int, size: int, place: Place) -> str | None:
    """A string up to its null, which may say what others are that stand behind it."""
    raw, null, _ = text.read(address, size).partition(b"\0")
    if rest:
        place.said[rest.removeprefix("as ")] = raw.decode("latin-1")
    shown = raw[: text.style.length]
    return quoted(shown, text.style.in_hex) + "..." * (not null or len(shown) < len(raw))


def _struct(text: Text, rest: str, address: int, size: int, _place: Place) -> str | None:
    """The first of some structs for which there is room."""
    rows = (text.row(name) for name in rest.split())
    row = next((row for row in rows if size >= row.size(text.bits)), None)
    return None if row is None else text.struct(row, address)


def _structs(text: Text, rest: str, address: int, size: int, _place: Place) -> str | None:
    row = text.row(rest)
    width = row.size(text.bits)
    if size < width:
        return None
    return text.several(address, size // width, width, lambda at: text.struct(row, at), "count")


def _array(text: Text, rest: str, address: int, size: int, _place: Place) -> str | None:
    arg = _meant(text, rest)
    width = arg.type.bits // 8
    if size < width:
        return None
    return text.several(
        address, size // width, width, lambda at: _scalar(text, arg, rest, text.read(at, width)), "count"
    )


def _indexed(text: Text, rest: str, address: int, size: int, _place: Place) -> str | None:
    """An array whose places have names."""
    kind, of = rest.split()
    arg = _meant(text, kind)
    width = arg.type.bits // 8
    if size < width:
        return None
    names: ValueSet = tables.sets()[of]

    def one(at: int) -> str:
        index = (at - address) // width
        name = named(names, index).replace(f"{index:#x}", str(index), 1)
        shown = styled(text.style.names, name, str(index))
        return f"[{shown}]={_scalar(text, arg, kind, text.read(at, width))}"

    return text.several(address, size // width, width, one, "count")


def _multipath(text: Text, _rest: str, address: int, size: int, place: Place) -> str | None:
    """Ways of a route, each with attributes."""
    row = text.row("rtnexthop")
    width = row.size(text.bits)
    if size < width:
        return None
    found: list[str] = []
    rest = ""
    is_array = False
    while True:
        try:
            raw = text.read(address, width)
        except Errno:
            if not found:
                raise
            rest = f"{address:#x}"
            break
        shown = text.fields(row, raw)
        length = int.from_bytes(raw[:2], "little")
        inner = min(length, size) - width
        if inner > 0:
            shown = (
                f"[{shown}, {attributes(text, address + width, inner, rows_of('route_attribute'), place)}]"
            )
        is_array = is_array or size > length
        found.append(shown)
        step = length + -length % HEAD
        if step >= size or not step:
            break
        address, size = address + step, size - step
    return f"[{', '.join(found)}{rest}]" if is_array else found[0]


def _nested(text: Text, rest: str, address: int, size: int, place: Place) -> str | None:
    return attributes(text, address, size, rows_of(rest), place._replace(said=dict(place.said)))


_ONE: Final[Mapping[str, Callable[[Text, str, int, int, Place], str | None]]] = {
    "hex": _wide_hex, "named": _wide_named, "ticks": _ticks, "hardware": _hardware, "ipv4": _ipv4, "ipv6": _ipv6,
    "address": _address, "bytes": _bytes, "text": _text, "string": _string, "struct": _struct, "structs": _structs,
    "array": _array, "indexed": _indexed, "nested": _nested,
    "multipath": _multipath,
}  # fmt: skip
