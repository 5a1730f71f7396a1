"""The README's commands do what it says, and what it shows of their output is what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.command import HELLO, ring3

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def without_numbers(text: str) -> list[str]:
    """The lines that say something, with every address replaced: they change from run to run."""
    text = text.replace("/home/you/ring3/", f"{ROOT}/")
    return [re.sub(r"0x[0-9a-f]+", "0x", line) for line in text.splitlines() if line.strip()]


def test_first_command_prints_what_is_shown() -> None:
    fences = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (_, console), (kind, shown) = fences[:2]
    command = console.partition("/ring3 ")[2]
    assert kind == "text"
    finished = ring3(*shlex.split(command))
    assert (finished.returncode, finished.stderr) == (0, "")
    printed = iter(without_numbers(finished.stdout))
    for line in without_numbers(shown):
        # a line may be shown without its end, as where it has a line number of the source
        assert any(other.startswith(line) for other in printed), f"not printed, or not in this order: {line}"


def test_every_command_runs(tmp_path: Path) -> None:
    lines = re.findall(r"^\$ ring3 (.*?) *(?:#.*)?$", README, re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        words = shlex.split(line.replace("PROGRAM", HELLO).removesuffix(" [ARG...]"))
        finished = ring3(*words, cwd=tmp_path)
        assert (finished.returncode, finished.stderr) == (132 if "wrmsr" in words else 0, ""), line


def test_setup_command_is_one_line() -> None:
    explain = ".venv/bin/ring3 explain --syscall write examples/hello/hello"
    setup = f"python3 -m venv .venv && .venv/bin/pip install -q . && {explain}"
    assert f"```console\n$ {setup}\n```" in README
    assert "```console\n$ scripts/check\n```" in README
