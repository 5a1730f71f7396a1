"""The full path and the short path cannot be told apart: not by output, status, memory, nor any register at any time.

A watched run compares every passage from ring 3 to the kernel and back: why it left, all general registers, flags,
selectors and segment bases then and afterwards. What is not compared: the x87 and SSE registers (the clobber programs
look at them) and the flag RF, which no instruction of ring 3 can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest

from ring3.fs.file import Stat
from ring3.fs.host import HostFile
from ring3.kernel.signature import Handler, Result
from ring3.machine.board import CpuKind
from tests.support import faults, guest
from tests.support.debian import busybox
from tests.support.faults import Fault
from tests.support.guest import Outcome, Passage
from tests.support.host_gcc import static_glibc
from tests.support.toolchain import Bits, Kind, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])

Case = tuple[str, Bits, Kind, Sequence[str]]
"""A source below ``tests/programs``, how it is built, and its arguments."""


def both_widths(name: str, *arguments: str) -> list[Case]:
    return [(name, 64, "static", arguments), (name, 32, "static", arguments)]


WATCHED: list[Case] = [
    *both_widths("seeds/exit_int80.c"),
    ("seeds/exit_vsyscall.c", 32, "static", ()),
    ("seeds/exit_syscall.c", 64, "static", ()),
    ("seeds/hello.s", 64, "nolibc", ()),
    ("seeds/foo.S", 64, "nolibc", ()),
    *both_widths("seeds/write.c"),
    *both_widths("seeds/atexit_exit.c"),
    *both_widths("seeds/atexit_raw.c"),
    *both_widths("basic/hello.c"),
    ("basic/hello.c", 64, "static-pie", ()),
    ("basic/hello.c", 32, "static-pie", ()),
    *both_widths("basic/args.c", "a b", "", "ä"),
    *both_widths("basic/auxv.c"),
    ("basic/clobber64.S", 64, "nolibc", ()),
    ("basic/clobber32.S", 32, "nolibc", ()),
    *both_widths("basic/enosys.c"),
    *both_widths("basic/exit_status.c", "7"),
    *both_widths("basic/getpid_loop.c", "20"),
    ("basic/int80_from_64.c", 64, "static", ()),
    *both_widths("basic/printf_float.c"),
    *both_widths("basic/sse.c"),
    ("basic/upper_halves.c", 64, "static", ()),
    ("basic/vdso64.c", 64, "static", ()),
    ("basic/vdso32.c", 32, "static", ()),
    *both_widths("tasks/processes.c"),
    *both_widths("tasks/signals.c"),
    *both_widths("tasks/barriers.c"),
    *both_widths("tasks/limits.c"),
    *both_widths("tasks/segments.c"),
    *[("basic/vsyscall_page.c", 64, "static", (deed,)) for deed in ("call", "read", "middle", "bad_pointer")],
]


def name_of(value: object) -> str:
    if isinstance(value, Fault):
        return str(value)
    if not isinstance(value, tuple):
        return ""
    name, bits, kind, arguments = value
    return "-".join([name, str(bits), kind, *arguments])


@pytest.fixture(autouse=True)
def same_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the files behind descriptors 0 to 2 look the same in each run: C libraries ask for them."""
    real = HostFile.stat

    def stat(file: HostFile) -> Stat:
        return real(file)._replace(dev=1, ino=1, atime=0, mtime=0, ctime=0)

    monkeypatch.setattr(HostFile, "stat", stat)


def on_both_paths(
    program: Path, arguments: Sequence[str] = (), *, stdin: bytes = b"", watch: bool = True
) -> tuple[Outcome, Outcome]:
    """What the program does on the short path, and what on the full one."""
    if guest.CPU[-1] is CpuKind.AUTO:
        pytest.skip(
            "a stop looks otherwise on either CPU (RCX at a call, pages mapped ahead), and both run the program"
        )
    outcomes = []
    paths: tuple[guest.PathThrough, guest.PathThrough] = ("short", "full")
    for path in paths:
        with guest.boot(path) as linux:
            outcomes.append(
                guest.run(linux, program, arguments, environment={"A": "1"}, stdin=stdin, watch=watch)
            )
    return outcomes[0], outcomes[1]


def assert_same(short: Outcome, full: Outcome) -> None:
    """Fails at the first passage that differs, and says how."""
    for number, (one, other) in enumerate(zip_longest(short.journal, full.journal)):
        assert one == other, f"passage {number}:\nshort {tell(one)}\nfull  {tell(other)}"
    assert short == full


def tell(passage: Passage | None) -> str:
    if passage is None:
        return "none"
    return f"{passage.stop}\n  left {passage.left}\n  back {passage.back}"


@pytest.mark.parametrize("case", WATCHED, ids=name_of)
def test_every_passage_is_the_same(toolchain: Toolchain, case: Case) -> None:
    name, bits, kind, arguments = case
    short, full = on_both_paths(toolchain.program(name, bits=bits, kind=kind), arguments)
    assert_same(short, full)
    assert len(short.journal) >= 2
    tids = {passage.tid for passage in short.journal}
    assert sum(passage.back is None for passage in short.journal) == len(tids)


@pytest.mark.parametrize("fault", faults.table(), ids=name_of)
def test_every_fault_is_the_same(toolchain: Toolchain, fault: Fault) -> None:
    program = toolchain.program("basic/signals_fault.c", bits=fault.bits)
    assert_same(*on_both_paths(program, [fault.name], watch=fault.name != "stack_overflow"))


@BITS
@pytest.mark.parametrize(
    ("arguments", "stdin"), [(["echo", "a", "b"], b""), (["expr", "6", "*", "7"], b""), (["sort"], b"b\na\n")]
)
def test_busybox_is_the_same(arguments: list[str], stdin: bytes, bits: Bits) -> None:
    assert_same(*on_both_paths(busybox(bits), arguments, stdin=stdin))


@BITS
def test_glibcs_hello_is_the_same(bits: Bits) -> None:
    assert_same(*on_both_paths(static_glibc("basic/hello.c", bits=bits)))


@BITS
def test_a_dynamic_program_leaves_ring_3_for_the_same_reasons(toolchain: Toolchain, bits: Bits) -> None:
    """Its registers and memory are not compared: the loader reads the time-stamp counter, which is the host's."""
    short, full = on_both_paths(toolchain.program("basic/hello.c", bits=bits, kind="dynamic"), watch=False)
    if b"No such file" in short.stderr:
        pytest.skip("the host has not the dynamic loader of that width")
    assert (short.finished, short.stops) == (full.finished, full.stops)
    assert short.stdout == b"Hello, world\n"


@BITS
def test_a_program_that_allocates_a_lot_ends_the_same(toolchain: Toolchain, bits: Bits) -> None:
    short, full = on_both_paths(toolchain.program("basic/malloc_loop.c", bits=bits), watch=False)
    assert short == full
    assert len(short.stops) > 1000


def test_a_difference_is_found(toolchain: Toolchain) -> None:
    """The comparison can fail: one bit of one register that one run leaves otherwise is enough."""
    program = toolchain.program("basic/hello.c")
    with guest.boot("short") as linux:
        right = guest.run(linux, program, watch=True)
    with guest.boot("short") as linux:
        handler: Handler = linux.kernel.call("sys_writev").namespace["__do_sys_writev"]

        def spoiling(task: object, *arguments: int) -> Result:
            linux.kernel.window.r8 ^= 1
            return handler(task, *arguments)

        linux.replace("sys_writev", spoiling)
        wrong = guest.run(linux, program, watch=True)
    assert right.finished == wrong.finished
    with pytest.raises(AssertionError, match="passage"):
        assert_same(right, wrong)
