"""Enumerations and named tuples that cost a tenth of the standard library's to define.

Every start of a program defines some hundred of them, and with `enum` and `typing.NamedTuple` that alone was a fifth
of it. These look the same to a reader, to mypy and to the code that uses them, and differ in three ways: operators on
members of an `IntFlag` give plain integers, which also keeps flags cheap in hot paths; there is no ``auto()``; a
composite value that is asked for by ``Flags(5)`` has a name but is made anew each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enum import Enum as Enum
    from enum import IntEnum as IntEnum
    from enum import IntFlag as IntFlag
    from enum import StrEnum as StrEnum
    from typing import NamedTuple as NamedTuple
else:
    from _collections import _tuplegetter  # what collections.namedtuple has its fields of
    from types import FunctionType, MappingProxyType

    class _EnumType(type):
        """The class of enumerations: makes their members, and finds one by value or by name."""

        def __new__(cls, name, bases, namespace):
            self = type.__new__(cls, name, bases, namespace)
            members, by_value = {}, {}
            for key, given in namespace.items():
                if key[0] == "_" or hasattr(given, "__get__"):
                    continue
                member = by_value.get(given)
                if member is None:
                    member = given if isinstance(given, self) else self._make(given)
                    by_value[given] = member
                    if given.__class__ is tuple:
                        by_value[member.value] = member
                    if "name" not in member.__dict__:
                        member.name = key
                members[key] = member
                type.__setattr__(self, key, member)
            self._members, self._by_value = members, by_value
            return self

        def __call__(cls, value):
            try:
                return cls._by_value[value]
            except (KeyError, TypeError):
                return cls._missing(value)

        def __getitem__(cls, name):
            return cls._members[name]

        def __iter__(cls):
            return iter({id(member): member for member in cls._members.values()}.values())

        def __len__(cls):
            return len(set(map(id, cls._members.values())))

        def __contains__(cls, value):
            return isinstance(value, cls) or value in cls._by_value

        def __bool__(cls):
            return True

        @property
        def __members__(cls):
            return MappingProxyType(cls._members)

        def __repr__(cls):
            return f"<enum {cls.__name__!r}>"

    class Enum(metaclass=_EnumType):
        """A closed set of named values, each of which is one object."""

        @classmethod
        def _make(cls, given):
            member = cls.__new__(cls, *given) if given.__class__ is tuple else cls.__new__(cls, given)
            member.value = member.__dict__.get("_value_", given)
            return member

        @classmethod
        def _missing(cls, value):
            raise ValueError(f"{value!r} is not a valid {cls.__qualname__}")

        def __new__(cls, *_given):
            return object.__new__(cls)

        def __repr__(self):
            return f"<{self.__class__.__name__}.{self.name}: {self.value!r}>"

        def __str__(self):
            return f"{self.__class__.__name__}.{self.name}"

        def __reduce_ex__(self, _protocol):
            return self.__class__, (self.value,)

    class IntEnum(int, Enum):
        """An enumeration whose members are numbers."""

        __new__ = int.__new__
        __repr__ = Enum.__repr__
        __str__ = int.__repr__
        __format__ = int.__format__

    class StrEnum(str, Enum):
        """An enumeration whose members are strings."""

        __new__ = str.__new__
        __repr__ = Enum.__repr__
        __str__ = str.__str__
        __format__ = str.__format__

    class IntFlag(int, Enum):
        """Named bits; operators on them give plain integers."""

        __new__ = int.__new__
        __repr__ = Enum.__repr__
        __str__ = int.__repr__
        __format__ = int.__format__

        @classmethod
        def _missing(cls, value):
            composite = cls._make(value)
            parts = [m.name for m in cls if m.value & value == m.value and m.value.bit_count() == 1]
            composite.name = "|".join(parts) or None
            return composite

    def _constructor(size, template={}):  # noqa: B006 - the templates made so far, by size
        """The code of a ``__new__`` that takes so many fields, to be given their names."""
        if size not in template:
            fields = ", ".join(f"_{index}" for index in range(size))
            made = eval(f"lambda _cls, {fields}: _new(_cls, ({fields}{',' * (size > 0)}))")
            template[size] = made.__code__
        return template[size]

    _NEW = {"_new": tuple.__new__}

    class _Tuple(tuple):
        """What named tuples have in common; see `collections.namedtuple`."""

        __slots__ = ()
        _fields = __match_args__ = ()
        _field_defaults = {}

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, /, **changes):
            return self.__class__(**{**self._asdict(), **changes})

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{self.__class__.__name__}({fields})"

        def __getnewargs__(self):
            return tuple(self)

    class _TupleType(type):
        """Makes a plain subclass of `tuple` of a class statement with annotated fields."""

        def __new__(cls, name, _bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            code = _constructor(len(fields)).replace(co_varnames=("_cls", *fields), co_name="__new__")
            new = FunctionType(code, _NEW, "__new__", tuple(defaults.values()))
            new.__qualname__ = f"{name}.__new__"
            for index, field in enumerate(fields):
                namespace[field] = _tuplegetter(index, None)
            namespace.setdefault("__new__", new)
            namespace |= {
                "_fields": fields, "__match_args__": fields, "_field_defaults": defaults, "__slots__": (),
            }  # fmt: skip
            return type(name, (_Tuple,), namespace)

    class _NamedTuple:
        """What `NamedTuple` is below: a base that leaves only fields behind."""

        def __mro_entries__(self, _bases):
            return (_Template,)

    _Template = type.__new__(_TupleType, "_Template", (), {})
    NamedTuple = _NamedTuple()
