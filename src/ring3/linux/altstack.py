"""The alternate signal stack (sigaltstack(2))."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.abi.c_types import Pointer
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

SS_ONSTACK: Final = 1
SS_DISABLE: Final = 2
SS_AUTODISARM: Final = 1 << 31
MINSIGSTKSZ: Final = 2048


class AltStack(NamedTuple):
    """An alternate stack.

    Attributes:
        base: Its lowest address.
        size: Its bytes, 0 for none.
        autodisarm: It is put away while a handler runs on it (SS_AUTODISARM).
    """

    base: int = 0
    size: int = 0
    autodisarm: bool = False

    @property
    def top(self) -> int:
        """Its end."""
        return self.base + self.size

    def contains(self, sp: int) -> bool:
        """Whether a stack pointer lies on it (on_sig_stack)."""
        return not self.autodisarm and self.base < sp <= self.top

    def usable(self, sp: int) -> bool:
        """Whether a handler of code with this stack pointer has to move to it (sas_ss_flags is 0)."""
        return bool(self.size) and not self.contains(sp)

    def flags(self, sp: int) -> int:
        """``ss_flags`` as sigaltstack(2) reports them."""
        state = (SS_ONSTACK if self.contains(sp) else 0) if self.size else SS_DISABLE
        return state | (SS_AUTODISARM if self.autodisarm else 0)

    def pack(self, sp: int, narrow: bool) -> bytes:
        """``stack_t``."""
        if narrow:
            return struct.pack("<III", self.base, self.flags(sp) & 0xFFFF_FFFF, self.size)
        return struct.pack("<QI4xQ", self.base, self.flags(sp) & 0xFFFF_FFFF, self.size)


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
    if task.altstack.contains(sp):
        raise Errno(E.EPERM)
    mode = flags & ~SS_AUTODISARM
    if mode not in (SS_DISABLE, SS_ONSTACK, 0):
        raise Errno(E.EINVAL)
    if mode == SS_DISABLE:
        task.altstack = AltStack(autodisarm=bool(flags & SS_AUTODISARM))
        return
    if size < minimum:
        raise Errno(E.ENOMEM)
    task.altstack = AltStack(base, size, bool(flags & SS_AUTODISARM))


def _sigaltstack(task: LinuxTask, new: int, old: int, narrow: bool) -> int:
    sp = task.regs.sp
    before = task.altstack.pack(sp, narrow)
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
