"""The same script gives the same answer on a Linux and on a Solaris guest, about programs that make the same calls."""

import io
import os
from pathlib import Path

import pytest

from ring3.computer import Linux, Solaris
from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.machine.host import Computer, MachineHost
from tests.support import solaris
from tests.support.toolchain import PROGRAMS, Toolchain, musl

pytestmark = pytest.mark.guest
CALLS = ("open", "read", "write", "getpid", "stat", "kill", "setuid", "mmap", "close")
SCRIPTS = {
    "calls are counted": "; ".join(f"syscall::{name}:entry {{ @[probefunc] = count(); }}" for name in CALLS),
    "results and errors": 'syscall::open:return { printf("%d %d,", arg0, errno); }',
    "arguments": 'syscall::open:entry { printf("%s,", copyinstr(arg0)); } syscall::read:entry { @ = sum(arg2); }',
    "descriptors": 'syscall::read:entry { printf("%d %s,", arg0, fds[arg0].fi_name); }',
    "processes": (
        'proc:::create { printf("create %d,", args[0]->pr_ppid == pid); } '
        'proc:::start { printf("start %d,", ppid == $target); } '
        'proc:::exec-success { printf("%s,", curpsinfo->pr_psargs); } '
        'proc:::exit { printf("exit %s %d,", execname, args[0]); }'
    ),
    "signals": (
        'proc:::signal-send /args[2] == SIGCHLD/ { printf("%s %d,", args[1]->pr_fname, args[1]->pr_pid == $target); }'
    ),
    "statistics": "sysinfo:::sysread, sysinfo:::writech { @[probename] = sum(arg0); }",
    "functions": (
        'pid$target:a.out:spin:entry { self->at = timestamp; printf("%d,", arg0); ustack(1); } '
        'pid$target:a.out:spin:return /self->at/ { printf("%d,", timestamp >= self->at); }'
    ),
    "threads are queued and taken": (
        'sched:::enqueue /args[1]->pr_pid != $target/ { self->queued = 1; @["enqueue"] = max(1); } '
        'sched:::dequeue /args[1]->pr_pid != $target && args[2]->cpu_id == 0/ { @["dequeue"] = max(1); } '
        'END { printa("%@d ", @); printf("of a child"); }'
    ),
    "a process and its thread, by every way to them": (
        'syscall::setuid:entry { printf("%d %d %s %d ", arg0, args[0] == arg0, curpsinfo->pr_fname, uid); '
        'printf("%d %s ", curthread->t_procp->p_pidp->pid_id == pid, curthread->t_procp->p_user.u_comm); '
        'printf("%d %d ", curthread->t_cred->cr_ruid == curpsinfo->pr_uid, curlwpsinfo->pr_lwpid > 0); '
        'printf("%s %d", xlate<psinfo_t *>(curthread)->pr_fname, progenyof($target)); }'
    ),
    "speculations and thread-local variables": (
        "syscall::open:entry { self->path = copyinstr(arg0); self->s = speculation(); "
        'speculate(self->s); printf("%s,", basename(self->path)); } '
        "syscall::open:return /self->s && arg0 < 0/ { commit(self->s); } "
        "syscall::open:return /self->s && arg0 >= 0/ { discard(self->s); } "
        "syscall::open:return /self->path != NULL/ { @[basename(self->path), errno] = count(); self->path = 0; }"
    ),
    "a signal that a script raises": (
        "#pragma D option destructive\n"
        "syscall::getpid:entry /++n == 5/ { raise(SIGTERM); } "
        'proc:::signal-handle /args[0] == SIGTERM/ { printf("%d %d,", args[1]->si_signo == SIGTERM, args[2] == 0); } '
        'proc:::exit { printf("%d", args[0]); } syscall::setuid:entry { printf("went on"); }'
    ),
    "the only program is not stopped": (
        "#pragma D option destructive\n"
        'syscall::getpid:entry { stop(); } syscall::setuid:entry { printf("went on"); }'
    ),
    "a function of the program by its name": (
        "pid$target:a.out:spin:entry { @[ufunc(uregs[R_PC])] = count(); @mod[umod(uregs[R_PC])] = count(); }"
    ),
    "a fork returns twice": 'syscall::*fork*:return { @[arg0 == 0 ? "child" : "parent"] = count(); }',
}


FAULT = (
    'proc:::fault { printf("fault %d,", args[0]); } '
    'proc:::signal-send /args[2] == SIGSEGV/ { printf("to %s,", args[1]->pr_fname); } '
    'proc:::exit { printf("exit %d,", args[0]); }'
)


def shown(script: str, system: str, arguments: str = "") -> tuple[int, str]:
    def boot(_path: str) -> tuple[Computer, str]:
        return (Solaris() if system == "solaris" else Linux(virtual_time=True, seed=1)), system

    host, stdout = MachineHost(boot), io.BytesIO()
    try:
        status = Command(host, stdout, io.StringIO()).main(["-qn", script, "-c", f"./workload {arguments}"])
    finally:
        host.close()
    return status, stdout.getvalue().decode()


def answers(
    script: str, arguments: str, toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[int, str]]:
    """What a script says of the program on Linux, and on Solaris."""
    found = []
    source = PROGRAMS / "toolkit" / "workload.c"
    flags = ["-ffreestanding", "-fno-stack-protector", "-fno-omit-frame-pointer", "-O1"]
    for system in ("linux", "solaris"):
        target = musl(64) if system == "linux" else solaris.TARGET[64]
        own = [*flags, *(["-DSOLARIS"] if system == "solaris" else [])]
        built = toolchain.build([source], target=target, kind="nolibc", flags=own)
        folder = tmp_path / system
        folder.mkdir()
        (folder / "workload").write_bytes(
            (solaris.mark(built) if system == "solaris" else built).read_bytes()
        )
        os.chmod(folder / "workload", 0o755)
        monkeypatch.chdir(folder)
        found.append(shown(script, system, arguments))
    return found


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_the_answer_is_the_same(
    script: str, toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linux, other = answers(script, "", toolchain, tmp_path, monkeypatch)
    assert linux == other
    assert linux[0] == 0
    assert len(linux[1]) > 4


def test_nobody_runs_while_the_program_rests(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        'tick-100ms /pid == 0 && !n++/ { printf("%d %d %s", ppid, ustackdepth, curpsinfo->pr_fname); } '
        'END { printf(" %d", pid == $pid); }'
    )
    linux, other = answers(script, "rest", toolchain, tmp_path, monkeypatch)
    assert linux[1].split() == ["0", "0", "swapper/0", "1"]
    assert other[1].split() == ["0", "0", "sched", "1"]


def test_a_fault_and_the_signal_that_comes_of_it(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linux, other = answers(FAULT, "fault", toolchain, tmp_path, monkeypatch)
    assert linux[1] == other[1]
    assert linux[1].startswith("fault 6,to workload,exit ")
