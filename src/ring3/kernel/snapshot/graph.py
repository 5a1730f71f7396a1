"""The objects of a machine: what each of them holds, by identity.

A copy of the objects would be others, and whoever has one of the old ones in hand would have a thing of the past. So
nothing is copied deeply: of each object that can change, a *record* keeps what it refers to, and to go back is to put
that into the same object again. Whatever refers to it, a closure or a test's variable, then sees it as it was.

What a record may hold is closed: plain values, the containers of the language, instances of our own classes. Anything
else, a coroutine or a lock, is refused with the way that leads to it; the class where that way begins is to say what of
it is state (`snapshot.state`).
"""

from __future__ import annotations

import functools
import operator
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from ring3.abi import kinds
from ring3.abi.kinds import NamedTuple
from ring3.errors import Ring3Error

if TYPE_CHECKING:
    from ring3.kernel.snapshot.state import Outside

T = TypeVar("T")
Value = Any
"""Whatever Python has."""
Records = dict[int, tuple[Value, Value]]
"""What objects hold, by the id of each: the object, and its record."""
Put = tuple[Callable[[Value, Value], None], Value, Value]
"""How an object is put back, the object, and its record."""

_LARGE: Final = 64
"""Of a dictionary with more entries, what has changed is kept, and not the whole."""
_PACKAGE: Final = "ring3."


class NotCopied(Ring3Error):
    """Something is reachable that is neither state nor declared not to be."""


class _Unset:
    """Stands for a slot without a value."""

    __slots__ = ()


UNSET: Final = _Unset()


class Kind(NamedTuple):
    """How objects of a type are recorded.

    Attributes:
        take: Gives the record of an object.
        parts: What the record leads to.
        put: Puts a record back into its object; None for objects that cannot change.
    """

    take: Callable[[Value], Value]
    parts: Callable[[Value], Iterable[Value]]
    put: Callable[[Value, Value], None] | None


class Changes(NamedTuple):
    """How the record of a dictionary differs from the one before.

    Attributes:
        new: Entries that are new, or lead to something else.
        gone: Keys that are no more.
    """

    new: dict[Value, Value]
    gone: tuple[Value, ...]


# -- the containers of the language ------------------------------------------------------------------------------------


def _itself(thing: Value) -> Value:
    return thing


def _put_list(thing: list[Value], record: Iterable[Value]) -> None:
    thing[:] = record


def _put_bytes(thing: bytearray, record: bytes) -> None:
    thing[:] = record


def _put_entries(thing: dict[Value, Value] | set[Value], record: Iterable[Value]) -> None:
    thing.clear()
    thing.update(record)


def _put_items(thing: deque[Value], record: Iterable[Value]) -> None:
    thing.clear()
    thing.extend(record)


def _put_weakly(thing: Value, record: Value) -> None:
    if record or len(thing):  # these are written in Python, and most have nothing
        _put_entries(thing, record)


def _entries(record: Mapping[Value, Value]) -> Iterable[Value]:
    return chain(record, record.values())


def _cell(thing: types.CellType) -> tuple[Value, ...]:
    try:
        return (thing.cell_contents,)
    except ValueError:
        return ()


def _put_cell(thing: types.CellType, record: tuple[Value, ...]) -> None:
    if record:
        thing.cell_contents = record[0]


_ATOM: Final = Kind(_itself, lambda record: (), None)
_ROW: Final = Kind(_itself, _itself, None)

KINDS: Final[dict[type, Kind]] = {
    **dict.fromkeys(
        (
            int, bool, float, complex, str, bytes, type(None), type(...), range, slice, type, types.ModuleType,
            types.BuiltinFunctionType, types.CodeType, memoryview, types.MappingProxyType,
        ),
        _ATOM,
    ),
    tuple: _ROW,
    frozenset: _ROW,
    list: Kind(tuple, _itself, _put_list),
    deque: Kind(tuple, _itself, _put_items),
    set: Kind(frozenset, _itself, _put_entries),
    dict: Kind(dict.copy, _entries, _put_entries),
    OrderedDict: Kind(dict, _entries, _put_entries),
    WeakValueDictionary: Kind(dict, _entries, _put_weakly),
    WeakKeyDictionary: Kind(dict, _entries, _put_weakly),
    WeakSet: Kind(frozenset, _itself, _put_weakly),
    bytearray: Kind(bytes, lambda record: (), _put_bytes),
    types.CellType: Kind(_cell, _itself, _put_cell),
    types.MethodType: Kind(_itself, lambda method: (method.__self__,), None),
    types.FunctionType: Kind(
        _itself, lambda function: chain(function.__closure__ or (), function.__defaults__ or ()), None
    ),
    functools._lru_cache_wrapper: Kind(_itself, lambda cached: (cached.__wrapped__,), None),  # noqa: SLF001
    functools.partial: Kind(
        _itself, lambda made: chain((made.func,), made.args, made.keywords.values()), None
    ),
}  # fmt: skip
"""How objects of each type met so far are recorded."""


# -- our own classes ---------------------------------------------------------------------------------------------------


@functools.cache
def _own_slots(cls: type) -> tuple[str, ...]:
    """The slots that a class has beside those of its bases."""
    member = types.MemberDescriptorType
    return tuple([name for name, found in vars(cls).items() if type(found) is member])


def _slots(cls: type) -> tuple[str, ...]:
    """The slots of a class that are state."""
    names, left_out = chain.from_iterable(map(_own_slots, reversed(cls.__mro__))), _not_state(cls)
    return tuple([name for name in names if name not in left_out])


def _not_state(cls: type) -> frozenset[str]:
    return frozenset(chain.from_iterable(vars(base).get("not_state", ()) for base in cls.__mro__))


class _Instances:
    """How instances of a class are recorded: the values of its slots, and its ``__dict__`` behind them."""

    def __init__(self, cls: type) -> None:
        self._names = _slots(cls)
        self._get = operator.attrgetter(*self._names) if len(self._names) > 1 else self._each
        self._left_out = _not_state(cls)
        self._has_dict = cls.__dictoffset__ != 0

    def _each(self, thing: Value) -> tuple[Value, ...]:
        return tuple(getattr(thing, name, UNSET) for name in self._names)

    def take(self, thing: Value) -> tuple[Value, ...]:
        try:
            values: tuple[Value, ...] = self._get(thing)
        except AttributeError:
            values = self._each(thing)
        return (*values, self._own(thing)) if self._has_dict else values

    def _own(self, thing: Value) -> dict[str, Value]:
        """Of its ``__dict__``, what is state: not what stands in for a method while somebody watches it."""
        left_out, kinds_by_type = self._left_out, KINDS
        return {
            name: value
            for name, value in vars(thing).items()
            if name not in left_out and (kinds_by_type.get(type(value)) or kind_of(type(value))) is not _APART
        }

    def parts(self, record: tuple[Value, ...]) -> Iterable[Value]:
        return chain(record[:-1], record[-1].values()) if self._has_dict else record

    def names(self, record: tuple[Value, ...]) -> Iterator[str]:
        """The attributes that `parts` leads to, in its order."""
        return (f".{name}" for name in chain(self._names, record[-1] if self._has_dict else ()))

    def put(self, thing: Value, record: tuple[Value, ...]) -> None:
        if self._names:
            try:
                is_same = all(map(operator.is_, self._get(thing), record))
            except AttributeError:
                is_same = False
            if not is_same:  # which is rare, and dearer by far
                self._put_slots(thing, record)
        if self._has_dict:
            own: dict[str, Value] = thing.__dict__
            then = record[-1]
            if len(own) != len(then):
                for name in [*self._own(thing)]:
                    if name not in then:
                        del own[name]
            own.update(then)

    def _put_slots(self, thing: Value, record: tuple[Value, ...]) -> None:
        for name, value in zip(self._names, record, strict=False):
            if value is not UNSET:
                setattr(thing, name, value)
            elif hasattr(thing, name):
                delattr(thing, name)


INSTANCES: Final[dict[type, _Instances]] = {}
"""How instances of each class of ours met so far are recorded."""
_APART: Final = Kind(_itself, lambda record: (), None)
"""Of objects that are no state."""


def kind_of(cls: type) -> Kind | None:
    """How objects of a type are recorded, None if nobody has said."""
    kind = KINDS.get(cls)
    if kind is None:
        kind = _find_kind(cls)
        if kind is not None:
            KINDS[cls] = kind
    return kind


def _find_kind(cls: type) -> Kind | None:
    if not getattr(cls, "is_state", True):
        return _APART
    if issubclass(cls, type | kinds.Enum | types.BuiltinFunctionType):
        return _ATOM
    if issubclass(cls, tuple):
        return _ROW
    if issubclass(cls, int | str | bytes):
        return _ATOM
    if cls.__module__.startswith(_PACKAGE) and cls.__base__ is not None:
        base = next(base for base in cls.__mro__ if not base.__module__.startswith(_PACKAGE))
        if base is object or base.__module__ in ("typing", "abc"):
            made = INSTANCES[cls] = _Instances(cls)
            return Kind(made.take, made.parts, made.put)
    return None


# -- records of everything ---------------------------------------------------------------------------------------------


def take(roots: Iterable[Value], before: Records) -> tuple[Records, Records]:
    """Records all objects that some lead to.

    Args:
        roots: Where to begin.
        before: Records made before; what has not changed since shares them.

    Returns:
        All records, and of them those that differ from the ones before, where large dictionaries are `Changes`.

    Raises:
        NotCopied: There is something among them that cannot be recorded.
    """
    found: Records = {}
    changed: Records = {}
    atoms, kinds_by_type = _ATOMS, KINDS
    waiting = list(roots)
    seen = set[int]()
    while waiting:
        thing = waiting.pop()
        cls = type(thing)
        key = id(thing)
        if cls in atoms or key in seen:
            continue
        seen.add(key)
        kind = kinds_by_type.get(cls) or kind_of(cls)
        if kind is None:
            raise NotCopied(f"{_way_to(roots, thing)} is a {cls.__module__}.{cls.__qualname__}")
        record = kind.take(thing)
        parts = kind.parts(record)
        if kind.put is not None:
            old = before.get(key)
            if old is not None and _is_same(old[1], record):
                found[key] = old
            else:
                found[key] = thing, record
                changed[key] = thing, _difference(old, record)
        if type(record) is not dict or len(record) <= _LARGE or not _is_flat(record):
            waiting.extend(parts)
    return found, changed


def _is_flat(record: dict[Value, Value]) -> bool:
    """Whether a dictionary has nothing but plain numbers and texts."""
    return _ATOMS.issuperset(map(type, record.values())) and _ATOMS.issuperset(map(type, record))


def _is_same(old: Value, new: Value) -> bool:
    """Whether a record leads to the very same things as the one before."""
    if type(old) is bytes or type(old) is frozenset:
        return bool(old == new)
    if len(old) != len(new):
        return False
    if type(old) is dict:
        return all(map(operator.is_, old, new)) and all(map(operator.is_, old.values(), new.values()))
    for then, now in zip(old, new, strict=True):
        if then is not now and not (type(then) is dict and type(now) is dict and _is_same(then, now)):
            return False
    return True


def _difference(old: tuple[Value, Value] | None, new: Value) -> Value:
    """A record as a child of the one before keeps it."""
    if old is None or type(new) is not dict or len(new) <= _LARGE:
        return new
    then = old[1]
    changes = Changes(
        {key: value for key, value in new.items() if then.get(key, UNSET) is not value},
        tuple(key for key in then if key not in new),
    )
    return changes if 2 * (len(changes.new) + len(changes.gone)) < len(new) else new


def with_changes(before: Records, steps: Iterable[Records]) -> Records:
    """All records, of those before and those that differ in one step after the other."""
    found = before.copy()
    for changed in steps:
        for key, (thing, record) in changed.items():
            found[key] = thing, _changed(found[key][1], record) if isinstance(record, Changes) else record
    return found


def _changed(whole: dict[Value, Value], changes: Changes) -> dict[Value, Value]:
    found = whole.copy()
    for gone in changes.gone:
        del found[gone]
    found.update(changes.new)
    return found


def of_type(records: Records, cls: type[T]) -> Iterator[T]:
    """The objects of a class among those that are recorded."""
    wanted = {other for other in {type(thing) for thing, _ in records.values()} if issubclass(other, cls)}
    return (thing for thing, _ in records.values() if type(thing) in wanted)


def with_outside(records: Records) -> Iterator[Outside]:
    """Those with something that lies outside of Python."""
    return (thing for thing, _ in records.values() if hasattr(type(thing), "put_outside"))


def puts(records: Records) -> list[Put]:
    """What makes objects hold what their records say, for each of them."""
    kinds_by_type = KINDS
    made: list[Put] = []
    for thing, record in records.values():
        kind = kinds_by_type.get(type(thing)) or kind_of(type(thing))
        assert kind is not None
        assert kind.put is not None
        made.append((kind.put, thing, record))
    return made


def put(them: Iterable[Put]) -> None:
    """Makes all objects hold what their records say."""
    for put_back, thing, record in them:
        put_back(thing, record)


def _way_to(roots: Iterable[Value], wanted: Value) -> str:
    """How a thing is reached, for who has to find out why."""
    waiting = deque((root, type(root).__name__) for root in roots)
    seen = set[int]()
    while waiting:
        thing, way = waiting.popleft()
        if thing is wanted:
            return way
        kind = kind_of(type(thing))
        if id(thing) in seen or kind is None:
            continue
        seen.add(id(thing))
        record = kind.take(thing)
        names = INSTANCES[type(thing)].names(record) if type(thing) in INSTANCES else chain()
        waiting.extend((part, f"{way}{next(names, '[]')}") for part in kind.parts(record))
    return "something"


_ATOMS: Final = frozenset(cls for cls, kind in KINDS.items() if kind is _ATOM)
