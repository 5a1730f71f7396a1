"""Scripts of the public DTrace toolkit on a program whose calls are known, on a Linux and on a Solaris guest.

The toolkit is not part of Ring3: RING3_DTRACE_TOOLKIT names the folder that it was unpacked to, and without it the
tests are skipped. Scripts of a shell or of Perl run on the host, with a dtrace in the place of /usr/sbin/dtrace that
traces the program in a guest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.support import solaris
from tests.support.toolchain import Toolchain, musl

TOOLKIT: Final = Path(os.environ.get("RING3_DTRACE_TOOLKIT", "/nonexistent"))
pytestmark = [
    pytest.mark.guest,
    pytest.mark.skipif(
        not TOOLKIT.is_dir(), reason="RING3_DTRACE_TOOLKIT names no folder with the DTrace toolkit"
    ),
]
BOTH: Final = ("linux", "solaris")
LINUX: Final = ("linux",)
SOLARIS: Final = ("solaris",)


class Script(NamedTuple):
    """A script: where it is, its arguments, what the program does, and what the output must have in it."""

    path: str
    figures: tuple[str, ...]
    arguments: str = ""
    does: str = ""
    systems: tuple[str, ...] = BOTH


SCRIPTS: Final = (
    Script("execsnoop", (r"UID +PID +PPID ARGS", r"^ +\d+ +\d+ +\d+ \./workload child *$")),
    Script(
        "opensnoop",
        (r"UID +PID COMM +FD PATH", r"(?s)(?:workload +\d+ \./workload .*){3}", r"workload +-1 /nonexistent"),
    ),
    Script("statsnoop", (r"UID +PID COMM +FD PATH", r"(?s)(?:workload +0 \./workload.*){2}")),
    Script(
        "rwsnoop",
        (
            r"UID +PID CMD +D +BYTES FILE",
            r"(?s)(?:workload +R +16 \S*workload\n.*){5}",
            r"(?s)(?:W +4 .*){3}",
        ),
    ),
    Script(
        "dtruss",
        (
            r"SYSCALL\(args\)",
            r"(?s)(?:getpid\(.*){12}",
            r'open\("/nonexistent", .* = -1 Err#2',
            r"close\(0x3\)\t\t = 0 0",
        ),
        "COMMAND",
    ),
    Script(
        "procsystime", (r"SYSCALL +COUNT", r"^ +getpid +12$", r"^ +read +5$", r"^ +write +3$"), "-c COMMAND"
    ),
    Script("errinfo", (r"EXEC +SYSCALL +ERR +COUNT +DESC", r"workload +open +2 +1"), "-c"),
    Script(
        "hotuser",
        (r"FUNCTION +COUNT +PCNT", r"workload`spin +\d+ +(?:[89]\d|100)\.\d%"),
        "-c COMMAND",
        "spin",
    ),
    Script("hotkernel", (r"FUNCTION +COUNT +PCNT", r"`\w+ +\d+ +\d+\.\d%"), "", "rest"),
    Script("Proc/syscallbyproc.d", (r"workload +\d+",)),
    Script(
        "Proc/syscallbypid.d", (r"PID CMD +SYSCALL +COUNT", r"workload +getpid +12", r"workload +read +5$")
    ),
    Script("Proc/newproc.d", (r"exec-success +\./workload child",)),
    Script("Proc/kill.d", (r"FROM +COMMAND +SIG TO +RESULT", r"(?s)(?:(\d+) +workload +1[78] \1 +0\n.*){2}")),
    Script("Proc/creatbyproc.d", (r"creat:entry workload created",), systems=LINUX),
    Script(
        "Proc/filebyproc.d",
        (r"(?s)(?:open:entry workload \./workload\n.*){3}", r"open:entry workload /nonexistent"),
    ),
    Script("Proc/rwbypid.d", (r"PID CMD +DIR +COUNT", r"workload +R +\d+", r"workload +W +3$")),
    Script("Proc/sigdist.d", (r"SENDER +RECIPIENT +SIG +COUNT", r"workload +workload +1[78] +[23]$")),
    Script("Proc/shortlived.d", (r"short lived processes: +0\.\d+ secs", r"^ +workload +\d{1,4} ms")),
    Script("Proc/fddist", (r"EXEC: workload +PID: \d+", r"^ +[345] \|@+ +5 *$", r"^ +1 \|@+ +3 *$")),
    Script(
        "Proc/lastwords", (r"TIME +PID +EXEC +SYSCALL +RETURN ERR", r"\d+ +\d+ +workload +getpid"), "workload"
    ),
    Script("Proc/threaded.d", (r"PID: \d+ +CMD: workload",), does="rest"),
    Script(
        "Proc/crash.d",
        (r"CRASH DETECTED at", r"Type: +SIGSEGV", r"Program: workload", r"LWPs: +1"),
        "",
        "kill",
    ),
    Script("Proc/topsysproc", (r"PROCESS +COUNT", r"workload +1$"), does="rest", systems=LINUX),
    Script("System/syscallbysysc.d", (r"getpid +12$", r"open +4$", r"kill +2$")),
    Script("System/topsyscall", (r"SYSCALL +COUNT", r"nanosleep +1$"), "-C 1 1", "rest", LINUX),
    Script("Misc/guess.d", (r"guess\.d - Guess a number between 1 and 100",)),
    Script("Apps/shellsnoop", (r"PID +PPID +CMD DIR +TEXT",)),
    Script("Cpu/cpuwalk.d", (r"PID: \d+ +CMD: workload", r"^ +0 \|@+ +\d+ *$"), does="spin"),
    Script("Proc/dappprof", (r"CALL +COUNT", r"spin +2$"), "-c COMMAND"),
    Script("Proc/dapptrace", (r"CALL\(args\)", r"(?s)(?:-> spin\(0x3E8, .*){2}", r"<- spin = "), "COMMAND"),
    Script("Proc/pathopens.d", (r"COUNT PATHNAME", r"^ +3 \S*/workload$")),
    Script("Proc/mmapfiles.d", (r"MMAPS CMD +PATHNAME", r"^ +1 workload +\S*workload")),
    Script("Proc/pidpersec.d", (r"TIME +LASTPID +PID/s", r"^20\d\d .* +\d+ +0$"), does="rest"),
    Script("User/setuids.d", (r"UID +SUID +PPID +PID PCMD +CMD", r"0 +0 +\d+ +\d+ \S* +\./workload")),
    Script("Kernel/modcalls.d", (r"(?:vmlinux|genunix) +\d+",)),
    Script("System/uname-a.d", (r"^(?:Linux|SunOS) \S+ \S+",)),
    Script(
        "Kernel/cswstat.d",
        (r"TIME +NUM +CSWTIME\(us\) +AVGTIME\(us\)", r"^ *20\d\d .* +\d+ +\d+ +\d+$"),
        does="rest",
    ),
    Script(
        "Kernel/whatexec.d",
        (r"PEXEC +EXEC +OK TYPE", r"^workload +\S*/workload +Y \\177ELF$"),
        systems=SOLARIS,
    ),
    Script("iosnoop", (r"UID +PID D +BLOCK +SIZE +COMM PATHNAME", r"R +\d+ +\d+ +workload \S*/workload")),
    Script(
        "Proc/sysbypid.d",
        (r"EXEC +PID +SYS +VALUE", r"workload +\d+ +sysread +5$", r"workload +\d+ +writech +12$"),
    ),
)


@pytest.fixture(scope="module")
def folder(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program, for each system."""
    made = tmp_path_factory.mktemp("toolkit")
    for system in BOTH:
        (made / system).mkdir()
        target = musl(64) if system == "linux" else solaris.TARGET[64]
        flags = ["-ffreestanding", "-fno-stack-protector", *(["-DSOLARIS"] if system == "solaris" else [])]
        source = Path(__file__).parents[2] / "programs" / "toolkit" / "workload.c"
        built = toolchain.build([source], target=target, kind="nolibc", flags=flags)
        shutil.copy(solaris.mark(built) if system == "solaris" else built, made / system / "workload")
        dtrace = made / system / "dtrace"
        dtrace.write_text(
            "#!/bin/sh\n"
            f'run="{sys.executable} -m ring3 dtrace --os {system}"\n'
            'case " $* " in *" -c "*) exec $run "$@";; esac\n'
            'exec $run "$@" -c "$WORKLOAD"\n'
        )
        dtrace.chmod(0o755)
    return made


CASES: Final = [(script, system) for script in SCRIPTS for system in script.systems]


@pytest.mark.parametrize(("script", "system"), CASES, ids=[f"{each.path}-{system}" for each, system in CASES])
def test_the_script_shows_what_the_program_did(script: Script, system: str, folder: Path) -> None:
    shown = run(script, system, folder / system)
    missing = [figure for figure in script.figures if not re.search(figure, shown, re.MULTILINE)]
    assert not missing, shown


def run(script: Script, system: str, folder: Path) -> str:
    """What a script writes about the program."""
    text = (TOOLKIT / script.path).read_text()
    first = text.splitlines()[0]
    command = f"./workload {script.does}".strip()
    copy = folder / Path(script.path).name
    copy.write_text(text.replace("/usr/sbin/dtrace", str(folder / "dtrace")))
    words = [command if word == "COMMAND" else word for word in script.arguments.split()]
    if "dtrace" in first:
        flags = first.split("dtrace", 1)[1].split()
        call = [str(folder / "dtrace"), *flags, copy.name, *words]
    elif "perl" in first:
        call = ["perl", copy.name, *words]
    else:
        call = ["bash", "-c", f'print() {{ echo "$@"; }}; source ./{copy.name}', copy.name, *words]
    if shutil.which(call[0]) is None:
        pytest.skip(f"{call[0]} is not here")
    done = subprocess.run(
        call,
        cwd=folder,
        env={
            **os.environ,
            "WORKLOAD": command,
            "TERM": "dumb",
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": "",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    return done.stdout.decode("utf-8", "replace")
