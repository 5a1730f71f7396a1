"""Records the layers of a call as they are called, for one call only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from os import path
from typing import TYPE_CHECKING, Final, cast

from ring3 import resources
from ring3.abi.linux import rows
from ring3.abi.meaning import Arg, Meaning, When
from ring3.abi.rows import Call as Row
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.signature import Parameter
from ring3.linux.definition import IA32_REGISTERS, X64_REGISTERS, Syscall
from ring3.machine.board import Machine
from ring3.trace.explain.disassembly import mapped_bytes
from ring3.trace.explain.events import LayerArgument, LayerCall

if TYPE_CHECKING:
    from types import FunctionType

    from ring3.kernel.task import Task
    from ring3.linux.kernel import LinuxKernel

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


class Recorder:
    """Records the inner layers of a task's call, until it is told to stop."""

    def __init__(self, kernel: LinuxKernel, task: Task, definition: Syscall, calls: list[LayerCall]) -> None:
        """Attaches.

        Args:
            kernel: The kernel.
            task: Whose calls count.
            definition: The call.
            calls: Gets each layer as it is called.
        """
        makers: dict[str, _Maker] = {
            f"__se_{definition.entry}": _longs,
            f"__do_{definition.entry}": partial(_typed, kernel.machine, rows.every().get(definition.entry)),
        }
        self._attached = [
            kernel.probes.attach(points.Layer(name), _Layer(name, task, definition, make, calls))
            for name, make in makers.items()
        ]

    def stop(self) -> None:
        """Lets go."""
        for attachment in self._attached:
            attachment.detach()


class _Layer(CallObserver):
    def __init__(
        self, name: str, task: Task, definition: Syscall, make: _Maker, calls: list[LayerCall]
    ) -> None:
        self._name, self._task, self._definition = name, task, definition
        self._make, self._calls = make, calls

    def entry(self, call: Call) -> None:
        if call.task is self._task:
            arguments = tuple(self._make(self._definition.parameters, call.arguments[1:]))
            self._calls.append(LayerCall(self._name, arguments))


def _longs(parameters: Sequence[Parameter], arguments: Sequence[int]) -> Iterator[LayerArgument]:
    for parameter, value in zip(parameters, arguments, strict=True):
        yield LayerArgument(parameter.name, "long", value)


def _typed(
    machine: Machine, row: Row | None, parameters: Sequence[Parameter], arguments: Sequence[int]
) -> Iterator[LayerArgument]:
    by_name = (
        dict(zip((parameter.name for parameter in row.parameters), arguments, strict=False)) if row else {}
    )
    for number, (parameter, value) in enumerate(zip(parameters, arguments, strict=True)):
        data = _read(machine, row.parameters[number].arg, value, by_name) if row else None
        yield LayerArgument(parameter.name, parameter.type.name, value, data)


def _read(machine: Machine, arg: Arg, address: int, values: Mapping[str, int]) -> bytes | None:
    """What a path or a buffer that the call reads begins with; None for anything else."""
    if arg.when is not When.ENTRY:
        return None
    if arg.meaning is Meaning.PATH:
        return mapped_bytes(machine, address, SHOWN).partition(b"\0")[0]
    if arg.meaning is Meaning.BYTES and arg.length in values:
        return mapped_bytes(machine, address, min(values[arg.length], SHOWN))
    return None


def source(definition: Syscall) -> str:
    """Where a call is written: ``ring3/linux/calls/ids/ids.py:84``, or the file's own path outside of the package."""
    code = cast("FunctionType", definition.function).__code__
    file = code.co_filename
    inside = path.relpath(file, path.dirname(resources.ROOT)) if file.startswith(resources.ROOT) else file
    return f"{inside}:{code.co_firstlineno}"
