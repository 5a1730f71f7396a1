"""``ring3 doctor``: what this host gives, and what follows from it."""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from collections.abc import Callable
from typing import Final

from ring3.cli.host import require_host
from ring3.errors import UserError

SYS_PTRACE_MAY: Final = "/proc/sys/kernel/yama/ptrace_scope"
SYS_OPENAT2: Final = 437
SYS_LANDLOCK_CREATE_RULESET: Final = 444
LANDLOCK_VERSION: Final = 1
PR_GET_SECCOMP: Final = 21
LEAST_MEMORY: Final = 512 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.epilog = "Exit status: 0 if programs can be run, 1 if not."
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each thing; returns 1 if something that is needed is missing."""
    missing = False
    for name, needed, ask in CHECKS:
        try:
            found, told = True, ask()
        except (UserError, OSError) as error:
            found, told = False, str(error)
        missing = missing or (needed and not found)
        print(f"{name:<10} {'yes' if found else 'NO ' if needed else 'no '}  {told}")
    print("programs can be run" if not missing else "programs cannot be run on this host")
    return int(missing)


def _host() -> str:
    require_host()
    return f"Linux {os.uname().release} on x86-64"


def _python() -> str:
    return f"{sys.version.split()[0]} at {sys.executable}"


def _emulator() -> str:
    from ring3.machine.unicorn_library import library_path  # noqa: PLC0415 - only here

    path = library_path()
    ctypes.CDLL(path)
    return path


def _memfd() -> str:
    os.close(os.memfd_create("ring3-doctor"))
    return "guest RAM is one"


def _memory() -> str:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if free < LEAST_MEMORY:
        raise OSError(f"only {free >> 20} MiB are free: large programs may end for want of memory")
    return f"{free >> 20} MiB are free"


def _syscall(number: int, *arguments: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(number, *map(ctypes.c_long, arguments))
    if result < 0:
        raise OSError(os.strerror(ctypes.get_errno()))
    return result


def _openat2() -> str:
    how = (ctypes.c_uint64 * 3)(os.O_PATH, 0, 0)
    path = ctypes.create_string_buffer(b"/")
    os.close(_syscall(SYS_OPENAT2, -100, ctypes.addressof(path), ctypes.addressof(how), 24))
    return "directories of the host can be walked without leaving them"


def _seccomp() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        raise OSError("this kernel filters no system calls")
    return "this process could give system calls up"


def _landlock() -> str:
    version = _syscall(SYS_LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_VERSION)
    return f"version {version}: this process could give files up"


def _ptrace() -> str:
    try:
        with open(SYS_PTRACE_MAY, encoding="ascii") as file:
            scope = file.read().strip()
    except OSError:
        return "no restriction by Yama; programs inside trace each other in any case"
    return f"Yama's scope is {scope}; programs inside trace each other in any case"


def _host_cpu() -> str:
    from ring3.machine.host_cpu.availability import check  # noqa: PLC0415 - only here

    check()
    return "--cpu host: programs can run on the host's own processor"


CHECKS: Final[tuple[tuple[str, bool, Callable[[], str]], ...]] = (
    ("host", True, _host),
    ("Python", True, _python),
    ("emulator", True, _emulator),
    ("memfd", True, _memfd),
    ("memory", False, _memory),
    ("openat2", False, _openat2),
    ("seccomp", False, _seccomp),
    ("landlock", False, _landlock),
    ("ptrace", False, _ptrace),
    ("host CPU", False, _host_cpu),
)
"""A name, whether programs cannot be run without it, and what tells of it or says why it is missing."""
