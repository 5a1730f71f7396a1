"""A core file of ours in the native gdb, and in mdb, beside the one that the same program leaves natively."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ring3.debug.core_file import CoreFile
from ring3.debug.mdb.targets.core import CoreTarget
from ring3.debug.object_file import ObjectFile
from tests.debug.gdb.natively import answers, run_gdb, script
from tests.debug.mdb.session import Typed
from tests.support.toolchain import Bits, Toolchain

SCRIPTS: Final = {
    "why": ["bt", "print $_siginfo.si_signo", "print $_siginfo._sifields._sigfault.si_addr"],
    "threads": [
        "python print(sorted(gdb.execute('thread apply all -s -q print own', to_string=True).split()[2::3]))",
        "python print(len(gdb.selected_inferior().threads()))",
    ],
    "values": ["print global", "print points", "print ratio", "x/s text", "print own", "info sharedlibrary"],
    "code": ["x/2i $pc", "info symbol $pc", "print $eflags", "print $cs", "print $mxcsr", "print $fctrl", "print $st0"],
    "process": ["info proc", "info proc mappings", "info inferiors"],
    "auxv": ["info auxv"],
}  # fmt: skip
PATTERN: Final = Path("/proc/sys/kernel/core_pattern")


def folder(parent: Path, name: str, program: Path) -> Path:
    """A new folder with the program."""
    made = parent / name
    made.mkdir()
    shutil.copy(program, made / "crashes")
    return made


def natively(place: Path) -> Path:
    """Lets the program crash; the core file."""
    if PATTERN.read_text().strip() != "core" or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("core files go elsewhere here")
    unlimited = 'ulimit -c "$(ulimit -H -c)"; exec ./crashes'
    subprocess.run(["sh", "-c", unlimited], cwd=place, check=False)
    return next(place.glob("core*"))


def ours(place: Path) -> Path:
    """The same on Ring3."""
    words = ["run", "--rw", "/bin/sh", "-c", "ulimit -c unlimited; exec ./crashes"]
    done = subprocess.run(
        [sys.executable, "-m", "ring3", *words], cwd=place, capture_output=True, check=False
    )
    assert done.returncode == 128 + 11, done.stderr
    return place / "core"


@pytest.fixture(params=[64, 32])
def cores(request: pytest.FixtureRequest, toolchain: Toolchain, tmp_path: Path) -> tuple[Path, Path]:
    """Both core files, with the program beside each."""
    bits: Bits = request.param
    kind = "dynamic" if bits == 64 else "static"
    program = toolchain.program("debug/crashes.c", bits=bits, kind=kind, flags=["-g", "-O0"])  # type: ignore[arg-type]
    return natively(folder(tmp_path, "native", program)), ours(folder(tmp_path, "ours", program))


def without_places(lines: list[str]) -> list[str]:
    """Lines that do not tell one folder from the other, nor one processor's features."""
    shown = (re.sub(r"\S*/(native|ours)/", "", line) for line in lines)
    return [
        line
        for line in shown
        if "AT_HWCAP" not in line and "AT_MINSIGSTKSZ" not in line and "???" not in line
    ]


def test_gdb_says_the_same_of_both(cores: tuple[Path, Path]) -> None:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    said = []
    for core in cores:
        file = core.parent / "script.gdb"
        file.write_text(script(SCRIPTS, (f"core-file {core.name}",)))
        said.append(answers(run_gdb(file, "crashes")))
    native, own = said
    assert set(native) == set(SCRIPTS)
    assert any("fault (where=ADDRESS)" in line for line in native["why"])
    for name in SCRIPTS:
        assert without_places(own[name]) == without_places(native[name]), name


def test_mdb_says_the_same_of_both(cores: tuple[Path, Path]) -> None:
    native, own = (
        Typed(
            CoreTarget(
                CoreFile(core.name, core.read_bytes()),
                ObjectFile("crashes", (core.parent / "crashes").read_bytes()),
                lambda path: Path(path).read_bytes(),
            )
        )
        for core in cores
    )
    for command in (
        "::status", "$c", "<rip::dis -n 2", "global/D", "points,3/DDn", "points::print", "*text/s", "::fpregs",
        "<rip::whatis", "8/X", "<rax=X", "<rflags=X", "<cs=X",
    ):  # fmt: skip
        told, wanted = (mdb_lines(session(command)) for session in (own, native))
        assert told == wanted, command
    if own.session.target.bits == 64:
        assert own("own/D").split()[-1] == "12"  # the thread that has crashed
    assert len(own("::walk thread").split()) == 3
    stacks = own("::walk thread | ::findstack -v").split("stack pointer for thread ")
    assert [own(f"{each.partition(':')[0]}::regs !true") for each in stacks[1:]] == [""] * 3
    assert re.search(r"^\[ [0-9a-f]+ fault\+0x[0-9a-f]+\(\) \]\n  [0-9a-f]+ worker", stacks[1], re.MULTILINE)


def mdb_lines(text: str) -> list[str]:
    """What mdb has printed, without addresses and what programs have left in registers that they do not use."""
    shown = (re.sub(r"\b(0x)?[0-9a-f]{6,16}\b", "ADDRESS", line) for line in text.splitlines())
    return without_places([line for line in shown if not line.startswith("%xmm")])
