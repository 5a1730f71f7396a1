"""-G: objects lose their calls of probes, and a program that is linked with what is written instead has the probes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.toolchain import Bits, Toolchain, musl
from tests.trace.dtrace.machine.test_host import dtrace as traced
from tests.trace.dtrace.test_command import dtrace

PROVIDER = """provider shop {
    probe item__sold(int price, char *name) : (char *name, int price);
    probe closed(int);
};
"""
SHOWN = (
    'shop$target:::item-sold { printf("%s %s %d\\n", probefunc, copyinstr((uintptr_t)args[0]), args[1]); }'
)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shop.d"
    path.write_text(PROVIDER)
    return path


def compiled(toolchain: Toolchain, bits: Bits, name: str = "linked.o") -> None:
    """Put the object into the working directory."""
    shutil.copy(toolchain.program("usdt/linked.c", bits=bits, kind="object"), name)


@pytest.mark.guest
@pytest.mark.parametrize("bits", [64, 32])
def test_a_linked_program_has_the_probes(toolchain: Toolchain, script: Path, bits: Bits) -> None:
    compiled(toolchain, bits)
    for _ in range(2):  # an object may be linked again
        assert dtrace("-Gs", script.name, "linked.o") == (0, "", "")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", musl(bits), "-static", "-nostdlib"]
    subprocess.run([*command, "-o", "linked", "linked.o", "shop.o"], check=True)
    assert subprocess.run(["./linked"], check=False).returncode == 0
    assert traced("./linked", "-qn", SHOWN)[1] == "sell apple 5\nsell pear 6\n\n"
    status = 'syscall::exit*:entry { printf("%d\\n", arg0); }'
    assert (
        traced("./linked", "-qn", 'shop$target:::closed { trace(arg0); trace(" "); }', "-n", status)[1]
        == "2 1\n\n"
    )


def test_the_name_of_what_is_written(toolchain: Toolchain, script: Path) -> None:
    compiled(toolchain, 64)
    assert dtrace("-Gs", script.name, "-o", "probes.o", "linked.o")[0] == 0
    assert dtrace("-G", "-xlinktype=dof", "-n", PROVIDER, "linked.o")[0] == 0
    assert Path("probes.o").read_bytes().startswith(b"\x7fELF")
    assert Path("d.out").read_bytes().startswith(b"\x7fDOF")
    assert dtrace("-G", "-n", "BEGIN { exit(0); }") == (
        0, "", "dtrace: d.out has the probes of BEGIN { exit(0); }, not its clauses\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.o"], "failed to open missing.o: No such file or directory"),
        (["shop.d"], "an error was encountered while processing shop.d"),
        (["archive.a"], "archives are not permitted; use the contents of the archive instead: archive.a"),
        (["-32", "linked.o"], "incorrect ELF class for object file: linked.o"),
        (["linked.o", "narrow.o"], "incorrect ELF class for object file: narrow.o"),
        (["cut.o"], "an error was encountered while processing cut.o"),
        ([], "No probe sites found for declared provider"),
    ],
)
def test_objects_that_cannot_be_linked(
    toolchain: Toolchain, script: Path, words: list[str], message: str
) -> None:
    compiled(toolchain, 64)
    compiled(toolchain, 32, "narrow.o")
    Path("cut.o").write_bytes(Path("linked.o").read_bytes()[:300])
    Path("archive.a").write_bytes(b"!<arch>\n")
    assert dtrace("-Gs", script.name, *words) == (1, "", f"dtrace: failed to link script shop.d: {message}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("provider other { probe x(); };", "no such provider shop"),
        ("provider shop { probe closed(int); };", "no such probe item-sold"),
    ],
)
def test_probes_that_nobody_declares(toolchain: Toolchain, script: Path, text: str, message: str) -> None:
    compiled(toolchain, 64)
    script.write_text(text)
    assert message in dtrace("-Gs", script.name, "linked.o")[2]


def test_there_has_to_be_a_script() -> None:
    assert dtrace("-G") == (2, "", "dtrace: -G requires one or more scripts or enabling options\n")
