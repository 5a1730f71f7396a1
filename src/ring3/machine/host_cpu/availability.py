"""Whether this host lets programs run on its own processor, and what forbids it where it does not."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from ring3.errors import UserError

_YAMA: Final = "/proc/sys/kernel/yama/ptrace_scope"
_MEMFD_NOEXEC: Final = "/proc/sys/vm/memfd_noexec"
_YAMA_ADMIN_ONLY: Final = 2
_NOEXEC_ENFORCED: Final = 2


def check() -> None:
    """Makes a stub and ends it.

    Raises:
        UserError: The host does not allow it; the message says why.
    """
    from ring3.machine.host_cpu.first import First  # noqa: PLC0415 -- it asks here why it failed
    from ring3.machine.host_cpu.stub import Stubs  # noqa: PLC0415
    from ring3.machine.host_cpu.turn import Turn  # noqa: PLC0415

    ram = os.memfd_create("ring3-trial", os.MFD_CLOEXEC)
    try:
        Stubs(First(ram), Turn(0, 0)).close()
    finally:
        os.close(ram)


def refusal(what: str) -> UserError:
    """The user's mistake that the host's processor cannot be used."""
    found = obstacles()
    return UserError(
        f"the host's processor cannot be used: {what}{' (' + '; '.join(found) + ')' if found else ''}"
    )


def obstacles() -> list[str]:
    """What this host is known to have that is in the way."""
    found = []
    if _setting(_YAMA) >= _YAMA_ADMIN_ONLY and os.geteuid():
        found.append(f"{_YAMA} is {_setting(_YAMA)}: only root may trace processes")
    if _setting(_MEMFD_NOEXEC) >= _NOEXEC_ENFORCED:
        found.append(f"{_MEMFD_NOEXEC} is {_setting(_MEMFD_NOEXEC)}: no file in memory may be executed")
    if _is_traced():
        found.append("this process is traced itself, and its children may be too")
    return found


def _setting(path: str) -> int:
    """A number of /proc/sys, 0 where the host has no such setting."""
    with suppress(OSError, ValueError), open(path, encoding="ascii") as file:
        return int(file.read())
    return 0


def _is_traced() -> bool:
    with suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        return any(line.split() != ["TracerPid:", "0"] for line in file if line.startswith("TracerPid:"))
    return False
