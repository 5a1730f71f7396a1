"""What of a system truss's lines depend on: names and rows of calls, errors, signals, who makes a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from ring3.abi.errno import E
from ring3.abi.kinds import NamedTuple
from ring3.abi.signals import Sig
from ring3.abi.solaris import rows as solaris_rows
from ring3.abi.solaris.signals import SIGRTMIN, SolarisSig
from ring3.linux.model.task import LinuxTask
from ring3.solaris.task import SolarisTask
from ring3.trace.called import bits_of, name_of
from ring3.trace.strace import tables

if TYPE_CHECKING:
    from ring3.abi.rows import Call
    from ring3.abi.values import ValueSet
    from ring3.kernel.task import Task
    from ring3.kernel.watched_stubs import StubCall

_SIG_DFL: Final = 0
_SIG_IGN: Final = 1
_SOLARIS_NAMES: Final = {
    "exit": "_exit", "exece": "execve", "forksys": "forkx", "waitsys": "waitid", "systeminfo": "sysinfo",
    "sigsendset": "sigsendsys", "nosys": "systemcall", "auditsys": "auditsys", "lwp_private": "lwp_private",
}  # fmt: skip
"""What truss calls what sysent names otherwise (usr/src/cmd/truss/systable.c)."""
_SOLARIS_SIGNALS: Final = {int(signal): signal.name for signal in SolarisSig}
_LINUX_SIGNALS: Final = {int(signal): signal.name for signal in Sig}
_ERRORS: Final = {int(error): error.name for error in E}
_PAIRS: Final = frozenset({"getpid", "getuid", "getgid", "lwp_sigmask"})
"""Calls of Solaris with two results."""
_FAULTS: Final = {
    "SIGILL": (1, "FLTILL"), "SIGTRAP": (4, "FLTTRACE"), "SIGBUS": (5, "FLTACCESS"), "SIGSEGV": (6, "FLTBOUNDS"),
    "SIGFPE": (8, "FLTIZDIV"),
}  # fmt: skip
"""The fault before a signal that an instruction caused: its number and name (sys/fault.h)."""


class Arrived(NamedTuple):
    """A signal that a process takes.

    Attributes:
        number: Its number.
        name: Its name.
        disposition: ``caught``, ``default`` or ``ignored``.
        code: Why it was sent.
        pid: Who sent it, or the child.
        uid: The sender's user.
        status: A child's status.
        address: Where the fault was, None if it is about none.
        fault: The number and the name of the fault that it stands for, None for none.
    """

    number: int
    name: str
    disposition: str
    code: int
    pid: int
    uid: int
    status: int
    address: int | None
    fault: tuple[int, str] | None


class System(Protocol):
    """One system."""

    def name(self, call: StubCall) -> str:
        """What truss calls a call."""

    def names(self) -> Iterator[str]:
        """The names of all calls."""

    def row(self, call: StubCall) -> Call | None:
        """Its row, None if it has none."""

    def sets(self) -> Mapping[str, ValueSet]:
        """Sets of values by name."""

    def bits(self, call: StubCall) -> int:
        """The width of the program that makes it."""

    def pair(self, name: str, value: int) -> tuple[int, int | None]:
        """A result, and the second one where the call has two."""

    def pid(self, task: Task) -> int:
        """The number of a task's process."""

    def lwp(self, task: Task) -> int:
        """The number of a task in its process."""

    def lwps(self, task: Task) -> int:
        """How many tasks its process has."""

    def signal(self, number: int) -> str:
        """The name of a signal."""

    def arrived(self, task: Task, info: Any) -> Arrived:  # noqa: ANN401 -- what comes with it is the system's
        """A signal that a task takes."""


class SolarisSystem:
    """Solaris."""

    def name(self, call: StubCall) -> str:
        """What truss calls a call."""
        name = name_of(call)
        return _SOLARIS_NAMES.get(name, name)

    def names(self) -> Iterator[str]:
        """The names of all calls."""
        return (_SOLARIS_NAMES.get(name, name) for name in solaris_rows.every())

    def row(self, call: StubCall) -> Call | None:
        """Its row, None if it has none."""
        return solaris_rows.every().get(name_of(call))

    def sets(self) -> Mapping[str, ValueSet]:
        """Sets of values by name."""
        return solaris_rows.values()

    def bits(self, call: StubCall) -> int:
        """The width of the program that makes it."""
        assert isinstance(call.task, SolarisTask)
        return 32 if call.task.process.ilp32 else 64

    def pair(self, name: str, value: int) -> tuple[int, int | None]:
        """A result, and the second one where the call has two."""
        return (value & 0xFFFF_FFFF, value >> 32 & 0xFFFF_FFFF) if name in _PAIRS else (value, None)

    def pid(self, task: Task) -> int:
        """The number of a task's process."""
        assert isinstance(task, SolarisTask)
        return task.process.pid

    def lwp(self, task: Task) -> int:
        """The number of a task in its process."""
        assert isinstance(task, SolarisTask)
        return task.lwpid

    def lwps(self, task: Task) -> int:
        """How many tasks its process has."""
        assert isinstance(task, SolarisTask)
        return len(task.process.lwps)

    def signal(self, number: int) -> str:
        """The name of a signal."""
        if number >= SIGRTMIN:
            return "SIGRTMIN" + (f"+{number - SIGRTMIN}" if number > SIGRTMIN else "")
        return _SOLARIS_SIGNALS.get(number, f"SIG#{number}")

    def arrived(self, task: Task, info: Any) -> Arrived:  # noqa: ANN401 -- what comes with it is the system's
        """A signal that a task takes."""
        assert isinstance(task, SolarisTask)
        handler = task.process.action(info.signo).handler
        return _arrived(self.signal(info.signo), info, handler)


class LinuxSystem:
    """Linux."""

    def name(self, call: StubCall) -> str:
        """What truss calls a call."""
        return name_of(call)

    def names(self) -> Iterator[str]:
        """The names of all calls."""
        from ring3.trace.called import names_in_order  # noqa: PLC0415 - reads the tables of both widths

        return names_in_order()

    def row(self, call: StubCall) -> Call | None:
        """Its row, None if it has none."""
        return tables.row_of(call.what.symbol, name_of(call))

    def sets(self) -> Mapping[str, ValueSet]:
        """Sets of values by name."""
        return tables.sets()

    def bits(self, call: StubCall) -> int:
        """The width of the program that makes it."""
        return bits_of(call)

    def pair(self, name: str, value: int) -> tuple[int, int | None]:
        """A result, and the second one where the call has two."""
        return value, None

    def pid(self, task: Task) -> int:
        """The number of a task's process."""
        assert isinstance(task, LinuxTask)
        return task.process.pid

    def lwp(self, task: Task) -> int:
        """The number of a task in its process."""
        return task.tid

    def lwps(self, task: Task) -> int:
        """How many tasks its process has."""
        assert isinstance(task, LinuxTask)
        return len(task.process.threads)

    def signal(self, number: int) -> str:
        """The name of a signal."""
        return _LINUX_SIGNALS.get(number, f"SIGRTMIN+{number - 32}")

    def arrived(self, task: Task, info: Any) -> Arrived:  # noqa: ANN401 -- what comes with it is the system's
        """A signal that a task takes."""
        assert isinstance(task, LinuxTask)
        return _arrived(self.signal(info.signo), info, task.process.actions[info.signo].handler)


def _arrived(name: str, info: Any, handler: int) -> Arrived:  # noqa: ANN401 -- what comes with it is the system's
    disposition = {_SIG_DFL: "default", _SIG_IGN: "ignored"}.get(handler, "caught")
    fault = _FAULTS.get(name) if info.code > 0 else None
    return Arrived(
        info.signo, name, disposition, info.code, info.pid, info.uid, info.status,
        info.address if fault else None, fault,
    )  # fmt: skip


def error_name(number: int, error: object) -> str:
    """The name of an errno that a call failed with."""
    name = getattr(error, "name", "")
    return str(name) if name else _ERRORS.get(number, "")
