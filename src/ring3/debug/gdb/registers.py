"""Registers as gdb numbers and describes them, for each width: ``target.xml``, and what goes into ``g`` and ``p``.

Names, order and features: gdb/features/i386/*.xml of binutils-gdb; those of the system are as QEMU's stub has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.debug import fpu
from ring3.debug.gdb.packets import Malformed
from ring3.debug.registers import CONTROL

if TYPE_CHECKING:
    from ring3.debug.thread import Thread

Place = tuple[int, int, int]
"""Where a floating-point register is in the image of fxsave: offset, bytes there, bytes that gdb sees."""


class Register(NamedTuple):
    """One register.

    Attributes:
        name: gdb's name.
        bits: Its size.
        type: gdb's type.
        feature: The feature that it belongs to.
        ours: Its name in `debug.registers`; "" for one of the floating-point unit.
        place: Where that is in the unit's image, None for the tag word, which is there in another form.
    """

    name: str
    bits: int
    type: str
    feature: str
    ours: str
    place: Place | None = None


_CORE, _SSE, _LINUX, _SEGMENTS, _SYSTEM = (
    f"org.gnu.gdb.i386.{name}" for name in ("core", "sse", "linux", "segments", "system")
)
_X87: Final[dict[str, Place | None]] = {
    "fctrl": (0, 2, 4), "fstat": (2, 2, 4), "ftag": None, "fiseg": (12, 2, 4), "fioff": (8, 4, 4),
    "foseg": (20, 2, 4), "fooff": (16, 4, 4), "fop": (6, 2, 4),
}  # fmt: skip
_WIDE: Final = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)))
_NARROW: Final = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi")
_SELECTORS: Final = ("cs", "ss", "ds", "es", "fs", "gs")
_POINTERS: Final = {"rbp": "data_ptr", "rsp": "data_ptr", "rip": "code_ptr"}
_EMPTY: Final = 3
"""The tag of an x87 register without a value."""


def _integer(name: str, bits: int) -> Register:
    shown = name if bits == 64 else f"e{name[1:]}"
    return Register(shown, bits, _POINTERS.get(name, f"int{bits}"), _CORE, name)


def _describe(bits: int, shows_system: bool) -> tuple[Register, ...]:
    general = _WIDE if bits == 64 else _NARROW
    found = [_integer(name, bits) for name in (*general, "rip")]
    found.append(Register("eflags", 32, "i386_eflags", _CORE, "rflags"))
    found += [Register(name, 32, "int32", _CORE, name) for name in _SELECTORS]
    found += [Register(f"st{n}", 80, "i387_ext", _CORE, "", (32 + 16 * n, 10, 10)) for n in range(8)]
    found += [Register(name, 32, "int", _CORE, "", place) for name, place in _X87.items()]
    count = 16 if bits == 64 else 8
    found += [Register(f"xmm{n}", 128, "vec128", _SSE, "", (160 + 16 * n, 16, 16)) for n in range(count)]
    found.append(Register("mxcsr", 32, "i386_mxcsr", _SSE, "", (24, 4, 4)))
    found.append(Register("orig_rax" if bits == 64 else "orig_eax", bits, "int", _LINUX, "orig_rax"))
    if bits == 64:
        found += [Register(name, 64, "int", _SEGMENTS, name) for name in ("fs_base", "gs_base")]
    if shows_system:
        found += [Register(name, 64, "int", _SYSTEM, name) for name in ("k_gs_base", *CONTROL)]
    return tuple(found)


_FLAGS: Final = (
    '<flags id="i386_eflags" size="4"><field name="" start="22" end="31"/>'
    + "".join(
        f'<field name="{name}" start="{bit}" end="{bit}"/>'
        for name, bit in (
            ("CF", 0), ("", 1), ("PF", 2), ("AF", 4), ("ZF", 6), ("SF", 7), ("TF", 8), ("IF", 9), ("DF", 10),
            ("OF", 11), ("NT", 14), ("RF", 16), ("VM", 17), ("AC", 18), ("VIF", 19), ("VIP", 20), ("ID", 21),
        )
    )
    + "</flags>"
)  # fmt: skip
_SSE_TYPES: Final = (
    '<vector id="v8bf16" type="bfloat16" count="8"/><vector id="v4f" type="ieee_single" count="4"/>'
    '<vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/>'
    '<vector id="v8i16" type="int16" count="8"/><vector id="v4i32" type="int32" count="4"/>'
    '<vector id="v2i64" type="int64" count="2"/><union id="vec128"><field name="v8_bfloat16" type="v8bf16"/>'
    '<field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/><field name="v16_int8" type="v16i8"/>'
    '<field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/>'
    '<field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>'
    '<flags id="i386_mxcsr" size="4">'
    + "".join(
        f'<field name="{name}" start="{bit}" end="{bit}"/>'
        for bit, name in enumerate(
            ["IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM", "DM", "ZM", "OM", "UM", "PM"]
        )
    )
    + '<field name="FZ" start="15" end="15"/></flags>'
)
_TYPES: Final = {_CORE: _FLAGS, _SSE: _SSE_TYPES}


class Description:
    """The registers of a thread of one width."""

    def __init__(self, bits: int, *, shows_system: bool) -> None:
        """Lists them.

        Args:
            bits: 64 or 32.
            shows_system: Whether those that only ring 0 has are among them.
        """
        self.bits = bits
        self._system = "" if shows_system else "<osabi>GNU/Linux</osabi>"
        self.registers = _describe(bits, shows_system)
        self.expedited = tuple(
            at for at, register in enumerate(self.registers) if register.ours in ("rbp", "rsp", "rip")
        )

    @property
    def xml(self) -> str:
        """``target.xml``."""
        architecture = "i386:x86-64" if self.bits == 64 else "i386"
        parts = [
            '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">',
            f"<target><architecture>{architecture}</architecture>{self._system}",
        ]
        feature = ""
        for number, register in enumerate(self.registers):
            if register.feature != feature:
                parts.append("</feature>" * bool(feature))
                feature = register.feature
                parts.append(f'<feature name="{feature}">{_TYPES.get(feature, "")}')
            group = ' group="float"' if register.feature == _CORE and not register.ours else ""
            parts.append(
                f'<reg name="{register.name}" bitsize="{register.bits}" type="{register.type}" '
                f'regnum="{number}"{group}/>'
            )
        return "".join((*parts, "</feature></target>"))

    def read(self, thread: Thread, number: int) -> bytes:
        """The bytes of one register.

        Raises:
            Malformed: There is none of that number.
        """
        register = self._register(number)
        if register.ours:
            return _packed(register, thread.registers[register.ours])
        return _from_image(register, fpu.read(thread))

    def read_all(self, thread: Thread) -> bytes:
        """All registers, one behind the other."""
        image = fpu.read(thread)
        names = tuple(register.ours for register in self.registers if register.ours)
        values = iter(thread.registers.values(names))
        return b"".join(
            _packed(register, next(values)) if register.ours else _from_image(register, image)
            for register in self.registers
        )

    def write(self, thread: Thread, number: int, data: bytes) -> None:
        """Sets one register.

        Raises:
            Malformed: There is none of that number, or it has another size.
            ValueError: It cannot be set.
        """
        register = self._register(number)
        if len(data) * 8 != register.bits:
            raise Malformed(f"{register.name} has {register.bits} bits")
        if register.ours:
            thread.registers[register.ours] = _value(register, data)
        else:
            image = bytearray(fpu.read(thread))
            _into_image(register, data, image)
            fpu.write(thread, bytes(image))

    def write_all(self, thread: Thread, data: bytes) -> None:
        """Sets all registers that have other values now.

        Raises:
            Malformed: They are not as many.
            ValueError: One of them cannot be set.
        """
        before = self.read_all(thread)
        if len(data) != len(before):
            raise Malformed(f"all registers together have {len(before)} bytes")
        at = 0
        for number, register in enumerate(self.registers):
            size = register.bits // 8
            if data[at : at + size] != before[at : at + size]:
                self.write(thread, number, data[at : at + size])
            at += size

    def value(self, thread: Thread, number: int) -> int:
        """The value of a register, for expressions."""
        register = self._register(number)
        if register.ours:
            return thread.registers[register.ours]
        return int.from_bytes(self.read(thread, number)[:8], "little")

    def _register(self, number: int) -> Register:
        if number >= len(self.registers):
            raise Malformed(f"there is no register {number}")
        return self.registers[number]


def _packed(register: Register, value: int) -> bytes:
    return (value & (1 << register.bits) - 1).to_bytes(register.bits // 8, "little")


def _value(register: Register, data: bytes) -> int:
    value = int.from_bytes(data, "little")
    if register.ours == "orig_rax" and register.bits == 32 and value >> 31:
        return value | 0xFFFF_FFFF_0000_0000
    return value


def _from_image(register: Register, image: bytes) -> bytes:
    if register.place is None:
        return _tags(image).to_bytes(4, "little")
    offset, size, shown = register.place
    return image[offset : offset + size].ljust(shown, b"\0")


def _into_image(register: Register, data: bytes, image: bytearray) -> None:
    if register.place is None:
        tags = int.from_bytes(data, "little")
        image[4] = sum(1 << n for n in range(8) if tags >> 2 * n & 3 != _EMPTY)
    else:
        offset, size, _ = register.place
        image[offset : offset + size] = data[:size]


def _tags(image: bytes) -> int:
    """The tag word in the form of fsave, of the one bit a register that fxsave keeps (SDM 1, 10.5.1.1)."""
    top = image[3] >> 3 & 7
    tags = 0
    for physical in range(8):
        tag = _EMPTY
        if image[4] >> physical & 1:
            at = 32 + 16 * (physical - top & 7)
            exponent = int.from_bytes(image[at + 8 : at + 10], "little") & 0x7FFF
            mantissa = int.from_bytes(image[at : at + 8], "little")
            if exponent == 0x7FFF or (exponent and not mantissa >> 63) or (not exponent and mantissa):
                tag = 2
            else:
                tag = 0 if exponent else 1
        tags |= tag << 2 * physical
    return tags
