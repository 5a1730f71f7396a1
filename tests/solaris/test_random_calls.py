"""No system call with any arguments makes Python fail, and both paths answer alike: by all doors of both widths.

Each example makes up to four calls, with arguments that are pointers to useful things, the edges of memory, small
numbers or anything. It then exits with what the last one answered.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ring3.abi.kinds import NamedTuple
from ring3.abi.solaris.sysent import NSYSCALL
from ring3.errors import Deadlock
from tests.support import guest, solaris
from tests.support.elf_file import CODE, DATA, PAGE, program, put
from tests.support.guest import Outcome, OutOfTime, PathThrough
from tests.support.toolchain import Bits

EXAMPLES = 40
SECONDS = 20.0
TEXT, VECTOR, WORDS, ONES = 0x40, 0x80, 0x100, 0x200
CONTENT = (
    bytes(TEXT)
    + b"/etc/passwd\0".ljust(0x20, b"x")
    + b"some text\0".ljust(0x20, b"\0")
    + struct.pack("<8Q", DATA + TEXT, 12, DATA + TEXT + 0x20, 9, DATA, 16, 0, 0).ljust(WORDS - VECTOR, b"\0")
    + struct.pack("<32Q", *range(32))
    + b"\xff" * 0x100
)
"""The start of the data page: zeros, a path, a text, vectors of pointers and lengths, small numbers, ones."""

SYSCALL = bytes.fromhex("0f05")
DOORS = {
    "int": bytes.fromhex("cd91"),
    "syscall": SYSCALL,
    "sysenter": bytes.fromhex("e800000000 5a 83c208 89e1 0f34"),  # where it goes on to edx, esp to ecx
    "lcall": bytes.fromhex("9a 00000000 2700"),
}
"""How 32-bit code makes a call whose arguments lie on the stack."""
REGISTERS = (7, 6, 2, 10, 8, 9)
"""rdi rsi rdx r10 r8 r9, by encoding."""


class Call(NamedTuple):
    """One system call: its door in 32-bit code, the number and six arguments."""

    door: str
    number: int
    arguments: tuple[int, ...]

    def code(self, bits: Bits) -> bytes:
        """Machine code that makes it."""
        number = b"\xb8" + (self.number & 0xFFFF_FFFF).to_bytes(4, "little")
        if bits == 64:
            moves = b"".join(
                bytes([0x48 | register >> 3, 0xB8 | register & 7])
                + (value & (1 << 64) - 1).to_bytes(8, "little")
                for register, value in zip(REGISTERS, self.arguments, strict=True)
            )
            return moves + number + SYSCALL
        stack = bytes.fromhex("bc") + (DATA + PAGE - 0x100).to_bytes(4, "little")
        pushes = b"".join(
            b"\x68" + (value & 0xFFFF_FFFF).to_bytes(4, "little") for value in reversed(self.arguments)
        )
        return stack + pushes + b"\x6a\x00" + number + DOORS[self.door]


pointers = st.sampled_from(
    [DATA, DATA + TEXT, DATA + VECTOR, DATA + WORDS, DATA + ONES, DATA + PAGE - 8, CODE]
)
arguments = st.one_of(
    pointers,
    pointers,
    st.integers(0, 20),
    st.sampled_from(
        [
            PAGE,
            3 * PAGE,
            0x102,
            0xFFD1_9553,
            0xFEFF_F000,
            0xFFFF_FD7F_FFE0_0000,
            1 << 31,
            (1 << 64) - 1,
            1 << 63,
        ]
    ),
    st.integers(0, 2**64 - 1),
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[Bits, list[Call]]:
    """A width and calls that a program of it can make."""
    bits: Bits = draw(st.sampled_from((64, 32)))
    calls = [
        Call(
            draw(st.sampled_from(sorted(DOORS))),
            draw(st.integers(-1, NSYSCALL)),
            tuple(draw(arguments) for _ in range(6)),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    return bits, calls


EXIT = {
    64: bytes.fromhex("89c7 b801000000 0f05"),
    32: bytes.fromhex("50 6a00 b801000000 cd91"),
}
"""exit with the last answer."""


def ends(path: PathThrough, binary: Path) -> Outcome | str:
    """How a program ends on a path, or ``on`` if it runs or waits on."""
    with guest.boot_solaris(path, ram_bytes=64 << 20) as machine:
        machine.kernel.make_time_virtual()
        machine.kernel.report = lambda _: None
        try:
            return guest.run(machine, binary, seconds=SECONDS)
        except (OutOfTime, Deadlock):
            return "on"


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random") / "program"


@settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck), deadline=None)
@given(made=programs())
def test_both_paths_answer_any_calls_alike(binary: Path, made: tuple[Bits, list[Call]]) -> None:
    bits, calls = made
    code = b"".join(call.code(bits) for call in calls) + EXIT[bits]
    put(binary, solaris.as_solaris(program(code, bits, data=CONTENT)))
    short, full = ends("short", binary), ends("full", binary)
    if isinstance(short, str) or isinstance(full, str):
        event("runs on")
        return
    event("killed" if short.status > 128 else "exits")
    assert short.finished == full.finished
    assert short.memory == full.memory
