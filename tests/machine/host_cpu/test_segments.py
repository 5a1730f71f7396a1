from __future__ import annotations

import struct

import pytest

from ring3.machine.descriptors import Segment
from ring3.machine.host_cpu.segments import user_desc


def fields(segment: Segment) -> tuple[int, int, int, int]:
    number, base, limit, bits = struct.unpack(
        "<4I", user_desc(12, int.from_bytes(segment.to_bytes(), "little"))
    )
    return number, base, limit, bits


def test_data_of_thread_local_storage() -> None:
    # seg_32bit, limit_in_pages, useable: what glibc asks for
    assert fields(Segment(0x1234_5678, 0xFFFF_FFFF, 0xF3, 0xD)) == (12, 0x1234_5678, 0xF_FFFF, 0x51)


@pytest.mark.parametrize(
    ("access", "flags", "bits"),
    [(0xF1, 0x4, 1 | 1 << 3), (0xF7, 0x4, 1 | 1 << 1), (0xFB, 0x4, 1 | 2 << 1), (0x73, 0x4, 1 | 1 << 5)],
    ids=["read only", "expand down", "code", "not present"],
)
def test_each_bit_of_a_descriptor(access: int, flags: int, bits: int) -> None:
    assert fields(Segment(0, 0xFFFF, access, flags))[3] == bits


def test_no_descriptor_is_an_empty_one() -> None:
    assert struct.unpack("<4I", user_desc(13, 0)) == (13, 0, 0, 0x28)
