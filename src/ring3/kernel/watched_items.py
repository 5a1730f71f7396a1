"""Watching what is called by way of a table: an entry of a dictionary that holds functions.

Such a table belongs to one kernel; so the entry itself is exchanged, and put back when nobody watches it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

from ring3.kernel.functions import KernelFunction
from ring3.kernel.observed import Call, CallObserver, Observers, Value

if TYPE_CHECKING:
    from ring3.kernel.task import Task

K = TypeVar("K", bound=Hashable)


class WatchedItem:
    """Stands in for a function in a table; the first argument of such functions is the task that calls.

    Attributes:
        inner: The function.
        observers: Who watches it.
    """

    def __init__(self, what: Value, inner: Callable[..., Any]) -> None:
        self.what = what
        self.inner = inner
        self.observers = Observers()

    def __call__(self, task: Task, *arguments: Value) -> Value:
        """Makes the call, and tells of it."""
        return self.observers.make(Call(self.what, task, [task, *arguments], {}, self.inner))


def watch_item(
    table: MutableMapping[K, Any],
    key: K,
    observer: CallObserver,
    make: Callable[[Callable[..., Any]], WatchedItem],
) -> Callable[[], None]:
    """Makes an observer see calls of a table's entry; gives what ends that.

    Args:
        table: The table.
        key: Which entry.
        observer: The observer.
        make: Makes what stands in for the function.
    """
    found = table[key]
    item = found if isinstance(found, WatchedItem) else make(found)
    table[key] = item
    item.observers.add(observer)

    def leave() -> None:
        item.observers.remove(observer)
        if not item.observers and table.get(key) is item:
            table[key] = item.inner

    return leave


class _WatchedMethod:
    """Stands in for a method of one object."""

    def __init__(self, name: str, inner: Callable[..., Any], task: Callable[[], Task | None]) -> None:
        self.what = KernelFunction(name, "", inner)
        self.inner = inner
        self.observers = Observers()
        self._task = task

    def __call__(self, *arguments: Value, **keywords: Value) -> Value:
        return self.observers.make(Call(self.what, self._task(), list(arguments), keywords, self.inner))


def watch_method(
    owner: object, name: str, observer: CallObserver, task: Callable[[], Task | None]
) -> Callable[[], None]:
    """Makes an observer see calls of a method, or of a function that is an attribute, of one object.

    Args:
        owner: The object.
        name: The attribute.
        observer: The observer.
        task: Tells which task makes the call.
    """
    own = vars(owner)
    kept = own.get(name)
    item = kept if isinstance(kept, _WatchedMethod) else _WatchedMethod(name, getattr(owner, name), task)
    own[name] = item
    item.observers.add(observer)

    def leave() -> None:
        item.observers.remove(observer)
        if item.observers or own.get(name) is not item:
            return
        if getattr(type(owner), name, None) is None:
            own[name] = item.inner
        else:
            del own[name]

    return leave


def bind(table: MutableMapping[K, Any], key: K, function: Callable[..., Any]) -> None:
    """Puts a function into a table, behind those who watch the entry."""
    item = table.get(key)
    if isinstance(item, WatchedItem):
        item.inner = function
    else:
        table[key] = function
