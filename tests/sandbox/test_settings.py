"""Defaults of the user's files: where they are, and what they may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.sandbox import Sandbox, sandbox_of, settings, settings_files


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("work", "own/ring3", "all/ring3"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def read(home: Path) -> Sandbox:
    environment = {"XDG_CONFIG_HOME": f"{home}/own", "XDG_CONFIG_DIRS": f"/no/where:{home}/all"}
    there = [path for path in map(Path, settings_files(environment)) if path.exists()]
    return sandbox_of(*(settings.read(str(path), path.read_bytes()) for path in there))


def test_there_are_none(home: Path) -> None:
    assert read(home) == Sandbox()


def test_the_users_own_counts_more_than_everybodys(home: Path) -> None:
    (home / "all/ring3/ring3.toml").write_text('memory = "64M"\nfiles = 10\n')
    (home / "own/ring3/ring3.toml").write_text('files = 20\ncpus-seconds = 3\nenv = { A = "1" }\n')
    (home / "work/ring3.toml").write_text("tasks = 4\n")
    assert read(home) == Sandbox(memory=64 << 20, files=20, cpus_seconds=3, env=(("A", "1"),), tasks=4)


def test_without_xdg_it_is_below_the_home(home: Path) -> None:
    assert settings_files({"HOME": str(home)}) == [
        "/etc/xdg/ring3/ring3.toml", f"{home}/.config/ring3/ring3.toml", "ring3.toml",
    ]  # fmt: skip


def test_a_working_directory_opens_nothing_of_the_host(home: Path) -> None:
    (home / "work/ring3.toml").write_text('bind = ["/:/host"]\n')
    with pytest.raises(UserError, match="which only your own settings may do"):
        read(home)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speed = 1\n", "there is no option speed"),
        ("files = \n", "Invalid value"),
        ("files = 0\n", "files 0: a number from 1 to 2147483647 is meant"),
        ("files = [1]\n", r"files: \[1\] is not what it takes"),
        ("clear-env = 1\n", "clear_env: true or false is meant"),
    ],
)
def test_a_mistake_is_said_with_the_file(home: Path, text: str, message: str) -> None:
    (home / "own/ring3/ring3.toml").write_text(text)
    with pytest.raises(UserError, match=f"^{home}/own/ring3/ring3.toml: {message}"):
        read(home)
