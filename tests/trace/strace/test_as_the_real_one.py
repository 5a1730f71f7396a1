"""Lines of our trace beside those of the real strace, for the same program with the same arguments.

Addresses, numbers of processes and of the host's pipes differ and are replaced.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.toolchain import Bits, Toolchain

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

_REPLACED = (
    (re.compile(r"^execve\(.*"), "execve"),  # argv[0] is a path with us, and the environments differ
    (re.compile(r"0x[0-9a-f]{5,}"), "ADDRESS"),
    (re.compile(r" {2,}= "), " = "),  # where an address has another length, so has the padding
    (re.compile(r"\b(si_pid=|(?:t|tg)?kill\(|rt_sigqueueinfo\()\d+"), r"\1PID"),
    (re.compile(r"(get[pt]id\(\)|set_tid_address\(ADDRESS\)) += \d+"), r"\1 = PID"),
)


def _lines(words: list[str], tmp_path: Path) -> list[str]:
    out = tmp_path / "out"
    subprocess.run(
        [*words[: words.index("OUT")], str(out), *words[words.index("OUT") + 1 :]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        cwd=tmp_path,
    )
    found = []
    for line in out.read_text().splitlines():
        for pattern, text in _REPLACED:
            line = pattern.sub(text, line)  # noqa: PLW2901 -- step by step
        found.append(line)
    return found


def _both(options: list[str], program: list[str], tmp_path: Path) -> tuple[list[str], list[str]]:
    ours = _lines([sys.executable, "-m", "ring3", "strace", "-o", "OUT", *options, *program], tmp_path)
    return ours, _lines(["strace", "-o", "OUT", *options, *program], tmp_path)


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize(
    "name", ["basic/hello.c", "basic/exit_status.c", "basic/says_hello_twice.c", "tasks/signals.c"]
)
def test_programs(toolchain: Toolchain, name: str, bits: Bits, tmp_path: Path) -> None:
    # strace says in its own way which entry set_thread_area has chosen, and which mask sigreturn restores; and when a
    # child ends, before or after its parent waits, is a matter of chance there
    options = ["-e", "trace=!set_thread_area,rt_sigreturn,sigreturn,fork,wait4", "-e", "signal=!SIGCHLD"]
    ours, real = _both(options, [str(toolchain.program(name, bits=bits))], tmp_path)
    assert ours == real


def test_a_signal_for_a_zombie(toolchain: Toolchain, tmp_path: Path) -> None:
    program = [str(toolchain.program("tasks/zombies.c"))]
    ours, real = _both(["-e", "trace=kill", "-e", "signal=!SIGCHLD"], program, tmp_path)
    assert ours == real


@pytest.mark.parametrize("name", ["true", "cat", "head"])
def test_coreutils(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one\ntwo\n")
    program = [f"/usr/bin/{name}", "file"]
    options = ["-e", "trace=%file,read,write,close,fadvise64,munmap,mmap,exit_group", "-e", "signal=none"]
    ours, real = _both(options, program, tmp_path)
    assert ours == real


@pytest.mark.parametrize("bits", [64, 32])
def test_kinds_of_arguments(toolchain: Toolchain, bits: Bits, tmp_path: Path) -> None:
    options = ["-e", "trace=!set_thread_area,set_tid_address,brk,ioctl,wait4"]
    ours, real = _both(options, [str(toolchain.program("trace/kinds.c", bits=bits))], tmp_path)
    assert ours == real


@pytest.mark.parametrize(
    "rules",
    [
        ["inject=chdir:error=ENOENT:when=1"],
        ["inject=chdir:error=ENOENT:when=2"],
        ["inject=chdir:error=ENOENT:when=1+"],
        ["inject=chdir:error=EIO:when=1+2"],
        ["inject=%file:error=ENOENT:when=2+"],
        ["fault=close"],
        ["fault=chdir:error=13:when=1..2"],
        ["inject=chdir:retval=42"],
        ["inject=chdir,close:retval=0:signal=SIGCHLD:when=1"],
        ["inject=chdir:signal=URG"],
        ["inject=close:error=EBADF", "inject=close:retval=7:when=1"],
        ["inject=chdir:syscall=getpid:retval=0"],
    ],
    ids="|".join,
)
def test_injections(toolchain: Toolchain, rules: list[str], tmp_path: Path) -> None:
    options = [word for rule in rules for word in ("-e", rule)]
    program = str(toolchain.program("trace/injected.c"))
    ours, real = _both([*options, "-e", "trace=chdir,close,open,openat"], [program], tmp_path)
    assert ours == real


@pytest.mark.parametrize(
    "options",
    [
        "-n",
        "-i -e trace=kill,read",
        "-z -X raw",
        "-Z -X verbose",
        "-e raw=read,write -e status=successful",
        "-e trace=%creds,%signal,%desc -e signal=USR1",
        "-e trace=!%memory -xx -s 2",
        "-e trace=/^(get|write) -P /dev/null",
        "-e inject=getuid:retval=-1:when=2+2",
        "-e inject=getuid:signal=9:when=3",
        "-e inject=getuid:signal=USR1:when=1..5+3",
        "-e inject=write:poke_enter=@arg2=585a:when=2 -e trace=write",
        "-e fault=all:error=EINTR:when=10+",
    ],
)
def test_options(toolchain: Toolchain, options: str, tmp_path: Path) -> None:
    program = str(toolchain.program("trace/selected.c"))
    ours, real = _both(options.split(), [program], tmp_path)
    assert ours == real


def test_counts_column_for_column(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one\n")
    options = [
        "-c",
        "-U",
        "calls,errors,name",
        "-S",
        "name",
        "-e",
        "trace=open,openat,read,write,close,chdir,lseek",
    ]
    ours, real = _both(options, ["/usr/bin/head", "file", "nothing"], tmp_path)
    assert ours == real


def test_a_thread_that_executes_a_program_supersedes_the_first_one(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    program = str(toolchain.program("trace/supersedes.c", kind="static"))
    ours, real = _both(["-f", "-e", "trace=exit_group"], [program], tmp_path)
    ends = [[re.sub(r"^\d+ +|\d+", "N ", line) for line in lines if "+++" in line] for lines in (ours, real)]
    assert ends[0] == ends[1]
    assert any("superseded by execve" in line for line in ends[0])
