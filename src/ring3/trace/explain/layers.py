"""Records the layers of a call as they are called, for one call only.

The functions in `Layers.namespace` are looked up there each time they are called; so putting others in their place for
the length of one call shows that call's arguments, and no other call pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from os import path
from typing import TYPE_CHECKING, cast

from ring3 import resources
from ring3.linux.definition import IA32_REGISTERS, X64_REGISTERS, Layers, Result, Syscall
from ring3.trace.explain.model import LayerArgument, LayerCall

if TYPE_CHECKING:
    from types import FunctionType

    from ring3.kernel.task import Task


def outer(definition: Syscall, symbol: str, regs: Mapping[str, int]) -> LayerCall:
    """The outermost layer: which fields of ``pt_regs`` it takes, and what is in them."""
    registers = IA32_REGISTERS if symbol.startswith("__ia32_") else X64_REGISTERS
    fields = registers[: len(definition.parameters)]
    return LayerCall(
        symbol, tuple(LayerArgument(f"regs->{name}", "unsigned long", regs[name]) for name in fields if name in regs)
    )


@contextmanager
def recorded(layers: Layers, calls: list[LayerCall]) -> Iterator[None]:
    """Records the inner layers while the context lasts.

    Args:
        layers: The layers of the call.
        calls: Gets each layer as it is called.
    """
    definition, namespace = layers.definition, layers.namespace
    names = [parameter.name for parameter in definition.parameters]
    types = {
        f"__se_{definition.entry}": ["long"] * len(names),
        f"__do_{definition.entry}": [parameter.arg.type.name for parameter in definition.parameters],
    }
    kept = {function: namespace[function] for function in types}

    def watched(function: str) -> Callable[..., Result]:
        def layer(task: Task, *arguments: int) -> Result:
            told = zip(names, types[function], arguments, strict=True)
            calls.append(LayerCall(function, tuple(LayerArgument(*argument) for argument in told)))
            return cast(Result, kept[function](task, *arguments))

        return layer

    namespace.update({function: watched(function) for function in types})
    try:
        yield
    finally:
        namespace.update(kept)


def source(definition: Syscall) -> str:
    """Where a call is written: ``ring3/linux/read_write.py:84``, or the file's own path outside of the package."""
    code = cast("FunctionType", definition.function).__code__
    file = code.co_filename
    inside = path.relpath(file, path.dirname(resources.ROOT)) if file.startswith(resources.ROOT) else file
    return f"{inside}:{code.co_firstlineno}"
