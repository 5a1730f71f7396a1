"""The types of system calls' `args[]`, from the rows of `abi`: what a pointer leads to is the program's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from ring3.abi.c_types import CType
    from ring3.abi.meaning import Arg
    from ring3.abi.rows import Call
    from ring3.kernel.watched_stubs import StubRow

Rows = Callable[[], "Mapping[str, Call]"]


def types_of(rows: Rows, stub: StubRow, name: str, what: str) -> Callable[[TypeSpace], list[Type]]:
    """Gives the types at a call's entry, or those of its result, which is told twice.

    Args:
        rows: Gives the rows of the system.
        stub: What is behind the call's stub.
        name: The call's name in the system's table.
        what: `entry` or `return`.
    """

    def types(space: TypeSpace) -> list[Type]:
        known = rows()
        row = known.get(stub.symbol.removeprefix("__x64_").removeprefix("__ia32_")) or known.get(name)
        if row is None:
            return []
        if what == "return":
            return [_type(row.result, space)] * 2
        return [_type(parameter.arg, space) for parameter in row.parameters]

    return types


def type_of(scalar: CType, space: TypeSpace) -> Type:
    """The type of a scalar, or of a pointer to nothing in particular."""
    if scalar.name.endswith("*"):
        return space.pointer(space.void)
    return space.find(scalar.name) or space.integer(scalar.bits // 8, signed=scalar.signed)


def _type(arg: Arg, space: TypeSpace) -> Type:
    if not arg.type.name.endswith("*"):
        return type_of(arg.type, space)
    target = space.find(f"struct {arg.of}") if arg.of else None
    if target is None and arg.target is not None and arg.target.bits:
        width = arg.target.bits // 8
        target = space.char if width == 1 else space.integer(width, signed=arg.target.signed)
    return space.pointer(target or space.void)
