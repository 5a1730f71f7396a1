"""The floating-point state as ``fnsave`` of 32-bit code stores it, and as an FXSAVE image (SDM 1, 8.1.10, 10.5.1)."""

from __future__ import annotations

import struct

SIZE = 108


def fsave(image: bytes) -> bytes:
    """The FSAVE form of an FXSAVE image (convert_from_fxsr): the header and eight 80-bit registers.

    The last word is the status word, and above it the mark that an FXSAVE image follows (magic 0).
    """
    control, status, tags = struct.unpack_from("<HHB", image)
    top = status >> 11 & 7
    full = 0
    for physical in range(8):
        register = image[32 + 16 * ((physical - top) & 7) :][:10]
        full |= (_tag(register) if tags >> physical & 1 else 3) << (2 * physical)
    (opcode,) = struct.unpack_from("<H", image, 6)
    ip, cs, data, ds = struct.unpack_from("<IHxxIHxx", image, 8)
    header = struct.pack(
        "<7I",
        control | 0xFFFF_0000,
        status | 0xFFFF_0000,
        full | 0xFFFF_0000,
        ip,
        cs | opcode << 16,
        data,
        ds | 0xFFFF_0000,
    )
    registers = b"".join(image[32 + 16 * number :][:10] for number in range(8))
    return header + registers + struct.pack("<HH", status, 0)


def _tag(register: bytes) -> int:
    """The two tag bits of a register in use: valid, zero or special (SDM 1, 8.1.7)."""
    significand, exponent = struct.unpack("<QH", register)
    exponent &= 0x7FFF
    if exponent == 0x7FFF:
        return 2
    if not exponent:
        return 2 if significand else 1
    return 0 if significand >> 63 else 2


def fxsave(image: bytes, mxcsr: int, xmm: bytes) -> bytes:
    """The FXSAVE image of an FSAVE image, with MXCSR and the vector registers, 16 bytes each."""
    control, status, tags, ip, code, data, ds = struct.unpack_from("<7I", image)
    used = sum(1 << number for number in range(8) if tags >> 2 * number & 3 != 3)
    head = struct.pack(
        "<HHBxHIHxxIHxxII", control & 0xFFFF, status & 0xFFFF, used, code >> 16 & 0x7FF, ip, code & 0xFFFF,
        data, ds & 0xFFFF, mxcsr, 0xFFFF,
    )  # fmt: skip
    registers = b"".join(image[28 + 10 * number :][:10].ljust(16, b"\0") for number in range(8))
    return (head + registers + xmm).ljust(512, b"\0")
