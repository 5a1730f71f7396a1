"""Static programs that this project did not write do what the host's own kernel makes them do."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.debian import busybox
from tests.support.host_gcc import static_glibc
from tests.support.native import Run
from tests.support.toolchain import Bits, Kind, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
TEXT = b"pear\napple\nfig 3\napple\n"

APPLETS: list[tuple[list[str], bytes]] = [
    (["true"], b""),
    (["false"], b""),
    (["echo"], b""),
    (["echo", "a", "b  c", ""], b""),
    (["echo", "-e", r"a\tb\x41\c"], b""),
    (["expr", "6", "*", "7"], b""),
    (["expr", "1", "/", "0"], b""),
    (["expr", "length", "hello"], b""),
    (["expr", "abc", ":", "a.*"], b""),
    (["uname", "-s"], b""),
    (["uname", "-m"], b""),
    (["seq", "1", "2", "9"], b""),
    (["basename", "/a/b.c", ".c"], b""),
    (["test", "1", "-lt", "2"], b""),
    (["test", "a", "=", "b"], b""),
    (["env"], b""),
    (["factor", "1234567890"], b""),
    (["date", "-u", "-d", "@86400"], b""),
    (["cal", "2", "2024"], b""),
    (["cat"], TEXT),
    (["head", "-n", "1"], TEXT),
    (["wc"], TEXT),
    (["sort", "-u"], TEXT),
    (["tr", "a-z", "A-Z"], TEXT),
    (["sed", "-n", "s/a/b/gp"], TEXT),
    (["grep", "-n", "app"], TEXT),
    (["awk", "{ n += length($1) / 3 } END { print n, sqrt(n) }"], TEXT),
    (["sha256sum"], TEXT),
    (["base64"], TEXT),
    (["gzip", "-c"], TEXT * 1000),
    (["od", "-c"], TEXT),
    (["nosuchapplet"], b""),
    (["sh"], b"for i in 1 2 3; do echo $((i * i)); done; exit 5\n"),
    (["sh", "-c", "kill -9 $$"], b""),
]


@BITS
@pytest.mark.parametrize(
    ("arguments", "stdin"), APPLETS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_busybox(linux: Linux, native: Run, arguments: list[str], stdin: bytes, bits: Bits) -> None:
    environment = {"A": "1", "B": "two words"}
    program = busybox(bits)
    outcome = guest.run(linux, program, arguments, stdin=stdin, environment=environment)
    assert outcome.finished == native(program, arguments, stdin=stdin, environment=environment)


@BITS
@pytest.mark.parametrize("kind", ["static", "static-pie"])
def test_hello_of_musl(linux: Linux, toolchain: Toolchain, native: Run, kind: Kind, bits: Bits) -> None:
    program = toolchain.program("basic/hello.c", bits=bits, kind=kind)
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)
    assert outcome.stdout == b"Hello, world\n"


@BITS
@pytest.mark.parametrize("name", ["hello.c", "printf_float.c", "malloc_loop.c"])
def test_program_of_glibc(linux: Linux, native: Run, name: str, bits: Bits) -> None:
    program = static_glibc(f"basic/{name}", bits=bits)
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)
    assert outcome.stdout


@BITS
def test_the_librarys_exit_runs_what_atexit_registered(linux: Linux, native: Run, bits: Bits) -> None:
    for name in ("seeds/atexit_exit.c", "seeds/atexit_raw.c", "seeds/write.c"):
        program = static_glibc(name, bits=bits)
        assert guest.run(linux, program).finished == native(program)
