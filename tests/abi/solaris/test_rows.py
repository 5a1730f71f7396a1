"""Solaris's rows: every name of sysent has one with as many arguments, and handlers have the same C types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.abi.meaning import Arg, Meaning
from ring3.abi.notation import TYPES, meaning
from ring3.abi.solaris import rows, structs
from ring3.abi.solaris.sysent import SysentKind, load
from ring3.abi.structs import Field, fields
from ring3.solaris.table import FUNCTIONS

ROWS = rows.every()
SETS = rows.values()
STRUCTS = structs.every()
SYSENT = {row.name: row for row in load("illumos")}


def args(arg: Arg) -> Iterator[Arg]:
    yield arg
    for other in (arg.by or {}).values():
        yield from args(other)


def test_every_name_has_a_row_and_every_row_a_name() -> None:
    assert sorted(ROWS) == sorted(SYSENT)


@pytest.mark.parametrize("name", sorted(SYSENT))
def test_a_row_has_the_arguments_of_sysent_each_with_a_meaning(name: str) -> None:
    call = ROWS[name]
    if SYSENT[name].kind not in {SysentKind.LOADABLE, SysentKind.NOSYS}:
        assert len(call.parameters) == SYSENT[name].nargs
    names = {parameter.name for parameter in call.parameters}
    for every in (call.result, *(parameter.arg for parameter in call.parameters)):
        for arg in args(every):
            assert arg.meaning is not Meaning.VALUES or arg.of in SETS, arg
            assert arg.meaning is not Meaning.STRUCT or arg.of in STRUCTS, arg
            assert not arg.length or arg.length.isdigit() or arg.length in names | {"result", "pages"}, arg
    for parameter in call.parameters:
        if parameter.name in {"fd", "fdes", "sock"}:
            assert parameter.arg.meaning in {Meaning.FD, Meaning.DIRFD}
        if parameter.name in {"fname", "path"}:
            assert parameter.arg.meaning is Meaning.PATH


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_every_field_has_a_meaning(name: str) -> None:
    for field in fields(STRUCTS[name].text):
        if isinstance(field, Field) and not field.type.startswith("struct "):
            arg = meaning(field.meaning or "number", TYPES[field.type], 64)
            assert arg.meaning is not Meaning.VALUES or arg.of in SETS, field
    assert STRUCTS[name].size(64) > 0


def handlers() -> list[tuple[str, str]]:
    """The names in sysent of the calls that have a handler, with the handlers."""
    defined = {row.name for row in FUNCTIONS if row.support is not None}
    return [(name, row.handler) for name, row in SYSENT.items() if row.handler in defined]


@pytest.mark.parametrize(("name", "handler"), handlers())
def test_handlers_have_the_rows_types(name: str, handler: str) -> None:
    (function,) = (row for row in FUNCTIONS if row.name == handler and row.support is not None)
    ours = [(p.type.bits, p.type.signed) for p in function.parameters]
    assert [(p.arg.type.bits, p.arg.type.signed) for p in ROWS[name].parameters] == ours


def test_layouts_are_those_of_the_system() -> None:
    assert (STRUCTS["stat"].size(64), STRUCTS["utsname"].size(64), STRUCTS["sigaction"].size(64)) == (
        128,
        1285,
        32,
    )
    assert STRUCTS["stat"].offset("st_blocks", 64) == 104
    assert SETS["modctl"]["MODINFO"] == 2


def test_sets_of_enumerations_have_their_members() -> None:
    assert all(one.values or one.fields for one in SETS.values())
