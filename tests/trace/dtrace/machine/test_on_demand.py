"""What scripts are told of a kernel on which no program runs, on both systems."""

import io

import pytest

from ring3.computer import Linux, Solaris
from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.machine.host import Computer, MachineHost

SYSTEMS = ("linux", "solaris")


def dtrace(*words: str, system: str) -> tuple[int, str, str]:
    def boot(_path: str) -> tuple[Computer, str]:
        return (Solaris() if system == "solaris" else Linux(virtual_time=True, seed=1)), system

    host, stdout, stderr = MachineHost(boot, system=system), io.BytesIO(), io.StringIO()
    try:
        status = Command(host, stdout, stderr).main([*words, "-xerrtags"])
    finally:
        host.close()
    return status, stdout.getvalue().decode(), stderr.getvalue()


def begin(statement: str, system: str) -> str:
    script = f"BEGIN {{ {statement} exit(0); }} ERROR {{ exit(1); }}"
    status, stdout, stderr = dtrace("-qn", script, system=system)
    assert status == 0, stderr
    return stdout.rstrip("\n")


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("statement", "printed"),
    [
        ('printf("%s %d", curpsinfo->pr_fname, curpsinfo->pr_pid == pid);', "dtrace 1"),
        ('printf("%s %d", curthread->comm, curthread->tgid == pid);', "dtrace 1"),
        ('printf("%d", curthread->thread_pid->numbers[0].nr == pid);', "1"),
        ('printf("%d", curthread->cred->euid.val == uid);', "1"),
        ("printf(\"%d\", xlate<psinfo_t *>(curthread)->pr_pid == pid);", "1"),
        ("printf(\"%d\", xlate<lwpsinfo_t *>(curthread)->pr_lwpid == tid);", "1"),
        ('printf("%d", `physmem > 1000 && `freemem <= `physmem);', "1"),
        ('printf("%a", (uintptr_t)&`utsname);', {"linux": "vmlinux`utsname", "solaris": "unix`utsname"}),
    ],
)  # fmt: skip
def test_dtrace_itself_is_the_current_process(
    statement: str, printed: str | dict[str, str], system: str
) -> None:
    assert begin(statement, system) == (printed if isinstance(printed, str) else printed[system])


@pytest.mark.parametrize(
    ("system", "symbol", "printed"),
    [
        ("linux", "`vfs_read", "vmlinux`vfs_read"),
        ("linux", "vmlinux`vfs_read", "vmlinux`vfs_read"),
        ("solaris", "`modctl", "genunix`modctl"),
        ("solaris", "genunix`modctl", "genunix`modctl"),
    ],
)
def test_functions_of_a_kernel_have_addresses(system: str, symbol: str, printed: str) -> None:
    assert begin(f'printf("%a", (uintptr_t)&{symbol});', system) == printed


def test_variables_of_linux() -> None:
    assert begin("trace(stringof(`linux_banner));", "linux").startswith("Linux version ")
    assert begin('printf("%s %d", `init_task.comm, (int)`crashing_cpu);', "linux") == "swapper/0 -1"
    assert begin('printf("%d", `cad_pid->numbers[0].nr);', "linux") == "1"


def test_variables_of_solaris() -> None:
    assert begin('printf("%s %d %d", stringof(`rootvp->v_path), `hz, `max_cpuid);', "solaris") == "/ 100 0"


@pytest.mark.parametrize(
    ("system", "mutex", "lock"),
    [("linux", "bpf_verifier_lock", "tasklist_lock"), ("solaris", "pidlock", "vfssw_lock")],
)
def test_nobody_holds_a_lock(system: str, mutex: str, lock: str) -> None:
    values = ", ".join(
        [f"(int)mutex_{what}(&`{mutex})" for what in ("owned", "owner", "type_adaptive", "type_spin")]
        + [f"rw_{what}(&`{lock})" for what in ("read_held", "write_held", "iswriter")]
    )
    assert begin(f'printf("%d %d %d %d %d %d %d", {values});', system) == "0 0 1 0 0 0 0"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("clause", "tag"),
    [
        ("trace(curpsinfo->pr_rssize)", "D_XLATE_NOCONV"),
        ("trace(curlwpsinfo->pr_oldpri)", "D_XLATE_NOCONV"),
        ("@[curpsinfo] = count()", "D_KEY_TYPE"),
        ("tracemem(*curthread, 12)", "D_TRACEMEM_ADDR"),
        ("trace(`no_such_variable)", "D_IDENT_UNDEF"),
    ],
)
def test_what_cannot_be_compiled(clause: str, tag: str, system: str) -> None:
    status, _, stderr = dtrace("-n", f"BEGIN {{ {clause}; }}", system=system)
    assert status == 1
    assert f"[{tag}]" in stderr


def test_a_translator_of_the_library_is_not_declared_twice() -> None:
    script = "translator lwpsinfo_t < kthread_t *T > { pr_lwpid = T->t_tid; }; BEGIN { exit(0); }"
    status, _, stderr = dtrace("-n", script, system="solaris")
    assert status == 1
    assert "[D_XLATE_REDECL]" in stderr


def test_functions_of_a_kernel_have_typed_arguments() -> None:
    _, stdout, _ = dtrace("-lvn", "fbt::do_mkdirat:entry,fbt::do_exit:return", system="linux")
    assert [line.strip() for line in stdout.splitlines() if "args[" in line] == [
        "args[0]: int",
        "args[1]: struct filename *",
        "args[2]: umode_t",
        "args[0]: int",
    ]


def test_events_say_what_they_promise() -> None:
    _, stdout, _ = dtrace("-lvn", "sched:::wakeup", system="linux")
    lines = [line.strip() for line in stdout.splitlines()]
    assert lines[lines.index("Argument Attributes") + 1] == "Identifier Names: Evolving"
    assert lines[-3:-1] == ["args[0]: lwpsinfo_t *", "args[1]: psinfo_t *"]
