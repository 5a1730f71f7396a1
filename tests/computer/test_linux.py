"""Ring3 from Python: what cannot be run is one `UserError`, nothing is left of it, and our own bugs are panics."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ring3.computer import Linux, shell_status
from ring3.errors import KernelPanic, UserError
from ring3.kernel.task import Task
from tests.support import guest
from tests.support.elf_file import (
    CODE,
    DATA,
    PAGE,
    PT_INTERP,
    R,
    Segment,
    W,
    elf_file,
    program,
    put,
)
from tests.support.guest import OutOfTime, PathThrough
from tests.support.native import Finished
from tests.support.toolchain import Bits, Toolchain

EXIT_7 = bytes.fromhex("bf07000000 b83c000000 0f05")
EXIT_7_32 = bytes.fromhex("bb07000000 b801000000 cd80")
TEXT = Segment(PAGE, CODE, len(EXIT_7), len(EXIT_7))


@pytest.fixture
def linux() -> Iterator[Linux]:
    """A booted machine."""
    with guest.boot(ram_bytes=128 << 20) as booted:
        yield booted


def interpreted(name: bytes) -> bytes:
    """A program that names an interpreter."""
    raw = name + b"\0"
    segments = [TEXT, Segment(PAGE + 64, 0, len(raw), len(raw), R, PT_INTERP)]
    return elf_file(segments, EXIT_7.ljust(64, b"\0") + raw)


# -- programs that cannot be run -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bad:
    """Something that cannot be run, made in a folder, and what is said of it."""

    name: str
    make: Callable[[Path], Path]
    status: int
    complaint: str

    def __str__(self) -> str:
        return self.name


def bad_file(name: str, content: bytes, complaint: str, status: int = 126) -> Bad:
    return Bad(name, lambda folder: put(folder / "bad", content), status, complaint)


def directory(folder: Path) -> Path:
    (folder / "bad").mkdir()
    return folder / "bad"


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "bad")
    (folder / "bad").chmod(0o755)
    return folder / "bad"


def broken_interpreter(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        put(folder / "ld", content)
        return put(folder / "bad", interpreted(os.fsencode(folder / "ld")))

    return make


BAD = [
    Bad("missing", lambda folder: folder / "bad", 127, "No such file or directory"),
    Bad("below a file", lambda folder: put(folder / "bad", b"") / "x", 126, "Not a directory"),
    Bad("a directory", directory, 126, "is a directory"),
    Bad("a fifo", fifo, 126, "not a regular file"),
    Bad("a device", lambda _folder: Path("/dev/null"), 126, "not a regular file"),
    Bad(
        "not executable", lambda folder: put(folder / "bad", program(EXIT_7), 0o644), 126, "Permission denied"
    ),
    Bad("a name that is too long", lambda folder: folder / ("b" * 300), 126, "File name too long"),
    bad_file("empty", b"", "empty file"),
    bad_file("text", b"hello\n", "not an ELF file"),
    bad_file("ARM", elf_file([TEXT], EXIT_7, machine=40), "made for another machine"),
    bad_file("wrong class", elf_file([TEXT], EXIT_7, elf_class=1), "made for another machine"),
    bad_file("big-endian", elf_file([TEXT], EXIT_7, data=2), "not a little-endian ELF file"),
    bad_file("an object file", elf_file([TEXT], EXIT_7, type=1), "not an executable"),
    bad_file("a cut header", program(EXIT_7)[:63], "truncated ELF header"),
    bad_file("cut program headers", program(EXIT_7)[:100], "truncated program headers"),
    bad_file("a cut segment", program(EXIT_7)[: PAGE + 3], "truncated: a segment ends"),
    bad_file("overlapping segments", elf_file([TEXT, TEXT], EXIT_7), "segments overlap"),
    bad_file(
        "a segment in the kernel's half",
        elf_file([Segment(PAGE, 0xFFFF_8000_0000_0000, 1, 1)], b"x"),
        "above",
    ),
    bad_file(
        "a segment over the end", elf_file([Segment(PAGE, 0x7FFF_FFFF_E000, 1, PAGE * 2)], b"x"), "above"
    ),
    bad_file("a segment at 0", elf_file([Segment(PAGE, 0, 1, 1)], b"x"), "Operation not permitted"),
    bad_file("a segment of 128 TiB", elf_file([Segment(PAGE, CODE, 1, 1 << 47)], b"x"), "above"),
    bad_file("65535 program headers", elf_file([TEXT], EXIT_7, phnum=65535), "65535 program headers"),
    bad_file("a 32-bit segment at the end", elf_file([Segment(PAGE, 0xFFFF_F000, 1, 1)], b"x", 32), "above"),
    bad_file(
        "no interpreter", interpreted(b"/no/such/ld.so"), "interpreter /no/such/ld.so: No such file", 127
    ),
    bad_file("a directory as interpreter", interpreted(b"/"), "interpreter /: is a directory"),
    bad_file("itself cut as interpreter", interpreted(b""), "interpreter"),
    Bad("an empty interpreter", broken_interpreter(b""), 126, "interpreter: empty file"),
    Bad(
        "a cut interpreter",
        broken_interpreter(program(EXIT_7)[:90]),
        126,
        "interpreter: truncated program headers",
    ),
    Bad(
        "a 32-bit interpreter",
        broken_interpreter(program(EXIT_7_32, 32)),
        126,
        "interpreter: not of the program's",
    ),
    Bad(
        "an interpreter at the program's place",
        broken_interpreter(program(EXIT_7)),
        126,
        "its addresses are taken",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_what_cannot_be_run_is_one_complaint_and_leaves_nothing(
    linux: Linux, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: Bad
) -> None:
    monkeypatch.chdir(tmp_path)  # the one folder of the test's that programs see
    good = put(tmp_path / "good", program(EXIT_7))
    assert guest.run(linux, good).status == 7
    path = bad.make(tmp_path)
    ram, tasks = linux.machine.ram, dict(linux.kernel.tasks)
    before, descriptors = ram.frames_in_use, len(os.listdir("/proc/self/fd"))
    with pytest.raises(UserError) as error:
        linux.load(str(path))
    assert error.value.status == bad.status
    assert str(error.value).startswith(f"{path}: ")
    assert bad.complaint in str(error.value)
    assert "\n" not in str(error.value)
    assert ram.frames_in_use == before
    assert linux.kernel.tasks == tasks
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert guest.run(linux, good).status == 7


def test_a_file_without_any_permission_to_execute_is_refused_to_root_too(
    linux: Linux, tmp_path: Path
) -> None:
    path = put(tmp_path / "program", program(EXIT_7), 0o666)
    with pytest.raises(UserError, match="Permission denied"):
        linux.load(str(path))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    assert guest.run(linux, path).status == 7


def test_a_name_with_a_null_byte_is_no_file(linux: Linux) -> None:
    with pytest.raises(UserError) as error:
        linux.load("a\0b")
    assert error.value.status == 127


@pytest.mark.parametrize(
    ("count", "size"), [(1, 8 << 20), (400_000, 1), (70, 1 << 15)], ids=["one long", "many", "some"]
)
def test_too_many_arguments_are_refused(linux: Linux, tmp_path: Path, count: int, size: int) -> None:
    path = put(tmp_path / "program", program(EXIT_7))
    guest.run(linux, path)
    before = linux.machine.ram.frames_in_use
    with pytest.raises(UserError, match="too long") as error:
        linux.load(str(path), ["x" * size] * count)
    assert error.value.status == 126
    assert linux.machine.ram.frames_in_use == before


def test_arguments_that_fit_are_taken(linux: Linux, toolchain: Toolchain) -> None:
    outcome = guest.run(linux, toolchain.program("basic/args.c"), ["x" * 100_000] * 10)
    assert outcome.stdout.startswith(b"argc 11\n")
    assert outcome.stdout.count(b"x" * 100_000) == 10


def test_a_program_larger_than_ram_is_refused_or_killed(tmp_path: Path) -> None:
    content = elf_file([TEXT, Segment(0, DATA, 0, 1 << 40, R | W)], EXIT_7)
    with Linux(ram_bytes=64 << 20) as small:
        guest.make_deterministic(small)
        try:
            status = guest.run(small, put(tmp_path / "program", content)).status
        except UserError as error:
            status = error.status
        assert status in (7, 126)


@pytest.mark.parametrize("ram_bytes", [0, 1, 4096, (2 << 20) + 4096, -(2 << 20)])
def test_ram_of_an_impossible_size_is_the_users_mistake(ram_bytes: int) -> None:
    with pytest.raises(UserError):
        Linux(ram_bytes=ram_bytes)


def test_a_program_that_needs_more_than_ram_gets_no_more(toolchain: Toolchain) -> None:
    """Not a Python exception: ENOMEM, or death by SIGKILL as Linux's own out-of-memory killer gives."""
    with Linux(ram_bytes=16 << 20) as small:
        guest.make_deterministic(small)
        outcome = guest.run(small, toolchain.program("basic/compute.c"), ["8000000"])
        assert outcome.status in (1, 137)


# -- mutated programs ----------------------------------------------------------------------------------------------

FIELDS = {
    "type": (16, 2), "machine": (18, 2), "entry": (24, 8), "phoff": (32, 8), "shoff": (40, 8), "phentsize": (54, 2),
    "phnum": (56, 2), **{
        f"{name}{number}": (64 + 56 * number + at, size)
        for number in range(4)
        for name, at, size in (("p_type", 0, 4), ("p_flags", 4, 4), ("p_offset", 8, 8), ("p_vaddr", 16, 8),
                               ("p_filesz", 32, 8), ("p_memsz", 40, 8), ("p_align", 48, 8))
    },
}  # fmt: skip
"""Offset and size of the fields of a 64-bit file with four program headers."""
FIELDS_32 = {
    "type": (16, 2), "machine": (18, 2), "entry": (24, 4), "phoff": (28, 4), "phentsize": (42, 2), "phnum": (44, 2), **{
        f"{name}{number}": (52 + 32 * number + 4 * at, 4)
        for number in range(4)
        for at, name in enumerate(("p_type", "p_offset", "p_vaddr", "p_paddr", "p_filesz", "p_memsz", "p_flags"))
    },
}  # fmt: skip

VALUES = st.one_of(
    st.sampled_from(
        [0, 1, 2, 3, 7, PAGE - 1, PAGE, CODE, DATA, 1 << 31, (1 << 32) - 1, 1 << 47, (1 << 64) - 1]
    ),
    st.integers(0, 2**64 - 1),
)


@st.composite
def mutations(draw: st.DrawFn, bits: Bits) -> Callable[[bytes], bytes]:
    """A change of a file: bits flipped in its headers, fields replaced, its end cut off."""
    fields = FIELDS if bits == 64 else FIELDS_32
    flips = draw(st.lists(st.integers(0, 8 * 0x140 - 1), max_size=4))
    replaced = draw(st.lists(st.tuples(st.sampled_from(sorted(fields)), VALUES), max_size=3))
    length = draw(st.one_of(st.none(), st.none(), st.integers(0, 30_000)))

    def mutate(content: bytes) -> bytes:
        changed = bytearray(content)
        for bit in flips:
            changed[bit // 8] ^= 1 << bit % 8
        for name, value in replaced:
            at, size = fields[name]
            changed[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        return bytes(changed[:length])

    return mutate


def what_becomes_of(program: Path, way: PathThrough) -> Finished | str:
    """What the program did, or why it cannot be run, or that it ran on."""
    with guest.boot(way, ram_bytes=64 << 20) as linux:
        try:
            return guest.run(linux, program, seconds=1).finished
        except OutOfTime:
            return "ran on"
        except UserError as error:
            refusal = error
    assert refusal.status in (126, 127)
    assert "\n" not in str(refusal)
    return str(refusal)


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("kind", ["static", "static-pie"])
def test_a_damaged_program_is_refused_or_does_what_it_can(
    toolchain: Toolchain, tmp_path: Path, bits: Bits, kind: str
) -> None:
    source = toolchain.program(
        "basic/hello.c", bits=bits, kind="static" if kind == "static" else "static-pie"
    )
    content, path = source.read_bytes(), tmp_path / "program"

    @settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(mutations(bits))
    def check(mutate: Callable[[bytes], bytes]) -> None:
        put(path, mutate(content))
        short, full = what_becomes_of(path, "short"), what_becomes_of(path, "full")
        if "ran on" not in (short, full):
            event("refused" if isinstance(short, str) else "run")
            assert short == full

    check()


# -- our own bugs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("bits", [64, 32])
def test_an_exception_of_ours_is_a_panic_with_the_guests_registers(
    toolchain: Toolchain, path: PathThrough, bits: Bits
) -> None:
    def boom(task: Task, *_arguments: int) -> int:
        raise ZeroDivisionError("the bug")

    with guest.boot(path) as linux:
        linux.replace("sys_set_tid_address", boom)
        with pytest.raises(KernelPanic, match="ZeroDivisionError: the bug") as panic:
            guest.run(linux, toolchain.program("basic/hello.c", bits=bits))
        assert isinstance(panic.value.__cause__, ZeroDivisionError)
        number = 218 if bits == 64 else 258
        registers = panic.value.registers.lower()
        assert f"{number:016x}" in registers
        assert "sp=" in registers
        assert "ip=" in registers


def test_an_exception_in_a_stub_is_a_panic(toolchain: Toolchain) -> None:
    with guest.boot("full") as linux:
        linux.kernel.stubs[linux.symbols["exc_page_fault"]] = lambda task, regs, error: 1 // 0
        with pytest.raises(KernelPanic, match="ZeroDivisionError"):
            guest.run(linux, toolchain.program("basic/hello.c"))


def test_a_handler_that_answers_no_number_is_a_panic(toolchain: Toolchain) -> None:
    with guest.boot() as linux:
        linux.replace("sys_set_tid_address", lambda task, *_arguments: "text")  # type: ignore[arg-type]
        with pytest.raises(KernelPanic):
            guest.run(linux, toolchain.program("basic/hello.c"))


def test_ctrl_c_is_no_panic(toolchain: Toolchain) -> None:
    def interrupted(task: Task, *_arguments: int) -> int:
        raise KeyboardInterrupt

    with guest.boot() as linux:
        linux.replace("sys_set_tid_address", interrupted)
        with pytest.raises(KeyboardInterrupt):
            guest.run(linux, toolchain.program("basic/hello.c"))


# -- small things --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exit_code", "status"), [(0, 0), (0x100, 1), (0xFF00, 255), (9, 137), (11, 139), (11 | 0x80, 139)]
)
def test_a_status_is_what_a_shell_reports(exit_code: int, status: int) -> None:
    assert shell_status(exit_code) == status


def test_two_machines_do_not_know_of_each_other(tmp_path: Path) -> None:
    path = put(tmp_path / "program", program(EXIT_7))
    with guest.boot() as one, guest.boot() as other:
        one.machine.write_q(one.symbols["sys_call_table"] + 8 * 60, one.symbols["__x64_sys_ni_syscall"])
        assert guest.run(other, path).status == 7
        assert guest.run(one, path).status == 139
