"""docs/tutorial.md: what it says is typed, one thing after the other, in one folder, and comes to what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_snippets import ROOT
from tests.session.machines import Machines
from tests.support.toolchain import Toolchain, musl

PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(c|console|python)\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Reader:
    """Somebody who does what the page says."""

    def __init__(self, folder: Path, toolchain: Toolchain, environment: dict[str, str]) -> None:
        self._folder = folder
        self._toolchain = toolchain
        commands = folder.parent / "bin"
        commands.mkdir()
        for name, words in {"ring3": "-m ring3", "python": ""}.items():
            (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
            (commands / name).chmod(0o755)
        self._environment = environment | {"PATH": f"{commands}:{os.environ['PATH']}"}

    def reads(self, kind: str, text: str, printed: str) -> None:
        """A block of the page."""
        name = re.match(r"(?://|#) (\w+\.\w+)\n", text)
        if name is not None:
            (self._folder / name[1]).write_text(text)
        elif kind == "python":
            assert self._prints([sys.executable, "-"], text) == printed
        else:
            for command, told in COMMAND.findall(text):
                self._types(command, told)

    def _types(self, command: str, told: str) -> None:
        if command.startswith("cc "):
            built = self._toolchain.build([self._folder / "notes.c"], target=musl(64), kind="static")
            shutil.copy(built, self._folder / "notes")
            return
        pattern = ".*".join(map(re.escape, told.replace("...\n", "...").split("...")))
        printed = self._prints(["/bin/sh", "-c", command])
        assert re.fullmatch(pattern, printed, re.DOTALL), f"$ {command}\n{printed}"

    def _prints(self, words: list[str], text: str = "") -> str:
        done = subprocess.run(
            words,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env=self._environment,
            text=True,
            check=False,
        )
        return done.stdout


def test_it_comes_to_what_the_page_says(
    tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tutorial"
    folder.mkdir()
    machines = Machines(tmp_path / "run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(machines.runtime))
    reader = Reader(folder, toolchain, machines.environment)
    try:
        for kind, text, printed in BLOCK.findall(PAGE.read_text()):
            reader.reads(kind, text, printed)
    finally:
        machines.end()
