"""Puts an observer into a Python function itself, so that whoever calls it, by whatever name, calls the observer.

A function's code is exchanged for a *trampoline*: code with the same parameters that hands them on, as they are, to a
constant of its own. What ran before lives on in a new function with the old code; putting the old code back leaves not
a trace. The function object, its defaults and its closure stay what they are, so nobody who holds it need be found.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType, FunctionType
from typing import Final

_TARGET: Final = "the observer's place"


def original(function: FunctionType, code: CodeType) -> FunctionType:
    """A function that does what one did when that code was its own."""
    copy = FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    copy.__annotations__ = function.__annotations__
    return copy


def trampoline(code: CodeType, target: Callable[..., object]) -> CodeType:
    """Code with the parameters and free variables of another, which calls a target with its arguments.

    Positional arguments come to the target by position, those that are given by name only by name.
    """
    names = code.co_varnames
    count, named = code.co_argcount, code.co_kwonlyargcount
    positional, keywords, rest = names[:count], names[count : count + named], list(names[count + named :])
    takes = [*positional[: code.co_posonlyargcount]]
    if takes:
        takes.append("/")
    takes += positional[code.co_posonlyargcount :]
    gives = [*positional]
    if code.co_flags & CO_VARARGS:
        takes.append(f"*{rest[0]}")
        gives.append(f"*{rest.pop(0)}")
    elif keywords:
        takes.append("*")
    takes += keywords
    gives += [f"{name}={name}" for name in keywords]
    if code.co_flags & CO_VARKEYWORDS:
        takes.append(f"**{rest[0]}")
        gives.append(f"**{rest[0]}")
    free = ", ".join(code.co_freevars)
    source = f"def outer({free}):\n def {_name(code)}({', '.join(takes)}):\n"
    source += f"  if 0: ({free},)\n" if free else ""
    source += f"  return {_TARGET!r}.__call__({', '.join(gives)})\n"
    outer = next(part for part in compile(source, "<probe>", "exec").co_consts if isinstance(part, CodeType))
    inner = next(part for part in outer.co_consts if isinstance(part, CodeType))
    constants = tuple(target if part == _TARGET else part for part in inner.co_consts)
    return inner.replace(co_consts=constants, co_qualname=code.co_qualname)


def _name(code: CodeType) -> str:
    return code.co_name if code.co_name.isidentifier() else "function"
