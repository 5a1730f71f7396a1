"""The kernel's stack: which of its named functions are being called at this moment, from Python's own frames.

A function of the kernel is Python here, so the frames of Python that run it are its frames. The return address of a
frame is the caller's symbol and the offset behind the call, where the function's row says it (`KernelFunction.calls`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from ring3.kernel.watched_stubs import WatchedStub

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.functions import KernelFunction

Name = tuple[str, str, int]
"""Module, function and offset."""
_SYSTRACE = ("genunix", "dtrace_systrace_syscall", 0x14D)
_DOORS = {"solaris": ("unix", "sys_syscall", 0x24D)}
"""What calls the handlers of system calls, and where they return to there."""
_CALLERS = {"__x64_": ("do_syscall_64", "entry_SYSCALL_64"), "__ia32_": ("do_syscall_32_irqs_on",)}
"""On Linux, by the beginnings of the names of such handlers."""
_CALL = re.compile(rb"\xff\x14\xc5.{4}|\xe8(.{4})", re.DOTALL)
"""A call through a table by the accumulator, or of an address."""
_LONGEST = 512
"""Bytes of a function in which a call is looked for."""
IDLE = 0xFFFF_ECFF_FFFF_F000
"""The address of the function in which a processor waits that has nothing to do."""
_IDLE = {"linux": ("vmlinux", "default_idle", 0), "solaris": ("unix", "mach_cpu_idle", 0)}
_UNKNOWN = 0xFFFF_ED00_0000_0000
"""Addresses of functions that have no symbol in the image lie from here on."""


class KernelStack:
    """Takes the stack of one kernel."""

    def __init__(self, kernel: Kernel[Any], system: str) -> None:
        self._kernel = kernel
        self._door = _DOORS.get(system)
        self._rows: dict[tuple[str, str, int], list[KernelFunction]] = {}
        for row in kernel.function_table:
            self._rows.setdefault(_place(row.function.__code__), []).append(row)
        self._addresses: dict[Name, int] = {}
        self.names: dict[int, Name] = {IDLE: _IDLE[system]}
        """The names of the addresses handed out."""

    def take(self, first: str, limit: int, *, in_call: bool) -> tuple[int, ...]:
        """The return addresses, innermost first.

        Args:
            first: The name of the function at which the probe is; "" for a probe of a system call.
            limit: The most frames.
            in_call: Whether the probe is a system call's own, and not of a function the call leads to.
        """
        frames = []
        callee = first
        for name in self._functions(first, in_call=in_call):
            if isinstance(name, tuple):
                frames.append(self._address(name))
                callee = ""
                continue
            frames.append(self._address((name.module, name.name, name.calls.get(callee) or 0)))
            callee = name.name
        return tuple(frames[:limit])

    def _functions(self, first: str, *, in_call: bool) -> Iterator[KernelFunction | Name]:
        """The functions that are being called, innermost first, and the ways into the kernel."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way to see who calls
        while frame is not None:
            code = frame.f_code
            if code is WatchedStub.__call__.__code__ and frame.f_locals["self"].what.names:
                if not in_call and self._door:
                    yield _SYSTRACE
                break
            rows = self._rows.get(_place(code))
            if rows:
                yield rows[0] if len(rows) == 1 else _of_closure(rows, frame)
            frame = frame.f_back
        if self._door:
            yield self._door
        else:
            yield from self._linux_callers(first, in_call=in_call)

    def _linux_callers(self, first: str, *, in_call: bool) -> Iterator[Name]:
        """The handler of the system call that the current task is in, if it is in one, and what has called that."""
        task: Any = self._kernel.current
        handler = (task and self._kernel.image.symbols.name(task.stub)) or ""
        callers = next((names for start, names in _CALLERS.items() if handler.startswith(start)), ())
        if callers and not in_call and handler != first:
            yield "vmlinux", handler, 0
        callee: int | None = None
        for name in callers:
            yield "vmlinux", name, self._behind_call(name, callee)
            callee = self._kernel.image.symbols.get(name)

    def _behind_call(self, name: str, callee: int | None) -> int:
        """The offset behind a function's call of an address; None: of what is in a table."""
        start = self._kernel.image.symbols.get(name)
        assert start is not None
        for call in _CALL.finditer(self._kernel.machine.read(start, _LONGEST)):
            target = call[1] and start + call.end() + int.from_bytes(call[1], "little", signed=True)
            if target == callee:
                return call.end()
        return 0

    def _address(self, name: Name) -> int:
        found = self._addresses.get(name)
        if found is None:
            module, function, offset = name
            symbols = self._kernel.image.symbols
            base = symbols.get(f"{module}`{function}") or symbols.get(function)
            if base is None:
                base = _UNKNOWN + len(self._addresses) * 0x1000
            found = self._addresses[name] = base + offset
            self.names[found] = name
        return found


def _place(code: CodeType) -> tuple[str, str, int]:
    """What a function's code and the copy that probes run of it have in common."""
    return code.co_filename, code.co_name, code.co_firstlineno


def _of_closure(rows: list[KernelFunction], frame: FrameType) -> KernelFunction:
    """Of functions that one definition made, the one that runs: by the variables it closes over."""
    known = frame.f_locals
    for row in rows:
        cells = dict(zip(row.function.__code__.co_freevars, row.function.__closure__ or (), strict=False))
        if all(known.get(name) is cell.cell_contents for name, cell in cells.items() if name in known):
            return row
    return rows[0]
