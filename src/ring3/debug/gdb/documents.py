"""What gdb reads as documents (``qXfer``): threads, libraries, the auxiliary vector, tables of the system.

Forms: GDB's manual, appendix E, "Library List Format for SVR4 Targets", "Memory Map Format", "Thread List Format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from ring3.abi.signals import SiCode, Sig, TrapCode
from ring3.debug.link_map import link_map
from ring3.debug.stops import Reason
from ring3.kernel.mm.report import maps
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.tracing import stops

if TYPE_CHECKING:
    from ring3.debug.stops import Stop
    from ring3.debug.target import Target
    from ring3.debug.thread import Thread

MEMORY_MAP: Final = (
    '<?xml version="1.0"?><!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN"'
    ' "http://sourceware.org/gdb/gdb-memory-map.dtd"><memory-map>'
    '<memory type="ram" start="0x0" length="0x800000000000"/>'
    '<memory type="ram" start="0xffff800000000000" length="0x800000000000"/></memory-map>'
)
"""All addresses that are canonical: which of them are there changes while a program runs."""
_TRAPS: Final = {Reason.STEP: int(TrapCode.TRAP_TRACE), Reason.WATCHPOINT: int(TrapCode.TRAP_HWBKPT)}
_EVENTS: Final = {
    Reason.FORK: stops.EVENT_FORK, Reason.VFORK: stops.EVENT_VFORK, Reason.VFORK_DONE: stops.EVENT_VFORK_DONE,
    Reason.EXEC: stops.EVENT_EXEC, Reason.CREATED: stops.EVENT_STOP, Reason.THREAD_EXIT: stops.EVENT_EXIT,
}  # fmt: skip
_OF_CALL: Final = 0x80
"""Added to SIGTRAP by PTRACE_O_TRACESYSGOOD."""


def threads(found: Sequence[Thread], name_of: Callable[[Thread], str]) -> str:
    """The list of threads."""
    rows = "".join(
        f'<thread id="{name_of(thread)}" core="0" name={quoteattr(thread.name)}/>' for thread in found
    )
    return f'<?xml version="1.0"?><threads>{rows}</threads>'


def libraries(thread: Thread, start: int = 0) -> str:
    """The objects that the dynamic linker has loaded, from the one at an address on, or from the executable's."""
    found = list(link_map(thread))
    main = f' main-lm="{found[0].address:#x}"' if found else ""
    rows = "".join(
        f'<library name={quoteattr(entry.name)} lm="{entry.address:#x}" l_addr="{entry.bias:#x}" '
        f'l_ld="{entry.dynamic:#x}" lmid="{entry.namespace:#x}"/>'
        for at, entry in enumerate(found)
        if (entry.address >= start and start) or (not start and at)
    )
    return f'<library-list-svr4 version="1.0"{main}>{rows}</library-list-svr4>'


def auxv(thread: Thread) -> bytes:
    """The auxiliary vector."""
    task = thread.task
    return task.program.auxv if isinstance(task, LinuxTask) and task.mm is not None else b""


def memory_region(thread: Thread, address: int) -> str:
    """What lldb asks of an address (docs/lldb-gdb-remote.txt of LLVM): the mapping, or the gap, that it lies in."""
    start, end = 0, 1 << 64
    mm = thread.task.mm
    for each in () if mm is None else maps(mm):
        if each.start <= address < each.end:
            name = each.name.encode("utf-8", "surrogateescape").hex()
            permissions = each.perms[:3].replace("-", "")
            return (
                f"start:{each.start:x};size:{each.end - each.start:x};permissions:{permissions};"
                + f"name:{name};" * bool(name)
            )
        if each.start > address:
            end = each.start
            break
        start = each.end
    return f"start:{start:x};size:{end - start:x};"


def exec_file(thread: Thread) -> str:
    """The path of the program."""
    return str(getattr(thread.task, "exe", ""))


def siginfo(thread: Thread) -> bytes:
    """What is known of the signal that has stopped a thread, or of the trap that stands for other stops."""
    stop = thread.stop
    info = SigInfo(0) if stop is None else stop.info or _stand_in(stop)
    return info.pack(8 * thread.memory.word)


def _stand_in(stop: Stop) -> SigInfo:
    """What ptrace(2) gives for a stop that is no signal's: signal.c and arch/x86/kernel/traps.c of Linux 6.1."""
    reason, thread = stop.reason, stop.thread
    if reason is Reason.INTERRUPT:
        return SigInfo(stop.signal or int(Sig.SIGSTOP))
    if reason is Reason.BREAKPOINT:
        return SigInfo(int(Sig.SIGTRAP), int(SiCode.SI_KERNEL))
    if reason in _TRAPS:
        return SigInfo(int(Sig.SIGTRAP), _TRAPS[reason], Layout.FAULT, address=thread.registers.pc)
    code = _EVENTS.get(reason, 0) << 8
    code |= int(Sig.SIGTRAP) | (0 if code else _OF_CALL)
    uid = thread.task.credentials.uid if isinstance(thread.task, LinuxTask) else 0
    return SigInfo(int(Sig.SIGTRAP), code, pid=thread.tid, uid=uid)


def os_data(target: Target, kind: str) -> str:
    """A table of the system: ``processes``, ``threads``, or the list of tables."""
    if kind == "processes":
        rows = _processes(target)
    elif kind == "threads":
        rows = (
            (("pid", pid), ("command", name), ("tid", tid), ("core", "0"))
            for pid, tid, name in _tasks(target)
        )
    elif not kind:
        kind = "types"
        rows = (
            (("Type", "processes"), ("Description", "Listing of all processes"), ("Title", "Processes")),
            (("Type", "threads"), ("Description", "Listing of all threads"), ("Title", "Threads")),
        )  # type: ignore[assignment]
    else:
        rows = iter(())
    body = "".join(
        "<item>"
        + "".join(f"<column name={quoteattr(name)}>{_text(value)}</column>" for name, value in row)
        + "</item>"
        for row in rows
    )
    return f'<?xml version="1.0"?><!DOCTYPE osdata SYSTEM "osdata.dtd"><osdata type="{kind}">{body}</osdata>'


Rows = Iterator[tuple[tuple[str, str], ...]]


def _processes(target: Target) -> Rows:
    seen: set[str] = set()
    for pid, _, name in _tasks(target):
        if pid not in seen:
            seen.add(pid)
            yield ("pid", pid), ("user", _user(target, int(pid))), ("command", name), ("cores", "0")


def _tasks(target: Target) -> Iterator[tuple[str, str, str]]:
    for task in sorted(target.kernel.tasks.values(), key=lambda task: task.tid):
        yield str(getattr(task, "tgid", task.tid)), str(task.tid), task.name


def _user(target: Target, pid: int) -> str:
    task = target.kernel.tasks.get(pid)
    return str(task.credentials.uid) if isinstance(task, LinuxTask) else "0"


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
