"""The types a program can name: C's own, D's, those of the system that is traced, and those it declares itself."""

from __future__ import annotations

from typing import Protocol

from ring3.trace.dtrace.types import (
    Dynamic,
    Enum,
    Float,
    Integer,
    Pointer,
    String,
    Struct,
    Type,
    Typedef,
    Void,
)


class TypeSource(Protocol):
    """The types of the traced system, by the name they have in C."""

    def find_type(self, name: str, module: str) -> Type | None:
        """The type `name` is (`struct file`, `pid_t`), in a module or, where that is empty, in any."""


class NoTypes:
    """A system whose types nobody knows."""

    def find_type(self, name: str, module: str) -> Type | None:
        """None."""


def _integers(long_size: int) -> dict[str, Integer]:
    table = {}
    for name, size, rank in (
        ("char", 1, 1),
        ("short", 2, 2),
        ("int", 4, 3),
        ("long", long_size, 4),
        ("long long", 8, 5),
    ):
        table[name] = Integer(name, size, rank, signed=True)
        table[f"unsigned {name}"] = Integer(f"unsigned {name}", size, rank, signed=False)
    table["signed char"] = Integer("signed char", 1, 1, signed=True)
    return table


_TYPEDEFS = {
    "int8_t": "char",
    "int16_t": "short",
    "int32_t": "int",
    "int64_t": "long long",
    "intptr_t": "long",
    "uint8_t": "unsigned char",
    "uint16_t": "unsigned short",
    "uint32_t": "unsigned int",
    "uint64_t": "unsigned long long",
    "uchar_t": "unsigned char",
    "ushort_t": "unsigned short",
    "uint_t": "unsigned int",
    "ulong_t": "unsigned long",
    "u_longlong_t": "unsigned long long",
    "longlong_t": "long long",
    "uintptr_t": "unsigned long",
    "size_t": "unsigned long",
    "ssize_t": "long",
    "ptrdiff_t": "long",
    "off_t": "long",
    "time_t": "long",
    "hrtime_t": "long long",
    "pid_t": "int",
    "id_t": "int",
    "uid_t": "unsigned int",
    "gid_t": "unsigned int",
    "mode_t": "unsigned int",
    "boolean_t": "int",
    "clock_t": "long",
    "pri_t": "short",
    "major_t": "unsigned int",
    "minor_t": "unsigned int",
    "pgcnt_t": "unsigned long",
    "in_port_t": "unsigned short",
    "uint": "unsigned int",
    "ushort": "unsigned short",
    "zoneid_t": "int",
    "taskid_t": "int",
    "projid_t": "int",
    "poolid_t": "int",
    "processorid_t": "int",
    "psetid_t": "int",
    "chipid_t": "int",
    "lgrp_id_t": "int",
    "dev_t": "unsigned long",
    "ipaddr_t": "unsigned int",
    "u_char": "unsigned char",
    "u_short": "unsigned short",
    "u_int": "unsigned int",
    "u_long": "unsigned long",
    "__int128_t": "long long",
}


class TypeSpace:
    """All types by name; declarations of the program go before those of the system."""

    def __init__(self, source: TypeSource | None = None, *, bits: int = 64, string_size: int = 256) -> None:
        self.source: TypeSource = source or NoTypes()
        self.pointer_size = bits // 8
        self._integers = _integers(bits // 8)
        integers = self._integers
        self.char, self.int, self.long = integers["char"], integers["int"], integers["long"]
        self.uint, self.ulong = integers["unsigned int"], integers["unsigned long"]
        self.longlong, self.ulonglong = integers["long long"], integers["unsigned long long"]
        self.void = Void()
        self.string = String(string_size)
        self.dynamic = {what: Dynamic(what) for what in ("aggregation", "<DYN>", "stack", "symbol address")}
        self._names: dict[str, Type] = dict(integers)
        self._names |= {
            "void": self.void,
            "string": self.string,
            "signed": self.int,
            "unsigned": self.uint,
            "float": Float("float", 4),
            "double": Float("double", 8),
            "long double": Float("long double", 16),
        }
        for name, target in _TYPEDEFS.items():
            self._names[name] = Typedef(name, integers[target])
        self._declared: set[str] = set()
        self._names["caddr_t"] = Typedef("caddr_t", self.pointer(self.char))

    def find(self, name: str, module: str = "") -> Type | None:
        """The type of a name: `unsigned long`, `struct foo`, `foo_t`."""
        if not module or module in ("C", "D"):
            found = self._names.get(name)
            if found:
                return found
        found = self.source.find_type(name, "" if module in ("C", "D") else module)
        if found and not module:
            self._names[name] = found
        return found

    def integer(self, size: int, *, signed: bool) -> Integer:
        """The integer type of a size in bytes."""
        names = {1: "char", 2: "short", 4: "int", self.long.size: "long", 8: "long long"}
        return self._integers[names[size] if signed else f"unsigned {names[size]}"]

    def pointer(self, target: Type) -> Pointer:
        """A pointer to a type."""
        return Pointer(target, self.pointer_size)

    def is_declared(self, name: str) -> bool:
        """Whether the program, or a library, gave that name to a type."""
        return name in self._declared

    def is_own(self, name: str) -> bool:
        """Whether D itself brings a type of that name."""
        return name in _TYPEDEFS

    def define(self, name: str, kind: Type) -> None:
        """Give a name to a type: a typedef's, or `struct tag`."""
        self._names[name] = kind
        self._declared.add(name)

    def struct(self, keyword: str, tag: str) -> Struct:
        """The struct or union with a tag; a new one that is incomplete, if there is none."""
        found = self.find(f"{keyword} {tag}") if tag else None
        if isinstance(found, Struct):
            return found
        new = Struct(keyword, tag)
        if tag:
            self.define(f"{keyword} {tag}", new)
        return new

    def enum(self, tag: str) -> Enum:
        """The enumeration with a tag, as `struct`."""
        found = self.find(f"enum {tag}") if tag else None
        if isinstance(found, Enum):
            return found
        new = Enum(tag)
        if tag:
            self.define(f"enum {tag}", new)
        return new
