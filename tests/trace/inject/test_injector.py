"""Programs whose calls are changed: what their traces say, by us and by the real strace."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.toolchain import Bits, Toolchain

_STRACE = [sys.executable, "-m", "ring3", "strace"]
_TRACED = "trace=openat,open,getppid,read,write,chdir,close"


def _trace(strace: list[str], rules: list[str], program: Path, tmp_path: Path) -> list[str]:
    out = tmp_path / "out"
    words = [word for rule in rules for word in ("-e", rule)]
    subprocess.run(
        [*strace, "-o", str(out), "-a", "1", "-e", _TRACED, *words, str(program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    lines = [re.sub(r"^getppid\(\) = \d+$", "getppid() = PID", line) for line in out.read_text().splitlines()]
    return [line for line in lines if not line.startswith(("[ Process", "+++"))]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("bits", [64, 32])
def test_as_the_real_one(toolchain: Toolchain, bits: Bits, tmp_path: Path) -> None:
    rules = [
        "inject=getppid:retval=42:signal=WINCH:when=2+2",
        "inject=read:retval=4:poke_exit=@arg2=58595a0a",
        "fault=chdir:error=4000",
        "inject=close:syscall=getpid:delay_exit=10:retval=7",
    ]
    program = toolchain.program("trace/injected.c", bits=bits)
    ours = _trace(_STRACE, rules, program, tmp_path)
    assert 'chdir("/") = -1 (errno 4000) (INJECTED)' in ours
    assert ours == _trace(["strace"], rules, program, tmp_path)


def test_beyond_strace(toolchain: Toolchain, tmp_path: Path) -> None:
    rules = [
        "inject=getppid:retval=1000:when=1",
        "inject=getppid:error=EPERM:when=3",  # another rule for the same call
        "inject=read:short=3",
        "inject=write:error=ENOSPC:if=fd==1,count>2",
        "inject=openat,open:error=EACCES:if=path~^/etc/",
        "inject=chdir:arg1=0:prob=1",
    ]
    ours = _trace(_STRACE, rules, toolchain.program("trace/injected.c"), tmp_path)
    assert [line for line in ours if "INJECTED" in line] == [
        "getppid() = 1000 (INJECTED)",
        "getppid() = -1 EPERM (Operation not permitted) (INJECTED)",
        r'read(3, "\0\0\0", 3) = 3 (INJECTED: args)',
        r'write(1, "\0\0\0", 3) = -1 ENOSPC (No space left on device) (INJECTED)',
        "chdir(NULL) = -1 EFAULT (Bad address) (INJECTED: args)",
    ]
