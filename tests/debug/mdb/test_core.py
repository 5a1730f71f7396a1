"""Core files as mdb shows them: those that a signal leaves, of both widths, and those that mdb writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.debug.core_file import CoreFile
from ring3.debug.mdb.host import OwnMachine
from ring3.debug.mdb.targets.core import CoreTarget
from ring3.debug.mdb.targets.process import ProcessTarget
from ring3.debug.object_file import ObjectFile
from ring3.errors import UserError
from tests.debug.mdb.session import Typed
from tests.support import guest
from tests.support.toolchain import PROGRAMS, Bits, Toolchain, musl

BITS = pytest.mark.parametrize("bits", [64, 32])


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def opened(core: bytes, program: Path | None = None) -> Typed:
    file = None if program is None else ObjectFile(str(program), program.read_bytes())
    return Typed(CoreTarget(CoreFile("core", core), file, read))


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are made there."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("in_folder")
@BITS
def test_what_a_signal_has_left(toolchain: Toolchain, bits: Bits) -> None:
    path = toolchain.program("debug/leaves_core.c", bits=bits)
    with guest.boot() as linux:
        core = guest.run(linux, path).stdout
    mdb = opened(core)
    status = mdb("::status").splitlines()
    assert status[0] == f"debugging core file of {path.name[:15]} ({bits}-bit)"
    assert status[1] == f"file: {path}"
    assert status[-1].startswith("status: process terminated by SIGSEGV (Segmentation fault), addr=")
    registers = mdb("$r").split()
    assert registers[registers.index("%rip") + 2].startswith("0x")
    assert mdb("<rip::whatis").endswith(")\n")
    assert str(path) in mdb("::mappings")
    assert mdb("<rsp/X").split()[0].endswith(":")
    assert "lwps" not in mdb("$L")
    assert len(mdb("$L").split(" in process")[0].split()) >= 3
    assert mdb("::fpregs").startswith("cw     0x037f (IM|DM|ZM|OM|UM|PM|SIG64|RTN|P)\n")
    assert mdb("8/X").endswith("mdb: failed to read data from target: no mapping for address\n")
    assert mdb("0>rax") == "mdb: failed to modify rax: target is a core dump\n"
    assert mdb(":c").startswith("mdb: command is not supported by current target")
    assert mdb("1::regs") == "mdb: there is no thread 1\n"


@pytest.fixture
def stops(toolchain: Toolchain) -> Path:
    return toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc", flags=("-g", "-O0", "-fno-builtin")
    )


@pytest.fixture
def process(stops: Path) -> Iterator[Typed]:
    file = ObjectFile(str(stops), stops.read_bytes())
    typed = Typed(ProcessTarget(file, lambda: OwnMachine(Linux()), writable=False))
    yield typed
    typed.session.close()


@pytest.mark.usefixtures("in_folder")
def test_gcore(process: Typed, stops: Path) -> None:
    assert process("::gcore") == "mdb: no process active\n"
    process("::bp inner\n:r")
    number = process.session.target.pid
    assert process("::gcore -o left") == f"mdb: left.{number} dumped\n"
    core = opened(Path(f"left.{number}").read_bytes(), stops)
    for command in ("$r", "$c", "inner::dis", "counter/D", "<rsp,4/nap", "<rip::whatis", "::fpregs"):
        assert core(command) == process(command), command
    assert process("::gcore -o /no/such/folder") == ("mdb: couldn't dump core: No such file or directory\n")


def test_what_is_none() -> None:
    for raw in (b"", b"\x7fELF", Path("/bin/true").read_bytes()):
        with pytest.raises(UserError, match="x is not a core file"):
            CoreFile("x", raw)


@pytest.mark.usefixtures("in_folder")
def test_a_stack_without_frame_pointers(toolchain: Toolchain) -> None:
    path = toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc",
        flags=("-g", "-O1", "-fno-builtin", "-fno-inline", "-fomit-frame-pointer", "-funwind-tables",
               "-fno-optimize-sibling-calls"),
    )  # fmt: skip
    file = ObjectFile(str(path), path.read_bytes())
    typed = Typed(ProcessTarget(file, lambda: OwnMachine(Linux()), writable=False))
    try:
        typed("::bp inner\n:r")
        assert [line.partition("+")[0] for line in typed("$c").splitlines()[:2]] == ["inner()", "outer"]
        assert typed(":u").split()[4].startswith("outer+")
    finally:
        typed.session.close()
