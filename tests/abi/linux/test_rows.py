"""Linux's rows: every call has one, every argument a meaning, and handlers have the same C types."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from ring3.abi import c_types, tbl
from ring3.abi.c_types import CType
from ring3.abi.linux import rows, structs, values
from ring3.abi.meaning import Arg, Meaning
from ring3.abi.notation import TYPES, meaning
from ring3.abi.structs import Field, fields
from ring3.linux.table import DEFINED
from tests.support.toolchain import Toolchain

ROWS = rows.every()
SETS = values.every()
STRUCTS = structs.every()

NAMED = {
    "fd": {Meaning.FD},
    "dfd": {Meaning.DIRFD},
    "flags": {Meaning.VALUES, Meaning.HEX},
    "prot": {Meaning.VALUES},
    "cmd": {Meaning.VALUES},
    "pid": {Meaning.PID, Meaning.TID, Meaning.TGID},
    "tgid": {Meaning.TGID},
    "pgid": {Meaning.PGID},
    "uid": {Meaning.UID},
    "gid": {Meaning.GID},
    "path": {Meaning.PATH},
    "pathname": {Meaning.PATH},
    "filename": {Meaning.PATH},
    "sig": {Meaning.SIGNAL, Meaning.STRUCT, Meaning.HEX},
    "count": {Meaning.SIZE, Meaning.COUNT, Meaning.NUMBER, Meaning.UNUSED},
    "sigsetsize": {Meaning.SIZE},
    "which_clock": {Meaning.VALUES},
}
"""Arguments whose names say what they are, and what they may be."""

OTHERWISE = {
    ("sys_pidfd_getfd", "fd"),  # of another process
    ("sys_execveat", "fd"),
    ("compat_sys_execveat", "fd"),
    ("nfsservctl", "cmd"),
}
"""Arguments that are not what their names say."""


def entries() -> list[str]:
    """Every entry point of both tables, and the names that have none."""
    found: set[str] = set()
    for number_rows, abi in ((tbl.load_x86_64(), tbl.Abi.X86_64), (tbl.load_i386(), tbl.Abi.I386)):
        for row in tbl.rows_of(number_rows, abi):
            found.update([row.compat or row.entry or row.name, row.entry or row.name])
    return sorted(found)


def args(arg: Arg) -> Iterator[Arg]:
    """An argument and what it is by command."""
    yield arg
    for other in (arg.by or {}).values():
        yield from args(other)


def meant(entry: str) -> Iterator[tuple[str, Arg]]:
    """Everything that an entry point's row says, with the names of the arguments."""
    call = ROWS[entry]
    for parameter in call.parameters:
        yield from ((parameter.name, arg) for arg in args(parameter.arg))
    yield from (("", arg) for arg in args(call.result))


def test_every_entry_point_has_a_row_and_no_row_is_of_none() -> None:
    assert [entry for entry in entries() if entry not in ROWS] == []
    assert [entry for entry in ROWS if entry not in entries()] == []


@pytest.mark.parametrize("entry", entries())
def test_every_argument_has_a_meaning(entry: str) -> None:
    for name, arg in meant(entry):
        assert refers(arg), (name, arg)
    for name, arg in ROWS[entry].parameters:
        if arg.type is c_types.POINTER:
            assert arg.when or arg.command or arg.meaning in {Meaning.ADDRESS, Meaning.VALUES}, name
        allowed = NAMED.get(name)
        if allowed and not arg.command and (entry, name) not in OTHERWISE:
            assert arg.meaning in allowed, (name, arg.meaning)


def test_few_arguments_are_mere_numbers_or_addresses() -> None:
    """A tenth is: numbers of timers and queues, addresses that are not followed, flags of which there are none."""
    given = [arg for call in ROWS.values() for _, arg in call.parameters if not arg.command]
    mere = [arg for arg in given if arg.meaning in {Meaning.NUMBER, Meaning.HEX, Meaning.ADDRESS}]
    assert len(mere) / len(given) < 0.11


def refers(arg: Arg) -> bool:
    """Whether what an argument refers to is there."""
    if arg.meaning is Meaning.VALUES:
        return arg.of in SETS
    if arg.meaning is Meaning.STRUCT:
        return arg.of in STRUCTS
    return arg.of in STRUCTS or not arg.of


@pytest.mark.parametrize("entry", entries())
def test_lengths_and_commands_are_arguments(entry: str) -> None:
    names = {parameter.name for parameter in ROWS[entry].parameters}
    for _, arg in meant(entry):
        assert not arg.length or arg.length.isdigit() or arg.length in names | {"result", "pages", "nsems"}
        assert not arg.command or arg.command in names


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_every_field_has_a_meaning(name: str) -> None:
    row = STRUCTS[name]
    here = [field for field in fields(row.text) if isinstance(field, Field)]
    for field in here:
        if field.type.startswith("struct "):
            continue
        arg = meaning(field.meaning or "number", kind(field), 64)
        assert refers(arg), field
        assert not field.pointer or field.meaning, field
        names = {other.name for other in here}
        assert not arg.length or arg.length.isdigit() or arg.length in names, field


def kind(field: Field) -> CType:
    """The C type of a field."""
    return c_types.POINTER if field.pointer else TYPES[field.type]


@pytest.mark.parametrize("entry", sorted(DEFINED))
def test_handlers_have_the_rows_types(entry: str) -> None:
    ours = [(p.type.bits, p.type.signed) for p in DEFINED[entry].parameters]
    assert [(p.arg.type.bits, p.arg.type.signed) for p in ROWS[entry].parameters] == ours


def test_a_command_says_what_its_arguments_are() -> None:
    fcntl = ROWS["sys_fcntl"]
    duplicate, get_lock = SETS["fcntl"]["F_DUPFD"], SETS["fcntl"]["F_GETLK"]
    assert fcntl.arguments((3, duplicate, 0), SETS)[2].arg.meaning is Meaning.FD
    assert fcntl.result_of((3, duplicate, 0), SETS).meaning is Meaning.FD
    assert fcntl.arguments((3, get_lock, 0), SETS)[2].arg.of == "flock"
    assert fcntl.result_of((3, get_lock, 0), SETS).meaning is Meaning.ERROR
    assert fcntl.arguments((3, 999, 0), SETS)[2].arg.meaning is Meaning.HEX


def test_a_command_is_the_part_of_a_value_that_says_so() -> None:
    futex, quotactl = ROWS["sys_futex"], ROWS["sys_quotactl"]
    private_wait = 0x80
    assert futex.arguments((0, private_wait, 0, 0, 0, 0), SETS)[3].arg.of == "timespec"
    assert futex.arguments((0, private_wait, 0, 0, 0, 0), SETS)[4].arg.meaning is Meaning.UNUSED
    assert quotactl.arguments((0x80000700, 0, 0, 0), SETS)[3].arg.of == "if_dqblk"


def test_variants_are_made_of_one_row() -> None:
    assert [p.arg.type.name for p in ROWS["compat_sys_pwritev"].parameters[:3]] == [
        "compat_ulong_t",
        "void __user *",
        "compat_ulong_t",
    ]
    assert ROWS["sys_clock_gettime32"].parameters[1].arg.of == "timespec32"
    assert ROWS["sys_chown16"].parameters[1].arg.type.bits == 16


def test_a_program_that_runs_imports_neither_rows_nor_sets(toolchain: Toolchain) -> None:
    hello = toolchain.program("basic/hello.c")
    script = (
        "import sys; from ring3.cli.main import main\n"
        f"try: main(['run', {str(hello)!r}])\n"
        "finally: print(*[name for name in sys.modules if name.startswith('ring3.abi')])"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    imported = set(finished.stdout.splitlines()[-1].split())
    assert "ring3.abi.c_types" in imported, finished.stderr
    assert (
        imported
        & {
            "ring3.abi.linux.rows",
            "ring3.abi.linux.values",
            "ring3.abi.meaning",
            "ring3.abi.notation",
            "ring3.abi.rows",
            "ring3.abi.values",
        }
        == set()
    )
