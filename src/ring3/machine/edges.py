"""Edges between blocks of ring-3 code, counted in a map as AFL's instrumentation does it.

The map has a byte for each edge, which is where an edge's number, a mixture of the addresses of both blocks, says; some
edges share one. A byte counts how often the edge was taken, and goes from 255 to 1, so that what was taken is never 0.
The hook is a few instructions for the host, as the brake's.

Sources: "AFL technical details", 1; `qemu_mode` of AFL for how addresses become numbers.
"""

from __future__ import annotations

import ctypes
from typing import Final

from ring3.machine import unicorn_library as api
from ring3.machine.native import NativeFunction, knows_host

SIZE: Final = 1 << 16
"""Bytes of a map."""
_MASK: Final = SIZE - 1
_USER_END: Final = (1 << 63) - 1

# void hook(uc_engine *, uint64_t address, uint32_t size, uint64_t words[2]), by the System V ABI;
# words: where the map is, and the number of the block before
_COUNT: Final = bytes.fromhex(
    "4889f0"      # mov  %rsi, %rax
    "48c1e804"    # shr  $4, %rax
    "48c1e608"    # shl  $8, %rsi
    "4831f0"      # xor  %rsi, %rax
    "25ffff0000"  # and  $0xffff, %eax
    "4c8b4108"    # mov  8(%rcx), %r8
    "4931c0"      # xor  %rax, %r8
    "4c0301"      # add  (%rcx), %r8
    "41800001" # addb $1, (%r8)
    "41801000" # adcb $0, (%r8)
    "d1e8"        # shr  %eax
    "48894108"    # mov  %rax, 8(%rcx)
    "c3"          # ret
)  # fmt: skip


class Edges:
    """The hook at the start of every block of ring-3 code."""

    def __init__(self, library: api.Library, engine: int, at: int) -> None:
        """Puts the hook in place; code that was translated before has to be translated anew.

        Args:
            library: The emulator's library.
            engine: The emulator.
            at: Address in this process of a map of `SIZE` bytes.
        """
        self._map = (ctypes.c_uint8 * SIZE).from_address(at)
        self._words = (ctypes.c_uint64 * 2)(at, 0)
        native = NativeFunction(_COUNT) if knows_host() else None
        self._function: object = native or api.BLOCK_CALLBACK(self._on_block)
        hook = native.pointer if native else self._function
        library.hook(engine, api.HOOK_BLOCK, hook, ctypes.addressof(self._words), 0, (0, _USER_END))

    def begin(self) -> None:
        """A run begins: no edge was taken, and no block was there before."""
        ctypes.memset(self._map, 0, SIZE)
        self._words[1] = 0

    def taken(self) -> bytes:
        """The map."""
        return bytes(self._map)

    def _on_block(self, _engine: int, address: int, _size: int, _data: int) -> None:
        number = (address >> 4 ^ address << 8) & _MASK
        at = number ^ self._words[1]
        self._map[at] = self._map[at] % 255 + 1
        self._words[1] = number >> 1
