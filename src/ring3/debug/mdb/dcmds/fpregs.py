"""``::fpregs``: the floating-point registers, from an image as fxsave64 writes it (SDM 1, table 10-2)."""

from __future__ import annotations

import struct
from typing import Final

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.registry import dcmd

_EXCEPTIONS: Final = ("IE", "DE", "ZE", "OE", "UE", "PE")
_CONTROL: Final = ("IM", "DM", "ZM", "OM", "UM", "PM")
_PRECISION: Final = ("SIG24", "RSV", "SIG53", "SIG64")
_ROUNDING: Final = ("RTN", "RD", "RU", "CHOP")
_STATUS: Final = {
    **dict(enumerate(_EXCEPTIONS)),
    6: "SF",
    7: "ES",
    8: "C0",
    9: "C1",
    10: "C2",
    14: "C3",
    15: "B",
}
_MXCSR: Final = {
    **dict(enumerate(_EXCEPTIONS)), 6: "DAZ", **{7 + n: name for n, name in enumerate(_CONTROL)}, 15: "FZ",
}  # fmt: skip
_ST_AT: Final = 32
_XMM_AT: Final = 160
_IMAGE: Final = 512


def _flags(value: int, names: dict[int, str]) -> list[str]:
    return [name for bit, name in names.items() if value >> bit & 1]


@dcmd("fpregs", "?", "print floating point registers")
def fpregs(call: Call) -> None:
    """Prints the registers of a thread: by its number, if one is given."""
    image = call.session.target.floating_point(call.address if call.given else None)
    if len(image) < _IMAGE:
        raise MdbError("failed to get floating point registers: there are none")
    control, status, tags, opcode, rip, rdp, mxcsr = struct.unpack_from("<HHBxHQQI", image)
    words = _flags(control, dict(enumerate(_CONTROL)))
    words += [_PRECISION[control >> 8 & 3], _ROUNDING[control >> 10 & 3], "A" if control >> 12 & 1 else "P"]
    call.write(f"cw     0x{control:04x} ({'|'.join(words)})\n")
    top = status >> 11 & 7
    call.write(f"sw     0x{status:04x} (TOP=0t{top}) ({'|'.join(_flags(status, _STATUS)) or '0'})\n\n")
    call.write(f"fctw   0x{tags:02x}\nfop    0x{opcode:x}\nrip    0x{rip:x}\nrdp    0x{rdp:x}\n\n")
    for number in range(8):
        mantissa, sign = struct.unpack_from("<QH", image, _ST_AT + 16 * number)
        state = "VALID" if tags >> (top + number) % 8 & 1 else "EMPTY"
        call.write(f"%st{number}   0x{sign:04x}.{mantissa:016x} = {_decimal(sign, mantissa)} {state}\n")
    call.write(
        f"\nmxcsr  0x{mxcsr:04x} ({'|'.join(_flags(mxcsr, _MXCSR)) or '0'}|{_ROUNDING[mxcsr >> 13 & 3]})\n\n"
    )
    for number in range(16 if call.session.target.bits == 64 else 8):
        value = int.from_bytes(image[_XMM_AT + 16 * number : _XMM_AT + 16 * number + 16], "little")
        call.write(f"%xmm{number:<2}  0x{value:032x}\n")


def _decimal(sign: int, mantissa: int) -> str:
    """An 80-bit number in decimal, as a double can say it."""
    exponent = sign & 0x7FFF
    minus = "-" if sign >> 15 else "+"
    if exponent == 0x7FFF:
        return f"{minus}{'Inf' if not mantissa << 1 & (1 << 64) - 1 else 'NaN'}"
    try:
        return f"{minus}{mantissa * 2.0 ** (exponent - 16383 - 63):.15e}"
    except OverflowError:
        return f"{minus}2^{exponent - 16383}"
