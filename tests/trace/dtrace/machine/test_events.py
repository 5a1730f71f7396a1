"""Providers of events and statistics, and what D says of processes, files and the kernel."""

import json
from pathlib import Path

import pytest

from ring3.abi.signals import Sig
from tests.support import solaris
from tests.support.toolchain import Toolchain
from tests.trace.dtrace.machine.test_host import dtrace

pytestmark = pytest.mark.guest


@pytest.fixture
def hello(toolchain: Toolchain) -> Path:
    return toolchain.program("basic/says_hello_twice.c")


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def test_a_process_begins_is_executed_and_ends() -> None:
    script = (
        'proc:::exec { printf("exec %s\\n", basename(stringof(args[0]))); } '
        'proc:::exec-success { printf("is %s\\n", curpsinfo->pr_psargs); } '
        'proc:::exec-failure { printf("failed %d\\n", args[0]); } '
        'proc:::exit { printf("exit %s %d\\n", execname, args[0]); }'
    )
    shown = lines(dtrace("/bin/sh", "-qn", script, arguments="-c '/missing 2>/dev/null; exec /bin/true'")[1])
    assert shown[-3:] == ["exec true", "is /bin/true", "exit true 1"]
    assert shown[:2] == ["exec missing", "failed 2"]


def test_who_creates_a_process_and_who_wakes_it_is_at_the_probe() -> None:
    script = (
        'proc:::create /pid == $target/ { printf("%d ", args[0]->pr_pid != pid); } '
        'sched:::wakeup /args[1]->pr_pid == $target/ { printf("%d ", pid != $target); }'
    )
    shown = dtrace("/bin/sh", "-qn", script, arguments="-c '/bin/true; exit'")[1].split()
    assert shown[0] == "1"
    assert set(shown[1:]) <= {"1"}


def test_who_sends_a_signal_to_whom() -> None:
    script = 'proc:::signal-send /args[2] == SIGUSR1/ { printf("%s %s", execname, args[1]->pr_fname); }'
    assert dtrace("/bin/sh", "-qn", script, arguments="-c 'kill -USR1 $$'")[1].split() == ["sh", "sh"]


def test_init_is_sent_a_signal_and_a_zombie_none(toolchain: Toolchain) -> None:
    program = toolchain.program("tasks/zombies.c")
    script = 'proc:::signal-send { printf("%s %d,", args[1]->pr_fname, args[2]); }'
    _, shown, errors = dtrace(str(program), "-qn", script)
    assert (shown.strip(), "invalid address" in errors) == (f"zombies {Sig.SIGCHLD.value},", False)
    script = 'proc:::signal-send { printf("%s %d,", args[1]->pr_fname, args[1]->pr_pid); }'
    assert dtrace("/bin/sh", "-qn", script, arguments="-c 'kill -USR1 1'")[1].strip() == "init 1,"


def test_bytes_are_counted_and_pages_come_from_the_host() -> None:
    script = (
        "sysinfo:::writech { @w = sum(arg0); } vminfo:::as_fault { @f = count(); } "
        "io:::start /args[0]->b_flags & B_READ/ { @i[args[2]->fi_name] = count(); } "
        'END { printa("%@d ", @w); printa("%@d ", @f); printa("%s ", @i); }'
    )
    shown = dtrace("/bin/cat", "-qn", script, arguments="/etc/passwd")[1]
    written, faults, *files = shown.split()
    assert int(written) == len(Path("/etc/passwd").read_bytes())
    assert int(faults) > 0
    assert "passwd" in files


def test_calls_have_the_other_systems_names(hello: Path) -> None:
    script = "syscall::rexit:entry { trace(probefunc); } syscall::*group*:entry { trace(probefunc); }"
    assert dtrace(str(hello), "-qn", script)[1] == "rexitexit_group\n"
    assert dtrace(str(hello), "-qn", "syscall::fork1:entry { trace(1); }")[:2] == (0, "\n")


def test_files_and_structs_of_the_kernel(hello: Path) -> None:
    script = (
        "syscall::write:entry { this->p = curthread->t_procp; "
        "this->f = this->p->p_user.u_finfo.fi_list[arg0].uf_file; "
        'printf("%d %d %s\\n", this->p->p_pidp->pid_id == pid, curthread->tgid == pid, '
        'fds[arg0].fi_pathname == this->f->f_vnode->v_path ? "same" : "other"); '
        'exit(stringof(`utsname.sysname) == "Linux" ? 0 : 9); }'
    )
    assert dtrace(str(hello), "-qn", script)[:2] == (0, "1 1 same\n\n")


def test_records_as_json(hello: Path) -> None:
    script = "syscall::write:entry { trace(arg2); } END { @q = quantize(5); @c[execname, 3] = count(); }"
    shown = dtrace(str(hello), "--json", "-n", script)[1]
    first, *_, last = [json.loads(line) for line in lines(shown)]
    assert (first["probe"], first["values"], first["cpu"]) == ("syscall:vmlinux:write:entry", [6], 0)
    assert {"aggregation": "@q", "key": [], "value": {"4": 1}} in [json.loads(line) for line in lines(shown)]
    assert last["aggregation"] == "@c"
    assert last["key"][1] == 3


def test_pictures_of_stacks_and_distributions(hello: Path, tmp_path: Path) -> None:
    flame, plot = tmp_path / "f.svg", tmp_path / "p.svg"
    script = "syscall::write:entry { @[ustack()] = count(); @q[probefunc] = quantize(arg2); }"
    assert dtrace(str(hello), "--flame", str(flame), f"--plot={plot}", "-qn", script)[0] == 0
    assert "says_hello_twice`main" in flame.read_text()
    assert '<text class="key" x="8" y="40">write</text>' in plot.read_text()


def test_a_picture_of_nothing_is_an_error(hello: Path, tmp_path: Path) -> None:
    status, _, said = dtrace(str(hello), "--flame", str(tmp_path / "f.svg"), "-qn", "BEGIN")
    assert status == 1
    assert said == "dtrace: --flame: no aggregation has stacks as its keys\n"


@pytest.mark.parametrize(
    ("script", "title"),
    [
        ("execsnoop", ["UID", "PID", "PPID", "ARGS"]),
        ("opensnoop", ["UID", "PID", "COMM", "FD", "ERR", "PATH"]),
        ("rwsnoop", ["UID", "PID", "CMD", "D", "BYTES", "FILE"]),
        ("procsystime", ["SYSCALL", "COUNT", "TIME", "(ns)"]),
        ("errinfo", ["EXEC", "SYSCALL", "ERR", "COUNT"]),
        ("syscallbyproc", ["EXEC", "CALLS"]),
        ("hotuser", ["FUNCTION", "SAMPLES"]),
    ],
)
def test_scripts_that_are_shipped(script: str, title: list[str], hello: Path) -> None:
    status, shown, said = dtrace(str(hello), script)
    assert (status, said) == (0, "")
    assert title in [line.split() for line in lines(shown)]


def test_where_a_program_waited() -> None:
    shown = dtrace("/bin/sleep", "offcpu", arguments="0.01")[1]
    assert lines(shown)[0].split() == ["sleep"]


def test_samples_belong_to_the_function_that_runs(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "burns.c"
    source.write_text(
        "volatile long x; __attribute__((noinline)) void burn(void) { for (int i = 0; i < 9000000; i++) x += i; }\n"
        "int main(void) { burn(); return 0; }\n"
    )
    program = toolchain.program(str(source))
    shown = dtrace(
        str(program), "-qn", "profile-4999 /arg1/ { @[ufunc(arg1)] = count(); } END { trunc(@, 1); }"
    )[1]
    assert lines(shown)[-1].split()[0] == "burns`burn"


def test_clauses_at_a_name_of_the_other_system_fire_in_their_order() -> None:
    script = (
        "syscall::open64:entry { self->path = arg0; } "
        "syscall::open64:return /self->path/ { trace(basename(copyinstr(self->path))); } "
        "syscall::open64:return { self->path = 0; }"
    )
    assert "hostname" in dtrace("/bin/cat", "-qn", script, arguments="/etc/hostname")[1]


def test_a_path_that_a_script_takes_the_directory_for() -> None:
    script = 'syscall::open*:entry { printf("<%s>", copyinstr(arg0)); }'
    status, shown, errors = dtrace("/bin/cat", "-qn", script, arguments="/etc/passwd")
    assert (status, "</etc/passwd>" in shown, "invalid address" in errors) == (0, True, False)


def test_a_call_that_makes_a_child_returns_in_it_too() -> None:
    script = (
        "syscall::*fork*:return /arg0 == 0/ { self->start = vtimestamp; } "
        'proc:::exit /self->start/ { printf("%d ", vtimestamp > self->start); }'
    )
    assert dtrace("/bin/sh", "-qn", script, arguments="-c '(exit 1); (exit 2); :'")[1].split() == ["1", "1"]


def test_addresses_have_names_when_their_program_has_ended(hello: Path) -> None:
    script = 'pid$target:a.out:main:entry { @[uregs[R_RIP]] = count(); } END { printa("%A", @); }'
    assert dtrace(str(hello), "-qn", script)[1].strip() == f"{hello.name}`main"


@pytest.mark.parametrize("system", ["linux", "solaris"])
def test_arguments_of_calls_have_types(system: str, toolchain: Toolchain) -> None:
    program = (
        toolchain.program("basic/says_hello_twice.c")
        if system == "linux"
        else solaris.program(toolchain, "modinfo.c")
    )
    script = (
        "syscall::write:entry { self->size = args[2]; } "
        'syscall::write:return { printf("%d,", args[0] == self->size && args[1] > 0); }'
    )
    status, shown, _ = dtrace(str(program), "-qn", script, system=system, arguments="hi")
    assert (status, set(shown.strip().split(","))) == (0, {"1", ""})
    listed = dtrace(str(program), "-lvn", "syscall::openat:entry", system=system)[1]
    assert [line.strip() for line in listed.splitlines() if "args[0]" in line or "args[1]" in line] == [
        "args[0]: int",
        "args[1]: char *",
    ]
