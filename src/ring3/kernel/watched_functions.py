"""Watching kernel functions: who watches which one on which kernel, and the trampoline that asks them.

A function belongs to all machines of a process. So its trampoline asks which kernel runs in this thread, and calls the
function as ever where nobody watches it there.
"""

from __future__ import annotations

from inspect import CO_COROUTINE
from types import CoroutineType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from ring3.kernel.functions import RUNNING, KernelFunction
from ring3.kernel.observed import (
    Call,
    CallObserver,
    ObservedCoroutine,
    Observers,
    SleepingFunction,
    Value,
    steps_of,
)
from ring3.kernel.trampoline import original, trampoline

if TYPE_CHECKING:
    from types import CodeType

    from ring3.kernel.core import Kernel


class _Watched:
    """A function with a trampoline in it.

    Attributes:
        original: The function as it was.
        kernels: Who watches it, by kernel.
    """

    def __init__(self, row: KernelFunction) -> None:
        self.row = row
        self.code: CodeType = row.function.__code__
        self.original = original(row.function, self.code)
        self._is_coroutine = bool(self.code.co_flags & CO_COROUTINE)
        self.kernels: dict[Kernel[Any], Observers] = {}
        row.function.__code__ = trampoline(self.code, self.call)

    def call(self, *arguments: Value, **keywords: Value) -> Value:
        """Stands in for the function."""
        kernel = RUNNING.kernel
        observers = None if kernel is None else self.kernels.get(kernel)
        if observers is None or kernel is None:
            return self.original(*arguments, **keywords)
        value = observers.make(Call(self.row, kernel.current, list(arguments), keywords, self.original))
        if self._is_coroutine and not isinstance(value, CoroutineType | ObservedCoroutine):
            return _done(value)
        return value

    def is_in(self, pending: object) -> bool:
        """Whether the function is one of those that wait in a coroutine, without an observer of its own."""
        return any(step.cr_code is self.code and not observed for step, observed in steps_of(pending))

    def restore(self) -> None:
        """Takes the trampoline out."""
        self.row.function.__code__ = self.code


async def _done(value: Value) -> Value:
    """What a coroutine that an observer has answered is for who awaits it."""
    return value


_WATCHED: Final[dict[FunctionType, _Watched]] = {}


def watch(kernel: Kernel[Any], row: KernelFunction, observer: CallObserver) -> None:
    """Makes an observer see calls of a function on a kernel, those that wait at this moment included."""
    watched = _WATCHED.get(row.function)
    if watched is None:
        watched = _WATCHED[row.function] = _Watched(row)
    if not watched.row.module:
        watched.row = row
    observers = watched.kernels.setdefault(kernel, Observers())
    observers.add(observer)
    for task in tuple(kernel.tasks.values()):
        if task.pending is not None and watched.is_in(task.pending):
            call = Call(watched.row, task, [], {}, None)
            task.pending = SleepingFunction(observers, call, task.pending, watched.code)


def unwatch(kernel: Kernel[Any], row: KernelFunction, observer: CallObserver) -> None:
    """Undoes `watch`; when nobody watches the function any more, it is what it was."""
    watched = _WATCHED[row.function]
    observers = watched.kernels[kernel]
    observers.remove(observer)
    if not observers:
        del watched.kernels[kernel]
    if not watched.kernels:
        del _WATCHED[row.function]
        watched.restore()
