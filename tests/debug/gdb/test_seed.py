"""The first seed's session: gdb on the 32-bit program that calls ``__kernel_vsyscall``, in words and by gdb's MI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.toolchain import Toolchain

VSYSCALL: Final = [
    "push %ecx", "push %edx", "push %ebp", "mov %esp,%ebp", "sysenter", "int $0x80", "pop %ebp", "pop %edx", "pop %ecx",
    "ret",
]  # fmt: skip
INTEL: Final = [
    "push ecx", "push edx", "push ebp", "mov ebp,esp", "sysenter", "int 0x80", "pop ebp", "pop edx", "pop ecx", "ret",
]  # fmt: skip
TO_THE_CALL: Final = (
    "python\n"
    "while not __import__('re').search(r'call +(\\*|DWORD)', gdb.execute('x/i $pc', to_string=True)):\n"
    "    gdb.execute('stepi', to_string=True)\n"
    "end\n"
)
GETPID: Final = 20
MARK: Final = "=====> "


@pytest.fixture
def program(toolchain: Toolchain) -> Path:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    return toolchain.program("seeds/exit_vsyscall.c", bits=32, kind="static", flags=["-g", "-O0"])


def answers(program: Path, folder: Path, script: str, home: Path | None = None) -> dict[str, list[str]]:
    """What gdb says to each line of a script that is its own name in the answer; ``home`` may have a ``.gdbinit``."""
    file = folder / "script.gdb"
    lines = script.splitlines()
    parts = [TO_THE_CALL if line == "to the call" else f"echo {MARK}{line}\\n\n{line}\n" for line in lines]
    file.write_text("set debuginfod enabled off\nset style enabled off\n" + "".join(parts))
    done = subprocess.run(
        [sys.executable, "-m", "ring3", "gdb", "--batch", "--ex", f"source {file}", str(program)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env=os.environ if home is None else os.environ | {"HOME": str(home)},
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for part in done.stdout.split(MARK)[1:]:
        word, _, body = part.partition("\n")
        found[word] = body.splitlines()
    assert set(lines) - {"to the call"} == set(found), done.stdout + done.stderr
    return found


def instruction(line: str) -> str:
    """The instruction of a line of ``x/i``."""
    return " ".join(line.rpartition(":\t")[2].split())


def test_the_session(program: Path, tmp_path: Path) -> None:
    found = answers(
        program, tmp_path,
        "break main\ncontinue\nx/12i __kernel_vsyscall\nto the call\nx/i $pc\np/x auxv->a_un.a_val\np/d auxv->a_type\n"
        "x/2xw &auxv->a_un\np $eax\nstepi\nx/1i $pc\ncontinue",
    )  # fmt: skip
    shown = found["x/12i __kernel_vsyscall"]
    assert [instruction(line) for line in shown[:10]] == VSYSCALL
    assert "<__kernel_vsyscall>" in shown[0]
    address = found["p/x auxv->a_un.a_val"][0].split()[-1]
    assert int(shown[0].split()[0], 16) == int(address, 16)
    assert found["p/d auxv->a_type"][0].split()[-1] == "32"
    assert found["x/2xw &auxv->a_un"][0].split()[1] == address
    assert found["p $eax"][0].split()[-1] == "1"
    assert re.search(r"call +\*", found["x/i $pc"][0])
    assert instruction(found["x/1i $pc"][0]) == VSYSCALL[0]
    assert found["continue"][-1] == "[Inferior 1 (process 2) exited with code 052]"  # 42


def test_sysenter_is_one_step_and_comes_back(program: Path, tmp_path: Path) -> None:
    found = answers(
        program, tmp_path,
        f"break main\ncontinue\nnext\nset var syscall_nr = {GETPID}\nto the call\nstepi 5\nx/1i $pc\nstepi\nx/2i $pc\n"
        "p $eax\nfinish\np/x auxv->a_type",
    )  # fmt: skip
    assert instruction(found["x/1i $pc"][0]) == "sysenter"
    assert instruction(found["x/2i $pc"][0]) == "pop %ebp"
    assert found["p $eax"][0].split()[-1] == "2"
    assert "main (" in " ".join(found["finish"])
    assert found["p/x auxv->a_type"][0].split()[-1] == "0x20"


def test_with_pwndbg(program: Path, tmp_path: Path) -> None:
    start = os.environ.get("PWNDBG", "/usr/share/pwndbg/gdbinit.py")
    if not Path(start).is_file():
        pytest.skip("pwndbg is not installed, or PWNDBG does not name its gdbinit.py")
    (tmp_path / ".gdbinit").write_text(f"source {start}\nset context-output /dev/null\n")
    found = answers(
        program, tmp_path,
        "break main\ncontinue\nto the call\nnearpc 1\np/x auxv->a_un.a_val\nx/10i auxv->a_un.a_val\nstepi\nvmmap $pc\n"
        "auxv\nregs eip\npid\nprocinfo\ncontinue",
        home=tmp_path,
    )  # fmt: skip
    plain = {word: [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines] for word, lines in found.items()}
    shown = plain["x/10i auxv->a_un.a_val"]
    assert [instruction(line) for line in shown] == INTEL
    address = plain["p/x auxv->a_un.a_val"][0].split()[-1]
    assert any("call" in line and line.endswith("<__kernel_vsyscall>") for line in plain["nearpc 1"])
    assert any("[vdso]" in line for line in plain["vmmap $pc"])
    assert any(line.startswith("AT_SYSINFO ") and address in line for line in plain["auxv"])
    assert any("EIP" in line and address in line for line in plain["regs eip"])
    assert plain["pid"][0] == "2"
    assert any(line.startswith("exe") and program.name in line for line in plain["procinfo"])
    assert any(line.startswith("cwd") and os.getcwd() in line for line in plain["procinfo"])
    assert plain["continue"][-1] == "[Inferior 1 (process 2) exited with code 052]"


def test_by_the_machine_interface(program: Path, tmp_path: Path) -> None:
    socket = tmp_path / "socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "ring3", "run", "--gdb", str(socket), str(program)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with server:
        assert server.stderr is not None
        assert "waiting for gdb" in server.stderr.readline()
        words = [
            "-gdb-set debuginfod enabled off", f"-target-select remote {socket}", "-break-insert main",
            "-exec-continue", "7-data-evaluate-expression argc",
            "-data-disassemble -s __kernel_vsyscall -e __kernel_vsyscall+13 -- 0", "-exec-continue", "-gdb-exit",
        ]  # fmt: skip
        done = subprocess.run(
            ["gdb", "-nx", "-q", "--interpreter=mi3", str(program)],
            input="\n".join(words), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert 'reason="breakpoint-hit"' in done.stdout
    assert '7^done,value="1"' in done.stdout
    assert [" ".join(each.split()) for each in re.findall(r'inst="([^"]*)"', done.stdout)] == VSYSCALL
    assert 'reason="exited",exit-code="052"' in done.stdout
    assert server.returncode == 42
