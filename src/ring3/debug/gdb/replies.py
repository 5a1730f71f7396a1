"""Why a program has stopped, as gdb is told: the replies of GDB's manual, E.3 ("Stop Reply Packets")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.debug.gdb import signals
from ring3.debug.stops import Reason, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.debug.gdb.registers import Description
    from ring3.debug.thread import Thread

_WITH_SIGNAL: Final = frozenset((Reason.SIGNAL, Reason.INTERRUPT, Reason.CREATED))
_OF_CALLS: Final = {Reason.SYSCALL_ENTRY: "syscall_entry", Reason.SYSCALL_RETURN: "syscall_return"}
_OF_CHILDREN: Final = {Reason.FORK: "fork", Reason.VFORK: "vfork"}
_OF_ACCESSES: Final = {(False, True): "watch", (True, False): "rwatch", (True, True): "awatch"}


def ended(stop: Stop, pid: int) -> str:
    """A process or a thread has ended; ``pid`` is what the process is shown as."""
    thread, code = stop.thread, stop.number
    if stop.reason is Reason.THREAD_EXIT:
        return f"w{code >> 8 & 0xFF:02x};p{pid:x}.{thread.tid:x}"
    signal = code & 0x7F
    if signal:
        return f"X{signals.to_gdb(signal):02x};process:{pid:x}"
    return f"W{code >> 8 & 0xFF:02x};process:{pid:x}"


def stopped(stop: Stop, description: Description, name_of: Callable[[Thread], str]) -> str:
    """A thread has stopped.

    Args:
        stop: Why.
        description: Its registers: those that gdb asks for at once are told.
        name_of: Gives a thread's identifier.
    """
    thread, reason = stop.thread, stop.reason
    signal = signals.to_gdb(stop.signal) if reason in _WITH_SIGNAL else signals.TRAP
    parts = [f"T{signal:02x}{_details(stop, name_of)}"]
    parts += [f"{number:02x}:{description.read(thread, number).hex()};" for number in description.expedited]
    return "".join((*parts, f"thread:{name_of(thread)};core:0;"))


def _details(stop: Stop, name_of: Callable[[Thread], str]) -> str:
    reason = stop.reason
    if reason is Reason.BREAKPOINT:
        return "swbreak:;"
    if reason in _OF_CALLS:
        return f"{_OF_CALLS[reason]}:{stop.number:x};"
    if stop.access is not None:
        watchpoint = stop.access.watchpoint
        return f"{_OF_ACCESSES[watchpoint.read, watchpoint.write]}:{stop.access.address:x};"
    if stop.child is not None:
        return f"{_OF_CHILDREN[reason]}:{name_of(stop.child)};"
    if reason is Reason.VFORK_DONE:
        return "vforkdone:;"
    if reason is Reason.EXEC:
        return f"exec:{stop.path.encode('utf-8', 'surrogateescape').hex()};"
    return "create:;" if reason is Reason.CREATED else ""
