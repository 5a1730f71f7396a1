"""Records as text: what objects of a snapshot hold, for a file.

A file is data: it names classes and functions of ours and never brings code. Objects are made without their
constructors and get their attributes one by one. What it may name is closed: classes and functions that are in the
modules of the rooms below, and what every machine has of its own (`snapshot.file`).
"""

from __future__ import annotations

import base64
import functools
import types
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from ring3.abi.kinds import Enum
from ring3.errors import UserError
from ring3.kernel.snapshot import graph

Json = Any
Value = Any
ROOMS: Final = (
    "abi",
    "errors",
    "fs",
    "image",
    "kernel",
    "linux",
    "loader",
    "machine",
    "net",
    "python",
    "sandbox",
)
_PLAIN: Final = frozenset((int, str, bool, float, type(None)))
_CONTAINERS: Final = {
    cls.__name__: cls
    for cls in graph.KINDS
    if graph.KINDS[cls].put is not None and not cls.__module__.startswith("ring3")
}


_ROWS: Final[Mapping[str, type]] = {"tuple": tuple, "frozenset": frozenset, "list": list}


class Writer:
    """Turns the records of a snapshot into text."""

    def __init__(self, records: graph.Records, fixtures: Mapping[str, Value]) -> None:
        self._fixtures = {id(thing): name for name, thing in fixtures.items()}
        self._records = records
        self._numbers = {key: number for number, key in enumerate(records)}

    def objects(self) -> list[Json]:
        """All objects: which they are, and what they hold."""
        return [
            [self._fixtures.get(key) or self.class_name(type(thing)), self._contents(thing, record)]
            for key, (thing, record) in self._records.items()
        ]

    def _contents(self, thing: Value, record: Value) -> Json:
        if isinstance(record, dict):
            return self._entries(record)
        if isinstance(record, bytes):
            return self.value(record)
        if type(thing) not in graph.INSTANCES or not hasattr(thing, "__dict__"):
            return [self.value(part) for part in record]
        *slots, own = record
        return [*(self.value(part) for part in slots), self._entries(own | self._wired(thing, own))]

    def _wired(self, thing: Value, own: Mapping[str, Value]) -> dict[str, Value]:
        """The attributes that are no state but have to be there: those that lead to fixtures."""
        left_out = getattr(type(thing), "not_state", ())
        return {
            name: value
            for name, value in vars(thing).items()
            if id(value) in self._fixtures and name not in left_out and name not in own
        }

    def _entries(self, record: Mapping[Value, Value]) -> Json:
        return {"d": [[self.value(key), self.value(value)] for key, value in record.items()]}

    def class_name(self, cls: type) -> str:
        """A class, or a container of the language.

        Raises:
            UserError: Its objects are kept in no file.
        """
        if not getattr(cls, "is_kept_in_files", True):
            raise UserError(f"no file can hold a {cls.__name__} of a snapshot")
        return f"{cls.__module__}:{cls.__qualname__}" if cls.__module__.startswith("ring3.") else cls.__name__

    def value(self, value: Value) -> Json:
        """A value, or the number of an object.

        Raises:
            UserError: It cannot be written.
        """
        if type(value) in _PLAIN:
            return value
        if value is graph.UNSET:
            return ["u"]
        if id(value) in self._numbers:
            return ["o", self._numbers[id(value)]]
        if id(value) in self._fixtures:
            return ["x", self._fixtures[id(value)]]
        for kinds, write in self._kinds:
            if isinstance(value, kinds):
                return write(value)
        cls = type(value)
        raise UserError(
            f"no file can hold a {cls.__module__}.{cls.__qualname__} of a snapshot: {value!r:.60}"
        )

    @functools.cached_property
    def _kinds(self) -> tuple[tuple[Value, Callable[[Value], Json]], ...]:
        """How values of each kind are written that are no objects of their own."""
        return (
            (bytes, lambda value: ["b", base64.b85encode(value).decode()]),
            (Enum, lambda value: ["e", self.class_name(type(value)), self.value(value.value)]),
            (dict, lambda value: ["d", self._entries(value)]),
            ((tuple, frozenset, list), self._row),
            (type, lambda value: ["c", self.class_name(value)]),
            (types.MethodType, lambda value: ["m", self.value(value.__self__), value.__func__.__name__]),
            (functools.partial, self._partial),
            (functools._lru_cache_wrapper, lambda value: ["l", self.value(value.__wrapped__)]),  # noqa: SLF001
            (types.MappingProxyType, lambda value: ["y", self._entries(value)]),
            (types.FunctionType, self._function),
        )

    def _row(self, value: Value) -> Json:
        return ["t", self.class_name(type(value)), [self.value(part) for part in value]]

    def _partial(self, value: functools.partial[Value]) -> Json:
        return ["p", self.value(value.func), self.value(value.args), self._entries(value.keywords)]

    def _function(self, value: types.FunctionType) -> Json:
        same = list(_codes(value.__module__, value.__qualname__))
        if value.__code__ not in same:
            raise UserError(f"no file can hold the function {value.__qualname__} of a snapshot")
        cells = [self.value(cell) for cell in value.__closure__ or ()]
        defaults = self.value(value.__defaults__)
        return ["f", value.__module__, value.__qualname__, same.index(value.__code__), cells, defaults]


def _codes(module: str, qualname: str) -> Iterator[types.CodeType]:
    """The code of all functions of a name in a module: lambdas have the same one."""
    waiting = [
        code
        for found in vars(import_module(module)).values()
        for member in (vars(found).values() if isinstance(found, type) else (found,))
        for function in (getattr(member, "fget", None) or getattr(member, "func", None) or member,)
        if isinstance(code := getattr(function, "__code__", None), types.CodeType)
        and getattr(function, "__module__", None) == module
    ]
    while waiting:
        code = waiting.pop(0)
        if code.co_qualname == qualname:
            yield code
        waiting += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]


class Reader:
    """Makes objects of text.

    Attributes:
        objects: The objects, by number; they hold nothing until `fill`.
    """

    def __init__(self, written: list[Json], fixtures: Mapping[str, Value]) -> None:
        self._fixtures = fixtures
        self._written = written
        self.objects: list[Value] = [self._make(name) for name, _ in written]

    def _make(self, name: str) -> Value:
        if name in self._fixtures:
            return self._fixtures[name]
        if name in _CONTAINERS:
            return _CONTAINERS[name]()
        cls: Value = self.named_class(name)
        thing = cls.__new__(cls)
        left_out = getattr(cls, "not_state", ())
        if isinstance(left_out, Mapping):
            for attribute, value in left_out.items():
                setattr(thing, attribute, value)
        return thing

    def named_class(self, name: str) -> type:
        """A class of ours."""
        module, _, qualname = name.partition(":")
        found: Value = self._module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
        if (
            not isinstance(found, type)
            or not found.__module__.startswith("ring3.")
            or issubclass(found, BaseException)
        ):
            raise TypeError(name)
        if not getattr(found, "is_kept_in_files", True):
            raise UserError(f"no file can hold a {found.__name__} of a snapshot")
        return found

    @staticmethod
    def _module(name: str) -> types.ModuleType:
        package, _, rest = name.partition(".")
        if package != "ring3" or rest.split(".")[0] not in ROOMS:
            raise TypeError(name)
        return import_module(name)

    def fill(self) -> graph.Records:
        """Records for all objects, to be put into them."""
        return {
            id(thing): (thing, self._record(record))
            for thing, (_, record) in zip(self.objects, self._written, strict=True)
        }

    def _record(self, written: Json) -> Value:
        if isinstance(written, dict):
            return {self.value(key): self.value(value) for key, value in written["d"]}
        if written[:1] == ["b"]:
            return self.value(written)
        return tuple(self._record(part) if isinstance(part, dict) else self.value(part) for part in written)

    def value(self, written: Json) -> Value:
        """The value that was written."""
        if not isinstance(written, list):
            return written
        letter, *rest = written
        if letter == "o":
            return self.objects[rest[0]]
        if letter == "x":
            return self._fixtures[rest[0]]
        if letter == "u":
            return graph.UNSET
        if letter == "b":
            return base64.b85decode(rest[0])
        if letter == "c":
            return self.named_class(rest[0])
        return getattr(self, f"_read_{letter}")(*rest)

    def _read_t(self, name: str, parts: list[Json]) -> Value:
        cls = _ROWS.get(name) or self.named_class(name)
        values = [self.value(part) for part in parts]
        if issubclass(cls, tuple):
            made: Value = tuple.__new__
            return made(cls, values)
        return frozenset(values) if cls is frozenset else values

    def _read_d(self, record: Json) -> Value:
        return self._record(record)

    def _read_e(self, name: str, value: Json) -> Value:
        cls: Value = self.named_class(name)
        if not issubclass(cls, Enum):
            raise TypeError(name)
        return cls(self.value(value))

    def _read_m(self, owner: Json, name: str) -> Value:
        thing = self.value(owner)
        method = getattr(type(thing), name)
        return types.MethodType(method, thing)

    def _read_p(self, function: Json, arguments: Json, keywords: Json) -> Value:
        return functools.partial(self.value(function), *self.value(arguments), **self._record(keywords))

    def _read_l(self, function: Json) -> Value:
        return functools.cache(self.value(function))

    def _read_y(self, record: Json) -> Value:
        return types.MappingProxyType(self._record(record))

    def _read_f(self, module: str, qualname: str, number: int, cells: list[Json], defaults: Json) -> Value:
        found = self._module(module)
        code = list(_codes(module, qualname))[number]
        closure = tuple(self.value(cell) for cell in cells)
        if not cells and "<locals>" not in qualname:
            own: Value = found
            for part in qualname.split("."):
                own = getattr(own, part)
            return own
        return types.FunctionType(code, vars(found), code.co_name, self.value(defaults), closure or None)
