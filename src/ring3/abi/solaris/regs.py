"""``struct regs`` of amd64: a program's registers on the kernel stack, in a system call or a trap.

sys_syscall keeps rbp pointing at it and reloads the handler's arguments from it, hence the seed's
``0x10(%rbp)`` for rdi and so on. Two fields do not hold what their names say there: r_rcx has the fourth
argument, taken from r10 (the syscall instruction put the return address into rcx), and r_rip and r_rfl come
from rcx and r11. r_r11 is not written.

All fields are 8 bytes. Sources: usr/src/uts/intel/amd64/sys/privregs.h and i86pc/ml/syscall_asm_amd64.s of
illumos-gate; the seed, 2.4, for the six arguments.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.solaris.layout import fields

_NAMES: Final = (
    "r_savfp",
    "r_savpc",
    "r_rdi",
    "r_rsi",
    "r_rdx",
    "r_rcx",
    "r_r8",
    "r_r9",
    "r_rax",
    "r_rbx",
    "r_rbp",
    "r_r10",
    "r_r11",
    "r_r12",
    "r_r13",
    "r_r14",
    "r_r15",
    "__r_fsbase",
    "__r_gsbase",
    "r_ds",
    "r_es",
    "r_fs",
    "r_gs",
    "r_trapno",
    "r_err",
    "r_rip",
    "r_cs",
    "r_rfl",
    "r_rsp",
    "r_ss",
)

REGS_SIZE: Final = 0xF0
"""Size of ``struct regs`` in bytes."""

REGS_LAYOUT: Final = fields(*((name, index * 8, 8) for index, name in enumerate(_NAMES)))
"""``struct regs``; from r_rip on it is what the CPU pushes for an interrupt."""

PS_C: Final = 0x1
"""The carry flag in r_rfl: set on return from a call that failed (sys/psw.h)."""
