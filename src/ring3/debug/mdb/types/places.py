"""Where members are: paths from a type to what is in it.

Source of what is said: parse_member of mdb_print.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.debug.mdb.errors import NO_MEMBER, MdbError
from ring3.debug.mdb.types.names import type_name
from ring3.trace.dtrace.types import Array, Pointer, Struct, Type, resolve

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session

_PART: Final = re.compile(r"(->|\.)?(\w+)|\[([^\]]*)\]")


class Place(NamedTuple):
    """A member that a path leads to: its address, its type, its bits, and the path as written."""

    address: int
    type: Type
    path: str = ""
    bit: int = 0
    bits: int = 0


def follow(session: Session, address: int, kind: Type, path: str) -> Place:
    """Goes along a path of members: ``a.b[3]->c``.

    Raises:
        MdbError: There is no such member, or a pointer on the way cannot be read.
    """
    place = Place(address, kind)
    position = 0
    while position < len(path):
        part = _PART.match(path, position)
        if part is None:
            if path[position] == "[":
                raise MdbError("no trailing ']'")
            raise MdbError(f"'{path[position]}' is not a valid delimiter")
        position = part.end()
        if part[2] is None:
            place = _element(session, place, session.evaluate(part[3]))
            continue
        is_pointer = isinstance(resolve(place.type), Pointer)
        if part[1] == "->" and not is_pointer:
            raise MdbError(f"{type_name(place.type)} is not a pointer type")
        pointed = resolve(place.type)
        if isinstance(pointed, Pointer) and part[1] != ".":
            pointed = resolve(pointed.target)
        if not isinstance(pointed, Struct):
            raise MdbError(f"{type_name(place.type)} is not a struct or union type")
        if part[2] not in pointed.members:
            raise MdbError(f"failed to find member {part[2]} of {type_name(pointed)}: {NO_MEMBER}")
        if is_pointer:
            place = _target(session, place)
        member = pointed.members[part[2]]
        place = Place(place.address + member.offset, member.type, "", member.bit, member.bits)
    return place._replace(path=path)


def _target(session: Session, place: Place) -> Place:
    pointer = resolve(place.type)
    assert isinstance(pointer, Pointer)
    address = int.from_bytes(session.target.read(place.address, pointer.size), "little")
    return Place(address, pointer.target)


def _element(session: Session, place: Place, index: int) -> Place:
    kind = resolve(place.type)
    if isinstance(kind, Pointer):
        place = _target(session, place)
        return Place(place.address + index * place.type.size, place.type)
    if not isinstance(kind, Array):
        raise MdbError("cannot index into non-array, non-pointer type")
    if kind.count and index >= kind.count:
        session.warn(f"index {index:x} is outside of array bounds [0 .. {kind.count - 1:x}]")
    return Place(place.address + index * kind.element.size, kind.element)


def member_at(kind: Type, offset: int) -> str:
    """The path of the innermost member at an offset in bytes (mdb_ctf_offset_to_name).

    Raises:
        MdbError: None is there.
    """
    path = ""
    whole = kind
    while True:
        resolved = resolve(whole)
        if isinstance(resolved, Array) and resolved.element.size and offset < resolved.size:
            index, offset = divmod(offset, resolved.element.size)
            path, whole = f"{path}[{index:#x}]", resolved.element
        elif isinstance(resolved, Struct):
            members = resolved.members.values()
            found = next((each for each in members if 0 <= offset - each.offset < each.type.size), None)
            if found is None:
                raise MdbError(f"invalid offset {offset:x}")
            path, whole, offset = f"{path}.{found.name}".lstrip("."), found.type, offset - found.offset
        elif path and offset < whole.size:
            return path
        else:
            raise MdbError(f"invalid offset {offset:x}")
