"""mdb and kmdb on a machine that is up: the third seed's sessions, typed at two terminals, and what else may happen."""

from __future__ import annotations

import re
import shutil
import sys

import pexpect
import pytest

from tests.cli.command import HELLO
from tests.session.machines import Machines

LIMIT = 120
"""Seconds for a machine that is loaded; what is expected comes or the child ends."""
PCIE = (
    "{ mi_info = 5 mi_state = 3 mi_id = 0x10 mi_nextid = 0x10 mi_base = 0xfffffffffbdbc2d8 mi_size = 0x5d198 "
    'mi_rev = 1 mi_loadcnt = 1 mi_name = [ "pcie" ] mi_msinfo = [ { msi_linkinfo = [ "PCI Express Framework Module" ] '
    "msi_p0 = 0xffffffff },"
)
TABLE = (
    "ID LOADADDR SIZE INFO REV NAMEDESC 16 fffffffffbdbc2d8 5d198 -- 1 pcie (PCI Express Framework Module)"
)


class Terminal:
    """A terminal with a command of ring3 on it."""

    def __init__(self, machines: Machines, prompt: str, *words: str) -> None:
        environment = {**machines.environment, "TERM": "dumb"}
        self.prompt = prompt
        self.child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable, ["-m", "ring3", *words], env=environment, encoding="utf-8", timeout=LIMIT, echo=False
        )  # fmt: skip
        self.child.delaybeforesend = None

    def shown(self) -> list[str]:
        """The words that are shown up to the next prompt."""
        self.child.expect(f"(^|\n){re.escape(self.prompt)}")
        return (self.child.before or "").split()

    def type(self, line: str) -> None:
        """Types a line."""
        self.child.sendline(line)

    def __call__(self, line: str) -> list[str]:
        """The words that are shown for a line."""
        self.type(line)
        return self.shown()

    def end(self, line: str) -> list[str]:
        """Types a line that ends the command; the words that it shows, and its status must be 0."""
        self.type(line)
        self.child.expect(pexpect.EOF)
        self.child.wait()
        assert self.child.exitstatus == 0
        return (self.child.before or "").split()


def words_of(text: str) -> list[str]:
    """What is compared: white space is not."""
    return text.split()


def stopped(symbol: str, instruction: str, by: str = "mdb:") -> list[str]:
    return [by, "target", "stopped", "at:", *words_of(f"{symbol}: {instruction}")]


def to_the_call(mdb: Terminal) -> str:
    """Up to `syscall`; returns where the struct modinfo is."""
    assert mdb.shown() == []
    assert mdb("main:b") == []
    assert mdb(":r -i 16") == stopped("ld.so.1`rtld_db_postinit", "pushq %rbp")
    assert mdb(":c") == [
        *stopped("ld.so.1`rtld_db_dlactivity", "pushq %rbp"),
        *words_of("mdb: You've got symbols! Loading modules: [ ld.so.1 libc.so.1 libuutil.so.1 ]"),
    ]
    assert mdb("modctl:b") == []
    assert mdb(":c") == [
        *words_of("mdb: stop at libc.so.1`modctl"), *stopped("libc.so.1`modctl", "movq %rcx,%r10"),
    ]  # fmt: skip
    assert mdb(":s") == stopped("libc.so.1`modctl+3", "movl $0x98,%eax")
    assert mdb(":s") == stopped("libc.so.1`modctl+8", "syscall")
    registers = mdb("$r")
    assert [registers[registers.index(name) + 2] for name in ("%rax", "%rdi", "%rsi")] == [
        f"0x{value:016x}" for value in (0x98, 2, 0x10)
    ]
    return registers[registers.index("%rdx") + 2]


@pytest.fixture
def solaris(machines: Machines) -> str:
    return machines.up("--os", "solaris")


def test_kmdb_at_one_terminal_and_mdb_at_another(machines: Machines, solaris: str) -> None:
    mdb = Terminal(machines, "> ", "mdb", "--on", solaris, "/usr/sbin/modinfo")
    place = to_the_call(mdb)
    assert mdb(f"{place}::print struct modinfo mi_id mi_name mi_msinfo[0]")[:6] == words_of(
        "mi_id = 0x10 mi_name = ["
    )
    kmdb = Terminal(machines, "[0]> ", "mdb", "--on", solaris, "-K")
    assert kmdb.shown() == stopped("kmdb_enter+0xb", "movq %rax,%rdi", "kmdb:")
    assert "stopped by mdb" in machines.ring3("ls").stdout
    assert kmdb("modctl:b") == []
    kmdb.type(":c")
    mdb.type(":s")
    assert kmdb.shown() == [*words_of("kmdb: stop at modctl"), *stopped("modctl", "pushq %rbp", "kmdb:")]
    assert "stopped by mdb" in machines.ring3("ls").stdout
    words = kmdb("$r")
    wanted = {
        "%rax": f"0x{0x1300:016x}", "%rbx": "0xfffffffffc243480", "%rdx": place, "%rsi": f"0x{0x10:016x}",
        "%rdi": f"0x{2:016x}", "%rip": "0xfffffffffbcad4e0",
    }  # fmt: skip
    assert {name: words[words.index(name) + 2] for name in wanted} == wanted
    assert words[words.index("%rbx") + 3] == "sysent+0x1300"
    assert kmdb(f"{place}::print struct modinfo mi_id mi_name")[:6] == words_of("mi_id = 0x10 mi_name = [")
    assert kmdb(":z") == []
    kmdb.type(":c")
    assert mdb.shown() == stopped("libc.so.1`modctl+0xa", "jb -0x126d30 <libc.so.1`__cerror>")
    assert mdb(f"{place}::print struct modinfo")[: len(PCIE.split())] == PCIE.split()
    assert mdb(":c") == [*TABLE.split(), *words_of("mdb: target has terminated")]
    kmdb.child.sendintr()
    assert kmdb.shown() == stopped("kmdb_enter+0xb", "movq %rax,%rdi", "kmdb:")
    assert kmdb.end("$q") == []
    assert mdb.end("$q") == []
    assert (
        machines.ring3("run", "--on", solaris, "/usr/sbin/modinfo", "-i", "16").stdout.split()
        == TABLE.split()
    )


def test_dtrace_sees_what_mdb_steps(machines: Machines, solaris: str) -> None:
    mdb = Terminal(machines, "> ", "mdb", "--on", solaris, "/usr/sbin/modinfo")
    place = to_the_call(mdb)
    dtrace = machines.start(
        "dtrace", "--on", solaris, "-qn",
        'BEGIN { printf("ready\\n"); } '
        'syscall::modctl:entry /execname == "modinfo"/ { printf("%x %x %x\\n", arg0, arg1, arg2); } '
        'fbt::modctl_modinfo:return { printf("returned\\n"); exit(0); }',
    )  # fmt: skip
    assert dtrace.stdout is not None
    assert dtrace.stdout.readline() == "ready\n"
    assert mdb(":s") == stopped("libc.so.1`modctl+0xa", "jb -0x126d30 <libc.so.1`__cerror>")
    assert dtrace.stdout.read().split() == ["2", "10", f"{int(place, 16):x}", "returned"]
    assert dtrace.wait() == 0
    assert mdb(":k")[-2:] == words_of("forcibly terminated")
    assert mdb.end("$q") == []
    assert machines.ring3("run", "--on", solaris, "/usr/sbin/modinfo", "-i", "16").returncode == 0
    assert "modinfo" not in machines.ring3("ps", solaris).stdout


def test_a_process_that_runs_already(machines: Machines) -> None:
    name = machines.up()
    shell = machines.start(
        "run", "--on", name, "/bin/sh", "-c", "echo $$; while read line; do echo $line; done"
    )
    assert shell.stdout is not None
    assert shell.stdin is not None
    number = shell.stdout.readline().strip()
    mdb = Terminal(machines, "> ", "mdb", "--on", name, "-p", number)
    assert mdb.shown()[:2] == ["Loading", "modules:"]
    assert mdb("::status")[:3] == ["debugging", "PID", number]
    assert machines.ring3("run", "--on", name, "/bin/echo", "others run").stdout == "others run\n"
    assert mdb("::sysbp write") == []
    mdb.type(":c")
    shell.stdin.write("hello\n")
    shell.stdin.flush()
    assert mdb.shown()[:6] == words_of("mdb: stop on entry to write")
    assert mdb(":z") == []
    assert mdb(f"0t{number}:A") == words_of(f"mdb: process {number} is traced already")
    assert mdb(":R") == []
    assert mdb.end("$q") == []
    assert shell.stdout.readline() == "hello\n"
    shell.stdin.close()
    assert shell.wait() == 0
    gone = machines.ring3("mdb", "--on", name, "-p", number)
    assert (gone.returncode, gone.stderr) == (1, f"ring3: cannot examine {number}: no such process\n")
    assert machines.ring3("mdb", "--on", name, "-p", "x").returncode == 2
    assert machines.ring3("mdb", "-p", "1").stderr == (
        "ring3: failed to grab 1: processes are on machines that are up: --on NAME\n"
    )


def test_a_program_with_its_terminal(machines: Machines) -> None:
    name = machines.up()
    mdb = Terminal(machines, "> ", "mdb", "--on", name, "/bin/cat")
    mdb.shown()
    mdb("::sysbp read")
    mdb(":r")
    while "read" not in mdb(":c"):  # the run-time linker's, of its libraries
        pass
    mdb(":z")
    mdb.type(":c")
    mdb.type("hello")
    mdb.child.expect_exact("hello\r\n")  # written: what is typed is not shown on this terminal
    mdb.child.sendintr()
    assert mdb.shown()[:4] == words_of("mdb: stop on SIGINT")
    mdb.child.sendintr()
    assert mdb.shown() == []
    assert mdb("::status")[-8:] == words_of("stopped on SIGINT (Interrupt) event: stop on SIGINT")
    mdb.type(":c")
    assert mdb.shown()[-4:] == words_of("mdb: target has terminated")


def test_lines_are_edited_where_they_are_typed(machines: Machines, solaris: str) -> None:
    mdb = Terminal(machines, "> ", "mdb", "--on", solaris, "-k")
    assert mdb.shown() == []
    answer = words_of("sizeof (struct sysent) = 0x20")
    assert mdb("::size\t struct sysen\t")[-5:] == answer
    assert mdb("\x10")[-5:] == answer  # the line before
    mdb.child.send("garbage\x03")
    assert "garbage" not in mdb("::sizeof int")
    assert machines.ring3("down", solaris).returncode == 0
    mdb.child.expect("the machine goes down")
    mdb.child.expect(pexpect.EOF)
    mdb.child.wait()
    assert mdb.child.exitstatus == 69


def test_clients_that_vanish(machines: Machines) -> None:
    name = machines.up()
    kmdb = Terminal(machines, "[0]> ", "mdb", "--on", name, "-K")
    kmdb.shown()
    kmdb.child.close(force=True)
    mdb = Terminal(machines, "> ", "mdb", "--on", name, "/bin/cat")
    mdb.shown()
    mdb("::sysbp read")
    mdb(":r")
    mdb.child.close(force=True)
    assert machines.ring3("run", "--on", name, "/bin/echo", "here").stdout == "here\n"
    assert "cat" not in machines.ring3("ps", name).stdout


def test_commands_from_a_pipe(machines: Machines, solaris: str) -> None:
    done = machines.ring3("mdb", "--on", solaris, "-k", stdin="sysent+0x1318/J\n")
    assert (done.returncode, done.stdout.split()) == (0, ["sysent+0x1318:", "fffffffffbcad4e0"])
    done = machines.ring3("mdb", "--on", solaris, "-K", stdin="modctl/i\n:c\n")
    assert (done.returncode, done.stdout.split()[-4:]) == (0, ["modctl:", "modctl:", "pushq", "%rbp"])
    done = machines.ring3("mdb", "--on", solaris, "-e", "1+1=D")
    assert (done.returncode, done.stdout.split()) == (0, ["2"])
    assert machines.ring3("mdb", "--on", solaris, "/no/such").stderr == (
        "ring3: failed to open /no/such: No such file or directory\n"
    )
    assert machines.ring3("console", solaris).stderr == (
        "ring3: a console is a terminal; commands from a file are for ring3 mdb --on NAME -K\n"
    )


@pytest.fixture
def gdb_words() -> list[str]:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    return ["--batch", "--ex", "set debuginfod enabled off", "--ex", "set sysroot /"]


def test_gdb_on_a_program_and_on_a_process(machines: Machines, gdb_words: list[str]) -> None:
    name = machines.up()
    done = machines.ring3(
        "gdb", "--on", name, *gdb_words, "--ex", "catch syscall write", "--ex", "continue", "--ex", "p $rdx",
        "--ex", "delete", "--ex", "continue", HELLO,
    )  # fmt: skip
    assert "(call to syscall write)" in done.stdout
    assert "= 13\n" in done.stdout
    assert "Hello, world\n" in done.stdout
    assert "exited normally]" in done.stdout
    assert done.returncode == 0
    shell = machines.start(
        "run", "--on", name, "/bin/sh", "-c", "echo $$; while read line; do echo $line; done"
    )
    assert shell.stdout is not None
    assert shell.stdin is not None
    number = shell.stdout.readline().strip()
    done = machines.ring3(
        "gdb", "--on", name, "-p", number, *gdb_words, "--ex", "p $orig_rax", "--ex", "detach"
    )
    assert f"[Inferior 1 (process {number}) detached]" in done.stdout
    shell.stdin.write("goes on\n")
    shell.stdin.flush()
    assert shell.stdout.readline() == "goes on\n"
    shell.stdin.close()
    assert shell.wait() == 0


def test_gdb_of_what_is_not_there(machines: Machines, gdb_words: list[str]) -> None:
    name = machines.up()
    assert (
        "ring3: there is no process 4711\n"
        in machines.ring3("gdb", "--on", name, "-p", "4711", *gdb_words).stderr
    )
    assert machines.ring3("gdb", "--on", "nosuch", *gdb_words, HELLO).stderr == (
        "ring3: no machine nosuch is up: see ring3 ls\n"
    )
    assert machines.ring3("gdb", "-p", "1", *gdb_words).stderr == (
        "ring3: -p is for processes on a machine that is up: ring3 gdb --on NAME -p PID\n"
    )
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"
