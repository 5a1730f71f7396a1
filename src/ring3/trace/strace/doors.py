"""By which door a call has come (``--door``): the instruction that the program has executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.tbl import Abi
from ring3.image.linux.boot import L

if TYPE_CHECKING:
    from ring3.kernel.watched_stubs import StubCall
    from ring3.linux.model.task import LinuxTask

INT80: Final = "int 0x80"
SYSENTER: Final = "sysenter"
SYSCALL: Final = "syscall"
_LANDING_PAD: Final = L["TASK_LANDING_PAD"] >> 3
_BY_CODE: Final = {b"\xcd\x80": INT80, b"\x0f\x05": SYSCALL, b"\x0f\x34": SYSENTER}


def door_of(call: StubCall, task: LinuxTask) -> str:
    """The door of a call that has begun; "" where the instruction is gone."""
    if call.what.abi != Abi.I386:
        return SYSCALL
    ip = call.regs.ip
    if ip == task.kernel.machine.ram.q[task.struct + _LANDING_PAD]:
        return SYSENTER  # which does not return behind itself
    try:
        return _BY_CODE.get(bytes(task.memory.peek(ip - 2, 2)), "")
    except Errno:
        return ""
