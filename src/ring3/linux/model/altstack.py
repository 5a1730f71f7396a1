"""The alternate signal stack of a thread (sigaltstack(2))."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.signals import STACK

SS_ONSTACK: Final = 1
SS_DISABLE: Final = 2
SS_AUTODISARM: Final = 1 << 31


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

    def after_exec(self) -> AltStack:
        """What a new program starts with: none, and its mode as it was."""
        return self._replace(base=0, size=0)

    def for_child(self, *, runs_beside: bool) -> AltStack:
        """What a child starts with: none if it runs in the same memory while its parent goes on."""
        return PUT_AWAY if runs_beside else self

    def contains(self, sp: int) -> bool:
        """Whether a stack pointer lies on it (__on_sig_stack)."""
        return self.base < sp <= self.top

    def in_use(self, sp: int) -> bool:
        """Whether code with this stack pointer runs on it; one that is put away never is (on_sig_stack)."""
        return self.base < sp <= self.base + self.size and not self.mode & SS_AUTODISARM

    def usable(self, sp: int) -> bool:
        """Whether a handler of code with this stack pointer has to move to it (sas_ss_flags is 0)."""
        return bool(self.size) and not self.in_use(sp)

    def flags(self, sp: int) -> int:
        """``ss_flags`` as sigaltstack(2) reports them."""
        state = (SS_ONSTACK if self.in_use(sp) else 0) if self.size else SS_DISABLE
        return state | self.mode & SS_AUTODISARM

    def pack(self, flags: int, bits: int) -> bytes:
        """``stack_t`` with these ``ss_flags``."""
        mask = (1 << bits) - 1
        return STACK.pack(bits, self.base & mask, flags, self.size & mask)


PUT_AWAY: Final = AltStack(mode=SS_DISABLE)
"""None any more, while a handler runs that it was put away for, and in a new thread (sas_ss_reset)."""
