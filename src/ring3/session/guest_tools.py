"""The tools that programs of a machine run there, by the names of the programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ring3.session.tools import Program


def _dtrace(program: Program) -> int:
    from ring3.session import guest_dtrace  # noqa: PLC0415 - one of them runs

    return guest_dtrace.perform(program)


def _truss(program: Program) -> int:
    from ring3.session import guest_truss  # noqa: PLC0415 - one of them runs

    return guest_truss.perform(program)


def _mdb(program: Program) -> int:
    from ring3.session import guest_mdb  # noqa: PLC0415 - one of them runs

    return guest_mdb.perform(program)


TOOLS: Final = {"dtrace": _dtrace, "mdb": _mdb, "truss": _truss}
