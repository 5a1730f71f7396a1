"""``turn.c`` from Python: the block of memory that it works on, and its functions."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from ring3 import resources
from ring3.errors import UserError
from ring3.machine.host_cpu import ptrace

OBJECT: Final = os.path.join(resources.ROOT, "machine", "host_cpu", "native.so")

PID, REQUEST, OWNER, BASE, SIZE = 2, 3, 5, 8, 9
"""Indices in `Turn.words`: whose turn, how it goes on, whose registers are known to be here, where its stub lies."""
LOST, ENOUGH, PRICE, FLOOR, RATE, SPENT = 10, 11, 12, 13, 14, 18
"""``struct account``, and what the last turn took."""
LOSES: Final = 1 << 20
"""Added to a stop's status: see ``struct account``."""
_REGS: Final = 19
_INFO: Final = _REGS + ptrace.REGISTERS
_SIZE: Final = _INFO + 16
EINTR: Final = 4


@cache
def _object() -> ctypes.CDLL:
    return ctypes.CDLL(OBJECT)


def native(name: str, *arguments: type[ctypes._SimpleCData[Any]]) -> ctypes._NamedFuncPointer:
    """A function of ours that gives a long."""
    function = _object()[name]
    function.restype, function.argtypes = ctypes.c_long, arguments
    return function


def ticks() -> int:
    """The time-stamp counter."""
    counter = _object().ring3_ticks
    counter.restype = ctypes.c_uint64
    return int(counter())


def cpuid(leaf: int, subleaf: int) -> tuple[int, int, int, int]:
    """What the host's processor gives for CPUID in EAX, EBX, ECX and EDX."""
    registers = (ctypes.c_uint32 * 4)(leaf, 0, subleaf)
    _object().ring3_cpuid(registers)
    a, b, c, d = registers
    return a, b, c, d


class Turn:
    """The block, and what works on it.

    Attributes:
        words: All of it.
        regs: The stub's registers (``struct user_regs_struct``).
        info: What a signal has told (``siginfo_t``), bytes.
        call: Runs the program whose registers are in the window; the status of its stop or a negative errno.
    """

    def __init__(self, window: int, flags: int) -> None:
        """Binds to a register window.

        Args:
            window: Address of RAX in it.
            flags: Address of a second copy of RFLAGS.
        """
        block = (ctypes.c_uint64 * _SIZE)()
        self.words = memoryview(block).cast("B").cast("Q")
        self.regs = self.words[_REGS:_INFO]
        self.info = self.words[_INFO:].cast("B")
        self.words[0], self.words[1] = window, flags
        self._block = block
        address = ctypes.c_void_p(ctypes.addressof(block))
        run = native("ring3_turn", ctypes.c_void_p)
        resume = native("ring3_resume", ctypes.c_void_p, ctypes.c_uint64, ctypes.c_long)
        self.call: Callable[[], int] = lambda: run(address)
        self._resume: Callable[[int, int], int] = lambda request, signal: resume(address, request, signal)

    def resume(self, pid: int, request: int, signal: int = 0) -> int:
        """Lets a stub go on from `regs`, or with a signal from where it stands; the status of its next stop."""
        self.words[PID] = pid
        status = self._resume(request, signal)
        while status == -EINTR:
            status = self._resume(0, 0)
        return check(status)


def check(status: int) -> int:
    """A status that is one of a stop.

    Raises:
        UserError: The stub is gone, or the host does not let it be used.
    """
    if status < 0:
        raise UserError(f"the host's processor cannot be used: {os.strerror(-status)}")
    if status & 0xFF != ptrace.STOPPED:
        raise UserError(f"a process that runs programs on the host's processor was ended: status {status:#x}")
    return status
