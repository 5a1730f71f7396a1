"""A stub's Python, from ring 0's ``hlt`` until the result is in rax: what it got, what it called, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.errno import describe as errno_text
from ring3.kernel.regs import NAMES
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.task import LinuxTask
from ring3.machine.registers import Gpr
from ring3.trace.explain import layers
from ring3.trace.explain.asked import bare_entry, layers_of
from ring3.trace.explain.events import LayerCall, PythonCall
from ring3.trace.explain.facts import Change

MAX_ERRNO: Final = 4095

Fields = Mapping[str, int]
"""``pt_regs`` by field."""


def fields_at(kernel: LinuxKernel, address: int) -> Fields:
    """The fields of ``pt_regs`` at an address; none if nothing is mapped there."""
    physical = kernel.machine.translate(address)
    if physical is None or address % 8:
        return {}
    regs = kernel.frame_at(physical)
    return {name: getattr(regs, name) for name in NAMES}


class Handover:
    """One hand-over to Python, while it lasts."""

    def __init__(
        self, kernel: LinuxKernel, task: LinuxTask, call: StubCall, depth: int, filled: Fields
    ) -> None:
        """Looks at what the stub gets, and at the layers of a system call as they are called.

        Args:
            kernel: The kernel; its CPU has halted in a stub.
            task: The task that runs.
            call: The call of the stub.
            depth: How deep in exceptions.
            filled: ``pt_regs`` as the entry code filled them in; empty if that was not seen.
        """
        cpu = kernel.machine.cpu
        self._kernel = kernel
        self._depth = depth
        self._symbol = call.what.symbol
        self._regs = cpu.gpr(Gpr.RDI)
        self._argument = cpu.gpr(Gpr.RSI)
        self._before = fields_at(kernel, self._regs)
        self._is_handler = self._symbol.startswith(("__x64_", "__ia32_"))
        self._filled = filled if self._is_handler else {}
        self._layers = layers_of(kernel, bare_entry(self._symbol)) if self._is_handler else None
        self._calls: list[LayerCall] = []
        self._recorder: layers.Recorder | None = None
        if self._layers is not None:
            definition = self._layers.definition
            self._calls.append(layers.outer(definition, self._symbol, self._before))
            self._recorder = layers.Recorder(kernel, task, definition, self._calls)

    def over(self, call: StubCall | None, *, waited: bool) -> PythonCall:
        """The facts, once it is over.

        Args:
            call: The call with its result; None if the task has ended.
            waited: The task left the CPU meanwhile.
        """
        if self._recorder is not None:
            self._recorder.stop()
        result = None if call is None else self._result(call)
        after = fields_at(self._kernel, self._regs) if call is not None else self._before
        return PythonCall(
            self._symbol,
            self._regs,
            self._argument,
            self._depth,
            self._is_handler,
            layers.source(self._layers.definition) if self._layers is not None else "",
            _differences(self._filled, self._before),
            tuple(self._calls),
            waited,
            result,
            _errno(result) if self._is_handler and result is not None else "",
            _differences(self._before, after),
        )

    def _result(self, call: StubCall) -> int:
        """What goes into rax."""
        if isinstance(call.error, Errno):
            return -call.error.number
        return _signed(int(call.value) & (1 << 64) - 1)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _errno(result: int) -> str:
    """Name and text of a negative result, "" for a success."""
    if not -MAX_ERRNO <= result < 0:
        return ""
    try:
        return str(Errno(E(-result)))
    except ValueError:
        return errno_text(-result)


def _differences(before: Fields, after: Fields) -> tuple[Change, ...]:
    return tuple(Change(name, old, after[name]) for name, old in before.items() if old != after[name])
