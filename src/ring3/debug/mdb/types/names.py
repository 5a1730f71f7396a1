"""The names of types as ``::print -t`` writes them in front of a member."""

from __future__ import annotations

from ring3.trace.dtrace.types import Array, Function, Pointer, Qualified, Type, declare, resolve


def prefix(kind: Type) -> str:
    """A type's name and what separates it from a member's name."""
    if isinstance(kind, Pointer) and not isinstance(resolve(kind.target), Function):
        return _named(kind)
    return f"{_named(kind)} "


def _named(kind: Type) -> str:
    """As C writes it, but with blanks before stars and brackets: ``char *``, ``uintptr_t [7]``."""
    match kind:
        case Pointer(target=Function(returns=returns)):
            return f"{_named(returns)} (*)()"
        case Pointer(target=target):
            inner = _named(target)
            return f"{inner}*" if inner.endswith("*") else f"{inner} *"
        case Array(element=element, count=count):
            inner = _named(element)
            # brackets of an array of arrays stand without a blank between them
            brackets = f"[{0 if count is None else count}]"
            base, mark, rest = inner.partition(" [")
            return f"{base} {brackets}{mark.strip()}{rest}" if mark else f"{inner} {brackets}"
        case Qualified(qualifier=qualifier, target=target):
            return f"{qualifier} {_named(target)}"
        case Function(returns=returns):
            return f"{_named(returns)} ()"
    return declare(kind)


def type_name(kind: Type) -> str:
    """The name alone."""
    return _named(kind)
