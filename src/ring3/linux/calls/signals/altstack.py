"""The alternate signal stack (sigaltstack(2))."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SS_ONSTACK: Final = 1
SS_DISABLE: Final = 2
SS_AUTODISARM: Final = 1 << 31
MINSIGSTKSZ: Final = 2048
_M32: Final = 0xFFFF_FFFF


class AltStack(NamedTuple):
    """An alternate stack.

    Attributes:
        base: Its lowest address.
        size: Its bytes, 0 for none.
        mode: ``ss_flags`` as they were asked for.
    """

    base: int = 0
    size: int = 0
    mode: int = 0

    @property
    def top(self) -> int:
        """Its end."""
        return self.base + self.size

    @property
    def autodisarm(self) -> bool:
        """It is put away while a handler runs (SS_AUTODISARM)."""
        return bool(self.mode & SS_AUTODISARM)

    def contains(self, sp: int) -> bool:
        """Whether a stack pointer lies on it (__on_sig_stack)."""
        return self.base < sp <= self.top

    def in_use(self, sp: int) -> bool:
        """Whether code with this stack pointer runs on it; one that is put away never is (on_sig_stack)."""
        return not self.autodisarm and self.contains(sp)

    def usable(self, sp: int) -> bool:
        """Whether a handler of code with this stack pointer has to move to it (sas_ss_flags is 0)."""
        return bool(self.size) and not self.in_use(sp)

    def flags(self, sp: int) -> int:
        """``ss_flags`` as sigaltstack(2) reports them."""
        state = (SS_ONSTACK if self.in_use(sp) else 0) if self.size else SS_DISABLE
        return state | self.mode & SS_AUTODISARM

    def pack(self, flags: int, narrow: bool) -> bytes:
        """``stack_t`` with these ``ss_flags``."""
        if narrow:
            return struct.pack("<III", self.base & _M32, flags, self.size & _M32)
        return struct.pack("<QI4xQ", self.base, flags, self.size)


PUT_AWAY: Final = AltStack(mode=SS_DISABLE)
"""None any more, while a handler runs that it was put away for, and in a new thread (sas_ss_reset)."""


def parse(raw: bytes, narrow: bool) -> tuple[int, int, int]:
    """Base, flags and size from ``stack_t``."""
    base, flags, size = struct.unpack("<III" if narrow else "<QI4xQ", raw)
    return base, flags, size


def set_altstack(
    task: LinuxTask, base: int, flags: int, size: int, sp: int, minimum: int = MINSIGSTKSZ
) -> None:
    """Replaces the alternate stack (do_sigaltstack).

    Raises:
        Errno: EPERM, it is in use; EINVAL, unknown flags; ENOMEM, too small.
    """
    if task.altstack.in_use(sp):
        raise Errno(E.EPERM)
    mode = flags & ~SS_AUTODISARM
    if mode not in (SS_DISABLE, SS_ONSTACK, 0):
        raise Errno(E.EINVAL)
    if mode == SS_DISABLE:
        task.altstack = AltStack(mode=flags)
        return
    if size < minimum:
        raise Errno(E.ENOMEM)
    task.altstack = AltStack(base, size, flags)


def restore_altstack(task: LinuxTask, stack: tuple[int, int, int], sp: int) -> None:
    """Goes back to the stack that a signal frame names; what cannot be set is left out (restore_altstack)."""
    with contextlib.suppress(Errno):
        set_altstack(task, *stack, sp)


def _sigaltstack(task: LinuxTask, new: int, old: int, narrow: bool) -> int:
    sp = task.regs.sp
    before = task.altstack.pack(task.altstack.flags(sp), narrow)
    if new:
        set_altstack(task, *parse(task.memory.read(new, 12 if narrow else 24), narrow), sp)
    if old:
        task.memory.write(old, before)
    return 0


@syscall("full")
def sys_sigaltstack(task: LinuxTask, uss: Pointer, uoss: Pointer) -> int:
    """Sets and gets the alternate signal stack."""
    return _sigaltstack(task, uss, uoss, False)


@syscall("full")
def compat_sys_sigaltstack(task: LinuxTask, uss_ptr: Pointer, uoss_ptr: Pointer) -> int:
    """Sets and gets the alternate signal stack of a 32-bit program."""
    return _sigaltstack(task, uss_ptr, uoss_ptr, True)
