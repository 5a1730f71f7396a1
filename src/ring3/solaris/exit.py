"""exit(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.c_types import Int
from ring3.solaris.definition import syscall
from ring3.solaris.signals import end

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


@syscall("full")
def rexit(task: SolarisTask, rval: Int) -> NoReturn:
    """Ends the process."""
    end(task, (rval & 0xFF) << 8)
