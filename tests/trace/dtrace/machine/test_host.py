"""D on machines: the same scripts on Linux and on Solaris."""

import io
import shutil
from pathlib import Path

import pytest

from ring3.computer import Linux, Solaris
from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.machine.host import Computer, MachineHost
from tests.support import solaris
from tests.support.toolchain import Toolchain

pytestmark = pytest.mark.guest


def dtrace(program: str, *words: str, system: str = "linux", arguments: str = "") -> tuple[int, str, str]:
    def boot(_path: str) -> tuple[Computer, str]:
        return (Solaris() if system == "solaris" else Linux(virtual_time=True, seed=1)), system

    host, stdout, stderr = MachineHost(boot), io.BytesIO(), io.StringIO()
    try:
        status = Command(host, stdout, stderr).main([*words, "-c", f"{program} {arguments}"])
    finally:
        host.close()
    return status, stdout.getvalue().decode(), stderr.getvalue()


@pytest.fixture
def hello(toolchain: Toolchain) -> Path:
    return toolchain.program(
        "basic/says_hello_twice.c", flags=("-O1", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls")
    )


@pytest.fixture
def modinfo(toolchain: Toolchain, tmp_path: Path) -> Path:
    """The program, by the name that the seed's scripts ask for."""
    return Path(shutil.copy(solaris.program(toolchain, "modinfo.c"), tmp_path / "modinfo"))


def test_calls_are_counted_and_the_session_ends_with_the_program(hello: Path) -> None:
    status, stdout, stderr = dtrace(
        str(hello), "-n", "syscall::write:entry /pid == $target/ {@[execname] = count();}"
    )
    assert status == 0
    assert stdout == f"\n  {'says_hello_twic':<50} {2:>16}\n"
    assert stderr.splitlines() == [
        "dtrace: description 'syscall::write:entry ' matched 1 probe",
        "dtrace: pid 2 exited with status 3",
    ]


def test_arguments_and_results_of_calls(hello: Path) -> None:
    script = (
        "syscall::write:entry { self->s = copyinstr(arg1, arg2); } "
        'syscall::write:return /self->s != NULL/ { printf("%s=%d,%d ", self->s, arg0, errno); self->s = 0; }'
    )
    assert dtrace(str(hello), "-qn", script)[1] == "hello\n=6,0 again\n=6,0 \n"


def test_exit_leaves_the_program_where_it_is(hello: Path) -> None:
    status, stdout, _ = dtrace(str(hello), "-qn", 'syscall::write:entry { trace("once"); exit(7); }')
    assert (status, stdout) == (7, "once\n")


def test_the_programs_stack_has_names(hello: Path) -> None:
    stdout = dtrace(str(hello), "-qn", "syscall::write:entry { ustack(9); exit(0); }")[1]
    names = [line.strip().split("+")[0].split("`")[-1] for line in stdout.splitlines() if line.strip()]
    assert [name for name in names if name in ("say", "twice", "main")] == ["say", "twice", "main"]


def test_a_function_knows_its_caller_before_it_has_a_frame(hello: Path) -> None:
    stdout = dtrace(str(hello), "-qn", "pid$target:a.out:say:entry { ufunc(ucaller); exit(0); }")[1]
    assert stdout.split() == ["says_hello_twice`twice"]


def test_a_bad_address_of_the_program_is_a_fault_of_the_clause(hello: Path) -> None:
    script = "syscall::write:entry { copyinstr(8); } ERROR { exit(arg4 == DTRACEFLT_BADADDR ? 5 : 6); }"
    status, _, stderr = dtrace(str(hello), "-qn", script)
    assert status == 5
    assert "syscall:vmlinux:write:entry): invalid address (0x8) in action #1" in stderr


def test_processes_tell_of_their_lives(hello: Path) -> None:
    stdout = dtrace(str(hello), "-qn", 'proc:::exit { printf("%s %d %d", execname, arg0, args[0]); }')[1]
    assert stdout == "says_hello_twic 1 1\n"


def test_time_passes_on_the_machines_clock(hello: Path) -> None:
    script = "BEGIN { t = timestamp; } syscall::exit_group:entry { exit(timestamp >= t ? 4 : 1); }"
    assert dtrace(str(hello), "-qn", script)[0] == 4


def test_probes_are_found_without_a_program() -> None:
    host, stdout = MachineHost(lambda _path: (Linux(), "linux")), io.BytesIO()
    try:
        assert Command(host, stdout, io.StringIO()).main(["-ln", "syscall::getpid:"]) == 0
    finally:
        host.close()
    assert [line.split()[-2:] for line in stdout.getvalue().decode().splitlines()[1:]] == [
        ["getpid", "entry"],
        ["getpid", "return"],
    ]


def test_a_program_that_is_not_there() -> None:
    status, _, stderr = dtrace("/nosuch", "-n", "BEGIN")
    assert status == 1
    assert stderr.startswith("dtrace: failed to execute /nosuch: ")


def test_kernel_functions_of_solaris_in_their_order(modinfo: Path) -> None:
    script = 'syscall::modctl:entry, fbt::mod*: { printf("%s:%s ", probefunc, probename); }'
    _, stdout, _ = dtrace(str(modinfo), "-qn", script, system="solaris", arguments="-i 16")
    assert stdout.split()[:6] == [
        *("modctl:entry", "modctl:entry", "modctl_modinfo:entry", "modinfo:entry", "mod_getinfo:entry"),
        "mod_info:entry",
    ]
    assert stdout.split()[-2:] == ["modctl_modinfo:return", "modctl:return"]


def test_kernel_functions_of_solaris_have_arguments_and_values(modinfo: Path) -> None:
    script = (
        'fbt:unix:copyin:entry { printf("%s 0x%X", probemod, arg2); } '
        'fbt::mod_infonull:return { printf(" %d", arg1); }'
    )
    assert dtrace(str(modinfo), "-qn", script, system="solaris", arguments="-i 16")[1] == "unix 0x1B0 -1\n"


def test_functions_of_the_program_at_entry_and_return(hello: Path) -> None:
    script = (
        'pid$target:a.out:say:entry { printf("%s %d ", copyinstr(arg0, arg1 - 1), arg1); } '
        'pid$target::say:return, pid$target::twice:return { printf("%s=%d ", probefunc, arg1); }'
    )
    assert dtrace(str(hello), "-qn", script)[1] == "hello 6 say=6 again 6 say=6 twice=36 \n"


def test_a_return_with_a_prefix(toolchain: Toolchain) -> None:
    program = toolchain.program("dtrace/prefixed_return.c")
    script = 'pid$target:a.out:prefixed:return { printf("%x %d", arg0, arg1); }'
    assert dtrace(str(program), "-qn", script)[1] == "5 5\n"


def test_an_instruction_of_the_program_by_its_offset(hello: Path) -> None:
    _, stdout, _ = dtrace(str(hello), "-qn", 'pid$target:a.out:twice:0 { printf("%s %d", probename, arg0); }')
    assert stdout == "0 30\n"
    status, _, stderr = dtrace(str(hello), "-xerrtags", "-n", "pid$target:a.out:nosuch:entry")
    assert status == 1
    assert "[D_PROC_FUNC]" in stderr


def test_processes_and_structs_have_members(hello: Path) -> None:
    values = "curpsinfo->pr_pid == pid, curpsinfo->pr_fname, sizeof(struct timespec)"
    script = f'proc:::exit {{ printf("%d %s %d", {values}); }}'
    assert dtrace(str(hello), "-qn", script)[1] == "1 says_hello_twic 16\n"


def test_a_clause_sends_a_signal_to_the_process(hello: Path) -> None:
    status, stdout, _ = dtrace(
        str(hello),
        "-w",
        "-n",
        "syscall::write:entry /pid == $target/ {raise(9);} proc:::exit {trace(args[0]);}",
    )
    assert stdout.split()[-1] == "2"  # CLD_KILLED
    assert status == 0


@pytest.mark.parametrize(
    ("option", "message"),
    [("-a", "could not enable tracing: No anonymous tracing state"), ("-A", "-A is not implemented")],
)
def test_what_is_not_there_is_refused(option: str, message: str) -> None:
    stderr = io.StringIO()
    assert (
        Command(MachineHost(lambda _: (Linux(), "linux")), io.BytesIO(), stderr).main([option, "-n", "BEGIN"])
        == 1
    )
    assert stderr.getvalue() == f"dtrace: {message}\n"


def test_a_process_that_is_not_there_cannot_be_grabbed() -> None:
    stderr = io.StringIO()
    assert (
        Command(MachineHost(lambda _: (Linux(), "linux")), io.BytesIO(), stderr).main(["-p1", "-n", "BEGIN"])
        == 1
    )
    assert stderr.getvalue() == "dtrace: failed to grab pid 1: no such process\n"


@pytest.mark.parametrize(
    ("when", "seen"),
    [
        ("exec", "loader start write"),
        ("preinit", "start write"),
        ("postinit", "write"),
        ("main", "write"),
    ],
)
def test_how_far_the_program_has_run_when_tracing_begins(when: str, seen: str) -> None:
    script = (
        'syscall::arch_prctl:entry { printf("loader "); } '
        'pid$target:libc*:__libc_start_main*:entry { printf("start "); } '
        'syscall::write:entry { printf("write"); }'
    )
    status, stdout, stderr = dtrace("/bin/echo", f"-xevaltime={when}", "-xdefaultargs", "-qZn", script)
    assert (status, stdout.split()) == (0, seen.split()), stderr
