"""Values as text, by their meaning, without a machine."""

from __future__ import annotations

import struct

import pytest

from ring3.abi.c_types import POINTER
from ring3.abi.errno import E, Errno
from ring3.abi.linux import structs, values
from ring3.abi.meaning import Arg, Meaning, When
from ring3.abi.notation import parameter
from ring3.trace.strace.programs import Program
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.scalars import device, mode, permissions, sigset, wait_status
from ring3.trace.strace.style import InHex, Style
from ring3.trace.strace.text import Text

BASE = 0x1000


def text(memory: bytes = b"", style: Style = Style(), bits: int = 64) -> Text:  # noqa: B008 -- it is a value
    def read(address: int, size: int) -> bytes:
        if not BASE <= address <= address + size <= BASE + len(memory):
            raise Errno(E.EFAULT)
        return memory[address - BASE : address - BASE + size]

    return Text(
        Program(bits, read, lambda fd, *_: "</tmp/a>" if fd == 3 else "", lambda: b"/", lambda _: b""), style
    )


@pytest.mark.parametrize(
    ("raw", "in_hex", "shown"),
    [
        (b'a\n\t"\\', InHex.NONE, r'"a\n\t\"\\"'),
        (b"\0\x017\x019\xff", InHex.NONE, r'"\0\0017\19\377"'),
        (b"ab\xff", InHex.NON_ASCII, r'"\x61\x62\xff"'),
        (b"ab\n", InHex.NON_ASCII, r'"ab\n"'),
        (b"a\x80", InHex.NON_ASCII_CHARS, r'"a\x80"'),
        (b"ab", InHex.ALL, r'"\x61\x62"'),
    ],
)
def test_strings(raw: bytes, in_hex: InHex, shown: str) -> None:
    assert quoted(raw, in_hex) == shown


@pytest.mark.parametrize(
    ("of", "number", "shown"),
    [
        ("open", 0o2000101, "O_WRONLY|O_CREAT|O_CLOEXEC"),
        ("open", 0, "O_RDONLY"),
        ("prot", 0, "PROT_NONE"),
        ("prot", 3, "PROT_READ|PROT_WRITE"),
        ("map", 0x32, "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"),
        ("map", 0x40022 | 21 << 26, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT"),
        ("whence", 77, "0x4d /* SEEK_??? */"),
        ("close_range", 0x12, "CLOSE_RANGE_UNSHARE|0x10"),
        ("clone", 0x1200011, "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD"),
    ],
)
def test_names(of: str, number: int, shown: str) -> None:
    assert text().named(values.every()[of], number) == shown


def test_scalars() -> None:
    assert mode(0o100644) == "S_IFREG|0644"
    assert mode(0o104755) == "S_IFREG|S_ISUID|0755"
    assert mode(0o40000) == "S_IFDIR|000"
    assert permissions(0) == "000"
    assert permissions(0o644) == "0644"
    assert device(0x103) == "makedev(0x1, 0x3)"
    assert sigset(1 << 16 | 2) == "[INT CHLD]"
    assert sigset(~(3 << 31) & (1 << 64) - 1) == "~[RTMIN RT_1]"
    assert wait_status(0x200) == "{WIFEXITED(s) && WEXITSTATUS(s) == 2}"
    assert wait_status(0x8B) == "{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}"
    assert wait_status(0x137F) == "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}"


def test_what_cannot_be_read_is_an_address() -> None:
    _, arg = parameter("char *name: path")
    assert text().value(arg, 0, {}) == "NULL"
    assert text().value(arg, 0x5000, {}) == "0x5000"
    assert text(b"ab".ljust(4096, b"\0")).value(arg, BASE, {}) == '"ab"'


def test_buffers_are_cut_off() -> None:
    _, arg = parameter("void *buf: in bytes[count]")
    memory = bytes(range(97, 123)) * 2
    assert text(memory).value(arg, BASE, {"count": 40}).endswith('abcdef"...')
    assert text(memory, Style(length=3)).value(arg, BASE, {"count": 40}) == '"abc"...'
    assert text(memory, Style(length=3)).value(arg, BASE, {"count": 3}) == '"abc"'


def test_descriptors() -> None:
    assert text().descriptor(3) == "3"
    assert text(style=Style(fds=frozenset({"path"}))).descriptor(3) == "3</tmp/a>"
    assert text(style=Style(fds=frozenset({"path"}))).descriptor(-1) == "-1"


@pytest.mark.parametrize("bits", [64, 32])
def test_structs(bits: int) -> None:
    row = structs.every()["timeval"]
    raw = row.pack(bits, 5, 7)
    assert text(bits=bits).fields(row, raw) == "{tv_sec=5, tv_usec=7}"


def test_structs_are_abbreviated() -> None:
    row = structs.every()["stat"]
    raw = bytearray(row.size(64))
    at = row.offset("st_mode", 64)
    raw[at : at + 4] = (0o100644).to_bytes(4, "little")
    assert text().fields(row, bytes(raw)) == "{st_mode=S_IFREG|0644, st_size=0, ...}"
    whole = text(style=Style(verbose=True)).fields(row, bytes(raw))
    assert whole.startswith("{st_dev=makedev(0, 0), st_ino=0, st_mode=S_IFREG|0644, st_nlink=0, st_uid=0,")
    assert "..." not in whole


def test_addresses_of_sockets() -> None:
    _, arg = parameter("void *addr: in struct sockaddr[size]")
    raw = bytes([2, 0, 0x1F, 0x90, 127, 0, 0, 1]) + bytes(8)
    shown = '{sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}'
    assert text(raw).value(arg, BASE, {"size": 16}) == shown
    assert text(b"\1\0\0ab").value(arg, BASE, {"size": 5}) == '{sa_family=AF_UNIX, sun_path=@"ab"}'


@pytest.mark.parametrize(
    ("behind", "size", "shown"),
    [
        (bytes(8), 32, ""),
        (bytes(7) + b"\1", 32, r', /* bytes 24..31 */ "\x00\x00\x00\x00\x00\x00\x00\x01"'),
        (bytes(7) + b"\1", 31, ""),
        (b"", 25, ", ???"),
    ],
    ids=["zeros", "more", "less", "unreadable"],
)
def test_what_is_behind_a_structs_fields(behind: bytes, size: int, shown: str) -> None:
    how = Arg(POINTER, Meaning.STRUCT, "open_how", when=When.ENTRY)
    expected = f"{{flags=O_RDONLY, resolve=0{shown}}}"
    assert text(bytes(24) + behind).value(how, BASE, {"usize": size}) == expected


def test_signals_about_files() -> None:
    raw = struct.pack("<iiiiqi", 17, 0, -5, 0, 65, 3).ljust(128, b"\0")
    how = Arg(POINTER, Meaning.STRUCT, "siginfo", when=When.ENTRY)
    expected = "{si_signo=SIGCHLD, si_code=SI_SIGIO, si_band=65, si_fd=3}"
    assert text(raw).value(how, BASE, {}) == expected
