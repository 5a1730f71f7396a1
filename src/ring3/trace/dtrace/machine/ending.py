"""What is told of the end of a program that a session was about."""

from __future__ import annotations

from typing import Protocol


class Ended(Protocol):
    """The first thread of a program that has ended."""

    tid: int

    @property
    def program_exit_code(self) -> int:
        """As wait(2) encodes it."""


def told(task: Ended, system: str) -> str:
    """How a program ended, as dtrace(1M) words it."""
    code = task.program_exit_code
    signal, status = code & 0x7F, code >> 8 & 0xFF
    if signal:
        return f"pid {task.tid} terminated by {_signal_name(signal, system)}"
    return f"pid {task.tid} exited with status {status}" if status else f"pid {task.tid} has exited"


def _signal_name(number: int, system: str) -> str:
    from ring3.abi.signals import Sig  # noqa: PLC0415 - few programs are killed
    from ring3.abi.solaris.signals import SolarisSig  # noqa: PLC0415

    names = SolarisSig if system == "solaris" else Sig
    return names(number).name if number in set(map(int, names)) else f"signal {number}"
