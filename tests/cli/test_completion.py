"""``ring3 completion``: what its scripts complete in real shells, on a terminal with a Tab key."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.cli.main import COMMANDS
from ring3.sandbox import OPTIONS
from tests.cli.command import ring3

READY = b"<ready>"
SHELLS = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
}
BEFORE = {
    "bash": "bind 'set bell-style none'; bind 'set enable-bracketed-paste off'",
    "zsh": "unsetopt zle_bracketed_paste beep; autoload -U compinit; compinit -u -D",
}


class Shell:
    """A shell on a terminal, in a folder; ``ring3`` prints what it is given."""

    def __init__(self, shell: str, folder: Path) -> None:
        self.name = shell
        (folder / "script").write_text(ring3("completion", shell).stdout)
        (folder / "start").write_text(
            f"{BEFORE[shell]}\nsource ./script\n"
            'ring3() { [ "$1" = ls ] && echo island || { printf "|%s" "$@"; echo "|end"; }; }\n'
        )
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            kept = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(folder), "HISTFILE": ""}
            os.execvpe(SHELLS[shell][0], SHELLS[shell], kept | {"PS1": READY.decode()})
        self._pid = pid
        self._until(READY)
        self._send(b"source ./start\n")

    def given(self, typed: str) -> list[str]:
        """The words that ring3 gets when Tab is pressed behind what is typed, and then Enter."""
        printed = self._send(b"ring3 " + typed.encode() + b"\t\n").decode()
        line = next(line for line in reversed(printed.splitlines()) if line.endswith("|end"))
        return [word.rstrip("/") for word in line.split("|")[1:-1]]  # zsh takes a slash back at Enter

    def listed(self, typed: str) -> set[str]:
        """The words that are shown when Tab is pressed twice behind what is typed."""
        printed = self._send(b"ring3 " + typed.encode() + b"\t\t\x15\n")
        return set(printed.decode().split())

    def close(self) -> None:
        """Ends it."""
        os.write(self._terminal, b"exit\n")
        self._until(b"")
        os.close(self._terminal)
        os.waitpid(self._pid, 0)

    def _send(self, keys: bytes) -> bytes:
        os.write(self._terminal, keys + b"echo o''ver\n")
        return self._until(b"over\r\n") + self._until(READY)

    def _until(self, end: bytes) -> bytes:
        """What is printed up to an end; up to the terminal's if that is empty."""
        printed = b""
        while not end or end not in printed:
            try:
                byte = os.read(self._terminal, 1)
            except OSError:
                break
            if not byte:
                break
            printed += byte
        return printed


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"the host has no {request.param}")
    home = tmp_path_factory.mktemp("home")
    (home / "prog with space").touch()
    (home / "qfolder").mkdir()
    (home / "qfolder" / "program").touch()
    started = Shell(request.param, home)
    yield started
    started.close()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("expl", ["explain"]),
        ("run --virt", ["run", "--virtual-time"]),
        ("run --hostn", ["run", "--hostname"]),
        ("--debug run --os sol", ["--debug", "run", "--os", "solaris"]),
        ("run --os=sol", ["run", "--os=solaris"]),
        ("run --net hos", ["run", "--net", "host"]),
        ("strace --seed 1 --perf", ["strace", "--seed", "1", "--perfetto"]),
        ("policy lea", ["policy", "learn"]),
        ("policy learn --form", ["policy", "learn", "--format"]),
        ("run ./prog", ["run", "./prog with space"]),
        ("run -q -- qfold", ["run", "-q", "--", "qfolder"]),
        ("run --cwd qfol", ["run", "--cwd", "qfolder"]),
        ("run prog --first qfolder/pr", ["run", "prog", "--first", "qfolder/program"]),
        ("ps is", ["ps", "island"]),
        ("run --on is", ["run", "--on", "island"]),
        ("rdmsr MSR_LST", ["rdmsr", "MSR_LSTAR"]),
        ("completion zs", ["completion", "zsh"]),
        ("dtrace -s scri", ["dtrace", "-s", "script"]),
        ("dtrace -L qfol", ["dtrace", "-L", "qfolder"]),
        ("mdb -R qfol", ["mdb", "-R", "qfolder"]),
    ],
)
def test_tab_completes(shell: Shell, typed: str, words: list[str]) -> None:
    assert shell.given(typed) == words


def test_all_commands_and_options_are_listed(shell: Shell) -> None:
    if shell.name != "bash":
        pytest.skip("zsh lists them in columns with what they do")
    assert set(COMMANDS) <= shell.listed("")
    assert {option.flag for option in OPTIONS.values()} <= shell.listed("run --")


def test_fish_completes(tmp_path: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("the host has no fish")
    script = tmp_path / "ring3.fish"
    script.write_text(ring3("completion", "fish").stdout)
    for typed, word in (
        ("expl", "explain"),
        ("run --virt", "--virtual-time"),
        ("run --os sol", "solaris"),
        ("policy lea", "learn"),
        ("rdmsr MSR_LST", "MSR_LSTAR"),
    ):
        asked = f"source {script}; complete -C 'ring3 {typed}'"
        told = subprocess.run(["fish", "-N", "-c", asked], capture_output=True, text=True, check=False)
        assert (told.stderr, told.returncode) == ("", 0)
        assert word in told.stdout.split(), typed


def test_another_shell_is_refused() -> None:
    told = ring3("completion", "csh")
    assert told.returncode == 2
    assert told.stderr.startswith("ring3 completion: argument shell: invalid choice: 'csh'")
