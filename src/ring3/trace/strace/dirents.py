"""Entries of directories, as getdents(2) gives them: how many there are, or all of them with ``-v``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.strace import tables
from ring3.trace.strace.quoting import quoted

if TYPE_CHECKING:
    from ring3.abi.structs import Struct
    from ring3.trace.strace.text import Text


def entries(text: Text, row: Struct, address: int, size: int | None) -> str:
    """The entries in so many bytes at an address.

    Args:
        text: Of the program.
        row: The struct of an entry.
        address: Where the first one is.
        size: What the call returned; None if it failed.

    Raises:
        Errno: They cannot be read.
    """
    if size is None:
        return f"{address:#x}"
    raw = text.read(address, size) if size else b""
    found: list[str] = []
    at = 0
    while at + row.offset("d_reclen", text.bits) + 2 <= len(raw):
        length = row.values(text.bits, raw[at:].ljust(64, b"\0"))["d_reclen"]
        assert isinstance(length, int)
        if length < row.offset("d_name", text.bits) or at + length > len(raw):
            break
        found.append(_entry(text, row, raw[at : at + length]))
        at += length
    if not text.style.verbose:
        more = "+" * (at < len(raw))
        return f"{address:#x} /* {len(found)}{more} entr{'y' if len(found) == 1 and not more else 'ies'} */"
    return f"[{', '.join(found)}]"


def _entry(text: Text, row: Struct, raw: bytes) -> str:
    values = row.values(text.bits, raw.ljust(64, b"\0"))
    name = raw[row.offset("d_name", text.bits) :].split(b"\0")[0]
    kinds = tables.sets()["dirent_type"]
    kind = values["d_type"] if "d_type" in values else raw[-1]
    assert isinstance(kind, int)
    parts = [f"{field}={values[field]!r}" for field in ("d_ino", "d_off", "d_reclen")]
    shown = [f"d_type={text.named(kinds, kind)}", f"d_name={quoted(name, text.in_hex)}"]
    return "{" + ", ".join([*parts, *(shown if "d_type" in values else shown[::-1])]) + "}"
