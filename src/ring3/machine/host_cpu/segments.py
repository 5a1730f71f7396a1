"""Segments of programs: what the host's processor has to know of their descriptor tables.

The host's kernel loads three entries of the GDT for a thread, at the numbers that Linux has for thread-local storage,
and one local descriptor table for a process: they are made equal to the guest's, which lie in RAM. A selector that
the guest's tables have elsewhere cannot be loaded on the host.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Final

from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu import ptrace
from ring3.machine.host_cpu.stub import Stub, Stubs
from ring3.machine.ram import PAGE_SIZE

FIRST_TLS: Final = 12
"""GDT_ENTRY_TLS_MIN of x86-64."""
_DESC_SIZE: Final = 16
_EMPTY: Final = 0x28  # read_exec_only and seg_not_present


def load_tls(stub: Stub, wanted: tuple[int, int, int]) -> None:
    """Gives the stub the three entries for thread-local storage.

    Raises:
        UserError: The host refuses one.
    """
    for slot, entry in enumerate(wanted):
        if entry != stub.tls[slot]:
            raw = ctypes.create_string_buffer(user_desc(FIRST_TLS + slot, entry))
            ptrace.request(ptrace.SET_THREAD_AREA, stub.pid, FIRST_TLS + slot, ctypes.addressof(raw))
    stub.tls = wanted


def load_ldt(stubs: Stubs, stub: Stub, wanted: bytes) -> None:
    """Gives the stub a local descriptor table.

    Raises:
        UserError: The host refuses an entry.
    """
    old, new = stub.ldt.ljust(len(wanted), b"\0"), wanted.ljust(len(stub.ldt), b"\0")
    changed = [at for at in range(0, len(new), 8) if new[at : at + 8] != old[at : at + 8]]
    most = PAGE_SIZE // _DESC_SIZE
    for start in range(0, len(changed), most):
        part = changed[start : start + most]
        rows = b"".join(user_desc(at // 8, int.from_bytes(new[at : at + 8], "little")) for at in part)
        calls = [(wall.MODIFY_LDT, wall.LDT_WRITE, _DESC_SIZE * row, _DESC_SIZE) for row in range(len(part))]
        stubs.run_with(stub, rows, calls, place=1)
    stub.ldt = wanted


def user_desc(number: int, entry: int) -> bytes:
    """A ``struct user_desc`` (asm/ldt.h) for a descriptor."""
    if not entry:
        return struct.pack("<4I", number, 0, 0, _EMPTY)
    base = entry >> 16 & 0xFF_FFFF | entry >> 56 << 24
    limit = entry & 0xFFFF | entry >> 32 & 0xF_0000
    access, flags = entry >> 40 & 0xFF, entry >> 52 & 0xF
    bits = (
        (flags >> 2 & 1)  # seg_32bit
        | (access >> 2 & 3) << 1  # contents
        | (not access & 2) << 3  # read_exec_only
        | (flags >> 3 & 1) << 4  # limit_in_pages
        | (not access & 0x80) << 5  # seg_not_present
        | (flags & 1) << 6  # useable
    )
    return struct.pack("<4I", number, base, limit, bits)
