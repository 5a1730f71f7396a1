"""ptrace(2) and what it tells, as the host's kernel has them (include/uapi/linux/ptrace.h, x86's asm/ptrace-abi.h)."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Final

from ring3.errors import UserError

PEEKDATA: Final = 2
POKEUSER: Final = 6
CONT: Final = 7
GETREGS: Final = 12
SET_THREAD_AREA: Final = 26
SYSEMU: Final = 31
SYSEMU_SINGLESTEP: Final = 32
SETOPTIONS: Final = 0x4200
GETEVENTMSG: Final = 0x4201
GETSIGINFO: Final = 0x4202
GETREGSET: Final = 0x4204
SETREGSET: Final = 0x4205
OPTIONS: Final = 0x0010_0000 | 1 << 0 | 1 << 1  # EXITKILL, TRACESYSGOOD, TRACEFORK
NT_X86_XSTATE: Final = 0x202
WALL: Final = 0x4000_0000
"""__WALL of wait(2): children of every kind."""

STOPPED: Final = 0x7F
SYSCALL_STOP: Final = (signal.SIGTRAP | 0x80) << 8 | STOPPED
SIGTRAP_STOP: Final = signal.SIGTRAP << 8 | STOPPED
SIGSTOP_STOP: Final = signal.SIGSTOP << 8 | STOPPED
SIGSEGV_STOP: Final = signal.SIGSEGV << 8 | STOPPED
FORK_STOP: Final = 1 << 16 | SIGTRAP_STOP

RAX: Final = 10
CS: Final = 17
"""Indices in ``struct user_regs_struct``."""
RBX: Final = 5
RCX: Final = 11
RIP: Final = 16
FLAGS: Final = 18
RSP: Final = 19
SS: Final = 20
ARGUMENTS: Final = (14, 13, 12, 7, 9, 8)
"""RDI, RSI, RDX, R10, R8, R9."""
REGISTERS: Final = 27
DEBUG_REGISTERS: Final = 848
"""Where ``struct user`` has DR0 (sys/user.h)."""

_libc = ctypes.CDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


def request(number: int, pid: int, address: int = 0, data: int = 0) -> int:
    """Makes a request of a stub.

    Raises:
        UserError: The host refuses it.
    """
    ctypes.set_errno(0)
    result: int = _ptrace(number, pid, address or None, data or None)
    if result == -1 and ctypes.get_errno():
        raise UserError(f"the host refuses ptrace request {number:#x}: {os.strerror(ctypes.get_errno())}")
    return result
