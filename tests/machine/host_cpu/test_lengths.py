from __future__ import annotations

from random import Random

import capstone
import pytest

from ring3.machine.host_cpu.instructions import reaches
from ring3.machine.host_cpu.lengths import length

ODD = [
    "66e8 00000000", "48b8 0000000000000000", "66b8 0000", "67a0 00000000", "48a1 0000000000000000", "f7c0 00000000",
    "f7d0", "f60425 00000000 01", "c8000000", "c20000", "0f3a0fc001", "c4e3790fc001", "c5f877", "c5f970c001",
    "62f17c481000", "62f37d481ec001", "0f0fc09e", "0fbae007", "488d0485 00000000", "8b44 2401", "90", "f3c3", "0f05",
]  # fmt: skip
ODD32 = [
    "9a 00000000 0000", "669a 0000 0000", "6781 00 00000000", "678b4601", "678b06 0000", "c400", "6200", "c5f877",
    "40", "66e8 0000", "a1 00000000", "67a1 0000", "d40a",
]  # fmt: skip


UNDEFINED = ("ud0", "ud1")
"""Makers of processors differ in what belongs to them."""


def lengths(code: bytes, bits: int) -> tuple[int, int, str]:
    """What is said of an instruction, what the disassembler says, and the instruction."""
    mode = capstone.CS_MODE_64 if bits == 64 else capstone.CS_MODE_32
    for _, size, name, operands in capstone.Cs(capstone.CS_ARCH_X86, mode).disasm_lite(code, 0, 1):
        if name not in UNDEFINED:
            return length(code.ljust(15, b"\0"), long_mode=bits == 64), size, f"{name} {operands}"
    return 0, 0, ""


@pytest.mark.parametrize(("code", "bits"), [*((code, 64) for code in ODD), *((code, 32) for code in ODD32)])
def test_an_instruction(code: str, bits: int) -> None:
    raw = bytes.fromhex(code)
    assert lengths(raw, bits)[:2] == (len(raw), len(raw))
    for missing in range(1, len(raw)):
        assert reaches(raw[:-missing], long_mode=bits == 64)


@pytest.mark.parametrize("bits", [64, 32])
def test_any_bytes_that_are_one(bits: int) -> None:
    draw = Random(15)
    codes = [draw.choice((b"", b"\x0f", b"\x66", b"\x48")) + draw.randbytes(14) for _ in range(3000)]
    found = [lengths(code, bits) for code in codes]
    assert [row for row in found if row[0] != row[1]] == []
    assert sum(size > 0 for _, size, _ in found) > 2000
