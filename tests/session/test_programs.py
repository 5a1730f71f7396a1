"""Programs on a machine that is up: descriptors, status, signals are as of a program that is run directly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ring3.session.client import ask
from tests.cli.command import COMMAND, HELLO, ROOT
from tests.session.bare import BareClient
from tests.session.machines import Machines
from tests.support.toolchain import Toolchain


def test_status_streams_directory_and_environment_are_the_clients(machines: Machines, tmp_path: Path) -> None:
    name = machines.up("--hostname", "there")
    script = 'read x; echo "$x $PWD $COLOUR $(uname -n)"; echo complaint >&2; exit 7'
    machines.environment["COLOUR"] = "blue"
    done = machines.ring3("run", "--on", name, "/bin/sh", "-c", script, stdin="line\n", cwd=ROOT / "examples")
    assert (done.returncode, done.stdout, done.stderr) == (
        7,
        f"line {ROOT}/examples blue there\n",
        "complaint\n",
    )
    cleared = machines.ring3("run", "--on", name, "--clear-env", "--env", "A=1", "/usr/bin/env")
    assert cleared.stdout == "A=1\n"
    unseen = machines.ring3("run", "--on", name, "./hello", cwd=tmp_path)
    assert unseen.returncode == 127
    assert (
        unseen.stderr == f"ring3: ./hello: the machine m does not see {tmp_path}; it was started in {ROOT}\n"
    )


def test_the_machine_may_be_named_among_other_options(machines: Machines) -> None:
    name = machines.up("--hostname", "there")
    for words in (["-q", "--on", name], [f"--on={name}"], ["--env", "A=1", "--on", name]):
        assert machines.ring3("run", *words, "/bin/uname", "-n").stdout == "there\n"
    assert machines.ring3("run", "/bin/echo", "--on", name).stdout == f"--on {name}\n"


def test_what_is_settled_at_boot_cannot_be_asked_for(machines: Machines) -> None:
    name = machines.up()
    for words, option in ((["--seed", "3"], "--seed"), (["--memory", "64M"], "--memory")):
        done = machines.ring3("run", "--on", name, *words, HELLO)
        assert (done.returncode, done.stderr) == (
            2, f"ring3: {option} is for a machine that is booted: give it to ring3 up\n",
        )  # fmt: skip
    other = machines.ring3("run", "--on", name, "--os", "solaris", HELLO)
    assert (other.returncode, other.stderr) == (2, f"ring3: the machine {name} runs linux\n")
    wrong = machines.ring3("run", "--on", name, "--nonsense", HELLO)
    assert wrong.returncode == 2
    assert "--nonsense" in wrong.stderr
    assert machines.ring3("run", "--on", name, "--help").stdout.startswith("usage: ring3 run ")


def test_defaults_are_those_of_the_clients_files(machines: Machines, tmp_path: Path) -> None:
    name = machines.up()
    (tmp_path / "ring3.toml").write_text('hostname = "island"\nfiles = 17\nenv = { A = "1" }\n')
    machines.environment["XDG_CONFIG_HOME"] = str(tmp_path)
    (tmp_path / "ring3").mkdir()
    (tmp_path / "ring3/ring3.toml").write_text("files = 18\noutput-bytes = 100\n")
    words = ("run", "--on", name, "/bin/sh", "-c", "echo $A; ulimit -n; uname -n")
    assert machines.ring3(*words, cwd=tmp_path).stdout == "1\n17\nring3\n"
    assert machines.ring3(*words).stdout == "\n18\nring3\n"
    (tmp_path / "ring3.toml").write_text("speed = 1\n")
    done = machines.ring3(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "ring3: ring3.toml: there is no option speed\n")


def test_two_machines_have_nothing_in_common_and_programs_of_one_share_its_files(machines: Machines) -> None:
    machines.up(name="a")
    machines.up(name="b")
    assert machines.ring3("run", "--on", "a", "/bin/sh", "-c", "echo kept >/tmp/file").returncode == 0
    assert machines.ring3("run", "--on", "a", "/bin/cat", "/tmp/file").stdout == "kept\n"
    assert machines.ring3("run", "--on", "b", "/bin/cat", "/tmp/file").returncode == 1


def test_signals_reach_the_program_and_end_the_client_as_it_ends(machines: Machines) -> None:
    name = machines.up()
    script = 'trap "echo got it; exit 5" TERM; echo ready; while :; do :; done'
    client = machines.start("run", "--on", name, "/bin/sh", "-c", script)
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    client.send_signal(signal.SIGTERM)
    assert client.stdout.readline() == "got it\n"
    assert client.wait() == 5
    other = machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; exec sleep 1000")
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    other.send_signal(signal.SIGINT)
    assert other.wait() == -signal.SIGINT


def test_a_client_that_dies_is_a_terminal_that_is_closed(machines: Machines) -> None:
    name = machines.up()
    script = 'trap "" HUP; (trap "echo hung up >/tmp/told; exit" HUP; echo ready; while :; do :; done)'
    client = machines.start("run", "--on", name, "/bin/sh", "-c", script)
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    client.kill()
    client.wait()
    waiting = "until test -s /tmp/told; do :; done; cat /tmp/told"
    assert machines.ring3("run", "--on", name, "/bin/sh", "-c", waiting).stdout == "hung up\n"


def test_a_client_that_does_not_read_holds_up_nobody_else(machines: Machines) -> None:
    name = machines.up()
    slow = machines.start("run", "--on", name, "/bin/sh", "-c", "while :; do echo much of the same; done")
    traced = machines.start(
        "strace", "--on", name, "/bin/sh", "-c", "n=0; while test $n -lt 3000; do n=$((n+1)); echo; done"
    )
    assert slow.stdout is not None
    assert slow.stdout.readline() == "much of the same\n"
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"
    slow.stdout.close()
    assert slow.wait() == 128 + signal.SIGPIPE
    assert traced.stdout is not None
    traced.stdout.close()
    assert traced.communicate()[1].count("write(1") > 0


def test_a_client_that_is_stopped_holds_up_nobody_else(machines: Machines) -> None:
    name = machines.up()
    client = machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; read x; echo $x")
    assert client.stdout is not None
    assert client.stdin is not None
    assert client.stdout.readline() == "ready\n"
    client.send_signal(signal.SIGSTOP)
    os.waitpid(client.pid, os.WUNTRACED)
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"
    assert "echo ready" in machines.ring3("ps", name).stdout
    client.stdin.write("line\n")
    client.stdin.flush()
    assert client.stdout.readline() == "line\n"  # its program goes on: descriptors are its own
    client.send_signal(signal.SIGCONT)
    assert client.wait() == 0


def test_no_flag_of_a_description_is_changed(machines: Machines) -> None:
    name = machines.up()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = [os.get_blocking(end.fileno()) for end in (ours, theirs)]
        ours.sendall(b"through")
        ours.shutdown(socket.SHUT_WR)
        command = [*COMMAND, "run", "--on", name, "/bin/cat"]
        done = subprocess.run(
            command,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            env=machines.environment,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0
        assert ours.recv(64) == b"through"
        assert before == [os.get_blocking(end.fileno()) for end in (ours, theirs)]


def test_many_clients_at_the_same_time(machines: Machines) -> None:
    name = machines.up()
    waiting = [
        machines.start("run", "--on", name, "/bin/sh", "-c", "echo ready; read x; exit $x") for _ in range(8)
    ]
    for client in waiting:
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
    quiet = [machines.folder.connect(name) for _ in range(200)]
    assert [ask(name, connection, "info").split("\t")[4] for connection in quiet] == ["8"] * 200
    for number, client in enumerate(waiting):
        assert client.stdin is not None
        client.stdin.write(f"{number}\n")
        client.stdin.flush()
        assert client.wait() == number
    for connection in quiet:
        connection.close()


def test_two_hundred_programs_at_the_same_time(machines: Machines, toolchain: Toolchain) -> None:
    program = toolchain.program("basic/reads_status.c")
    name = machines.up("--bind", f"{program.parent}:/programs:ro")
    words = ("run", f"/programs/{program.name}")
    clients, ends = [], []
    for _ in range(200):
        stdin, keys = os.pipe()
        output, stdout = os.pipe()
        clients.append(BareClient(machines.folder.connect(name), words, (stdin, stdout)))
        os.close(stdin)
        os.close(stdout)
        ends.append((keys, output))
    with ThreadPoolExecutor(len(clients)) as waiting:
        statuses = [waiting.submit(client.wait) for client in clients]
        for number, (keys, output) in enumerate(ends):
            assert os.read(output, 64) == b"ready\n"
            os.write(keys, bytes([number]))
        assert [status.result() for status in statuses] == list(range(200))
    for fd in (fd for pair in ends for fd in pair):
        os.close(fd)
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"


def test_a_program_that_ends_leaves_others_of_its_own(machines: Machines) -> None:
    name = machines.up()
    script = "(while ! test -e /tmp/go; do :; done; echo done >/tmp/gone) >/dev/null 2>&1 &"
    assert machines.ring3("run", "--on", name, "/bin/sh", "-c", script).returncode == 0
    assert "/bin/sh -c" in machines.ring3("ps", name).stdout
    assert machines.ring3("run", "--on", name, "/bin/touch", "/tmp/go").returncode == 0
    waiting = "until test -s /tmp/gone; do :; done"
    assert machines.ring3("run", "--on", name, "/bin/sh", "-c", waiting).returncode == 0


@pytest.mark.parametrize("word", ["up", "ls", "ps", "down", "doctor", "nothing"])
def test_only_what_can_be_done_on_a_machine_is(machines: Machines, word: str) -> None:
    done = machines.ring3(word, "--on", machines.up(), "x")
    assert (done.returncode, done.stderr) == (2, f"ring3: {word}: not a command for a machine that is up\n")
