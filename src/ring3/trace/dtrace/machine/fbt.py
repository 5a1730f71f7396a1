"""The provider fbt: every kernel function that has a name, with the types of its declaration as `args[]`.

On Linux the functions behind the table of system calls are among them (`__x64_sys_write`), which take a
`struct pt_regs *`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.c_declarations import result_and_parameters
from ring3.trace.dtrace.machine.call_types import type_of
from ring3.trace.dtrace.machine.described import Descriptions, Fields, packed
from ring3.trace.dtrace.machine.providers import CallContext, observer
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, ProbeTable
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type, Void

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.functions import KernelFunction

_STUBS: Final = ("__x64_", "__ia32_")
_OF_STUB: Final = "long stub(struct pt_regs *regs)"


class FbtProvider:
    """`fbt:MODULE:FUNCTION:entry` and `return`."""

    name = "fbt"

    def __init__(self, kernel: Kernel[Any], descriptions: Descriptions) -> None:
        """Watch a kernel's functions; registers of programs are told in `descriptions`."""
        self._kernel = kernel
        self._descriptions = descriptions
        self._probes: ProbeTable | None = None
        self._stubs: set[str] = set()

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        if self._probes is None:
            self._probes = ProbeTable(self._all())
        return self._probes.select(description)

    def _all(self) -> Iterator[Probe]:
        for row in self._kernel.function_table:
            for what in ("entry", "return"):
                yield Probe("fbt", row.module, row.name, what, types=_types(row, what))
        module = self._kernel.function_table.module
        for stub in self._kernel.stub_rows().values():
            if not stub.symbol.startswith(_STUBS):
                continue
            self._stubs.add(stub.symbol)
            for what in ("entry", "return"):
                yield Probe("fbt", module, stub.symbol, what, types=_declared(_OF_STUB, what))

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the function."""
        if probe.function in self._stubs:
            at_stub: CallObserver = observer(probe, fire, probe.function)
            if probe.name == "entry":
                at_stub = _Entry(fire, probe.function, self._descriptions, _StubContext)
            return self._kernel.probes.attach(points.Stub(probe.function), at_stub).detach
        key = f"{probe.module}`{probe.function}" if probe.module else probe.function
        watching = observer(probe, fire, probe.function)
        if probe.name == "entry":
            watching = _Entry(fire, probe.function, self._descriptions, _FunctionContext)
        return self._kernel.probes.attach(points.Function(key), watching).detach


class _FunctionContext(CallContext):
    """A function is called; objects that it is given are described."""

    __slots__ = ("_descriptions",)

    def __init__(self, call: Call, function: str, descriptions: Descriptions) -> None:
        super().__init__(call, function)
        self._descriptions = descriptions

    def _told(self) -> Iterable[object]:
        from ring3.trace.dtrace.machine.described_objects import described  # noqa: PLC0415 - for those who ask

        return described(super()._told(), self._descriptions)


class _StubContext(_FunctionContext):
    """A stub is called, whose argument is where the registers of the program are described."""

    __slots__ = ()

    def _told(self) -> Iterable[object]:
        call: Any = self._call
        names = [place.field.name for place in rows.PT_REGS.layout(64).places]
        values: Fields = {name: int(getattr(call.regs, name, 0)) for name in names}
        return self._descriptions.place(packed(rows.PT_REGS, values | {"orig_ax": call.number}))


class _Entry(CallObserver):
    """Fires when a function is called."""

    def __init__(
        self, fire: Fire, function: str, descriptions: Descriptions, context: type[_FunctionContext]
    ) -> None:
        self._fire = fire
        self._function = function
        self._descriptions = descriptions
        self._context = context

    def entry(self, call: Call) -> None:
        """Fire with what the function is given."""
        self._fire(self._context(call, self._function, self._descriptions))


def _types(row: KernelFunction, what: str) -> Callable[[TypeSpace], list[Type]]:
    """The types at a function's entry, or those of where it returns and what."""
    if row.signature:
        return _declared(row.signature, what)
    own: Any = row  # a function of Solaris, of which annotations say the types

    def types(space: TypeSpace) -> list[Type]:
        if what == "return":
            returns = (
                space.void if row.function.__annotations__.get("return") in ("None", None) else space.long
            )
            return _returned(space, returns)
        return [type_of(parameter.type, space) for parameter in own.parameters]

    return types


def _declared(signature: str, what: str) -> Callable[[TypeSpace], list[Type]]:
    def types(space: TypeSpace) -> list[Type]:
        result, parameters = result_and_parameters(signature, space)
        return _returned(space, result) if what == "return" else parameters

    return types


def _returned(space: TypeSpace, result: Type) -> list[Type]:
    return [space.int] if isinstance(result, Void) else [space.int, result]
