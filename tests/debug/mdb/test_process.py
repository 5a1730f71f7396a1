"""A program that is run and stopped: the third seed's session on Solaris, kmdb beside it, and programs of Linux."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.computer import Computer, Linux, Solaris
from ring3.debug.mdb.host import OwnMachine
from ring3.debug.mdb.kmdb import Kmdb
from ring3.debug.mdb.targets.process import ProcessTarget
from ring3.debug.object_file import ObjectFile
from ring3.solaris.view import USERLAND
from tests.debug.mdb.console import Scripted
from tests.debug.mdb.session import Typed
from tests.support.toolchain import PROGRAMS, Toolchain, musl

PCIE = (
    "{ mi_info = 5 mi_state = 3 mi_id = 0x10 mi_nextid = 0x10 mi_base = 0xfffffffffbdbc2d8 mi_size = 0x5d198 "
    'mi_rev = 1 mi_loadcnt = 1 mi_name = [ "pcie" ] mi_msinfo = [ { msi_linkinfo = [ "PCI Express Framework Module" ] '
    "msi_p0 = 0xffffffff },"
)
DIS = """\
libc.so.1`modctl: movq %rcx,%r10
libc.so.1`modctl+3: movl $0x98,%eax
libc.so.1`modctl+8: syscall
libc.so.1`modctl+0xa: jb -0x126d30 <libc.so.1`__cerror>
libc.so.1`modctl+0x10: xorq %rax,%rax
libc.so.1`modctl+0x13: ret
"""


def words_of(text: str) -> list[str]:
    """What is compared: white space is not."""
    return text.split()


class Machines:
    """Machines that are switched off in the end."""

    def __init__(self) -> None:
        self.last: Computer | None = None

    def boot(self) -> OwnMachine:
        self.last = Solaris()
        return OwnMachine(self.last)


@pytest.fixture
def machines() -> Machines:
    return Machines()


@pytest.fixture
def modinfo(machines: Machines, capfd: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    path = f"{USERLAND}/usr/sbin/modinfo"
    file = ObjectFile("/usr/sbin/modinfo", Path(path).read_bytes())
    typed = Typed(ProcessTarget(file, machines.boot, writable=False))
    typed.session.interactive = True
    yield typed
    typed.session.close()


def stopped(symbol: str, instruction: str) -> list[str]:
    return ["mdb:", "target", "stopped", "at:", *words_of(f"{symbol}: {instruction}")]


def to_the_library(typed: Typed) -> None:
    """The start of both sessions: where the run-time linker tells of itself."""
    assert typed("main:b") == ""
    assert typed(":r -i 16").split() == stopped("ld.so.1`rtld_db_postinit", "pushq %rbp")
    assert typed(":c").split() == [
        *stopped("ld.so.1`rtld_db_dlactivity", "pushq %rbp"),
        *words_of("mdb: You've got symbols! Loading modules: [ ld.so.1 libc.so.1 libuutil.so.1 ]"),
    ]
    assert typed("modctl:b") == ""
    assert typed("modctl::dis").split() == DIS.split()


def to_the_call(typed: Typed) -> int:
    """Up to `syscall`; returns where the struct modinfo is."""
    assert typed(":c").split() == [
        *words_of("mdb: stop at libc.so.1`modctl"),
        *stopped("libc.so.1`modctl", "movq %rcx,%r10"),
    ]
    assert typed(":s").split() == stopped("libc.so.1`modctl+3", "movl $0x98,%eax")
    assert typed(":s").split() == stopped("libc.so.1`modctl+8", "syscall")
    words = typed("$r").split()
    assert [words[words.index(name) + 2] for name in ("%rax", "%rdi", "%rsi")] == [
        f"0x{value:016x}" for value in (0x98, 2, 0x10)
    ]
    assert words[words.index("%rip") + 3] == "libc.so.1`modctl+8"
    return int(words[words.index("%rdx") + 2], 16)


def test_the_seeds_session(modinfo: Typed, capfd: pytest.CaptureFixture[str]) -> None:
    to_the_library(modinfo)
    assert modinfo(":s").split() == stopped("ld.so.1`rtld_db_dlactivity+1", "movq %rsp,%rbp")
    address = to_the_call(modinfo)
    printed = modinfo(f"{address:#x}::print struct modinfo mi_id mi_name mi_msinfo[0]").split()
    assert printed[:6] == ["mi_id", "=", "0x10", "mi_name", "=", "["]
    assert modinfo(":s").split() == stopped("libc.so.1`modctl+0xa", "jb -0x126d30 <libc.so.1`__cerror>")
    assert modinfo(f"{address:#x}::print struct modinfo").split()[: len(PCIE.split())] == PCIE.split()
    assert modinfo(":c") == "mdb: target has terminated\n"
    assert capfd.readouterr().out.split() == (
        words_of(
            "ID LOADADDR SIZE INFO REV NAMEDESC 16 fffffffffbdbc2d8 5d198 -- 1 pcie (PCI Express Framework Module)"
        )
    )
    assert modinfo("::status").splitlines()[-1] == "status: process terminated with exit status 0"
    assert modinfo(":c") == "mdb: failed to continue target: target has completed execution\n"
    assert modinfo(":s") == "mdb: failed to single-step target: target has completed execution\n"


def test_kmdb_on_another_terminal(
    modinfo: Typed, machines: Machines, capfd: pytest.CaptureFixture[str]
) -> None:
    to_the_library(modinfo)
    address = to_the_call(modinfo)
    assert machines.last is not None
    console = Scripted()
    kmdb = Kmdb(machines.last.kernel, "solaris", console)
    console.lines = ["modctl:b", ":c"]
    kmdb.enter_from_console()
    assert console.taken() == (
        words_of("kmdb: target stopped at: kmdb_enter+0xb: movq %rax,%rdi [0]> modctl:b [0]> :c")
    )
    console.lines = ["$r", f"{address:#x}::print struct modinfo mi_id mi_name", ":z", ":c"]
    assert modinfo(":s").split() == stopped("libc.so.1`modctl+0xa", "jb -0x126d30 <libc.so.1`__cerror>")
    words = console.taken()
    assert words[:10] == words_of("kmdb: stop at modctl kmdb: target stopped at: modctl: pushq")
    registers = {
        "%rax": "0x0000000000001300",
        "%rbx": "0xfffffffffc243480",
        "%rdx": f"0x{address:016x}",
        "%rsi": "0x0000000000000010",
        "%rdi": "0x0000000000000002",
        "%rip": "0xfffffffffbcad4e0",
    }
    assert {name: words[words.index(name) + 2] for name in registers} == registers
    assert words[words.index("%rbx") + 3] == "sysent+0x1300"
    assert words[words.index("%rip") + 3] == "modctl"
    assert words[words.index("mi_id") : words.index("mi_id") + 1] == ["mi_id"]
    assert words[-4:] == ["[0]>", ":z", "[0]>", ":c"]
    assert modinfo(f"{address:#x}::print struct modinfo").split()[: len(PCIE.split())] == PCIE.split()
    kmdb.close()
    assert modinfo(":c") == "mdb: target has terminated\n"
    capfd.readouterr()


def test_kmdb_steps_through_ring_0(capfd: pytest.CaptureFixture[str]) -> None:
    with Solaris() as computer:
        console = Scripted()
        kmdb = Kmdb(computer.kernel, "solaris", console)
        console.lines = ["modctl:b", ":c", ":s", ":s", "$c", ":u", "::delete all", ":c"]
        task = computer.load("/usr/sbin/modinfo", ["-i", "16"])
        kmdb.enter_from_console()
        assert computer.run(task) == 0
        kmdb.close()
    words = " ".join(console.taken())
    for line in (
        "modctl+1: movq %rsp,%rbp",
        "modctl+4: subq $0x30,%rsp",
        "$c modctl+4() sys_syscall+0x24d() [0]>",
        "target stopped at: sys_syscall+0x24d: movq %rax,%r12",
    ):
        assert line in words
    capfd.readouterr()


@pytest.fixture
def native(toolchain: Toolchain) -> Iterator[Typed]:
    path = toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc", flags=("-g", "-O0", "-fno-builtin")
    )
    file = ObjectFile(str(path), path.read_bytes())
    typed = Typed(ProcessTarget(file, lambda: OwnMachine(Linux()), writable=False))
    yield typed
    typed.session.close()


def test_breakpoints_and_stacks_on_linux(native: Typed) -> None:
    native("inner:b")
    assert native(":r").splitlines()[0] == "mdb: stop at inner"
    assert [line.partition("+")[0] for line in native("$c").splitlines()] == ["inner()", "outer", "_start"]
    assert native(":u").splitlines()[1].startswith("outer+")
    assert native("::status").splitlines()[-1] == "status: stopped on a breakpoint"
    assert "stop at inner" in native("::events")
    native(":z")
    assert "inner" not in native("::events")
    assert native(":c") == "mdb: target has terminated\n"


def test_memory_that_is_watched(native: Typed) -> None:
    native("::bp outer\n:r")
    native("counter::wp -w -L 4")
    assert native(":c").startswith("mdb: stop on write of [counter")
    assert native("counter/D").split()[-1] == "7"


def test_steps_over_calls(native: Typed) -> None:
    native("::bp -d outer\n:r")
    for _ in range(12):
        native(":e")
        assert "inner" not in native("$c")


def test_system_calls_and_signals(native: Typed) -> None:
    native("::sysbp getpid\n::sigbp SIGUSR1")
    assert native(":r").startswith("mdb: stop on entry to getpid\n")
    assert native(":c").startswith("mdb: stop on SIGUSR1\n")
    assert native("::sysbp nosuch") == "mdb: invalid system call name -- nosuch\n"


def test_registers_are_variables(native: Typed) -> None:
    native("::bp inner\n:r")
    assert native("<edi=D").split() == ["7"]
    native("9>rdi")
    assert native("<rdi=J").split() == ["9"]
    native(":k")
    assert native("$r") == "mdb: no process active\n"


def test_what_a_command_is_run_for(native: Typed) -> None:
    native("::bp -c 'counter/D' inner")
    assert native(":r").splitlines()[:3] == ["counter:", f"{'counter:':<16}0{'':15}", "mdb: stop at inner"]


def test_a_command_that_goes_on_tells_of_no_stop(native: Typed) -> None:
    native("::bp -c '<hits=D;:c' inner\n::bp outer")
    assert native(":r").startswith("mdb: stop at outer\n")
    assert native(":c").split() == ["1", "mdb:", "target", "has", "terminated"]


def test_limits(native: Typed) -> None:
    native("::bp -d inner\n::bp -D -n 1 outer\n::sysbp -s -n 2 getpid")
    assert native(":r").startswith("mdb: stop at outer\n")
    table = native("::events").splitlines()
    assert any(line.startswith("[ 13]") and " d  0  1 stop at inner" in line for line in table)
    assert "stop at outer" not in "".join(table)
    native(":c")
    assert any(line.startswith("< 13> -") for line in native("::events").splitlines())
    assert native("::evset -d 15\n::events").splitlines()[-1].startswith("( 15)")
    assert native("::evset 99") == "mdb: failed to modify event 99: no such software event specifier\n"
    assert native(":d 99") == "mdb: no traced events matched description\n"


def test_sizes_of_watchpoints(native: Typed) -> None:
    native("counter,4:w\ncounter::wp -r -l\ncounter::wp -x -L 2")
    texts = [line[17:57].rstrip() for line in native("::events").splitlines()[-3:]]
    assert texts[0].startswith("stop on write of [counter, 0x")
    assert texts[1] == texts[0].replace("write", "read")
    assert texts[2].startswith("stop on exec of [counter, counter+2)")
    assert (
        native("counter::wp -L 4").splitlines()[0] == "mdb: at least one of -r, -w, or -x must be specified"
    )
    assert native("0xffffffffffffffff::wp -w -L 2").endswith("watchpoint size exceeds address space limit\n")
    assert native("inner+1,3::wp -x\n:r").startswith("mdb: stop on exec of [inner+1, inner+4)\n")
