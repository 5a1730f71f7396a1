"""Stops the program that runs on the emulator: when another thread asks for it, or after so much code.

A stop is exact only where a block of code begins. Where the emulator's own stops are not (see
`Library.stop_between_blocks`), and to count code, ring-3 code gets a hook there as soon as anybody wants to stop it.
The hook is a few instructions for the host, put into memory here, and makes programs a tenth slower; as a function of
Python, which it is on hosts whose instructions are not known here, a hundred times.

With ``counting`` the hook also counts code, in bytes. That is the same in every run, but coarse: a block counts when it
is entered, so one that is left by a fault counts again when it is entered in the middle.
"""

from __future__ import annotations

import ctypes
from typing import Final

from ring3.machine import unicorn_library as api
from ring3.machine.native import NativeFunction, jump, knows_host

UNLIMITED: Final = 1 << 62
_USER_END: Final = (1 << 63) - 1
"""The last address of ring 3's half."""


class Brake:
    """The hook at the start of every block of ring-3 code."""

    not_state = "_counting", "_given", "_words", "_stop", "_engine", "_native", "_hook"

    def __init__(self, library: api.Library, engine: int) -> None:
        """Puts the hook in place; code that was translated before has to be translated anew."""
        self._counting = False
        self._given = UNLIMITED
        self._words = (ctypes.c_int64 * 2)(self._given, 0)  # bytes left; whether a stop was asked for
        self._stop = library.emu_stop
        self._engine = engine
        self._native = NativeFunction(self._instructions(_LOOK)) if knows_host() else None
        self._hook: object = self._native.pointer if self._native else api.BLOCK_CALLBACK(self._on_block)
        library.hook(engine, api.HOOK_BLOCK, self._hook, ctypes.addressof(self._words), 0, (0, _USER_END))

    def ask(self) -> None:
        """Makes the program stop at its next block; also from another thread."""
        self._words[1] = 1

    def release(self) -> bool:
        """Ends what `ask` has begun; returns whether the program was to stop."""
        pulled = bool(self._words[1]) or self._words[0] < 0
        self._words[1] = 0
        return pulled

    def switch_off(self) -> tuple[int, int]:
        """Stops nothing until `switch_on`; gives what is to be given to that."""
        kept = self._words[0], self._words[1]
        self._words[0], self._words[1] = UNLIMITED, 0
        return kept

    def switch_on(self, kept: tuple[int, int]) -> None:
        """Who has asked before or meanwhile, and what the limit said, counts from now on."""
        left, asked = kept
        self._words[0] += left - UNLIMITED
        self._words[1] |= asked

    # -- counting ----------------------------------------------------------------------------------------------

    def start_counting(self) -> None:
        """Counts code from now on."""
        self._counting = True
        if self._native:
            self._native.put(self._instructions(_COUNT + _LOOK))

    @property
    def executed(self) -> int:
        """Bytes of code counted."""
        return self._given - self._words[0]

    def advance(self, amount: int) -> None:
        """Counts as much as if that many bytes had been run."""
        self._words[0] -= amount

    def limit(self, amount: int) -> None:
        """Stops the program when that many more bytes were counted."""
        self._given += amount - self._words[0]
        self._words[0] = amount

    def outside(self) -> tuple[int, int]:
        """What was counted, and the limit."""
        return self._given, self._words[0]

    def check_outside(self, then: tuple[int, int]) -> None:
        """It can always be set back."""

    def put_outside(self, then: tuple[int, int]) -> None:
        """Sets it back."""
        self._given, self._words[0] = then

    # -- the hook ----------------------------------------------------------------------------------------------

    def _instructions(self, look: bytes) -> bytes:
        """The hook, made of instructions that jump to their end to stop, and fall through to go on."""
        stop = ctypes.cast(self._stop, ctypes.c_void_p).value
        assert stop is not None
        return look + b"\xc3" + jump(stop)

    def _on_block(self, _engine: int, _address: int, size: int, _data: int) -> None:
        if self._counting:
            self._words[0] -= size
        if self._words[1] or self._words[0] < 0:
            self._stop(self._engine)


# void hook(uc_engine *, uint64_t address, uint32_t size, int64_t words[2]), by the System V ABI
_LOOK: Final = b"\x80\x79\x08\x00\x75\x01"  # cmpb $0, 8(%rcx); jne .+3
_COUNT: Final = b"\x89\xd2\x48\x29\x11\x78\x07"  # mov %edx, %edx; sub %rdx, (%rcx); js .+9
