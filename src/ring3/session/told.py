"""What a server tells of its machine at any time, also while a debugger has stopped it.

The server's thread only looks, at lists of its own; a process may be gone that was just listed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ring3.computer import Linux

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.linux.model.process import Process
    from ring3.session.server import Server


def answer(server: Server, words: Sequence[str]) -> str:
    """The answer to a question: ``info``, ``ps`` or ``top``; or to ``kill PID SIGNAL``."""
    match words:
        case ["ps"]:
            return processes(server)
        case ["top"]:
            from ring3.session.measured import measure  # noqa: PLC0415 - few machines are watched

            return measure(server)
        case ["kill", pid, number]:
            from ring3.session.measured import send_signal  # noqa: PLC0415 - few machines are watched

            return send_signal(server, pid, number)
        case _:
            return info(server)


def info(server: Server) -> str:
    """Fields for ``ring3 ls``, tabs between them: system, process, seconds, programs, clients, state."""
    tasks = list(server.shared.computer.kernel.tasks.values())
    programs = len({task.tgid if hasattr(task, "tgid") else task.tid for task in tasks})
    holder = server.shared.holder
    state = "up" if holder is None else f"stopped by {holder.name}"
    fields = (server.system, os.getpid(), int(server.age), programs, server.clients, state)
    return "\t".join(map(str, fields))


def processes(server: Server) -> str:
    """A table of the machine's processes, as ps(1) lists them."""
    computer = server.shared.computer
    rows = [("PID", "PPID", "PGID", "SID", "TTY", "STAT", "TIME", "COMMAND")]
    if isinstance(computer, Linux):
        rows += [_row(computer, process) for process in list(computer.kernel.processes)]
    else:
        tasks: list[Task] = list(computer.kernel.tasks.values())
        rows += [(str(task.tid), "-", "-", "-", "-", "-", _time(task.cpu_time), task.name) for task in tasks]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if at in (4, 5, 7) else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return " ".join(cells).rstrip() + "\n"


def _row(linux: Linux, process: Process) -> tuple[str, str, str, str, str, str, str, str]:
    from ring3.linux.proc.process import cmdline, state_of  # noqa: PLC0415 - imports much

    task: Any = process.threads[0] if process.threads else process.remains
    pty = linux.kernel.terminals.get(process.sid)
    terminal = "?" if pty is None else f"pts/{pty.number}"
    state, words, spent = "Z", "", process.usage.utime + process.usage.stime
    if task is not None and not process.dead:
        state = state_of(task)
        words = cmdline(task).rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
        spent += sum(thread.cpu_time for thread in list(process.threads))
    leads = "s" if process.sid == process.pid else ""
    many = "l" if len(process.threads) > 1 else ""
    front = "+" if pty is not None and pty.group == process.pgid else ""
    name = "" if task is None else f"[{task.name}]"
    return (
        str(process.pid), str(process.ppid), str(process.pgid), str(process.sid), terminal,
        state + leads + many + front, _time(spent), words or name,
    )  # fmt: skip


def _time(nanoseconds: int) -> str:
    minutes, seconds = divmod(nanoseconds // 1_000_000_000, 60)
    return f"{minutes}:{seconds:02}"
