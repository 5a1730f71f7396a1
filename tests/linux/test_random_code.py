"""No machine code, registers or flags that a program can have make Python fail, and both paths make the same of them.

Each example sets every general register and the flags to chosen values and runs up to 32 bytes of code: random bytes,
and the instructions that meet the kernel. A program may end by an exit or by a signal, or run on; nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from ring3.errors import Deadlock
from ring3.machine.cpu import Event
from ring3.machine.registers import Flags, Gpr
from tests.support import guest
from tests.support.elf_file import CODE, DATA, PAGE, program, put
from tests.support.guest import Outcome, OutOfTime, PathThrough
from tests.support.toolchain import Bits

SECONDS = 0.4
EXAMPLES = 200
CHANCE = re.compile(rb"\x0f\x31|\x0f\x01\xf9|\x0f\xc7[\xf0-\xff]", re.DOTALL)
"""rdtsc, rdtscp, rdrand and rdseed: no two runs are alike with them."""

SETTABLE = [Flags.CF, Flags.PF, Flags.AF, Flags.ZF, Flags.SF, Flags.TF, Flags.DF, Flags.OF, Flags.IOPL, Flags.NT,
            Flags.RF, Flags.AC, Flags.VIF, Flags.ID]  # fmt: skip
"""What popf is given; of IOPL, RF and VIF it takes nothing in ring 3."""

PLACES = [0, 1, 8, CODE, CODE + 0x100, DATA, DATA + 8, DATA + PAGE - 4, DATA + PAGE, 0x7FFF_FFFF_EE00, 0xFFFF_DE00,
          0x7FFF_FFFF_F000, 0x8000_0000_0000, 0xFFFF_8880_0000_0000, 0xFFFF_FFFF_8100_0000, 0xFFFF_FFFF_FF60_0000,
          0xFFFF_FFFF_FF60_0400, (1 << 64) - 1, 1 << 63, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_F000]  # fmt: skip
"""Values at which something begins, ends or is forbidden."""

DOORS = ["0f05", "0f34", "cd80", "cc", "f1", "cd03", "cd04", "cd0e", "cd21", "ce"]
RETURNS = ["c3", "cb", "48cb", "cf", "48cf", "0f07", "480f07", "0f35", "480f35"]
JUMPS = ["ffe0", "ffd1", "ff22", "ff2b", "48ff2b", "ff1f", "ea", "ebfe", "e2fe"]
SEGMENTS = [
    "8ed8",
    "8ec1",
    "8ed2",
    "8ee3",
    "8ee8",
    "1f",
    "07",
    "0fa1",
    "0fb2",
    "0f00d8",
    "0f02c1",
    "0f03c1",
    "0f01f8",
]
FLAGS = ["9d", "9c", "fd", "fa", "fb", "0f01ca", "0f01cb"]
FORBIDDEN = [
    "f4",
    "0f01d0",
    "0f20c0",
    "0f22d8",
    "0f21c0",
    "0f32",
    "0f30",
    "0f33",
    "0f09",
    "ec",
    "6f",
    "f36e",
    "0f0b",
]
MEMORY = [
    "8b00",
    "8901",
    "f3a4",
    "f3aa",
    "f348ab",
    "0fc708",
    "f00fc10b",
    "dd38",
    "0fae00",
    "0fae08",
    "0f2900",
    "c8ffff1f",
]
BASES = ["f3480faed0", "f3480faed8", "f30faec0", "648b00", "658b01", "64c60000"]


@dataclass(frozen=True, slots=True)
class Start:
    """A program to be: its width, registers by encoding, flags and code."""

    bits: Bits
    registers: tuple[int, ...]
    flags: int
    code: bytes

    def program(self) -> bytes:
        """The ELF file. The code is followed by zeros, `add %al, (%rax)`, to the end of its page."""
        wide = self.bits == 64
        mask = (1 << self.bits) - 1
        setting = [b"\x68" + self.flags.to_bytes(4, "little") + b"\x9d"]
        for number in range(16 if wide else 8):
            value = (self.registers[number] & mask).to_bytes(self.bits // 8, "little")
            opcode = 0xB8 | number & 7
            setting.append((bytes([0x48 | number >> 3, opcode]) if wide else bytes([opcode])) + value)
        return program(b"".join(setting) + self.code, self.bits)


pieces = st.one_of(
    st.binary(min_size=1, max_size=6),
    st.sampled_from([*DOORS, *RETURNS, *JUMPS, *SEGMENTS, *FLAGS, *FORBIDDEN, *MEMORY, *BASES]).map(
        bytes.fromhex
    ),
    st.integers(0, 255).map(lambda vector: bytes([0xCD, vector])),
)
code = st.one_of(
    st.binary(min_size=1, max_size=32),
    st.lists(pieces, min_size=1, max_size=8).map(b"".join).map(lambda raw: raw[:32]),
).filter(lambda raw: not CHANCE.search(raw))
values = st.one_of(
    st.sampled_from(PLACES),
    st.integers(0, 600),
    st.integers(0, 2**64 - 1),
    st.tuples(st.sampled_from(PLACES), st.integers(-64, 64)).map(lambda pair: pair[0] + pair[1] & 2**64 - 1),
)
flags = st.lists(st.sampled_from(SETTABLE), max_size=5).map(lambda bits: int(sum(set(bits))))
widths: st.SearchStrategy[Bits] = st.sampled_from((64, 32))


@st.composite
def starts(draw: st.DrawFn) -> Start:
    """Any start; the stack pointer is a good one more often than not."""
    registers = [draw(values) for _ in range(16)]
    if draw(st.integers(0, 3)):
        registers[Gpr.RSP] = DATA + 0x800
    bits = draw(widths)
    return Start(bits, tuple(registers), draw(flags), draw(code))


def ends(path: PathThrough, binary: Path) -> Outcome | str:
    """How a program ends on a path, or ``on`` if it runs or waits on."""
    with guest.boot(path, ram_bytes=64 << 20) as linux:
        try:
            return guest.run(linux, binary, seconds=SECONDS)
        except OutOfTime:
            return "on"
        except Deadlock:
            return "on"


NOTHING = (0,) * 16


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random") / "program"


@settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
@given(start=starts())
@example(start=Start(64, NOTHING, Flags.TF, bytes.fromhex("0f05")))
@example(start=Start(64, NOTHING, Flags.TF, bytes.fromhex("cd80")))
@example(start=Start(32, NOTHING, Flags.TF, bytes.fromhex("0f34")))
@example(start=Start(32, NOTHING, Flags.NT, bytes.fromhex("0f34")))
@example(start=Start(32, NOTHING, Flags.AC, bytes.fromhex("0f34")))
@example(start=Start(64, NOTHING, Flags.NT, bytes.fromhex("48cf")))
@example(start=Start(64, NOTHING, 0, bytes.fromhex("0f34")))
@example(start=Start(64, (0x14, *NOTHING[1:]), 0, bytes.fromhex("0f34")))
@example(start=Start(32, (20, 0, 0, 0, DATA + 8, 0xFFFF_F000, 0, 0, *NOTHING[8:]), 0, bytes.fromhex("0f34")))
@example(start=Start(64, (39, 0, 0, 0, 1 << 63, *NOTHING[5:]), 0, bytes.fromhex("0f05cd80")))
@example(start=Start(64, (0xFFFF_FFFF_FF60_0400, *NOTHING[1:]), 0, bytes.fromhex("ffe0")))
@example(start=Start(64, (0x7FFF_FFFF_EFFE, *NOTHING[1:]), 0, bytes.fromhex("ffe0")))
@example(
    start=Start(
        64, NOTHING, 0, bytes.fromhex("6a2b6800085000") + bytes.fromhex("9c6a2368c8004000") + b"\x48\xcf"
    )
)
def test_both_paths_make_the_same_of_any_code(binary: Path, start: Start) -> None:
    put(binary, start.program())
    short, full = ends("short", binary), ends("full", binary)
    if isinstance(short, str) or isinstance(full, str):
        event("runs on")
        return
    event(f"status {short.status}" if short.status >= 128 else "exits")
    assert short.finished == full.finished
    assert short.registers == full.registers
    assert [stop for stop in short.stops if stop is not Event.INTERRUPTED] == [
        stop for stop in full.stops if stop is not Event.INTERRUPTED
    ]
    assert short.memory == full.memory
