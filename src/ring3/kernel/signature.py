"""What the definition of a system call says, whichever kernel it is of: its C arguments, and how much of it there is.

A handler is a Python function that gets the calling task and then the arguments, each annotated with a type of
`ring3.abi.c_types`. From the signature come the casts and the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import FunctionType
from typing import Any, Final, cast

from ring3.abi.c_types import CType
from ring3.abi.kinds import NamedTuple, StrEnum

Result = int | Coroutine[Any, Any, int]
Handler = Callable[..., Result]

MAX_ARGUMENTS: Final = 6
"""A call gets its arguments in registers, and both systems have six for them."""


class Support(StrEnum):
    """How much of a call is there."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Parameter(NamedTuple):
    """One argument of a call: its name and C type."""

    name: str
    type: CType


def parameters_of(handler: Handler, name: str) -> tuple[Parameter, ...]:
    """The arguments of a handler behind the task, in order.

    Args:
        handler: The function.
        name: What to call it in errors.

    Raises:
        TypeError: The signature has an argument without a C type, or more than six.
    """
    function = cast(FunctionType, handler)
    names = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    if len(names) > MAX_ARGUMENTS:
        raise TypeError(f"{name}: more than six arguments")
    found = []
    for argument in names:
        hint = function.__annotations__.get(argument)
        if isinstance(hint, str):
            hint = eval(hint, function.__globals__)
        kind = next((note for note in getattr(hint, "__metadata__", ()) if isinstance(note, CType)), None)
        if kind is None:
            raise TypeError(f"{name}: argument {argument} has no C type")
        found.append(Parameter(argument, kind))
    return tuple(found)
