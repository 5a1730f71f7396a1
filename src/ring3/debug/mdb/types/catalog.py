"""All types a command can name: those made with ``::typedef``, and those of the target."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.debug.mdb.errors import NO_TYPE, MdbError
from ring3.debug.mdb.types.declarations import DeclarationParser, canonical
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Float, Integer, Pointer, Type

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.base import Target

_ALIASES: Final = [
    "int8_t",
    "int16_t",
    "int32_t",
    "int64_t",
    "intptr_t",
    "uint8_t",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "uchar_t",
    "ushort_t",
    "uint_t",
    "ulong_t",
    "u_longlong_t",
    "ptrdiff_t",
    "uintptr_t",
]
_ARITHMETIC: Final = frozenset(["unsigned", "signed", "long", "short", "int", "char"])
_POINTERS: Final = re.compile(r"^(.*?)\s*(\*[*\s]*)$")


def intrinsics(bits: int) -> dict[str, Type]:
    """C's own types in a data model, and those of <stdint.h>."""
    space = TypeSpace(bits=bits)
    names = "signed unsigned void char short int long|long long|signed char|unsigned char|unsigned short|unsigned int"
    plain = [
        *names.split("|", maxsplit=1)[0].split(),
        *names.split("|")[1:],
        "unsigned long",
        "unsigned long long",
    ]
    found: dict[str, Type] = {}
    for name in plain:
        kind = space.find(name)
        assert kind is not None
        found[name] = kind
    for name, size in (("float", 4), ("double", 8), ("long double", 16 if bits == 64 else 12)):
        found[name] = Float(name, size)
        found[f"{name} imaginary"] = Float(f"{name} imaginary", size)
        found[f"{name} complex"] = Float(f"{name} complex", 2 * size)
    found["_Bool"] = Integer("_Bool", 1, 1, signed=False)
    for name in _ALIASES:
        kind = space.find(name)
        assert kind is not None
        found[name] = kind
    return found


class Catalog:
    """The types of a session.

    Attributes:
        synthetic: Those that ``::typedef`` made, by name.
    """

    def __init__(self, target: Callable[[], Target]) -> None:
        self._target = target
        self.synthetic: dict[str, Type] = {}

    @property
    def pointer_size(self) -> int:
        """Bytes of a pointer: the target's, whatever model the synthetic types are for, as in mdb."""
        return self._target().bits // 8

    def find(self, name: str) -> Type | None:
        """The type of a name; a tag alone means the struct, union or enum."""
        name = " ".join(name.split())
        pointers = _POINTERS.match(name)
        if pointers:
            target = self.find(pointers[1])
            for _ in range(pointers[2].count("*")):
                target = None if target is None else Pointer(target, self.pointer_size)
            return target
        words = name.split()
        if set(words) <= _ARITHMETIC and len(words) > 1:
            name = canonical(words)
        for candidate in (name, f"struct {name}", f"union {name}", f"enum {name}"):
            found = self.synthetic.get(candidate) or self._target().find_type(candidate)
            if found is not None:
                return found
        return self._declared(name) if "[" in name[1:] and name[0] != "[" else None

    def _declared(self, name: str) -> Type | None:
        try:
            return DeclarationParser(
                name, self.find, lambda _name, _kind: None, self.pointer_size
            ).type_name()
        except (MdbError, ValueError):
            return None

    def get(self, name: str) -> Type:
        """The type of a name.

        Raises:
            MdbError: There is none.
        """
        found = self.find(name)
        if found is None:
            raise MdbError(f"failed to look up type {name}: {NO_TYPE}")
        return found

    def create_base(self, bits: int) -> bool:
        """Makes the intrinsic types of a data model; False if there are some already."""
        if self._target().find_type("int") is not None or "int" in self.synthetic:
            return False
        self.synthetic.update(intrinsics(bits))
        return True

    def reset(self) -> None:
        """Forgets what ``::typedef`` made."""
        self.synthetic.clear()
