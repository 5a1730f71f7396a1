"""Machines come up, are listed, and go down; who finds none, a dead one or a stranger is told so in one line."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.session import wire
from ring3.session.client import ask
from ring3.session.folder import Folder
from tests.cli.command import HELLO, is_one_line
from tests.session.bare import BareClient
from tests.session.machines import Machines
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.toolchain import Toolchain


def test_a_machine_is_listed_while_it_is_up_and_leaves_nothing(machines: Machines) -> None:
    assert machines.ring3("up").stdout == "linux-1\n"
    assert machines.ring3("up", "--os", "solaris").stdout == "solaris-1\n"
    lines = machines.ring3("ls").stdout.splitlines()
    assert lines[0].split() == ["NAME", "SYSTEM", "PID", "UP", "PROGRAMS", "CLIENTS", "STATE"]
    assert [line.split()[:2] for line in lines[1:]] == [["linux-1", "linux"], ["solaris-1", "solaris"]]
    assert machines.ring3("ls", "-q").stdout == "linux-1\nsolaris-1\n"
    assert machines.ring3("down", "--all").returncode == 0
    assert machines.ring3("ls", "-q").stdout == ""
    assert os.listdir(machines.runtime / "ring3") == []


def test_a_name_is_taken_once(machines: Machines) -> None:
    machines.up(name="a")
    again = machines.ring3("up", "--name", "a")
    assert (again.returncode, again.stderr) == (1, "ring3: a machine a is up already\n")
    assert machines.ring3("run", "--on", "a", HELLO).stdout == "Hello, world\n"


@NEEDS_HOST_CPU
def test_programs_run_on_the_hosts_processor_and_other_threads_look_at_them(
    machines: Machines, toolchain: Toolchain
) -> None:
    name = machines.up("--cpu", "host")
    vectors = str(toolchain.program("tasks/vectors.c"))
    assert "no AVX" not in machines.ring3("run", "--on", name, vectors).stdout
    commands = "::sysbp write\n:r\n$x\n:c\n"
    assert "cw     0x037f" in machines.ring3("mdb", "--on", name, HELLO, stdin=commands).stdout
    traced = machines.ring3("strace", "--on", name, HELLO)
    assert (traced.stdout, traced.returncode) == ("Hello, world\n", 0)
    assert "exit(0)" in traced.stderr


def test_solaris_is_not_for_the_hosts_processor(machines: Machines) -> None:
    done = machines.ring3("up", "--os", "solaris", "--cpu", "host")
    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_line(done.stderr)


@pytest.mark.parametrize("name", ["", "../x", "a b", ".x", "x" * 65])
def test_a_name_is_no_path(machines: Machines, name: str) -> None:
    for words in (["up", "--name", name], ["run", "--on", name, HELLO], ["down", name], ["ps", name]):
        done = machines.ring3(*words)
        assert done.returncode == 2
        assert is_one_line(done.stderr)


def test_a_machine_that_nobody_needs_ends(machines: Machines) -> None:
    name = machines.up("--idle", "0.01")
    try:
        connection = machines.folder.connect(name)
    except UserError:
        return  # it has ended already
    with closing(connection):
        assert connection.recv(1) == b""


def test_who_asks_for_a_machine_that_is_not_there_is_told(machines: Machines) -> None:
    for words in (["run", "--on", "x", HELLO], ["strace", "--on", "x", HELLO], ["ps", "x"], ["down", "x"]):
        done = machines.ring3(*words)
        assert (done.returncode, done.stderr) == (69, "ring3: no machine x is up: see ring3 ls\n")


def test_a_killed_server_leaves_a_socket_that_the_next_one_takes_away(machines: Machines) -> None:
    name = machines.up()
    machines.kill(name)
    gone = machines.ring3("run", "--on", name, HELLO)
    assert (gone.returncode, gone.stderr) == (
        69,
        f"ring3: the machine {name} is gone: its server was killed\n",
    )
    assert os.listdir(machines.runtime / "ring3") == []
    machines.up()
    machines.kill(name)
    assert machines.ring3("ls", "-q").stdout == ""
    machines.up()
    machines.kill(name)
    machines.up()


def test_a_server_that_is_killed_meanwhile_is_told_of(machines: Machines) -> None:
    name = machines.up()
    client = machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; read x")
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    machines.kill(name)
    assert client.wait() == 69
    assert client.stderr is not None
    assert client.stderr.read() == f"ring3: the machine {name} is gone\n"


def test_a_machine_that_goes_down_ends_its_commands_with_a_line(machines: Machines) -> None:
    name = machines.up()
    client = machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; read x")
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    assert machines.ring3("down", name).returncode == 0
    assert client.wait() == 69
    assert client.stderr is not None
    assert client.stderr.read() == "ring3: the machine goes down\n"


def test_a_machine_that_fails_says_so_to_all_and_is_gone(machines: Machines) -> None:
    name = machines.up()
    waiting = machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; read x")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "ready\n"
    assert machines.ring3("wrmsr", "--on", name, "MSR_LSTAR", "0x1000").returncode == 0
    failed = machines.ring3("run", "--on", name, HELLO)
    assert failed.returncode == 70
    assert failed.stderr.startswith("ring3: kernel panic: exception 8 ")
    assert waiting.wait() == 70
    assert waiting.stderr is not None
    assert waiting.stderr.read().startswith("ring3: kernel panic: exception 8 ")
    assert machines.ring3("ls", "-q").stdout == ""


def test_the_server_answers_while_a_command_has_stopped_the_machine(machines: Machines) -> None:
    name = machines.up()
    program = machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; read x; echo $x")
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    stopper = machines.start("dtrace", "--on", name, "-qs", "-")  # it reads its input before it lets go
    assert stopper.stdin is not None
    state = ""
    while state != "stopped by dtrace":
        with closing(machines.folder.connect(name)) as connection:
            state = ask(name, connection, "info").split("\t")[-1]
    assert "/bin/sh -c" in machines.ring3("ps", name).stdout
    program.stdin.write("line\n")
    program.stdin.flush()
    stopper.stdin.write("BEGIN { exit(4); }")
    stopper.stdin.close()
    assert stopper.wait() == 4
    assert program.stdout.readline() == "line\n"
    held = machines.start("dtrace", "--on", name, "-qs", "-")
    state = ""
    while state != "stopped by dtrace":
        with closing(machines.folder.connect(name)) as connection:
            state = ask(name, connection, "info").split("\t")[-1]
    assert machines.ring3("down", name).returncode == 0
    assert held.wait() == 69


def test_a_client_of_another_version_is_refused(machines: Machines) -> None:
    name = machines.up()
    with closing(machines.folder.connect(name)) as connection:
        connection.sendall(
            wire.frame(wire.ASK, wire.pack([b"9.9/7"], [b"run"], [b"anything", b"at", b"all"]))
        )
        ((kind, payload),) = wire.Frames().feed(connection.recv(65536))
    assert kind == wire.REFUSED
    assert payload.decode() == (
        f"the machine {name} is one of ring3 {wire.VERSION}, and this is 9.9/7: `ring3 down {name}` ends it"
    )
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.0\r\n\r\n", b"\x01\x02\0\0\0xx", b"\xff" * 64, b"\x01\x00\0\0\0"]
)
def test_a_stranger_gets_no_answer_and_does_no_harm(machines: Machines, data: bytes) -> None:
    name = machines.up()
    with closing(machines.folder.connect(name)) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(64) == b""
    with closing(machines.folder.connect(name)) as connection:
        assert "linux" in ask(name, connection, "info")


def test_a_client_that_talks_nonsense_to_its_program_is_not_heard_any_more(machines: Machines) -> None:
    name = machines.up()
    (stdin, keys), (reading, writing) = os.pipe(), os.pipe()
    words = ("run", "/bin/sh", "-c", "echo ready; read x")
    client = BareClient(machines.folder.connect(name), words, (stdin, writing))
    answering = threading.Thread(target=lambda: all(iter(client.hear, False)))
    answering.start()
    assert os.read(reading, 64) == b"ready\n"
    client.connection.sendall(wire.frame(wire.CONTINUED, b"nonsense"))
    answering.join()  # the server has closed it
    client.connection.close()
    for fd in (stdin, keys, reading, writing):
        os.close(fd)
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"


def test_a_folder_that_others_can_use_is_not_looked_into(machines: Machines) -> None:
    folder = machines.runtime / "ring3"
    folder.mkdir(mode=0o700)
    folder.chmod(0o750)
    for words in (["ls"], ["up"], ["run", "--on", "x", HELLO]):
        done = machines.ring3(*words)
        assert done.returncode == 69
        assert done.stderr == f"ring3: {folder} is not yours alone: machines are not looked for there\n"
    folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_another_users_socket_is_not_used(machines: Machines) -> None:
    folder = machines.folder
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(folder.place("x"))
        os.setuid(65534)
        listener.listen(1)
        os.close(told)
        signal.pause()
        os._exit(0)
    os.close(told)
    assert os.read(heard, 1) == b""
    os.close(heard)
    try:
        done = machines.ring3("run", "--on", "x", HELLO)
        assert (done.returncode, done.stderr) == (69, "ring3: the machine x is another user's\n")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.chown(folder.path, 65534, 65534)
    with pytest.raises(UserError, match="not yours alone"):
        Folder()
    os.chown(folder.path, 0, 0)


def test_a_long_path_of_the_folder_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    made = Machines(deep / "run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(made.runtime))
    try:
        assert made.ring3("run", "--on", made.up(), HELLO).stdout == "Hello, world\n"
    finally:
        made.end()
