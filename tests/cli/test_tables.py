"""tables: what the rows say is what lies in RAM; the headers are those of ring3.abi.headers."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from typing import cast

import pytest

from ring3.abi import headers, tbl
from ring3.abi.tbl import Abi
from ring3.cli import tables
from ring3.computer import Linux
from ring3.kernel.signature import Support
from ring3.linux.table import DEFINED
from tests.cli.command import COMMAND, ROOT, ring3

Row = dict[str, str | int | None]


def as_json(*words: str) -> dict[str, object]:
    finished = ring3("tables", "--json", *words)
    assert (finished.returncode, finished.stderr) == (0, "")
    return cast(dict[str, object], json.loads(finished.stdout))


def rows(*words: str) -> list[Row]:
    return cast(list[Row], as_json(*words)["rows"])


@pytest.fixture(scope="module")
def linux() -> Linux:
    return Linux()


@pytest.mark.parametrize("abi", [Abi.X86_64, Abi.I386])
def test_rows_are_what_lies_in_ram(linux: Linux, abi: Abi) -> None:
    listing = as_json("--abi", abi)
    symbol = {"x86_64": "sys_call_table", "i386": "ia32_sys_call_table"}[abi]
    base = linux.symbols[symbol]
    assert listing["table"] == {"symbol": symbol, "address": f"{base:#x}"}
    assert (listing["os"], listing["abi"], listing["remark"]) == ("linux", abi, "")
    slots = {slot.number: slot for slot in tbl.sys_call_table(abi) if slot.name}
    found = {cast(int, row["number"]): row for row in cast(list[Row], listing["rows"])}
    assert found.keys() == slots.keys()
    for number, row in found.items():
        address = linux.machine.read_q(base + 8 * number)
        assert (row["name"], row["entry_point"]) == (slots[number].name, slots[number].symbol)
        assert row["address"] == f"{address:#x}"
        assert linux.symbols[slots[number].symbol] == address


@pytest.mark.parametrize("abi", [Abi.X86_64, Abi.I386])
def test_support_is_that_of_the_definition(abi: Abi) -> None:
    prefix = "__ia32_" if abi is Abi.I386 else "__x64_"
    for row in rows("--abi", abi):
        entry = cast(str, row["entry_point"]).removeprefix(prefix)
        definition = DEFINED.get(entry)
        if definition is not None:
            assert (row["support"], row["note"]) == (definition.support, definition.note)
            assert (row["support"] == "partial") <= bool(row["note"])
        else:
            assert row["support"] == "none"
    assert sum(row["support"] == "full" for row in rows("--abi", abi)) > 20


def test_x32_has_no_table() -> None:
    listing = as_json("--abi", "x32")
    assert listing["table"] == {"symbol": None, "address": None}
    assert "CONFIG_X86_X32 is off" in cast(str, listing["remark"])
    found = {row["name"]: row for row in cast(list[Row], listing["rows"])}
    assert {row["address"] for row in found.values()} == {None}
    assert {row["support"] for row in found.values()} == {"none"}
    assert (found["ioctl"]["number"], found["ioctl"]["entry_point"]) == (514, "__x64_compat_sys_ioctl")


def test_plain_columns_hold_what_json_holds() -> None:
    finished = ring3("tables")
    first, names, *lines = finished.stdout.splitlines()
    assert re.fullmatch(r"# sys_call_table at 0xffffffff81[0-9a-f]{6}", first)
    assert names.split() == ["number", "name", "entry_point", "address", "support", "note"]
    assert [line.split(None, 5) for line in lines] == [
        [
            str(row[name])
            for name in ("number", "name", "entry_point", "address", "support", "note")
            if row[name] != ""
        ]
        for row in rows()
    ]
    assert "\x1b" not in finished.stdout


def test_plain_x32_says_in_a_line_that_there_is_no_table() -> None:
    first, _, line, *_ = ring3("tables", "--abi", "x32").stdout.splitlines()
    assert first == "# CONFIG_X86_X32 is off: no x32 table lies in RAM, and every x32 number answers ENOSYS"
    assert line.split()[:5] == ["0", "read", "__x64_sys_read", "-", "none"]


def test_terminal_gets_a_table_for_people() -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "120", "TERM": "xterm"}
    with subprocess.Popen([*COMMAND, "tables"], stdout=theirs, cwd=ROOT, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # what a terminal gives whose other side is closed
                break
            shown += part
        assert process.wait() == 0
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert "─" in text
    assert re.search(r"^ 1 +write +__x64_sys_write +0xffffffff81[0-9a-f]{6} +full", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "header"),
    [
        (("syscalls",), headers.syscalls_64(tbl.load_x86_64())),
        (("syscalls", "--abi", "x32"), headers.syscalls_64(tbl.load_x86_64())),
        (("syscalls", "--abi", "i386"), headers.syscalls_32(tbl.load_i386())),
        (("unistd",), headers.unistd_64(tbl.load_x86_64())),
        (("unistd", "--abi", "x32"), headers.unistd_x32(tbl.load_x86_64())),
        (("unistd", "--abi", "i386"), headers.unistd_32(tbl.load_i386())),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_headers(words: tuple[str, ...], header: str) -> None:
    finished = ring3("tables", "--header", *words)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, header, "")


def test_a_call_of_ones_own_is_in_the_table(linux: Linux) -> None:
    def sys_answer(_task: object) -> int:
        return 42

    address = linux.define(sys_answer, 390)
    row = next(row for row in linux.table() if row.number == 390)
    assert (row.name, row.symbol, row.address, row.support) == (
        None,
        "__x64_sys_answer",
        address,
        Support.FULL,
    )
    linux.machine.write_q(linux.symbols["sys_call_table"] + 8 * 390, linux.symbols["__x64_sys_getpid"])
    row = next(row for row in linux.table() if row.number == 390)
    assert row.symbol == "__x64_sys_getpid"
    assert tables._cells(row)[:3] == ("390", "-", "__x64_sys_getpid")
