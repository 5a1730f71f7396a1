"""gdb attaches to a program that runs, looks, changes it and lets it go: as it does natively."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.debug.gdb.natively import answers, run_gdb, script
from tests.support.toolchain import Toolchain

UNTIL_IT_WAITS: Final = (
    "python\nwhile True:\n  gdb.execute('attach {}', to_string=True)\n"
    "  if 'depth=' in gdb.execute('bt', to_string=True): break\n"
    "  gdb.execute('detach', to_string=True)\n"
    "gdb.execute('tbreak waits.c:11', to_string=True)\nsigno = gdb.parse_and_eval('$_siginfo.si_signo')\n"
    "gdb.execute('continue', to_string=True)\nend"
)
"""A program that has just been started may be anywhere yet, and one that goes round and round is anywhere in it."""
SCRIPTS: Final = {
    "where": [
        "python print(signo)", "bt", "info threads", "print own", "print counted > 0", "print $_siginfo.si_signo",
        "info sharedlibrary",
    ],
    "stepped": ["set var counted = 5", "next", "next", "print counted", "stepi", "x/i $pc", "up", "info locals"],
    "broken": ["break waits.c:14", "set var go_on = 3", "continue", "print depth", "info breakpoints", "delete"],
    "finished": ["finish", "print go_on"],
    "detached": ["detach", "info threads"],
}  # fmt: skip
STATUS: Final = 10


def words(pid: int) -> dict[str, list[str]]:
    """All that is asked; how it comes to wait is not compared."""
    return {"attached": [UNTIL_IT_WAITS.format(pid)], **SCRIPTS}


@pytest.fixture
def program(toolchain: Toolchain, tmp_path: Path) -> Path:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    built = toolchain.program("debug/waits.c", kind="dynamic", flags=["-g", "-O0"])
    return Path(shutil.copy(built, tmp_path / "waits"))


def natively(program: Path) -> dict[str, list[str]]:
    with subprocess.Popen([program], stdout=subprocess.PIPE) as waiting:
        assert waiting.stdout is not None
        waiting.stdout.readline()
        file = program.parent / "native.gdb"
        file.write_text(script(words(waiting.pid), ()))
        said = run_gdb(file, str(program))
        if "error: ptrace" in said:
            waiting.kill()
            pytest.skip("gdb cannot attach to programs here")
    assert waiting.returncode == STATUS
    return answers(said)


def ours(program: Path) -> dict[str, list[str]]:
    socket = program.parent / "socket"
    with subprocess.Popen(
        [sys.executable, "-m", "ring3", "run", "--gdb", str(socket), str(program)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stderr is not None
        assert "waiting for gdb" in server.stderr.readline()
        file = program.parent / "ring3.gdb"
        file.write_text(script(words(2), (f"target extended-remote {socket}", "detach")))
        said = run_gdb(file, str(program))
    assert server.returncode == STATUS
    return answers(said)


def test_a_program_that_runs(program: Path) -> None:
    told, wanted = ours(program), natively(program)
    assert {name: told.get(name) for name in SCRIPTS} == {name: wanted[name] for name in SCRIPTS}
