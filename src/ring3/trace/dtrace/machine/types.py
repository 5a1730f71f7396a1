"""Types of a machine's system for D: made of the struct rows of `abi`, and of D's own descriptions of processes."""

from __future__ import annotations

from typing import Final

from ring3.abi.solaris.modctl import MODINFO_LAYOUT, MODINFO_SIZE, MODMAXLINK, MODSPECIFIC_INFO_SIZE
from ring3.abi.structs import Field, Layout
from ring3.abi.structs import Struct as Row
from ring3.trace.dtrace.machine.described_rows import TEXT, TRANSLATED, TYPES
from ring3.trace.dtrace.types import Array, Integer, Pointer, String, Struct, Type, Typedef, Void

_CHAR = Integer("char", 1, 1, signed=True)
_INT = Integer("int", 4, 3, signed=True)
_LONG = Integer("long", 8, 4, signed=True)
_ULONG = Integer("unsigned long", 8, 4, signed=False)
_SCALARS = {
    "char": _CHAR,
    "signed char": _CHAR,
    "s8": _CHAR,
    **dict.fromkeys(("unsigned char", "u8"), Integer("unsigned char", 1, 1, signed=False)),
    **dict.fromkeys(("short", "s16"), Integer("short", 2, 2, signed=True)),
    **dict.fromkeys(("unsigned short", "u16", "be16"), Integer("unsigned short", 2, 2, signed=False)),
    **dict.fromkeys(("int", "s32", "pid_t"), _INT),
    **dict.fromkeys(
        ("unsigned int", "u32", "be32", "uid_t", "gid_t", "dev_t"),
        Integer("unsigned int", 4, 3, signed=False),
    ),
    **dict.fromkeys(("s64", "long long"), Integer("long long", 8, 5, signed=True)),
    **dict.fromkeys(("u64", "unsigned long long", "be64"), Integer("unsigned long long", 8, 5, signed=False)),
    **dict.fromkeys(("long", "ssize_t", "off_t", "clock_t", "time_t"), _LONG),
    **dict.fromkeys(("unsigned long", "size_t"), _ULONG),
}
"""D's types for the scalars that rows name."""
_TAGS: Final[dict[str, dict[str, str]]] = {
    "linux": {"_kthread": "task_struct"},
    "solaris": {"mutex": "kmutex"},
}
"""What a system calls structs that are rows of both."""


class SystemTypes:
    """The structs of `linux` or `solaris` by the names they have in C, made when they are asked for."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._made: dict[str, Struct] = {}

    def find(self, name: str) -> Type | None:
        """`struct stat`, `psinfo_t`; None for what is not known."""
        described = TYPES.get(name)
        if described:
            struct = self.struct(described)
            return struct if name.startswith("struct ") else Typedef(name, struct)
        keyword, _, tag = name.partition(" ")
        if keyword != "struct" or not tag:
            return None
        if self._system == "solaris":
            if tag == "modinfo":
                return self._modinfo()
            from ring3.abi.solaris.structs import every  # noqa: PLC0415 - most programs name no structs
        else:
            from ring3.abi.linux.structs import every  # noqa: PLC0415 - imports every family
        row = every().get(tag)
        return self.struct(row) if row else None

    def struct(self, row: Row) -> Struct:
        """The type of a row."""
        if row.name not in self._made:
            tag = _TAGS[self._system].get(row.name, row.name)
            made = self._made[row.name] = Struct("struct", tag)
            layout: Layout = row.layout(64)
            for place in layout.places:
                made.place(place.field.name, self._field(row, place.field), place.offset)
            made.finish(layout.size)
            made.unconverted = TRANSLATED.get(row.name)
        return self._made[row.name]

    def _field(self, row: Row, field: Field) -> Type:
        if field.type == "char" and field.length == TEXT:
            return String(TEXT)
        if field.type.startswith("struct "):
            inner = row.embedded.get(field.type.removeprefix("struct ")) or TYPES.get(field.type)
            kind: Type = self.struct(inner) if inner else Void()
        else:
            kind = _SCALARS.get(field.type, Void())
        if field.pointer:
            kind = Pointer(kind)
        return kind if field.length is None else Array(kind, field.length)

    def _modinfo(self) -> Struct:
        """`struct modinfo` with the `struct modspecific_info` of its linkages (sys/modctl.h)."""
        if "modinfo" in self._made:
            return self._made["modinfo"]
        linkage = Struct("struct", "modspecific_info")
        linkage.place("msi_linkinfo", Array(_CHAR, MODSPECIFIC_INFO_SIZE - 4), 0)
        linkage.place("msi_p0", _INT, MODSPECIFIC_INFO_SIZE - 4)
        linkage.finish(MODSPECIFIC_INFO_SIZE)
        made = self._made["modinfo"] = Struct("struct", "modinfo")
        special = {"mi_base": Pointer(_CHAR), "mi_size": _ULONG, "mi_msinfo": Array(linkage, MODMAXLINK)}
        for field in MODINFO_LAYOUT:
            plain: Type = _INT if field.size == 4 else Array(_CHAR, field.size)
            made.place(field.name, special.get(field.name, plain), field.offset)
        made.finish(MODINFO_SIZE)
        return made
