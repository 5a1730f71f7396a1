"""Records the layers of a call as they are called, for one call only.

The functions in `Layers.namespace` are looked up there each time they are called; so putting others in their place for
the length of one call shows that call's arguments, and no other call pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from os import path
from typing import TYPE_CHECKING, Final, cast

from ring3 import resources
from ring3.abi.c_types import Meaning
from ring3.kernel.signature import Parameter, Result
from ring3.linux.definition import IA32_REGISTERS, X64_REGISTERS, Layers, Syscall
from ring3.machine.board import Machine
from ring3.trace.explain.disassembly import mapped_bytes
from ring3.trace.explain.events import LayerArgument, LayerCall

if TYPE_CHECKING:
    from types import FunctionType

    from ring3.kernel.task import Task

_Maker = Callable[[Sequence[Parameter], Sequence[int]], Iterator[LayerArgument]]

SHOWN: Final = 32
"""Bytes of a buffer or path that are shown, as strace does by default."""


def outer(definition: Syscall, symbol: str, regs: Mapping[str, int]) -> LayerCall:
    """The outermost layer: which fields of ``pt_regs`` it takes, and what is in them."""
    registers = IA32_REGISTERS if symbol.startswith("__ia32_") else X64_REGISTERS
    fields = registers[: len(definition.parameters)]
    return LayerCall(
        symbol,
        tuple(LayerArgument(f"regs->{name}", "unsigned long", regs[name]) for name in fields if name in regs),
    )


@contextmanager
def recorded(layers: Layers, machine: Machine, calls: list[LayerCall]) -> Iterator[None]:
    """Records the inner layers while the context lasts.

    Args:
        layers: The layers of the call.
        machine: Where pointers lead.
        calls: Gets each layer as it is called.
    """
    definition, namespace = layers.definition, layers.namespace
    makers: dict[str, _Maker] = {
        f"__se_{definition.entry}": _longs,
        f"__do_{definition.entry}": partial(_typed, machine),
    }
    kept = {function: namespace[function] for function in makers}

    def watched(function: str) -> Callable[..., Result]:
        def layer(task: Task, *arguments: int) -> Result:
            calls.append(LayerCall(function, tuple(makers[function](definition.parameters, arguments))))
            return cast(Result, kept[function](task, *arguments))

        return layer

    namespace.update({function: watched(function) for function in makers})
    try:
        yield
    finally:
        namespace.update(kept)


def _longs(parameters: Sequence[Parameter], arguments: Sequence[int]) -> Iterator[LayerArgument]:
    for parameter, value in zip(parameters, arguments, strict=True):
        yield LayerArgument(parameter.name, "long", value)


def _typed(
    machine: Machine, parameters: Sequence[Parameter], arguments: Sequence[int]
) -> Iterator[LayerArgument]:
    for number, (parameter, value) in enumerate(zip(parameters, arguments, strict=True)):
        following = parameters[number + 1] if number + 1 < len(parameters) else None
        data = None
        if parameter.arg.meaning is Meaning.PATH:
            data = mapped_bytes(machine, value, SHOWN).partition(b"\0")[0]
        elif (
            parameter.arg.meaning is Meaning.BUFFER_IN and following and following.arg.meaning is Meaning.SIZE
        ):
            data = mapped_bytes(machine, value, min(arguments[number + 1], SHOWN))
        yield LayerArgument(parameter.name, parameter.arg.type.name, value, data)


def source(definition: Syscall) -> str:
    """Where a call is written: ``ring3/linux/calls/ids/ids.py:84``, or the file's own path outside of the package."""
    code = cast("FunctionType", definition.function).__code__
    file = code.co_filename
    inside = path.relpath(file, path.dirname(resources.ROOT)) if file.startswith(resources.ROOT) else file
    return f"{inside}:{code.co_firstlineno}"
