"""What options of the command do, on a program whose calls are known."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.command import ring3
from tests.support.toolchain import Toolchain


@pytest.fixture
def program(toolchain: Toolchain) -> str:
    return str(toolchain.program("trace/injected.c"))


def trace(*words: str) -> list[str]:
    done = ring3("strace", *words)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def test_calls_by_errno(program: str) -> None:
    lines = trace("-a1", "-e", "trace=errno:EBADF", "-e", "fault=close:error=EBADF:when=1", program)
    assert lines == ["close(3) = -1 EBADF (Bad file descriptor) (INJECTED)", "+++ exited with 0 +++"]


def test_calls_by_argument(program: str) -> None:
    lines = trace("-a1", "-qq", "-e", "trace=arg:path~^/dev/", program)
    assert lines
    assert all('"/dev/zero"' in line for line in lines)


def test_failed_calls_are_written_whole(program: str) -> None:
    lines = trace("-a1", "-qq", "-Z", "-e", "trace=chdir", "-e", "fault=chdir:error=EIO", program)
    assert lines == ['chdir("/") = -1 EIO (Input/output error) (INJECTED)']


def test_calls_about_a_path(program: str) -> None:
    lines = trace("-a1", "-qq", "-P", "/dev/zero", program)
    assert [line.split("(")[0] for line in lines][:2] == ["open", "read"]


def test_calls_about_a_descriptor(program: str) -> None:
    lines = trace("-a1", "-qq", "--trace-fds=3", program)
    assert lines
    assert all(line.split("(")[1].startswith("3") for line in lines)


def test_the_table(program: str) -> None:
    lines = trace("-c", "-U", "calls,errors,name,max-time", "-S", "name", program)
    assert lines[:2] == [
        "    calls    errors syscall           longest",
        "--------- --------- ---------------- --------",
    ]
    names = [line.split()[-2] for line in lines[2:-2]]
    assert names == sorted(names)
    assert re.fullmatch(r" +\d+ {11}total +\d\.\d{6}", lines[-1])


def test_a_command_reads_the_trace(program: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert ring3("strace", "-e", "trace=chdir", "-o", f"|tr a-z A-Z > {out}", program).returncode == 0
    assert out.read_text().startswith('CHDIR("/")')


def test_output_is_appended(program: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert ring3("strace", "-A", "-o", str(out), "-e", "trace=chdir", "-qqq", program).returncode == 0
    assert out.read_text().count("chdir") == 2


def test_each_task_has_a_file(toolchain: Toolchain, tmp_path: Path) -> None:
    forks = str(toolchain.program("trace/kinds.c"))
    out = tmp_path / "out"
    assert ring3("strace", "-ff", "-o", str(out), "-e", "trace=all", forks).returncode == 0
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files[0] == "out.2"
    assert all(path.read_text().endswith("+++\n") for path in tmp_path.iterdir())


def test_values_with_names(program: str) -> None:
    words = ["-a1", "-qq", "-e", "trace=open", program]
    assert trace("-Xraw", *words) == ['open("/dev/zero", 0x8000) = 3']
    assert trace("-Xverbose", *words) == ['open("/dev/zero", 0x8000 /* O_RDONLY|O_LARGEFILE */) = 3']


def test_raw_arguments(program: str) -> None:
    (line,) = trace("-a1", "-qq", "-e", "trace=open", "-e", "raw=open", program)
    assert re.fullmatch(r"open\(0x[0-9a-f]+, 0x8000, 0\) = 0x3", line)


def test_descriptors_with_devices(program: str) -> None:
    assert trace("-a1", "-qq", "-yy", "-e", "trace=close", program) == ["close(3</dev/zero<char 1:5>>) = 0"]


def test_tracing_ends_after_some_calls(program: str) -> None:
    lines = trace("-a1", "--syscall-limit=2", "-e", "trace=getppid", program)
    assert lines == ["getppid() = 1"] * 2


def test_objects(program: str) -> None:
    events = [json.loads(line) for line in trace("--json", "-e", "trace=open,exit_group", program)]
    assert [event["event"] for event in events] == ["call", "call", "exit"]
    opened, left, ended = events
    assert opened["name"] == "open"
    assert opened["door"] == "syscall"
    assert [argument["name"] for argument in opened["arguments"]] == ["filename", "flags"]
    assert opened["arguments"][0]["text"] == '"/dev/zero"'
    assert opened["arguments"][1]["value"] == 0x8000
    assert opened["result"] == 3
    assert opened["error"] is None
    assert left["result"] is None
    assert ended["status"] == 0


def test_functions_of_the_kernel(program: str) -> None:
    lines = trace("-a1", "-qq", "--functions", "-e", "trace=read", program)
    assert lines[1:] == [" : ksys_read", " :   vfs_read"]


def test_doors(toolchain: Toolchain) -> None:
    program = str(toolchain.program("trace/injected.c", bits=32))
    lines = trace("-a1", "-qqq", "--door", "-e", "trace=close", program)
    assert lines == ["[int 0x80] close(3) = 0"]


def test_dumps(program: str) -> None:
    lines = trace("-a1", "-qq", "-e", "trace=read", "-e", "read=3", program)
    assert lines[1:] == [f" | 00000  {' '.join(['00'] * 8)}  {' '.join(['00'] * 8)}  {'.' * 16} |"]


def test_names_of_arguments(program: str) -> None:
    assert trace("-a1", "-qq", "-N", "-e", "trace=close", program) == ["close(fd=3) = 0"]


def test_the_number_of_the_task_always(program: str) -> None:
    assert trace("-a1", "-qq", "--always-show-pid", "-e", "trace=close", program) == [
        "[pid     2] close(3) = 0"
    ]


def test_a_full_output_is_said_once_and_the_program_goes_on(program: str) -> None:
    done = ring3("strace", "-o", "/dev/full", program)
    assert (done.stderr, done.returncode) == ("strace: /dev/full: No space left on device\n", 0)
