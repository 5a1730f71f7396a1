"""No system call with any arguments makes Python fail, and both paths give the same answers.

Each example makes up to four calls, any numbers by any door, with arguments that are pointers to useful things, the
edges of memory, small numbers or anything. It then exits with what the last one answered.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ring3.abi import tbl
from ring3.machine.cpu import Event
from tests.linux.test_random_code import PLACES, ends
from tests.support.elf_file import CODE, DATA, PAGE, program, put
from tests.support.toolchain import Bits

EXAMPLES = 150
SYSCALL, INT80 = b"\x0f\x05", b"\xcd\x80"
REGISTERS = {SYSCALL: (7, 6, 2, 10, 8, 9), INT80: (3, 1, 2, 6, 7, 5)}
"""The registers of a call's arguments, by encoding: rdi rsi rdx r10 r8 r9, and ebx ecx edx esi edi ebp."""

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


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: the instruction, the number and six arguments."""

    door: bytes
    number: int
    arguments: tuple[int, ...]

    def code(self, bits: Bits) -> bytes:
        """Machine code that makes it."""
        size = bits // 8
        code = b""
        for register, value in zip(REGISTERS[self.door], self.arguments, strict=True):
            rex = bytes([0x48 | register >> 3]) if bits == 64 else b""
            code += rex + bytes([0xB8 | register & 7]) + (value & (1 << bits) - 1).to_bytes(size, "little")
        return code + b"\xb8" + (self.number & 0xFFFFFFFF).to_bytes(4, "little") + self.door


pointers = st.sampled_from(
    [DATA, DATA + TEXT, DATA + VECTOR, DATA + WORDS, DATA + ONES, DATA + PAGE - 8, CODE]
)
arguments = st.one_of(
    pointers,
    pointers,
    st.integers(0, 20),
    st.sampled_from([*PLACES, PAGE, 3 * PAGE, 0x20, 0x22, 0x1000022, 1 << 31, (1 << 64) - 100]),
    st.integers(0, 2**64 - 1),
)
numbers = {SYSCALL: st.integers(-1, tbl.NR_SYSCALLS), INT80: st.integers(-1, tbl.IA32_NR_SYSCALLS)}


@st.composite
def programs(draw: st.DrawFn) -> tuple[Bits, list[Call]]:
    """A width and calls that a program of it can make; 64-bit code may use both doors."""
    bits: Bits = draw(st.sampled_from((64, 32)))
    calls = []
    for _ in range(draw(st.integers(1, 4))):
        door = draw(st.sampled_from([SYSCALL, SYSCALL, INT80])) if bits == 64 else INT80
        calls.append(Call(door, draw(numbers[door]), tuple(draw(arguments) for _ in range(6))))
    return bits, calls


EXIT = {64: bytes.fromhex("89c7 b8e7000000 0f05"), 32: bytes.fromhex("89c3 b8fc000000 cd80")}
"""exit_group with the last answer."""


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random") / "program"


@settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
@given(made=programs())
def test_both_paths_answer_any_calls_alike(binary: Path, made: tuple[Bits, list[Call]]) -> None:
    bits, calls = made
    put(binary, program(b"".join(call.code(bits) for call in calls) + EXIT[bits], bits, data=CONTENT))
    short, full = ends("short", binary), ends("full", binary)
    if isinstance(short, str) or isinstance(full, str):
        event("runs on")
        return
    event("killed" if short.status > 128 and not short.left_by(Event.SYSCALL) else "exits")
    assert short.finished == full.finished
    assert short.registers == full.registers
    assert short.memory == full.memory
