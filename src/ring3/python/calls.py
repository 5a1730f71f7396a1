"""A system call as hooks see it: its name, its arguments, its result, and what a hook may do about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.abi.errno import E, Errno, ErrorNumber
from ring3.kernel.observed import Call, CallObserver
from ring3.trace.called import name_of, row_of

if TYPE_CHECKING:
    from ring3.python.machine import Machine
    from ring3.python.process import Process


class SystemCall:
    """One call of a program, while a hook looks at it."""

    __slots__ = ("_call", "_machine")

    def __init__(self, call: Any, machine: Machine) -> None:  # noqa: ANN401 -- a StubCall, whose fields are checked
        self._call = call
        self._machine = machine

    @property
    def name(self) -> str:
        """Its name in the system's table."""
        return name_of(self._call)

    @property
    def number(self) -> int:
        """Its number."""
        return int(self._call.number)

    @property
    def process(self) -> Process:
        """Who makes it."""
        return self._machine.process_of(self._call.task)

    @property
    def arguments(self) -> list[int]:
        """What is in the argument registers; before the call is made, a hook may change them."""
        arguments: list[int] = self._call.arguments
        return arguments

    def __getitem__(self, name: str) -> int:
        """An argument by its name in the call's prototype, such as ``count``.

        Raises:
            KeyError: It has no such argument.
        """
        return self.arguments[self._place(name)]

    def __setitem__(self, name: str, value: int) -> None:
        """Changes an argument, before the call is made."""
        self.arguments[self._place(name)] = value

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its arguments; empty where its prototype is not known."""
        row = row_of(self._call.what.symbol, self.name)
        return () if row is None else tuple(parameter.name for parameter in row.parameters)

    def string(self, name: str) -> str:
        """The string that an argument points to."""
        return self.process.memory.string(self[name])

    @property
    def value(self) -> int | None:
        """What it returned, -errno for a failure; None while it has not returned."""
        if isinstance(self._call.error, Errno):
            return -int(self._call.error.number)
        value: int | None = self._call.value
        return value

    @value.setter
    def value(self, value: int) -> None:
        self._call.error, self._call.value = None, value

    @property
    def error(self) -> ErrorNumber | None:
        """What it failed with, None if it did not."""
        error = self._call.error
        return error.number if isinstance(error, Errno) else None

    def answer(self, value: int) -> None:
        """Makes it return a value without being made; for hooks at entry."""
        self._call.answer(value)

    def fail(self, error: ErrorNumber | str) -> None:
        """Makes it fail: at entry without being made, at the return instead of what it has done.

        Args:
            error: Which errno, such as ``E.ENOENT`` or ``"ENOENT"``.
        """
        number = E[error] if isinstance(error, str) else error
        if self._call.value is None and self._call.error is None:
            self._call.fail(number)
        else:
            self._call.error = Errno(number)

    def _place(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(f"{self.name} has no argument {name}: {', '.join(self.names)}") from None

    def __repr__(self) -> str:
        given = dict(zip(self.names, self.arguments, strict=False))
        words = ", ".join(f"{name}={value:#x}" for name, value in given.items())
        return f"<{self.name}({words})>" if self.value is None else f"<{self.name}({words}) = {self.value}>"


class AtEntry(CallObserver):
    """Has a hook called before a call is made."""

    def __init__(self, machine: Machine, hook: Callable[[SystemCall], object]) -> None:
        self._machine = machine
        self._hook = hook

    def entry(self, call: Call) -> None:
        """The call begins."""
        self._hook(SystemCall(call, self._machine))


class AtReturn(CallObserver):
    """Has a hook called when a call returns."""

    def __init__(self, machine: Machine, hook: Callable[[SystemCall], object]) -> None:
        self._machine = machine
        self._hook = hook

    def returned(self, call: Call) -> None:
        """The call is over."""
        self._hook(SystemCall(call, self._machine))
