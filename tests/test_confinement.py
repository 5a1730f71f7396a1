"""``ring3 run`` gives up what it does not need before a program runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, HELLO, ROOT, ring3

ASK = """
import ctypes, json, os, socket, sys
from ring3.confinement import confine

def tried(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        return error.errno
    return 0

secret, visible = sys.argv[1:]
writing = os.open(os.path.join(visible, "open"), os.O_WRONLY)
confine([os.fsencode(visible)])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace(0, 0, 0, 0)
found = {
    "exec": tried(os.execv, "/bin/true", ["true"]),
    "socket": tried(socket.socket),
    "ptrace": ctypes.get_errno(),
    "secret": tried(open, secret),
    "visible": tried(open, os.path.join(visible, "file")),
    "write": tried(open, os.path.join(visible, "file"), "w"),
    "handed over": tried(os.write, writing, b"x"),
    "module": tried(__import__, "xml.dom.minidom"),
    "null": tried(open, "/dev/null", "w"),
    "privileges": libc.prctl(39, 0, 0, 0, 0),
}
print(json.dumps(found))
"""
EPERM = 1
EACCES = 13


def has_landlock() -> bool:
    return "landlock   yes" in ring3("doctor").stdout


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    folder = tmp_path_factory.mktemp("host")
    (folder / "secret").write_text("important")
    (folder / "visible").mkdir()
    for name in ("file", "open"):
        (folder / "visible" / name).write_text("shown")
    finished = subprocess.run(
        [sys.executable, "-c", ASK, str(folder / "secret"), str(folder / "visible")],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    found: dict[str, int] = json.loads(finished.stdout)
    return found


def test_programs_sockets_and_tracing_are_given_up(answers: dict[str, int]) -> None:
    assert [answers[name] for name in ("exec", "socket", "ptrace")] == [EPERM] * 3
    assert answers["privileges"] == 1


def test_files_are_given_up_but_for_what_is_seen_and_needed(answers: dict[str, int]) -> None:
    if not has_landlock():
        pytest.skip("this host has no Landlock")
    assert [answers[name] for name in ("secret", "write")] == [EACCES] * 2
    assert not any(answers[name] for name in ("visible", "handed over", "module", "null"))


@pytest.mark.parametrize(("option", "confined"), [([], "1"), (["--no-confine"], "0")])
def test_run_is_confined_unless_asked_not_to_be(option: list[str], confined: str) -> None:
    """The process is looked at from outside while its program waits for input."""
    program = subprocess.Popen(
        [*COMMAND, "run", *option, "/bin/sh", "-c", "echo started; read x"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == b"started\n"
    for task in Path(f"/proc/{program.pid}/task").iterdir():
        status = dict(
            line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line
        )
        assert status["NoNewPrivs"] == confined
        assert status["Seccomp"] == ("2" if confined == "1" else "0")
    program.communicate(b"\n")
    assert ring3("run", *option, HELLO).returncode == 0


HANDED_OVER = (
    "echo appended >/dev/stderr; (exec 3<>/dev/stdin) 2>/dev/null || cat </dev/stdin; echo out >/dev/stdout"
)


def test_what_was_handed_over_keeps_its_rights(tmp_path: Path) -> None:
    secret, log = tmp_path / "secret", tmp_path / "log"
    secret.write_text("important\n")
    log.write_text("before\n")
    (tmp_path / "inside").mkdir()
    with secret.open() as stdin, log.open("a") as stderr:
        finished = subprocess.run(
            [*COMMAND, "run", "/bin/sh", "-c", HANDED_OVER],
            stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, cwd=tmp_path / "inside", check=False, text=True,
        )  # fmt: skip
    assert finished.stdout == "important\nout\n"
    assert secret.read_text() == "important\n"
    assert log.read_text() == "before\nappended\n"
