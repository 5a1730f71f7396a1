"""The second wall: a seccomp(2) filter that leaves a stub the calls of its lists and no others.

No call of a program gets this far, because PTRACE_SYSEMU stops it before the filter. Should one, it can change its own
mappings of guest RAM, and nothing else: any other call ends the process. Only the three calls of the vsyscall page go
past PTRACE_SYSEMU, by design of the host's kernel; the filter makes SIGSYS of them.
"""

from __future__ import annotations

import signal
import struct
from typing import Final

from ring3.machine.host_cpu.first import LIST_FD, RAM_FD

PAGE: Final = 4096

MMAP: Final = 9
MPROTECT: Final = 10
MUNMAP: Final = 11
RT_SIGACTION: Final = 13
MREMAP: Final = 25
CLONE: Final = 56
SIGALTSTACK: Final = 131
MODIFY_LDT: Final = 154
PRCTL: Final = 157
SECCOMP: Final = 317
"""Numbers of x86-64's table (syscall_64.tbl)."""
VSYSCALLS: Final = {96: 0xFFFF_FFFF_FF60_0000, 201: 0xFFFF_FFFF_FF60_0400, 309: 0xFFFF_FFFF_FF60_0800}
"""gettimeofday, time and getcpu, and where the vsyscall page has them."""

MAP_FRAMES: Final = 0x01 | 0x10 | 0x8000  # SHARED, FIXED, POPULATE
MAP_LIST: Final = 0x01 | 0x10  # SHARED, FIXED
MAP_STACK: Final = 0x02 | 0x10 | 0x20  # PRIVATE, FIXED, ANONYMOUS
MREMAP_FLAGS: Final = 1 | 2  # MAYMOVE, FIXED
CLONE_FLAGS: Final = 0x8000 | signal.SIGCHLD  # PARENT
LDT_WRITE: Final = 0x11
PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_TSC: Final = 26
SET_MODE_FILTER: Final = 1

_ARCH: Final = 0xC000_003E
_KILL, _TRAP, _ALLOW = 0x8000_0000, 0x0003_0000, 0x7FFF_0000
_NONE: Final = 0xFFFF_FFFF
_Step = tuple[int, int, int, int]


def _load(at: int) -> _Step:
    return 0x20, 0, 0, at


def _argument(number: int) -> _Step:
    return _load(16 + 8 * number)


def _upper(number: int) -> _Step:
    return _load(20 + 8 * number)


def _give(verdict: int) -> _Step:
    return 6, 0, 0, verdict


def _unless(value: int, skip: int) -> _Step:
    """Goes on if the word is equal, else skips so many steps."""
    return 0x15, 0, skip, value


def _if_above(value: int, skip: int) -> _Step:
    return 0x25, skip, 0, value


def _call(number: int, *tests: tuple[_Step, _Step]) -> list[_Step]:
    """Allows a call whose arguments pass all tests, and ends the process otherwise."""
    body: list[_Step] = []
    for at, (load, test) in enumerate(tests):
        left = 2 * (len(tests) - at) - 1  # to the verdict against it
        code, yes, no, value = test
        body += [load, (code, left if yes else 0, left if no else 0, value)]
    body += [_give(_ALLOW), _give(_KILL)]
    return [_unless(number, len(body)), *body]


def _equals(number: int, value: int) -> tuple[_Step, _Step]:
    return _argument(number), _unless(value, 1)


def _at_most(number: int, value: int) -> tuple[_Step, _Step]:
    return _argument(number), _if_above(value, 1)


def _kinds_of_mmap() -> list[_Step]:
    """mmap is allowed in three forms, by descriptor: frames of RAM, the list of calls, a stack."""
    forms = (
        (RAM_FD, MAP_FRAMES, (_argument(2), _if_above(7, 1))),
        (LIST_FD, MAP_LIST, (_argument(2), _unless(1, 1))),
        (_NONE, MAP_STACK, (_argument(2), _unless(3, 1))),
    )
    body: list[_Step] = []
    for fd, flags, protection in forms:
        tests = _call(fd, _equals(3, flags), protection)
        body += [_argument(4), *tests]
    body.append(_give(_KILL))
    return [_unless(MMAP, len(body)), *body]


def program() -> bytes:
    """The filter, as ``struct sock_filter`` has it."""
    steps = [_load(4), (0x15, 1, 0, _ARCH), _give(_KILL), _load(0)]
    steps += [(0x15, 0, 1, MUNMAP), _give(_ALLOW)]
    steps += _kinds_of_mmap()
    steps += _call(MPROTECT, _at_most(2, 7))
    steps += _call(MREMAP, _equals(1, PAGE), _equals(2, PAGE), _equals(3, MREMAP_FLAGS))
    steps += _call(RT_SIGACTION, _at_most(0, signal.SIGSEGV), _equals(3, 8))
    steps += _call(SIGALTSTACK)
    steps += _call(
        CLONE, _equals(0, CLONE_FLAGS), (_upper(0), _unless(0, 1)), _equals(1, 0), (_upper(1), _unless(0, 1))
    )
    steps += _call(MODIFY_LDT, _equals(0, LDT_WRITE))
    steps += _call(PRCTL, _equals(0, PR_SET_TSC))
    for number in VSYSCALLS:
        steps += [_unless(number, 1), _give(_TRAP)]
    steps.append(_give(_KILL))
    return b"".join(struct.pack("<HBBI", code, yes, no, value) for code, yes, no, value in steps)
