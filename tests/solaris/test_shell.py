"""The machine's shell: it does with scripts what the host's POSIX shell does with them, and serves a terminal."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ring3.solaris.view import SMALL
from tests.support import guest, native, solaris, solaris_linked
from tests.support.toolchain import Toolchain

FOLDER = solaris.FOLDER / "shell"
WRONG = {
    'echo "unterminated': "sh: syntax error: `end of file' unexpected\n",
    "if true; fi": "sh: syntax error: `fi' unexpected\n",
    "echo >": "sh: syntax error: `end of file' unexpected\n",
    "a;;b": "sh: syntax error: `;;' unexpected\n",
    "for 1 in x; do :; done": "sh: syntax error: `1' unexpected\n",
    "${x%": "sh: syntax error: `end of file' unexpected\n",
}


@pytest.mark.parametrize("name", ["words", "control", "tools"])
def test_script_does_what_it_does_on_the_host(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = shutil.which("dash")
    if shell is None:
        pytest.skip("there is no dash to compare with")
    script = f"{name}.sh"
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        shutil.copy(FOLDER / script, tmp_path / place)
    wanted = native.run(Path(shell), [script], directory=tmp_path / "here")
    monkeypatch.chdir(tmp_path / "there")
    with guest.boot_solaris() as machine:
        outcome = guest.run(machine, Path("sh"), [script])
    assert (outcome.stdout.decode(), outcome.status) == (wanted.stdout.decode(), wanted.status)


@pytest.mark.parametrize("command", WRONG)
def test_what_is_no_command_is_told_in_a_line(command: str) -> None:
    with guest.boot_solaris() as machine:
        outcome = guest.run(machine, Path("sh"), ["-c", command])
    assert (outcome.stdout, outcome.stderr.decode(), outcome.status) == (b"", WRONG[command], 2)


def test_other_programs_use_it(toolchain: Toolchain, tmp_path: Path) -> None:
    program = solaris_linked.program(toolchain, "families.c", tmp_path / "families")
    with guest.boot_solaris() as machine:
        outcome = guest.run(machine, program, ["shell"])
    assert outcome.stdout.decode() == "status 300 first\nread one two\nwritten 3\n"


def test_at_a_terminal_it_prompts_and_what_was_begun_can_be_given_up() -> None:
    ours, theirs = pty.openpty()
    prompt = b"ready> "
    command = [sys.executable, "-m", "ring3", "run", "--os", "solaris", "--", "sh"]
    environment = os.environ | {"PS1": prompt.decode()}

    def until(end: bytes) -> bytes:
        shown = b""
        while not shown.endswith(end):
            shown += os.read(ours, 4096)
        return shown

    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as shell:
        until(prompt)
        os.write(ours, b"echo one; for x in 1\n")
        assert until(b"> ") == b"echo one; for x in 1\r\n> "
        os.write(ours, b"do echo $x; done\n")
        assert until(prompt) == b"do echo $x; done\r\none\r\n1\r\n" + prompt
        os.write(ours, b"while :\n")
        until(b"> ")
        shell.send_signal(2)
        assert until(prompt) == b"\r\n" + prompt
        os.write(ours, b"exit 7\n")
        assert shell.wait() == 7
    os.close(ours)
    os.close(theirs)


def test_small_commands_are_there_by_their_names() -> None:
    with guest.boot_solaris() as machine:
        outcome = guest.run(machine, Path("sh"), ["-c", "for c in $*; do command -v $c; done", "sh", *SMALL])
    found = [line.rpartition("/")[2] for line in outcome.stdout.decode().splitlines()]
    assert (found, outcome.status) == (list(SMALL), 0)
