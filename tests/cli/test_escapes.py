"""Attempts to leave the sandbox: nothing of the host that was not given is read or changed."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.command import COMMAND
from tests.support.toolchain import Toolchain


@pytest.fixture
def work(tmp_path: Path, toolchain: Toolchain) -> Path:
    """The working directory of a hostile program, with everything in it that leads out."""
    (tmp_path / "secret").write_text("secret")
    work = tmp_path / "work"
    for name in ("dir", "swapped"):
        (work / name).mkdir(parents=True)
    (work / "file").write_text("given")
    (work / "hosts-link").symlink_to("../secret")
    (work / "hosts-dir").symlink_to("..")
    os.mkfifo(work / "hosts-fifo")
    (work / "escapes").write_bytes(toolchain.program("sandbox/escapes.c").read_bytes())
    (work / "escapes").chmod(0o755)
    return work


@contextmanager
def listening(work: Path) -> Iterator[socket.socket]:
    """A socket of the host in the working directory."""
    here = os.open(".", os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(work)
        try:
            server.bind("hosts-socket")
        finally:
            os.fchdir(here)
            os.close(here)
        server.listen()
        server.setblocking(False)
        yield server


@contextmanager
def answering() -> Iterator[list[str]]:
    """A port, an abstract name and a process of the host that nobody may reach; how a program is told of them."""
    name = f"ring3-escapes-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0" + name)
        abstract.listen()
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True) as process:
            yield [str(port.getsockname()[1]), name, str(process.pid)]
            assert process.poll() is None
        for server in (port, abstract):
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()


@contextmanager
def swapping(work: Path) -> Iterator[None]:
    """While this lasts, the host makes a directory a link that leads out, and back, again and again."""
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            with suppress(OSError):
                (work / "swapped").rename(work / "away")
                (work / "swapped").symlink_to("..")
                (work / "swapped").unlink()
                (work / "away").rename(work / "swapped")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("options", [[], ["--rw"], ["--no-confine"], ["--rw", "--no-confine"]], ids=" ".join)
def test_nothing_leads_out(work: Path, options: list[str]) -> None:
    outside = work.parent
    fifo = os.open(work / "hosts-fifo", os.O_RDONLY | os.O_NONBLOCK)
    with listening(work) as server, swapping(work), answering() as others:
        finished = subprocess.run(
            [*COMMAND, "run", *options, "./escapes", str(outside / "secret"), *others],
            cwd=work, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        with pytest.raises(BlockingIOError):
            server.accept()
    assert (finished.stdout, finished.returncode) == ("done\n", 0), finished.stderr
    assert (outside / "secret").read_text() == "secret"
    assert sorted(path.name for path in outside.iterdir()) == ["secret", "work"]
    assert os.read(fifo, 100) == b""
    os.close(fifo)
    assert not (work / "file").stat().st_mode & (stat.S_ISUID | stat.S_ISGID)
    if "--rw" not in options:
        assert (work / "hosts-link").is_symlink()
        assert not (work / "absolute").is_symlink()


@pytest.mark.parametrize("how", ["<", ">>"])
def test_what_was_handed_over_keeps_its_rights(tmp_path: Path, how: str) -> None:
    given = tmp_path / "given"
    given.write_text("kept\n")
    (tmp_path / "work").mkdir()
    script = "(echo over 1<>/proc/self/fd/0) ; (: >/dev/stdin); (: >/proc/self/fd/1); (: 3<>/dev/stdout >&3); echo end"
    with given.open("r" if how == "<" else "a") as handed:
        subprocess.run(
            [*COMMAND, "run", "sh", "-c", script], cwd=tmp_path / "work", check=False, stderr=subprocess.DEVNULL,
            stdin=handed if how == "<" else subprocess.DEVNULL, stdout=handed if how == ">>" else subprocess.DEVNULL,
        )  # fmt: skip
    assert given.read_text() == ("kept\n" if how == "<" else "kept\nend\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root cannot read the host's secrets anyway")
def test_secrets_of_the_hosts_etc_stay_there() -> None:
    """Neither by open(2) nor by a mount that shows the file below: accounts are there without hashes."""
    hidden = [
        path for path in Path("/etc").iterdir() if path.is_file() and not path.stat().st_mode & stat.S_IROTH
    ]
    script = 'for f; do cat "$f" && echo "read: $f"; done; mkdir /tmp/e && mount --bind /etc /tmp/e; cat /tmp/e/shadow'
    finished = subprocess.run(
        [*COMMAND, "run", "-q", "sh", "-c", script, "sh", *map(str, hidden)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    accounts = [line.partition(":")[0] for line in Path("/etc/passwd").read_text().splitlines()]
    shown = [line for line in finished.stdout.splitlines() if not line.startswith("read: ")]
    assert {line.split(":")[1] for line in shown} <= {"*"}
    assert {line.partition(":")[0] for line in shown} >= set(accounts)
    read = {line for line in finished.stdout.splitlines() if line.startswith("read: ")}
    assert read <= {"read: /etc/shadow", "read: /etc/gshadow"}


def test_keys_are_not_typed_for_others(work: Path) -> None:
    """TIOCSTI on a terminal: what a program types does not reach who has the terminal afterwards."""
    terminal, inside = os.openpty()
    with answering() as others:
        finished = subprocess.run(
            [*COMMAND, "run", "--no-confine", "./escapes", str(work.parent / "secret"), *others],
            cwd=work, stdin=inside, capture_output=True, check=False,
        )  # fmt: skip
    assert b"done" in finished.stdout, finished.stderr
    os.set_blocking(inside, False)
    settings = termios.tcgetattr(inside)
    settings[3] &= ~termios.ICANON
    termios.tcsetattr(inside, termios.TCSANOW, settings)
    with pytest.raises(BlockingIOError):
        os.read(inside, 1)
    os.close(terminal)
    os.close(inside)
