"""Replacing the alternate signal stack (kernel/signal.c of Linux 6.x)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.linux.model.altstack import SS_AUTODISARM, SS_DISABLE, SS_ONSTACK, AltStack

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


MINSIGSTKSZ: Final = 2048


@function("int do_sigaltstack(const stack_t *ss, stack_t *oss, unsigned long sp, size_t min_ss_size)")
def do_sigaltstack(
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
    if task.altstack == (base, size, flags):
        return
    if mode == SS_DISABLE:
        task.altstack = AltStack(mode=flags)
        return
    if size < minimum:
        raise Errno(E.ENOMEM)
    task.altstack = AltStack(base, size, flags)


@function(
    "int restore_altstack(const stack_t __user *uss)",
    calls={"do_sigaltstack"},
)
def restore_altstack(task: LinuxTask, stack: tuple[int, int, int], sp: int) -> None:
    """Goes back to the stack that a signal frame names; what cannot be set is left out (restore_altstack)."""
    base, flags, size = stack
    with contextlib.suppress(Errno):
        do_sigaltstack(task, base, flags, size, sp)
