"""Machine code that tests put into ring 0, and small programs that meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ring3.computer import Linux
from ring3.machine.pmap import Prot
from tests.support.elf_file import program, put
from tests.support.toolchain import Bits

AT: Final = 0xFFFF_FFFF_8280_0000
"""Where injected code lies: in the 2 GiB of the kernel's image, above what boot put there."""

ANSWER: Final = 77

RETURN: Final = bytes.fromhex("b84d000000 c3")
"""mov $77, %eax; ret: a handler."""
IRETQ: Final = bytes.fromhex("b84d000000 48cf")
"""mov $77, %eax; iretq: what a gate may lead to."""
SYSRETQ: Final = bytes.fromhex("b84d000000 480f07")
SYSRETL: Final = bytes.fromhex("b84d000000 0f07")
SYSEXIT: Final = bytes.fromhex("b84d000000 89f2 89e9 0f35")
"""mov $77, %eax; mov %esi, %edx; mov %ebp, %ecx; sysexit: the program says in esi where to go on, in ebp its stack."""


def inject(linux: Linux, code: bytes, at: int = AT) -> int:
    """Puts code into ring 0; returns its address."""
    frame = linux.machine.ram.alloc()
    linux.machine.ram.bytes[frame : frame + len(code)] = code
    linux.machine.kernel_pmap.enter(at, frame, Prot.READ | Prot.EXEC, user=False)
    return at


def exits_with_result_of(folder: Path, call: bytes, bits: Bits = 64) -> Path:
    """A program that runs ``call`` and exits with the low byte of its result, by a door that tests leave alone.

    A 64-bit program exits by ``syscall``, unless ``call`` goes that way: then by ``int $0x80``. A 32-bit one exits by
    ``int $0x80``, unless ``call`` goes that way: then by ``sysenter``.
    """
    return put(folder / "program", program(call + exit_code(call, bits), bits))


def exit_code(call: bytes, bits: Bits) -> bytes:
    """Code that exits with the status in al."""
    by_int80 = bytes.fromhex("89c3 b801000000 cd80")
    if bits == 64:
        return by_int80 if b"\x0f\x05" in call else bytes.fromhex("89c7 b83c000000 0f05")
    return bytes.fromhex("89c3 b801000000 89e5 0f34") if b"\xcd\x80" in call else by_int80


GETPID_SYSCALL: Final = bytes.fromhex("b827000000 0f05")
GETPID_INT80: Final = bytes.fromhex("b814000000 cd80")
INT_21: Final = bytes.fromhex("cd21")
_FRAME: Final = bytes.fromhex("6816004000 515255")
"""push $0x400016; push %ecx; push %edx; push %ebp: what the vDSO's landing pad pops, and where it returns then."""
SYSENTER_32: Final = _FRAME + bytes.fromhex("89e5 be16004000 b814000000 0f34")
"""mov %esp, %ebp; mov $0x400016, %esi; mov $20, %eax; sysenter: esi too holds the address after it."""
SYSCALL_32: Final = _FRAME + bytes.fromhex("89e5 be16004000 b814000000 0f05")
