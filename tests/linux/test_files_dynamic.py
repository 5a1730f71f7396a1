"""Dynamic programs, and programs that this project did not write, from the host's directories."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

LOADERS: dict[Bits, str] = {64: "/lib64/ld-linux-x86-64.so.2", 32: "/lib/ld-linux.so.2"}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("name", ["basic/hello.c", "basic/printf_float.c", "basic/args.c", "files/names.c"])
def test_dynamic_glibc(
    linux: Linux,
    toolchain: Toolchain,
    native: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    bits: Bits,
) -> None:
    if not Path(LOADERS[bits]).exists():
        pytest.skip(f"the host has no {LOADERS[bits]}")
    program = toolchain.program(name, bits=bits, kind="dynamic")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").mkdir()
    expected = native(program, ["one", "two"], directory=tmp_path / "theirs")
    monkeypatch.chdir(tmp_path / "ours")
    assert guest.run(linux, program, ["one", "two"]).finished == expected


def test_the_hosts_compiler_makes_programs_that_run(linux: Linux, native: Run, tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("the host has no gcc")
    program = tmp_path / "program"
    source = b'#include <stdio.h>\nint main(void) { printf("%.3f\\n", 1 / 3.0); return 3; }\n'
    command = ["gcc", "-x", "c", "-", "-o", str(program)]
    if subprocess.run(command, input=source, capture_output=True, check=False).returncode:
        pytest.skip("the host's gcc has no C library")
    assert guest.run(linux, program).finished == native(program)


def test_a_second_exec_reads_nothing_from_the_host(
    toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path(LOADERS[64]).exists():
        pytest.skip(f"the host has no {LOADERS[64]}")
    program = toolchain.program("basic/hello.c", kind="dynamic")
    with guest.boot() as linux:
        guest.run(linux, program)
        read: list[object] = []
        monkeypatch.setattr("ring3.fs.host_os.preadv", lambda *args: read.append(args))
        assert guest.run(linux, program).stdout == b"Hello, world\n"
        assert not read


TOOLS = [
    ["ls", "-l", "/etc/passwd", "."],
    ["ls", "-laR", "d"],
    ["cat", "f", "d/g"],
    ["head", "-n", "2", "f"],
    ["tail", "-n", "2", "f"],
    ["sort", "f"],
    ["wc", "f", "d/g"],
    ["grep", "-rn", "e", "."],
    ["sed", "s/t/T/g", "f"],
    ["awk", "{ print NR, $1 }", "f"],
    ["find", ".", "-type", "f"],
    ["stat", "-c", "%n %s %f %u %g %h %i %Y %Z", "f", "d", "link"],
    ["date", "-u", "-r", "f"],
    ["env"],
    ["od", "-c", "f"],
    ["md5sum", "f", "d/g"],
    ["cut", "-c", "2-3", "f"],
    ["tac", "f"],
    ["cp", "f", "copied"],
    ["mv", "f", "moved"],
    ["ln", "-s", "x", "y"],
    ["mkdir", "-p", "a/b/c"],
    ["rm", "-rf", "d"],
    ["touch", "new"],
    ["readlink", "-f", "link"],
    ["realpath", "d/../f"],
    ["du", "-a", "--apparent-size"],
    ["test", "-f", "f"],
    ["cmp", "f", "d/g"],
    ["diff", "f", "d/g"],
    ["base64", "f"],
    ["id", "-u"],
    ["sh", "-c", "cd d; pwd -P | sed 's,.*/,,'; cat < ../f | wc -l; echo x > y; cat y; rm y; ls"],
    ["bash", "-c", "for i in *; do echo $i; done; echo $((6 * 7)) > n; cat n; read x < f; echo $x"],
    ["python3", "-c", "import os, json; print(json.dumps(sorted(os.listdir('.')))); print(open('f').read())"],
    ["perl", "-e", "open F, 'f'; print reverse <F>; print -s 'd/g', qq(\\n)"],
    ["tar", "cf", "-", "--sort=name", "d"],
    ["gzip", "-nc", "f"],
]


def fill(base: Path) -> None:
    (base / "d").mkdir(parents=True)
    (base / "f").write_text("three\ntwo\none\n")
    (base / "d" / "g").write_text("eleven\n")
    (base / "link").symlink_to("d/g")
    for path in (base / "f", base / "d" / "g", base / "d", base):
        os.utime(path, (1_600_000_000, 1_600_000_000))


@pytest.mark.parametrize("command", TOOLS, ids=lambda command: " ".join(command[:2]))
def test_tools_of_the_host_do_what_they_do_natively(
    native: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    tool = next((path for path in (Path("/usr/bin"), Path("/bin")) if (path / command[0]).exists()), None)
    if tool is None:
        pytest.skip(f"the host has no {command[0]}")
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    with Linux() as linux:
        outcome = guest.run(linux, tool / command[0], command[1:], environment=ENVIRONMENT, seconds=60)
    assert sorted(os.listdir(tmp_path)) == ["d", "f", "link"]
    expected = native(tool / command[0], command[1:], environment=ENVIRONMENT, directory=tmp_path)
    assert outcome.finished == expected


def test_what_a_process_is_told_of_itself_has_the_hosts_rows_in_their_order(native: Run) -> None:
    cat, path = Path("/bin/cat"), ["/proc/self/status"]
    with Linux() as linux:
        ours, theirs = (
            dict(line.split(b":\t", 1) for line in outcome.stdout.splitlines())
            for outcome in (guest.run(linux, cat, path), native(cat, path))
        )
    assert [name for name in theirs if name in ours] == list(ours)
    assert {b"VmLib", b"VmPTE", b"SigQ", b"Seccomp", b"Seccomp_filters"} < ours.keys()
    for name in (b"Umask", b"Uid", b"Threads", b"VmExe", b"SigCgt", b"Seccomp", b"CoreDumping"):
        assert ours[name] == theirs[name]


def test_the_vsyscall_page_is_the_last_mapping_that_is_described() -> None:
    with Linux() as linux:
        outcome = guest.run(linux, Path("/bin/sh"), ["-c", "cat /proc/self/smaps"])
    gate = outcome.stdout.splitlines()[-25:]
    assert gate[0] == b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0".ljust(73) + b"[vsyscall]"
    assert gate[1].split() == [b"Size:", b"4", b"kB"]
    assert gate[-1] == b"VmFlags: ex "
