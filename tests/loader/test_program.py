"""What is wrong with an ELF file is found before anything is mapped, and said in a few words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring3.abi.errno import E
from ring3.kernel.mm.objects import MemoryObject
from ring3.loader.program import ExecError, Program
from ring3.machine.pmap import Prot
from tests.support.elf_file import (
    CODE,
    DATA,
    PAGE,
    PT_GNU_STACK,
    PT_INTERP,
    R,
    Segment,
    W,
    X,
    elf_file,
    header,
    program,
)
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
TEXT = Segment(PAGE, CODE, 16, 16)
BODY = bytes(16)


class BytesFile:
    """A file in memory whose pages nobody maps."""

    inode = place = None

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size(self) -> int:
        return len(self._content)

    def pread(self, offset: int, size: int) -> bytes:
        return self._content[offset : offset + size]

    @property
    def pages(self) -> MemoryObject:
        raise AssertionError("nothing is to be mapped")


def read(content: bytes) -> Program:
    return Program.read(BytesFile(content))


def refused(content: bytes) -> ExecError | None:
    """Why a file is refused, or None if it is not."""
    try:
        read(content)
    except ExecError as error:
        return error
    return None


def refusal(content: bytes) -> str:
    with pytest.raises(ExecError) as error:
        read(content)
    assert error.value.number is E.ENOEXEC
    return error.value.reason


# -- what is good --------------------------------------------------------------------------------------------------


@BITS
def test_a_good_file_is_what_its_headers_say(bits: Bits) -> None:
    found = read(program(b"\x90" * 10, bits, data=b"abc"))
    assert (found.header.bits, found.header.entry, found.interpreter) == (bits, CODE, None)
    assert [(s.vaddr, s.filesz, s.memsz, s.flags) for s in found.loads] == [
        (CODE, 10, 10, R | X),
        (DATA, 3, PAGE, R | W),
    ]
    assert not found.relocatable
    assert found.stack_prot == Prot.READ | Prot.WRITE


@BITS
def test_a_file_of_the_compilers_is_good(toolchain: Toolchain, bits: Bits) -> None:
    fixed = read(toolchain.program("basic/hello.c", bits=bits).read_bytes())
    assert not fixed.relocatable
    assert read(toolchain.program("basic/hello.c", bits=bits, kind="static-pie").read_bytes()).relocatable
    assert read(toolchain.program("basic/hello.c", bits=bits, kind="dynamic").read_bytes()).interpreter in (
        b"/lib64/ld-linux-x86-64.so.2",
        b"/lib/ld-linux.so.2",
    )
    assert fixed.interpreter is None


@pytest.mark.parametrize(
    ("flags", "prot"),
    [
        (R | W, Prot.READ | Prot.WRITE),
        (R | W | X, Prot.READ | Prot.WRITE | Prot.EXEC),
        (0, Prot.READ | Prot.WRITE),
    ],
)
def test_the_stack_is_executable_if_the_header_says_so(flags: int, prot: int) -> None:
    stack = Segment(type=PT_GNU_STACK, vaddr=0, flags=flags)
    assert read(elf_file([TEXT, stack], BODY)).stack_prot == prot


def test_without_that_header_nothing_is_said_of_the_stack() -> None:
    assert read(elf_file([TEXT], BODY)).stack_prot is None


@pytest.mark.parametrize(
    ("aligns", "alignment"),
    [
        ([0], PAGE),
        ([1], PAGE),
        ([PAGE], PAGE),
        ([0x200000], 0x200000),
        ([0x3000], PAGE),
        ([PAGE, 0x10000], 0x10000),
    ],
)
def test_the_alignment_is_the_largest_power_of_two(aligns: list[int], alignment: int) -> None:
    segments = [
        Segment(PAGE, CODE + number * 0x100000, 16, 16, align=align) for number, align in enumerate(aligns)
    ]
    assert read(elf_file(segments, BODY)).alignment == alignment


@pytest.mark.parametrize("osabi", [0, 3, 6, 9, 255])
def test_the_abi_field_does_not_count_on_linux(osabi: int) -> None:
    assert read(elf_file([TEXT], BODY, osabi=osabi)).header.osabi == osabi


def test_segments_may_touch_and_leave_holes() -> None:
    segments = [TEXT, Segment(PAGE + 16, CODE + 16, 0, 16, R | W), Segment(PAGE, CODE + 0x300000, 16, 16)]
    assert len(read(elf_file(segments, BODY)).loads) == 3


def test_an_interpreters_name_ends_at_its_null_byte() -> None:
    segments = [TEXT, Segment(PAGE, 0, 8, 8, R, PT_INTERP)]
    assert read(elf_file(segments, b"/ld\0xyz\0".ljust(16, b"\0"))).interpreter == b"/ld"


# -- what is not an ELF program ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"\x7f", "not an ELF file"),
        (b"\x7fEL", "not an ELF file"),
        (b"#!/bin/sh\n", "not an ELF file"),
        (b"MZ" + bytes(100), "not an ELF file"),
        (b"\x7fELG" + bytes(100), "not an ELF file"),
        (b"\0" * 64, "not an ELF file"),
    ],
)
def test_a_file_of_another_kind(content: bytes, reason: str) -> None:
    assert refusal(content) == reason


@BITS
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": 1}, "not an executable (ELF type 1)"),
        ({"type": 4}, "not an executable (ELF type 4)"),
        ({"type": 0}, "not an executable (ELF type 0)"),
        ({"machine": 40}, "made for another machine (ELF machine 40, {bits}-bit)"),
        ({"machine": 183}, "made for another machine (ELF machine 183, {bits}-bit)"),
        ({"data": 2}, "not a little-endian ELF file"),
        ({"data": 0}, "not a little-endian ELF file"),
        ({"elf_class": 0}, "unknown ELF class 0"),
        ({"elf_class": 3}, "unknown ELF class 3"),
        ({"phnum": 0}, "0 program headers"),
        ({"phnum": 65535}, "65535 program headers"),
        ({"phentsize": 0}, "program headers of 0 bytes, not {size}"),
        ({"phentsize": 1}, "program headers of 1 bytes, not {size}"),
        ({"phentsize": 64}, "program headers of 64 bytes, not {size}"),
    ],
)
def test_a_header_that_is_not_a_programs(bits: Bits, fields: dict[str, int], reason: str) -> None:
    expected = reason.format(bits=bits, size=56 if bits == 64 else 32)
    assert refusal(elf_file([TEXT], BODY, bits, **fields)) == expected


@pytest.mark.parametrize(("bits", "machine"), [(64, 3), (32, 62)])
def test_the_class_of_the_other_machine(bits: Bits, machine: int) -> None:
    """x32 programs are 32-bit files for x86-64."""
    assert refusal(elf_file([TEXT], BODY, bits, machine=machine)).startswith("made for another machine")


@pytest.mark.parametrize(("bits", "claimed"), [(64, 1), (32, 2)])
def test_the_wrong_class_in_the_ident(bits: Bits, claimed: int) -> None:
    assert refusal(elf_file([TEXT], BODY, bits, elf_class=claimed))


# -- what is cut short ---------------------------------------------------------------------------------------------


@BITS
def test_every_cut_of_a_file_is_refused(bits: Bits) -> None:
    whole = elf_file([TEXT, Segment(PAGE, 0, 8, 8, R, PT_INTERP)], b"/ld\0\0\0\0\0".ljust(16, b"\0"), bits)
    head, table = len(header(bits)), 2 * (56 if bits == 64 else 32)
    read(whole)
    for length in [*range(head + table + 8), *range(PAGE - 4, len(whole))]:
        reason = refusal(whole[:length])
        if length == 0:
            assert reason == "empty file"
        elif length < 4:
            assert reason == "not an ELF file"
        elif length < head:
            assert reason == "truncated ELF header"
        elif length < head + table:
            assert reason == "truncated program headers"
        else:
            assert reason.startswith("truncated: a segment ends at byte 0x1010 of")


@BITS
@pytest.mark.parametrize("phoff", [PAGE + 16, 1 << 20, (1 << 32) - 1])
def test_program_headers_beyond_the_file(bits: Bits, phoff: int) -> None:
    assert refusal(elf_file([TEXT], BODY, bits, phoff=phoff)) == "truncated program headers"


def test_program_headers_at_an_absurd_offset() -> None:
    assert refusal(elf_file([TEXT], BODY, phoff=(1 << 64) - 1)) == "truncated program headers"


# -- segments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ([Segment(type=PT_GNU_STACK)], "no segment to load"),
        ([Segment(PAGE, CODE, 16, 15)], "a segment has 0x10 bytes in the file and 0xf in memory"),
        ([Segment(PAGE, CODE, 17, 17)], "truncated: a segment ends at byte 0x1011 of 0x1010"),
        ([Segment(1 << 40, CODE, 16, 16)], "truncated: a segment ends at byte 0x10000000010 of 0x1010"),
        ([Segment((1 << 64) - PAGE, CODE, 16, 16)], "truncated: a segment ends at byte"),
        ([Segment(PAGE, CODE + 1, 16, 16)], "a segment's address and file offset differ within the page"),
        ([TEXT, TEXT], "segments overlap or are out of order at 0x400000"),
        ([TEXT, Segment(PAGE, CODE + 15, 0, 16)], "segments overlap or are out of order at 0x40000f"),
        ([Segment(PAGE, CODE + PAGE, 16, 16), TEXT], "segments overlap or are out of order at 0x400000"),
        (
            [Segment(PAGE, CODE, 16, 1 << 47)],
            "a segment ends at 0x800000400000, above the addresses of programs",
        ),
        ([Segment(PAGE, CODE, 16, (1 << 64) - 1)], "a segment ends at 0x100000000003fffff, above"),
        ([Segment(PAGE, 0x7FFF_FFFF_F000, 16, PAGE + 1)], "a segment ends at 0x800000000001, above"),
        ([Segment(PAGE, 0x8000_0000_0000, 16, 16)], "a segment ends at 0x800000000010, above"),
        ([Segment(PAGE, 0xFFFF_8880_0000_0000, 16, 16)], "a segment ends at 0xffff888000000010, above"),
        ([Segment(PAGE, 0xFFFF_FFFF_FF60_0000, 16, 16)], "a segment ends at 0xffffffffff600010, above"),
        ([TEXT, Segment(PAGE, 0, 1, 1, R, PT_INTERP)], "an interpreter's name of 1 bytes"),
        ([TEXT, Segment(PAGE, 0, 4097, 4097, R, PT_INTERP)], "an interpreter's name of 4097 bytes"),
        ([TEXT, Segment(PAGE, 0, 15, 15, R, PT_INTERP)], "the interpreter's name is cut short"),
        ([TEXT, Segment(PAGE, 0, 64, 64, R, PT_INTERP)], "the interpreter's name is cut short"),
        ([TEXT, Segment(1 << 40, 0, 16, 16, R, PT_INTERP)], "the interpreter's name is cut short"),
    ],
)
def test_a_segment_that_cannot_be(segments: list[Segment], reason: str) -> None:
    assert refusal(elf_file(segments, b"a" * 16)).startswith(reason)


@pytest.mark.parametrize("vaddr", [0xFFFF_F000, 0xFFFF_FFF0])
def test_a_32_bit_segment_ends_within_4_gib(vaddr: int) -> None:
    body = bytes(PAGE)
    segment = Segment(PAGE + vaddr % PAGE, vaddr, 16, PAGE + 1)
    assert refusal(elf_file([segment], body, 32)).endswith("above the addresses of programs")


# -- anything ------------------------------------------------------------------------------------------------------


def mutated(source: bytes, limit: int) -> st.SearchStrategy[bytes]:
    """The file with some of its first ``limit`` bytes replaced, and perhaps cut."""

    def apply(changes: list[tuple[int, int]], length: int) -> bytes:
        content = bytearray(source)
        for at, value in changes:
            content[at] = value
        return bytes(content[:length])

    position = st.tuples(st.integers(0, limit - 1), st.integers(0, 255))
    return st.builds(apply, st.lists(position, min_size=1, max_size=8), st.integers(0, len(source)))


@pytest.mark.parametrize(
    "make",
    [lambda: program(b"\x90" * 16, 64, data=b"x"), lambda: program(b"\x90" * 16, 32)],
    ids=["64", "32"],
)
def test_a_damaged_file_is_read_or_refused(make: Callable[[], bytes]) -> None:
    source = make()

    @settings(max_examples=400, derandomize=True)
    @given(mutated(source, 64 + 3 * 56))
    def check(content: bytes) -> None:
        error = refused(content)
        if error is not None:
            assert error.number is E.ENOEXEC
            assert error.reason
            assert "\n" not in error.reason

    check()


@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic_are_read_or_refused(tail: bytes) -> None:
    error = refused(b"\x7fELF" + tail)
    assert error is None or error.reason
