"""Core files: what a program leaves that a signal ends, as gdb and readelf read it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.abi import elf
from ring3.computer import Linux
from ring3.linux.tasks import core_file
from tests.cli.command import ring3
from tests.support import guest
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
DUMPED_SEGV = 0x80 | 11


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files are made there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left_by(linux: Linux, path: Path, *arguments: str) -> tuple[int, bytes]:
    finished = guest.run(linux, path, arguments)
    return finished.status, finished.stdout


def notes(core: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    header = elf.parse_header(core)
    table = core[header.phoff : header.phoff + header.phnum * header.phentsize]
    (place,) = (each for each in elf.parse_program_headers(header, table) if each.type == elf.PType.NOTE)
    at = place.offset
    while at < place.offset + place.filesz:
        owner, size, kind = struct.unpack_from("<III", core, at)
        body = at + 12 + (owner + 3 & -4)
        yield core[at + 12 : at + 11 + owner], kind, core[body : body + size]
        at = body + (size + 3 & -4)


@pytest.mark.usefixtures("in_folder")
@BITS
def test_it_holds_registers_memory_and_facts(toolchain: Toolchain, bits: Bits) -> None:
    path = toolchain.program("debug/leaves_core.c", bits=bits)
    with guest.boot() as linux:
        status, core = left_by(linux, path)
    assert status == DUMPED_SEGV
    found = list(notes(core))
    floating = core_file.NT_FPREGSET if bits == 64 else core_file.NT_PRXFPREG
    assert [kind for _, kind, _ in found] == [
        core_file.NT_PRSTATUS, core_file.NT_PRPSINFO, core_file.NT_SIGINFO, core_file.NT_AUXV, core_file.NT_FILE,
        floating, core_file.NT_PRSTATUS, floating,
    ]  # fmt: skip
    assert [len(body) for _, kind, body in found if kind in (1, 3)] == (
        [336, 136, 336] if bits == 64 else [144, 124, 144]
    )
    registers = found[0][2][112 if bits == 64 else 72 :]
    ip = (
        struct.unpack_from("<Q", registers, 16 * 8)[0]
        if bits == 64
        else struct.unpack_from("<I", registers, 12 * 4)[0]
    )
    symbols = {symbol.name: symbol for symbol in elf.symbols(path.read_bytes())}
    assert 0 <= ip - symbols["fault"].value < symbols["fault"].size
    assert str(path).encode() in found[4][2]
    header = elf.parse_header(core)
    table = core[header.phoff : header.phoff + header.phnum * header.phentsize]
    address = symbols["value"].value
    (segment,) = (
        each
        for each in elf.parse_program_headers(header, table)
        if each.type == elf.PType.LOAD and each.vaddr <= address < each.vaddr + each.filesz
    )
    assert struct.unpack_from("<i", core, segment.offset + address - segment.vaddr) == (77,)


@pytest.mark.usefixtures("in_folder")
def test_there_is_none_where_the_limit_forbids_it(toolchain: Toolchain) -> None:
    with guest.boot() as linux:
        assert left_by(linux, toolchain.program("debug/leaves_core.c"), "none") == (11, b"")


@BITS
def test_gdb_reads_it(toolchain: Toolchain, bits: Bits, in_folder: Path) -> None:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    path = toolchain.program("debug/leaves_core.c", bits=bits)
    with guest.boot() as linux:
        _, core = left_by(linux, path)
    (in_folder / "left").write_bytes(core)
    commands = ("print $_siginfo.si_signo", "print (int)value", "info symbol $pc", "info threads")
    words = [word for command in commands for word in ("-ex", command)]
    out = subprocess.run(
        ["gdb", "-nx", "-q", "-batch", *words, str(path), "left"], capture_output=True, text=True, check=False
    ).stdout
    assert "Program terminated with signal SIGSEGV" in out
    assert "$1 = 11" in out
    assert "$2 = 77" in out
    assert "fault" in out
    assert out.count("LWP") >= 2


NAMES = """
cd /tmp; ulimit -c unlimited
die() {
    sh -c 'echo $$ >pid; kill -SEGV $$' 2>/dev/null
    ls core* 2>/dev/null | sed "s/$(cat pid)/PID/"; rm -f core*
}
name() { echo "$1" >/proc/sys/kernel/core_pattern; }
die; name 'core-%e-%s-%u.%p%%%z%'; cat /proc/sys/kernel/core_pattern; die; name '/tmp/core.%i'; die
name '|/bin/cat'; die; name core; echo 1 >/proc/sys/kernel/core_uses_pid; die; name 'core%p'; die
"""


def test_its_name_is_what_core_pattern_says() -> None:
    """As core(5) describes the letters; a program that is to read it is not started, and nothing is left."""
    shown = ring3("run", "--user", "root", "sh", "-c", NAMES)
    assert shown.stdout.splitlines() == [
        "core", "core-%e-%s-%u.%p%%%z%", "core-sh-11-0.PID%", "core.PID", "core.PID", "corePID"
    ]  # fmt: skip
