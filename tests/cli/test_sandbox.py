"""The options that say what a program has, and how much of it."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import COMMAND, is_one_line, ring3

HELLO: Final = Path(__file__).resolve().parents[2] / "examples" / "hello" / "hello"


def said(*words: str) -> str:
    finished = ring3("run", *words)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_environment() -> None:
    assert said("--env", "A=one=two", "/bin/sh", "-c", 'echo $A; test -n "$PATH"') == "one=two\n"
    assert said("--clear-env", "--env", "A=1", "/usr/bin/env") == "A=1\n"


def test_a_directory_is_shown_copy_on_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    script = "cat /given/file; echo guest >/given/file; cat /given/file"
    assert said("--bind", f"{tmp_path}:/given", "/bin/sh", "-c", script) == "host\nguest\n"
    assert (tmp_path / "file").read_text() == "host\n"


def test_a_directory_is_shown_read_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    script = "(echo guest >/given/file) 2>/dev/null || cat /given/file"
    assert said("--bind", f"{tmp_path}:/given:ro", "/bin/sh", "-c", script) == "host\n"


def test_a_directory_is_shown_where_the_host_has_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    assert said("--bind", str(tmp_path), "/bin/cat", str(tmp_path / "file")) == "host\n"


def test_a_file_is_shown_copy_on_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    script = "cat /given; echo guest >>/given; cat /given"
    assert said("--bind", f"{tmp_path}/file:/given", "/bin/sh", "-c", script) == "host\nhost\nguest\n"
    assert (tmp_path / "file").read_text() == "host\n"


def test_a_directory_is_shown_where_a_system_directory_has_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    script = (
        "cat /usr/share/given/file; touch /usr/share/more 2>/dev/null || test -x /usr/bin/env && echo kept"
    )
    assert said("--bind", f"{tmp_path}:/usr/share/given", "/bin/sh", "-c", script) == "host\nkept\n"


def test_what_is_written_to_the_host(tmp_path: Path) -> None:
    for name in ("work", "given", "kept"):
        (tmp_path / name).mkdir()
    script = "echo a >made; mkdir /given/dir; mv made moved; echo b >/given/dir/x; echo c >/kept/x"
    finished = subprocess.run(
        [*COMMAND, "run", "--rw", "--bind", f"{tmp_path}/given:/given:rw", "--bind", f"{tmp_path}/kept:/kept",
         "/bin/sh", "-c", script],
        cwd=tmp_path / "work", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (finished.returncode, finished.stderr) == (0, "")
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert found == ["given", "given/dir", "given/dir/x", "kept", "work", "work/moved"]


def test_a_root_that_is_written_to(tmp_path: Path) -> None:
    script = "echo a >/made; ls /proc/self/fd >/dev/null && echo there"
    words = [
        "--bind",
        "/usr:/usr:ro",
        "--bind",
        "/lib64:/lib64:ro",
        "--bind",
        "/lib:/lib:ro",
        "/usr/bin/sh",
        "-c",
        script,
    ]
    assert said("--root", str(tmp_path), "--rw", *words) == "there\n"
    assert (tmp_path / "made").read_text() == "a\n"


def test_an_empty_directory() -> None:
    script = "echo /usr/games/*; echo a >/usr/games/a; cat /usr/games/a"
    assert said("--tmpfs", "/usr/games", "/bin/sh", "-c", script) == "/usr/games/*\na\n"


def test_the_user() -> None:
    assert said("--user", "nobody", "/usr/bin/id", "-un") == "nobody\n"
    assert said("--user", "4001:4002", "/bin/sh", "-c", "id -u; id -g; id -G") == "4001\n4002\n4002\n"


def test_where_it_starts(tmp_path: Path) -> None:
    assert said("--cwd", "/usr/share", "/bin/pwd") == "/usr/share\n"
    assert said("--bind", f"{tmp_path}:/given", "--cwd", "/given", "/bin/pwd") == "/given\n"


def test_the_home_of_the_list_of_users_is_there_whatever_home_says(tmp_path: Path) -> None:
    home = os.path.expanduser(f"~{pwd.getpwuid(os.getuid()).pw_name}")
    if not os.path.isdir(home):
        pytest.skip(f"{home} is not there")
    assert said("--env", f"HOME={tmp_path}", "/bin/sh", "-c", f"cd {home} && pwd -P") == f"{home}\n"


@pytest.mark.parametrize(
    "words", [["--cwd", "/no/where"], ["--cwd", "/etc/passwd"], ["--user", "no such"], ["--user", "0:none"]]
)
def test_what_the_machine_does_not_have_is_one_line(words: list[str]) -> None:
    finished = ring3("run", *words, "/bin/true")
    assert finished.returncode == 2
    assert is_one_line(finished.stderr)


def test_a_working_directory_that_is_bound_anew_is_where_programs_start(tmp_path: Path) -> None:
    script = "echo kept >note; cat note"
    finished = ring3("run", "--bind", f".:{tmp_path}:rw", "/bin/sh", "-c", script, cwd=tmp_path)
    assert finished.stdout == "kept\n"
    assert (tmp_path / "note").read_text() == "kept\n"


def test_output() -> None:
    finished = ring3("run", "--output-bytes", "1K", "/usr/bin/yes")
    assert (finished.returncode, len(finished.stdout)) == (128 + 25, 1024)


def test_output_that_is_opened_anew_counts_too() -> None:
    script = "trap '' XFSZ; echo one; echo two >/proc/self/fd/1; echo three >&2"
    finished = ring3("run", "--output-bytes", "6", "/bin/sh", "-c", script)
    assert finished.stdout + finished.stderr == "one\ntw"


def test_defaults_of_the_users_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ring3").mkdir()
    (tmp_path / "ring3/ring3.toml").write_text('hostname = "island"\nenv = { A = "1" }\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert said("--env", "B=2", "/bin/sh", "-c", "uname -n; echo $A$B") == "island\n12\n"


def test_a_root(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/hello").write_bytes(HELLO.read_bytes())
    (tmp_path / "bin/hello").chmod(0o755)
    assert said("--root", str(tmp_path), "--env", "PATH=/bin", "hello") == "Hello, world\n"
    missing = ring3("run", "--root", str(tmp_path), "sh")
    assert (missing.returncode, missing.stderr) == (127, "ring3: sh: not found in the machine's PATH\n")


@pytest.mark.parametrize(
    "words",
    [
        ["strace", "-o", "/dev/null", "--hostname", "island", "--env=A=1", "/bin/sh"],
        ["explain", "-o", "/dev/null", "--hostname", "island", "--env", "A=1", "/bin/sh"],
        ["policy", "learn", "-o", "/dev/null", "--hostname", "island", "--env", "A=1", "/bin/sh"],
    ],
)
def test_other_commands_have_them_too(words: list[str]) -> None:
    finished = ring3(*words, "-c", "uname -n; echo $A")
    assert finished.stdout == "island\n1\n"


def test_dtrace_and_mdb_have_them_in_front_of_their_own() -> None:
    finished = ring3("dtrace", "--hostname", "island", "--env", "A=1", "-qn", "BEGIN{}", "-c", "uname -n")
    assert "island" in finished.stdout
    assert ring3("mdb", "--memory", "1M", "-K", str(HELLO)).stderr.startswith("ring3: --memory 1M")


@pytest.mark.parametrize(
    "word",
    ["", ":/given", "/usr:given", "/usr:/given:rx", "/nowhere", "/etc/passwd:/usr", "/usr:/etc/passwd"],
)
def test_what_cannot_be_shown_is_one_line(word: str) -> None:
    finished = ring3("run", "--bind", word, "/bin/true")
    assert finished.returncode not in (0, 1)
    assert is_one_line(finished.stderr)


def test_the_hosts_name() -> None:
    assert said("--hostname", "island", "/bin/uname", "-n") == "island\n"


def test_memory_is_that_of_the_machine() -> None:
    total = said("--memory", "64M", "/bin/sh", "-c", "read name number unit </proc/meminfo; echo $number")
    assert 32 << 10 < int(total) <= 64 << 10


def test_descriptors() -> None:
    assert said("--files", "20", "/bin/sh", "-c", "ulimit -n; ulimit -Hn") == "20\n20\n"


def test_cpu_time() -> None:
    finished = ring3("run", "--cpus-seconds", "1", "/bin/sh", "-c", "while :; do :; done")
    assert finished.returncode == 128 + 24


def test_tasks() -> None:
    finished = ring3("run", "--tasks", "2", "/bin/sh", "-c", "(:) && echo one; (: | :) || echo refused")
    assert "one" in finished.stdout
    assert "annot fork" in finished.stderr


@pytest.mark.parametrize("program", ["while :; do :; done", "read x </dev/zero", "sleep 1000"])
def test_time(program: str) -> None:
    finished = ring3("run", "--timeout", "1", "/bin/sh", "-c", program)
    assert finished.returncode == 124
    assert finished.stderr == "ring3: sh was ended after 1 s\n"


@pytest.mark.parametrize(
    "words", [["--env", "A"], ["--memory", "1M"], ["--memory", "12T"], ["--files", "0"], ["--timeout", "-1"]]
)
def test_what_makes_no_sense_is_one_line(words: list[str]) -> None:
    finished = ring3("run", *words, "/bin/true")
    assert finished.returncode == 2
    assert is_one_line(finished.stderr)
