"""Types of a machine's system for D: made of the struct rows of `abi`, and of D's own descriptions of processes."""

from __future__ import annotations

from typing import Final

from ring3.abi.solaris.modctl import MODINFO_LAYOUT, MODINFO_SIZE, MODMAXLINK, MODSPECIFIC_INFO_SIZE
from ring3.abi.structs import Field, Layout
from ring3.abi.structs import Struct as Row
from ring3.trace.dtrace.machine.c_declarations import SCALARS
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
_ADDRESS: Final = Pointer(Void())
_SIGINFO: Final[dict[str, tuple[tuple[str, Type, int], ...]]] = {
    "linux": (
        *(("si_signo", _INT, 0), ("si_errno", _INT, 4), ("si_code", _INT, 8)),
        *(("si_pid", _INT, 16), ("si_uid", _SCALARS["uid_t"], 20), ("si_addr", _ADDRESS, 16)),
        *(("si_status", _INT, 24), ("si_utime", _LONG, 32), ("si_stime", _LONG, 40)),
        *(("si_int", _INT, 24), ("si_ptr", _ADDRESS, 24), ("si_band", _LONG, 16), ("si_fd", _INT, 24)),
    ),
    "solaris": (
        *(("si_signo", _INT, 0), ("si_code", _INT, 4), ("si_errno", _INT, 8)),
        *(("si_pid", _INT, 16), ("si_uid", _SCALARS["uid_t"], 24), ("si_addr", _ADDRESS, 16)),
        *(("si_status", _INT, 32), ("si_utime", _LONG, 24), ("si_stime", _LONG, 40)),
        *(("si_fd", _INT, 16), ("si_band", _LONG, 24), ("si_trapno", _INT, 24), ("si_pc", _ADDRESS, 32)),
    ),
}
_SIGINFO_SIZE: Final = {"linux": 128, "solaris": 256}
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
        if name in ("siginfo_t", "struct siginfo"):
            return self._siginfo(name)
        described = TYPES.get(name)
        if described:
            struct = self.struct(described)
            return struct if name.startswith("struct ") else Typedef(name, struct)
        if self._system == "linux" and name in SCALARS:
            size, signed = SCALARS[name]
            return Typedef(name, self._integer(size, signed=signed))
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

    @staticmethod
    def _integer(size: int, *, signed: bool) -> Type:
        return _SCALARS[f"{'s' if signed else 'u'}{8 * size}"]

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

    def _siginfo(self, name: str) -> Type:
        """`siginfo_t`, whose members behind the first three lie over each other (sys/siginfo.h of each)."""
        made = self._made.get("siginfo")
        if made is None:
            made = self._made["siginfo"] = Struct("struct", "siginfo")
            for member, kind, offset in _SIGINFO[self._system]:
                made.place(member, kind, offset)
            made.finish(_SIGINFO_SIZE[self._system])
        return made if name.startswith("struct ") else Typedef(name, made)

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
