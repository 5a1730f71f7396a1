"""Functions about objects of the kernel: locks and STREAMS messages, by what their memory says.

Sources: the Dynamic Tracing Guide's chapter on subroutines; sys/mutex_impl.h, sys/rwlock_impl.h and sys/stream.h of
illumos.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Read = Callable[[int, int], bytes]
_FLAGS: Final = 7
_WRITE_LOCKED: Final = 4
_HOLDERS_SHIFT: Final = 3
_B_CONT, _B_RPTR, _B_WPTR, _B_DATAP = 16, 24, 32, 40
_DB_TYPE: Final = 27
_M_DATA: Final = 0
_LONGEST: Final = 1 << 16


class KernelObjects:
    """The functions, by name, over a kernel's memory."""

    def __init__(self, read: Read, thread: Callable[[], int]) -> None:
        """Look at objects through `read`; `thread` gives the address of the thread that runs."""
        self._read = read
        self._thread = thread
        self.functions: dict[str, Callable[[int], int]] = {
            "msgdsize": lambda message: self._message(message, data_alone=True),
            "msgsize": lambda message: self._message(message, data_alone=False),
            "mutex_owned": lambda mutex: int(self._owner(mutex) == self._thread() != 0),
            "mutex_owner": self._owner,
            "mutex_type_adaptive": self._is_adaptive,
            "mutex_type_spin": lambda mutex: 1 - self._is_adaptive(mutex),
            "rw_iswriter": self._is_writer,
            "rw_read_held": lambda lock: int(
                not self._word(lock) & _WRITE_LOCKED and self._word(lock) >> _HOLDERS_SHIFT != 0
            ),
            "rw_write_held": lambda lock: int(self._word(lock) & _WRITE_LOCKED != 0),
        }

    def _word(self, address: int) -> int:
        return int.from_bytes(self._read(address, 8), "little")

    def _owner(self, mutex: int) -> int:
        """The thread that holds a mutex; 0 for nobody."""
        return self._word(mutex) & ~_FLAGS

    def _is_adaptive(self, mutex: int) -> int:
        """Whether waiting threads sleep: all locks are of that kind that one processor has."""
        self._word(mutex)
        return 1

    def _is_writer(self, lock: int) -> int:
        word = self._word(lock)
        return int(word & _WRITE_LOCKED != 0 and word & ~_FLAGS == self._thread())

    def _message(self, message: int, *, data_alone: bool) -> int:
        """The bytes of a message's blocks, of all kinds or of M_DATA."""
        found = 0
        for _ in range(_LONGEST):
            if not message:
                break
            kind = self._read(self._word(message + _B_DATAP) + _DB_TYPE, 1)[0] if data_alone else _M_DATA
            if kind == _M_DATA:
                found += self._word(message + _B_WPTR) - self._word(message + _B_RPTR)
            message = self._word(message + _B_CONT)
        return found
