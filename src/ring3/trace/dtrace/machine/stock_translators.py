"""The translators that come with D (procfs.d of libdtrace): from a thread or a process to what proc(5) says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ring3.abi.structs import Struct
from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.described import PLACES

_PAIRS: Final = (
    ("psinfo_t", rows.PSINFO, "kthread_t"),
    ("psinfo_t", rows.PSINFO, "proc_t"),
    ("lwpsinfo_t", rows.LWPSINFO, "kthread_t"),
)


def source() -> str:
    """Their definitions in D."""
    return "\n".join(_definition(*pair) for pair in _PAIRS)


def _definition(output: str, row: Struct, given: str) -> str:
    distance = PLACES[given] - PLACES[output]
    members = "".join(
        f"{name} = (({output} *)((uintptr_t)T - {distance}))->{name}; " for name in _members(row)
    )
    return f"translator {output} < {given} *T > {{ {members}}};"


def _members(row: Struct) -> Iterator[str]:
    for place in row.layout(64).places:
        if place.field.name not in rows.TRANSLATED[row.name]:
            yield place.field.name
