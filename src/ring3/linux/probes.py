"""How observers get to the points that only Linux has (`kernel.points`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi import tbl
from ring3.fs.probes import at_host_data
from ring3.kernel import points
from ring3.kernel.events import Executed, Exited, Sent, Taken
from ring3.kernel.functions import LINUX
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.probes import at_entry_of, at_return_of
from ring3.kernel.watched_items import WatchedItem, watch_item
from ring3.kernel.watched_stubs import StubRow
from ring3.linux.definition import DEFINED, IA32_REGISTERS, X64_REGISTERS, Syscall
from ring3.linux.entry import deliver
from ring3.linux.signals import send
from ring3.linux.tasks.exit import release_task

if TYPE_CHECKING:
    from ring3.image.symbols import SymbolTable
    from ring3.kernel.probes import Attacher
    from ring3.linux.model.system import LinuxSystem


def stub_rows(kernel: LinuxSystem) -> Mapping[int, StubRow]:
    """What is behind each stub of a kernel, by address."""
    return _rows(kernel.image.symbols, tuple(kernel.stubs), len(DEFINED))


@lru_cache(maxsize=4)
def _rows(symbols: SymbolTable, addresses: tuple[int, ...], _defined: int) -> Mapping[int, StubRow]:
    """Those of an image; `_defined` is how many calls have been defined, for which they are the rows."""
    named = {address: symbols.describe(address) for address in addresses}
    return {address: _row(symbol, DEFINED.get(_entry(symbol))) for address, symbol in named.items()}


@cache
def _slots() -> Mapping[tuple[tbl.Abi, str], list[tuple[str, int]]]:
    """What calls are named in the tables, with their numbers, by their stubs."""
    slots: dict[tuple[tbl.Abi, str], list[tuple[str, int]]] = {}
    for abi in (tbl.Abi.X86_64, tbl.Abi.I386):
        for slot in tbl.sys_call_table(abi):
            if slot.name is not None:
                slots.setdefault((abi, slot.symbol), []).append((slot.name, slot.number))
    return slots


def _entry(symbol: str) -> str:
    return symbol.removeprefix("__x64_").removeprefix("__ia32_")


@cache
def _row(symbol: str, definition: Syscall | None) -> StubRow:
    entry = _entry(symbol)
    if entry == symbol:
        return StubRow(symbol)
    narrow = symbol.startswith("__ia32_")
    abi = tbl.Abi.I386 if narrow else tbl.Abi.X86_64
    registers = IA32_REGISTERS if narrow else X64_REGISTERS
    own = entry.removeprefix("compat_").removeprefix("sys_"), -1
    names, numbers = zip(*_slots().get((abi, symbol), (own,)), strict=True)
    return StubRow(
        symbol,
        names,
        numbers,
        abi,
        registers,
        (1 << 32) - 1 if narrow else (1 << 64) - 1,
        definition,
    )


def _at_layer(kernel: LinuxSystem, point: points.Layer, observer: CallObserver) -> Callable[[], None]:
    layers = kernel.call(point.name.removeprefix("__se_").removeprefix("__do_"))
    return watch_item(layers.namespace, point.name, observer, partial(WatchedItem, layers.definition))


def _sent(call: Call) -> Sent:
    process, receiver, info = call.arguments
    return Sent(call.task, receiver, process, info, not call.value)


def _forced(call: Call) -> Sent:
    task, info = call.arguments
    return Sent(task, task, task.process, info, discarded=False)


def _taken(call: Call) -> Taken:
    task, _, info = call.arguments
    return Taken(task, info)


def _executed(call: Call) -> Executed:
    task, _, path = call.arguments
    return Executed(task, path)


def _exiting(call: Call) -> Exited:
    task, code = call.arguments
    return Exited(task, code)


def _at_exec(
    kernel: LinuxSystem, point: points.TaskExec, observer: Callable[[Any], None]
) -> Callable[[], None]:
    from ring3.linux.calls.processes import execve  # noqa: PLC0415 -- a family is imported when it is needed

    return at_return_of(LINUX[execve.begin_new_exec.__name__], _executed)(kernel, point, observer)


def _at_packets(
    kernel: LinuxSystem, point: points.Packet, observer: Callable[[Any], None]
) -> Callable[[], None]:
    from ring3.net.probes import at_packets  # noqa: PLC0415 -- most programs have no sockets

    return at_packets(kernel, point, observer)


OWN: Final[Mapping[type, Attacher]] = {
    points.Layer: _at_layer,
    points.HostData: at_host_data,
    points.Packet: _at_packets,
    points.SignalSent: at_return_of(LINUX[send.do_send_sig_info.__name__], _sent),
    points.SignalForced: at_entry_of(LINUX[send.force_sig_info.__name__], _forced),
    points.SignalDelivered: at_entry_of(LINUX[deliver.get_signal.__name__], _taken),
    points.TaskExec: _at_exec,
    points.TaskExiting: at_entry_of(LINUX[release_task.__name__], _exiting),
}
