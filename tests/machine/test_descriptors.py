from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.machine.descriptors import Gate, GateType, Segment, Tss, system_descriptor

LINUX_GDT = {
    "kernel32 code": (0x00CF9B000000FFFF, Segment(0, 0xFFFFFFFF, 0x9B, 0xC)),
    "kernel code": (0x00AF9B000000FFFF, Segment(0, 0xFFFFFFFF, 0x9B, 0xA)),
    "kernel data": (0x00CF93000000FFFF, Segment(0, 0xFFFFFFFF, 0x93, 0xC)),
    "user32 code": (0x00CFFB000000FFFF, Segment(0, 0xFFFFFFFF, 0xFB, 0xC)),
    "user data": (0x00CFF3000000FFFF, Segment(0, 0xFFFFFFFF, 0xF3, 0xC)),
    "user code": (0x00AFFB000000FFFF, Segment(0, 0xFFFFFFFF, 0xFB, 0xA)),
}


@pytest.mark.parametrize("name", LINUX_GDT)
def test_segment_is_the_bytes_of_a_running_linux(name: str) -> None:
    value, segment = LINUX_GDT[name]
    assert segment.to_bytes() == struct.pack("<Q", value)
    assert Segment.from_bytes(struct.pack("<Q", value)) == segment


@given(st.binary(min_size=8, max_size=8))
def test_any_eight_bytes_are_a_segment_that_gives_them_back(raw: bytes) -> None:
    assert Segment.from_bytes(raw).to_bytes() == raw


def test_segment_fields_lie_where_the_manual_has_them() -> None:
    segment = Segment(base=0x89ABCDEF, limit=0x12345, access=0xE5, flags=0x5)
    assert segment.to_bytes() == bytes.fromhex("4523efcdabe55189")


@pytest.mark.parametrize(
    ("access", "flags", "is_code", "conforming", "long", "present", "dpl"),
    [
        (0x9B, 0xA, True, False, True, True, 0),
        (0x9F, 0xA, True, True, True, True, 0),
        (0xFB, 0xC, True, False, False, True, 3),
        (0x1B, 0xA, True, False, True, False, 0),
        (0xF3, 0xC, False, False, False, True, 3),
        (0xD7, 0xC, False, False, False, True, 2),  # data that expands down is not conforming
        (0x8B, 0x0, False, False, False, True, 0),  # a TSS is not code
        (0x8F, 0x0, False, False, False, True, 0),
    ],
)
def test_segment_kinds(
    access: int, flags: int, is_code: bool, conforming: bool, long: bool, present: bool, dpl: int
) -> None:
    segment = Segment(0, 0xFFFFF, access, flags)
    assert (segment.is_code, segment.is_conforming) == (is_code, conforming)
    assert (segment.is_long, segment.present, segment.dpl) == (long, present, dpl)


def test_limit_counts_bytes_whatever_the_granularity() -> None:
    assert Segment.from_bytes(struct.pack("<Q", 0x00809B000000FFFF)).limit == 0xFFFFFFF
    assert Segment.from_bytes(struct.pack("<Q", 0x00009B000000FFFF)).limit == 0xFFFF


def test_hidden_flags_are_the_second_word_without_the_base() -> None:
    assert Segment(0xFFFFFFFF, 0xFFFFFFFF, 0xFB, 0xA).cache_flags == 0x00A0FB00


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        (Segment(0, 0xFFFFFFFF, 0xFB, 0xA), "64-bit code base=0x0 limit=0xffffffff DPL=3 P=1"),
        (Segment(0, 0xFFFFFFFF, 0xFB, 0xC), "32-bit code base=0x0 limit=0xffffffff DPL=3 P=1"),
        (Segment(0x1000, 0xFF, 0x13, 0x0), "16-bit data base=0x1000 limit=0xff DPL=0 P=0"),
        (Segment(0x1000, 0x67, 0x8B, 0x0), "system base=0x1000 limit=0x67 DPL=0 P=1"),
    ],
)
def test_segment_as_text(segment: Segment, text: str) -> None:
    assert str(segment) == text


def test_gate_fields_lie_where_the_manual_has_them() -> None:
    gate = Gate(0x0123456789ABCDEF, 0x10, 3, GateType.INTERRUPT, 3, True)
    assert gate.to_bytes() == bytes.fromhex("efcd100003eeab896745230100000000")
    assert str(gate) == "interrupt gate offset=0x123456789abcdef selector=0x10 DPL=3 IST=3 P=1"
    assert str(Gate(0, 8, 0, GateType.TRAP, 0, False)) == "trap gate offset=0x0 selector=0x8 DPL=0 IST=0 P=0"
    assert str(Gate(0, 8, 0, 5, 0, True)).startswith("type 0x5 offset=0x0")


@given(
    st.builds(
        Gate,
        offset=st.integers(0, 2**64 - 1),
        selector=st.integers(0, 2**16 - 1),
        ist=st.integers(0, 7),
        type=st.integers(0, 15),
        dpl=st.integers(0, 3),
        present=st.booleans(),
    )
)
def test_gate_survives_memory(gate: Gate) -> None:
    assert Gate.from_bytes(gate.to_bytes()) == gate


@given(st.binary(min_size=16, max_size=16))
def test_any_sixteen_bytes_are_a_gate(raw: bytes) -> None:
    gate = Gate.from_bytes(raw)
    reserved_cleared = bytearray(raw)
    reserved_cleared[4] &= 7
    reserved_cleared[5] &= 0xEF
    reserved_cleared[12:] = bytes(4)
    assert gate.to_bytes() == bytes(reserved_cleared)


def test_tss_offsets_are_the_manuals() -> None:
    assert [Tss.rsp(ring) for ring in range(3)] == [0x04, 0x0C, 0x14]
    assert [Tss.ist(slot) for slot in range(1, 8)] == [0x24, 0x2C, 0x34, 0x3C, 0x44, 0x4C, 0x54]
    assert (Tss.IO_MAP_BASE, Tss.SIZE) == (0x66, 0x68)


def test_system_descriptor_has_a_base_of_64_bits() -> None:
    raw = system_descriptor(0xFFFFFFFF81234567, 0x67, 0x8B)
    assert raw == bytes.fromhex("67006745238b0081ffffffff00000000")
