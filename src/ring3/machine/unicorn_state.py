"""Where Unicorn keeps each register inside a saved context.

A saved context is a copy of QEMU's ``CPUX86State`` behind a small header. Its start is found by looking (sixteen
known values in the general registers); the fields after it are at fixed distances in the pinned release, and
`verify` proves each by making the library write it. A build that lays them out otherwise is refused at boot.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.machine.msr import Msr

# Distances in bytes from RAX, Unicorn 2.1.x on a 64-bit host.
RIP: Final = 0x80
EFLAGS: Final = 0x88
HFLAGS: Final = 0xB0
HFLAGS2: Final = 0xB4
SEGMENTS: Final = 0xB8
SEGMENT_SIZE: Final = 24
SEGMENT_BASE: Final = 8
SEGMENT_LIMIT: Final = 16
SEGMENT_FLAGS: Final = 20
LDTR: Final = SEGMENTS + 6 * SEGMENT_SIZE
TR: Final = SEGMENTS + 7 * SEGMENT_SIZE
GDTR: Final = SEGMENTS + 8 * SEGMENT_SIZE
IDTR: Final = SEGMENTS + 9 * SEGMENT_SIZE
CR0: Final = SEGMENTS + 10 * SEGMENT_SIZE
CR2: Final = CR0 + 16
CR3: Final = CR0 + 24
CR4: Final = CR0 + 32
FPU: Final = 0x258
FPU_END: Final = 0xB38
ERROR_CODE: Final = 0x1508
IS_INT: Final = 0x150C
OLD_EXCEPTION: Final = 0x1578
MSRS: Final = {
    Msr.MSR_IA32_SYSENTER_CS: 0x12C0,
    Msr.MSR_IA32_SYSENTER_ESP: 0x12C8,
    Msr.MSR_IA32_SYSENTER_EIP: 0x12D0,
    Msr.MSR_STAR: 0x12D8,
    Msr.MSR_LSTAR: 0x12E8,
    Msr.MSR_CSTAR: 0x12F0,
    Msr.MSR_SYSCALL_MASK: 0x12F8,
    Msr.MSR_KERNEL_GS_BASE: 0x1300,
    Msr.MSR_TSC_AUX: 0x1320,
    Msr.MSR_FS_BASE: SEGMENTS + 4 * SEGMENT_SIZE + SEGMENT_BASE,
    Msr.MSR_GS_BASE: SEGMENTS + 5 * SEGMENT_SIZE + SEGMENT_BASE,
    Msr.MSR_EFER: 0x250,
}
"""Distance of each MSR's field; MSR_EFER's is there for reading only, writing it changes derived state."""

PROCESSORS: Final = (
    (HFLAGS2, HFLAGS2 + 4),
    (LDTR, CR0 + 8),
    (CR4, CR4 + 8),
    (MSRS[Msr.MSR_EFER], MSRS[Msr.MSR_EFER] + 8),
    (MSRS[Msr.MSR_IA32_SYSENTER_CS], MSRS[Msr.MSR_SYSCALL_MASK] + 8),
    (MSRS[Msr.MSR_TSC_AUX], MSRS[Msr.MSR_TSC_AUX] + 8),
)
"""Start and end of what belongs to the processor and not to the program on it (see `Cpu.load`)."""

# hidden-flag bits of QEMU's target/i386/cpu.h
HF_CPL: Final = 3
HF_CS32: Final = 1 << 4
HF_SS32: Final = 1 << 5
HF_ADDSEG: Final = 1 << 6
HF_CS64: Final = 1 << 15
HF_SMAP: Final = 1 << 23
REPEATABLE: Final = 1 << 31
ONE_BY_ONE: Final = 1 << 30
"""The bits of the second word of hidden flags that are ours (``emulator/emulator.h``)."""


class Probe(NamedTuple):
    """What `verify` may do to the CPU that it checks.

    Attributes:
        snapshot: The saved context as it is now.
        write_gpr: Sets a general register through the library.
        write_msr: Sets an MSR through the library.
        execute: Runs a few bytes of machine code in the CPU's first state, ring 0 without paging; returns the vector
            that stops them, or a negative number.
    """

    snapshot: Callable[[], bytes]
    write_gpr: Callable[[int, int], None]
    write_msr: Callable[[int, int], None]
    execute: Callable[[bytes], int]


def find_registers(probe: Probe) -> int:
    """Offset of RAX in a saved context.

    Raises:
        UserError: The sixteen general registers do not lie in a row.
    """
    values = [0x5A00_0000_0000_0001 + (number << 32) for number in range(16)]
    for number, value in enumerate(values):
        probe.write_gpr(number, value)
    offset = probe.snapshot().find(struct.pack("<16Q", *values))
    for number in range(16):
        probe.write_gpr(number, 0)
    if offset < 0 or offset % 8:
        raise UserError("this build of the Unicorn library keeps its registers in an unknown way")
    return offset


def verify(probe: Probe, base: int) -> None:
    """Checks that the fields used by the CPU are where the table above says.

    Raises:
        UserError: One is not; the message names it.
    """

    def expect(name: str, at: int, form: str, value: int) -> None:
        (found,) = struct.unpack_from(form, probe.snapshot(), base + at)
        if found != value:
            raise UserError(f"this build of the Unicorn library keeps {name} in an unknown place")

    for msr, at in MSRS.items():
        if msr is Msr.MSR_EFER:
            continue
        value = 0x1234 + msr % 7 if msr is Msr.MSR_IA32_SYSENTER_CS else 0x1122_3344_0000_0000 + msr
        probe.write_msr(msr, value)
        expect(msr.name, at, "<Q", value if msr is not Msr.MSR_IA32_SYSENTER_CS else value & 0xFFFF)
        probe.write_msr(msr, 0)
    expect("the exception in flight", OLD_EXCEPTION, "<i", -1)
    probe.execute(b"\xcd\x21")  # int $0x21
    expect("the software interrupt flag", IS_INT, "<i", 1)
    probe.execute(b"\x66\xb8\x78\x56\x8e\xd8")  # mov $0x5678,%ax; mov %eax,%ds: #GP(0x5678)
    expect("the error code", ERROR_CODE, "<i", 0x5678)
    expect("the exception in flight", OLD_EXCEPTION, "<i", 13)
    probe.execute(b"\x31\xc0\xfd\xf9")  # xor %eax,%eax; std; stc
    expect("the flags", EFLAGS, "<Q", 0x447)
    _verify_floating_point(probe, base)


def _verify_floating_point(probe: Probe, base: int) -> None:
    """Checks that the functions of ours (`machine.emulator`) are called, and find x87, MXCSR and the CPU's class.

    Raises:
        UserError: They do not; the message says which.
    """
    vector = probe.execute(_FLOATING_POINT)
    mxcsr, status = struct.unpack_from("<QQ", probe.snapshot(), base)
    for name, found, expected in (
        ("SSE's flags", mxcsr & 0x3F, 0x20),
        ("the x87's flags", status & 0x3F, 0x20),
        ("the check of alignment", vector, 8),  # #GP, but one is in flight: a double fault
    ):
        if found != expected:
            raise UserError(f"this build of the Unicorn library keeps {name} in an unknown place")


_FLOATING_POINT: Final = bytes.fromhex(
    "eb04 00000000"  # jmp 1f; 0: .long 0; 1:
    "c705f2ffffff801f0000 0fae15ebffffff"  # movl $0x1f80, 0b(%rip); ldmxcsr 0b(%rip)
    "b801000000 f30f2ac0 b803000000 f30f2ac8"  # mov $1, %eax; cvtsi2ss %eax, %xmm0; the same with 3 and %xmm1
    "f30f5ec1 0fae1dceffffff"  # divss %xmm1, %xmm0; stmxcsr 0b(%rip)
    "dbe3 d9eb d9fe ddd8 dfe0 89c1"  # fninit; fldpi; fsin; fstp %st; fnstsw %ax; mov %eax, %ecx
    "8b05bcffffff 0f2805b5ffffff"  # mov 0b(%rip), %eax; movaps 0b(%rip), %xmm0
)
