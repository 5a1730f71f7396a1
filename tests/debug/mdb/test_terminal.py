"""mdb and kmdb on a real terminal."""

from __future__ import annotations

import os
import sys

import pexpect
import pytest

ROOT_COMMAND = [sys.executable, "-m", "ring3", "mdb"]


def spawn(*words: str) -> pexpect.spawn[str]:
    environment = {**os.environ, "TERM": "dumb"}
    return pexpect.spawn(
        ROOT_COMMAND[0],
        [*ROOT_COMMAND[1:], *words],
        env=environment,
        encoding="utf-8",
        timeout=600,  # for a machine that is loaded; what is expected comes or the child ends
        echo=False,
    )


def answer(child: pexpect.spawn[str], text: str, prompt: str = "\r\n> ") -> list[str]:
    """The words that are shown for a line, up to the next prompt."""
    child.sendline(text)
    child.expect_exact(prompt)
    return (child.before or "").split()


@pytest.fixture
def mdb() -> pexpect.spawn[str]:
    child = spawn("--os", "solaris", "-k")
    child.expect_exact("> ")
    return child


def test_a_kernel(mdb: pexpect.spawn[str]) -> None:
    assert answer(mdb, "::sizeof struct sysent")[-5:] == ["sizeof", "(struct", "sysent)", "=", "0x20"]
    assert answer(mdb, "sysent+0x1318/J")[-2:] == ["sysent+0x1318:", "fffffffffbcad4e0"]
    mdb.sendline("$q")
    mdb.expect(pexpect.EOF)
    mdb.wait()
    assert mdb.exitstatus == 0


def test_an_empty_line_goes_on(mdb: pexpect.spawn[str]) -> None:
    assert answer(mdb, "sysent+0x1318/J")[-2:] == ["sysent+0x1318:", "fffffffffbcad4e0"]
    assert answer(mdb, "")[-2:-1] == ["sysent+0x1320:"]
    mdb.sendeof()
    mdb.expect(pexpect.EOF)
    mdb.wait()


def test_kmdb() -> None:
    child = spawn("--os", "solaris", "-K", "/usr/sbin/modinfo", "-i", "16")
    child.expect_exact("[0]> ")
    assert (child.before or "").split() == [
        "kmdb:", "target", "stopped", "at:", "kmdb_enter+0xb:", "movq", "%rax,%rdi",
    ]  # fmt: skip
    answer(child, "modctl:b", "[0]> ")
    words = answer(child, ":c", "[0]> ")
    assert words[-3:] == ["modctl:", "pushq", "%rbp"]
    answer(child, ":z", "[0]> ")
    child.sendline(":c")
    child.expect_exact("(PCI Express Framework Module)")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
