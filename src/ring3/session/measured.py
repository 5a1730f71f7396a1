"""What ``ring3 top`` is told: a machine's processes and how much each has done so far, as JSON."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.signals import Sig
from ring3.computer import Linux
from ring3.kernel.mm.report import rss
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import group_send_sig_info
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.process import Process
    from ring3.session.server import Server

_MOST_NAMES: Final = 50
_ATTEMPTS: Final = 5


def measure(server: Server) -> str:
    """The machine now, with the fields of `ring3.session.top.sample.Sample`; rows are its processes."""
    meter = server.metering.asked()
    computer = server.shared.computer
    holder = server.shared.holder
    if isinstance(computer, Linux):
        rows = [_row(process) for process in list(computer.kernel.processes)]
    else:
        rows = [
            (task.tid, 0, 0, "S", 1, _resident(task.mm), task.cpu_time, task.name)
            for task in list(computer.kernel.tasks.values())
        ]
    meter.forget_all_but({row[0] for row in rows})
    return json.dumps(
        {
            "name": server.name,
            "system": server.system,
            "age": int(server.age),
            "clients": server.clients,
            "state": "up" if holder is None else f"stopped by {holder.name}",
            "now": time.monotonic_ns(),
            "spent": computer.kernel.clocks.cpu(),
            "all_calls": meter.names.total(),
            "all_faults": meter.all_faults,
            "memory": computer.machine.ram.size,
            "rows": [(*row[:-1], meter.calls[row[0]], meter.faults[row[0]], row[-1]) for row in rows],
            "calls": meter.names.most_common(_MOST_NAMES),
            "functions": meter.functions.most_common(_MOST_NAMES),
        }
    )


def _row(process: Process) -> tuple[int, int, int, str, int, int, int, str]:
    from ring3.linux.proc.process import cmdline, state_of  # noqa: PLC0415 - imports much

    task: Any = process.threads[0] if process.threads else process.remains
    spent = process.usage.utime + process.usage.stime
    if task is None or process.dead:
        name = "" if task is None else task.name
        return process.pid, process.ppid, 0, "Z", 0, 0, spent, f"[{name}]"
    spent += sum(thread.cpu_time for thread in list(process.threads))
    words = cmdline(task).rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    return (
        process.pid, process.ppid, task.credentials.uid, state_of(task)[:1], len(process.threads),
        _resident(task.mm), spent, words or f"[{task.name}]",
    )  # fmt: skip


def _resident(mm: Any) -> int:  # noqa: ANN401 - of either system
    """Bytes in memory. The machine goes on meanwhile: what has changed under the look is looked at again."""
    for _ in range(_ATTEMPTS if mm is not None else 0):
        try:
            return rss(mm).total * PAGE_SIZE
        except RuntimeError:
            continue
    return 0


def send_signal(server: Server, pid: str, number: str) -> str:
    """Sends a signal to a process; gives what is wrong with that, "" if nothing is."""
    computer = server.shared.computer
    if not isinstance(computer, Linux):
        return "signals are sent to programs of Linux"
    found = [process for process in list(computer.kernel.processes) if str(process.pid) == pid]
    if not found:
        return f"there is no process {pid}"
    if not number.isdecimal() or int(number) not in list(Sig):
        return f"{number} is no signal"

    def send() -> None:
        group_send_sig_info(found[0], SigInfo(int(number)))

    server.shared.post(send)
    return ""
