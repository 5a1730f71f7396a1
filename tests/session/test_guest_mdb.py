"""mdb as a program of a machine of Solaris: commands come from its standard input, and it looks at its own kernel."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.command import COMMAND, ROOT

pytestmark = pytest.mark.guest


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    command = [*COMMAND, "run", "--os", "solaris", "--", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, done.stdout, done.stderr


def test_commands_about_the_kernel() -> None:
    status, out, errors = run(
        "mdb", "-k", stdin="::ps\nsysent+0x20*0t152::print struct sysent sy_narg\n0t10=K\n"
    )
    header, line, narg, *rest = out.splitlines()
    assert (status, errors) == (0, "")
    assert header.split() == ["S", "PID", "PPID", "PGID", "SID", "UID", "FLAGS", "ADDR", "NAME"]
    assert line.split()[-1] == "mdb"
    assert narg == "sy_narg = '\\006'"
    assert [line.split() for line in rest] == [["a"]]


def test_a_command_that_fails_does_not_end_it() -> None:
    status, out, errors = run("mdb", "-k", stdin="nothing\n0t11=K\n$q\n0t12=K\n")
    assert (status, out.split(), errors) == (
        0,
        ["b"],
        "mdb: failed to dereference symbol: unknown symbol name\n",
    )


def test_files_are_those_of_the_machine() -> None:
    status, out, errors = run("mdb", "/lib/64/libc.so.1", stdin="modctl::dis -n 1\n")
    assert (status, errors) == (0, "")
    assert out.splitlines()[0].split()[1:] == ["movq", "%rcx,%r10"]


@pytest.mark.parametrize(
    ("words", "wanted", "message"),
    [
        (["/no/such"], 2, "mdb: failed to open /no/such: No such file or directory\n"),
        (["-p", "2"], 1, "mdb: failed to grab 2: use ring3 mdb --on NAME -p, from outside of the machine\n"),
        (["-K"], 1, "mdb: kmdb is loaded with ring3 mdb -K, from outside of the machine\n"),
    ],
)
def test_what_it_cannot_do_is_told_in_a_line(words: list[str], wanted: int, message: str) -> None:
    status, out, errors = run("mdb", *words)
    assert (status, out, errors) == (wanted, "", message)
