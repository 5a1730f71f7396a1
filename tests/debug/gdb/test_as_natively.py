"""gdb's own words on a program on Ring3, and on the same program natively: the same answers.

One gdb runs all scripts of a width, natively and then as a client of one server, so that each costs little. Not
compared: addresses, numbers of processes and threads, and what gdb says of reading files (`natively`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.debug.gdb.natively import answers, run_gdb, script
from tests.support.toolchain import Bits, Kind, Toolchain

SIGINFO: Final = (
    "print $_siginfo.si_signo\nprint/x $_siginfo.si_code\n"
    "print $_siginfo._sifields._sigfault.si_addr == $pc\nprint $_siginfo._sifields._kill.si_uid < 2"
)
SCRIPTS: Final = {
    "breaks": "break add\nrun\nbt\ninfo args\ninfo locals\ncontinue\nprint a",
    "finish": "break add\nrun\nfinish\nprint $\nnext\ninfo locals",
    "until": "tbreak loop\nrun\nnext\nnext\nstep\nup\ninfo locals\nadvance main",
    "condition": "break add if a == 2\nrun\nprint a\ncontinue",
    "conditions on memory": "break add if global > 6 && b == 1\nrun\nprint global\nprint a",
    "ignored": "break add\nignore $bpnum 2\nrun\nprint a\ninfo breakpoints",
    "temporary": "tbreak add\nrun\ncontinue",
    "until recursion returns": "break fib if n == 1\nrun fib\nbt\ndelete\nfinish\nfinish",
    "watch": "break main\nrun\nwatch global\ncontinue\ncontinue\ndelete\ncontinue",
    "watch a local": "break add\nrun\nwatch sum\ncontinue\ncontinue",
    "rwatch": "break main\nrun half\nrwatch ratio\ncontinue\nprint ratio",
    "awatch": "break main\nrun\nawatch global\ncontinue\ncontinue",
    "catch syscall": "catch syscall getppid\nrun calls\ncontinue\ncontinue",
    "catch fork": "catch fork\nrun children\ncontinue",
    "follow the child": "set follow-fork-mode child\nbreak add\nrun children\n"
    "bt 1\ncontinue\nset follow-fork-mode parent",
    "catch exec": "catch exec\nrun exec\ncontinue",
    "signals": "run signals\nprint $_siginfo.si_signo\nbreak on_signal\ncontinue\nprint number\ncontinue",
    "a signal kept back": "run signals\nsignal 0",
    "signals passed": "handle SIGUSR1 nostop noprint pass\nrun signals\nhandle SIGUSR1 stop print pass",
    "fault": "run fault\nbt\nprint $_siginfo._sifields._sigfault.si_addr\nprint where\ncontinue",
    "calls": "break add\nrun\nprint fib(5)\nprint add(1,2)\ncall half(5.0)\nprint global",
    "changes": "break add\nrun\nset var a = 40\nset var global = 0\nnext\n"
    "next\nprint global\nprint sum\nset var points[1].y = 9\nprint points",
    "return": "break add\nrun\nreturn 99\nnext\ninfo locals",
    "siginfo of traps": f"break add\nrun\n{SIGINFO}\nstepi\nstepi\n{SIGINFO}\nwatch global\ncontinue\n{SIGINFO}",
    "siginfo of events": f"catch syscall getppid\nrun calls\n{SIGINFO}\ndelete\nkill\ncatch fork\nrun children\n"
    f"{SIGINFO}\ndelete\nkill\ncatch exec\nrun exec\n{SIGINFO}",
    "catch signal": "catch signal SIGUSR1\nrun signals\ninfo breakpoints\nsignal 0\nprint $_exitcode",
    "displayed": "set args\nbreak add\nrun\ndisplay a\ndisplay/i $pc\nnext\nundisplay 1\nnext\ninfo display",
    "skipped": "set args\nskip function add\nbreak loop\nrun\nnext\nnext\nstep\nstep\ninfo skip\nskip delete",
    "watch by place": "set args\nbreak main\nrun\nwatch -l points[1].x\nset var points[1].x = 9\ncontinue",
    "commands of a breakpoint": "set args\nbreak add\n"
    "python gdb.breakpoints()[-1].commands = 'silent\\nprint a'\nrun\ncontinue",
    "registers": "break half\nrun half\nprint $xmm0.v2_double[0]\n"
    "print $eflags\nset $rax = 5\nprint $rax\nprint $mxcsr",
    "memory": "break add\nrun\nx/3dw points\nx/s text\nprint points[2]\nptype struct point\nprint sizeof(points)",
    "instructions": "break add\nrun\nstepi\nstepi\nx/2i $pc\ninfo symbol $pc\nnexti",
    "jump to where it was": "break add\nrun\njump loop\nbt 1\nprint global",
    "jump": "break add\nrun\ntbreak 33\njump 33\ninfo line",
    "auxv": "break add\nrun\npython for l in gdb.execute('info auxv', to_string=True).splitlines():\n"
    "  if l.split()[1] in ('AT_PAGESZ', 'AT_PHENT', 'AT_PHNUM', 'AT_CLKTCK', 'AT_SECURE'): print(l)\nend",
    "objects": "break add\n"
    "run\npython print(sorted(s.filename.split('/')[-1] for s in gdb.objfiles() if 'libc' in s.filename))",
    "shared libraries": "break add\nrun\ninfo sharedlibrary",
    "a core file": "break add\nrun\ngenerate-core-file left\ncontinue\nbreak half",
    "thread-local variables": "break loop\nrun\nprint own\nset var own = 20\nprint own",
    "threads": "tbreak worker if *(int *)argument == 12\nrun threads\nprint own\nnext\nprint own\n"
    "python for t in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num)[:1]:\n"
    "  t.switch()\n  print(gdb.parse_and_eval('own'), len(gdb.selected_inferior().threads()))\nend",
    "all threads": "tbreak worker if *(int *)argument == 12\nrun threads\n"
    "python for name in sorted(line.split(' in ')[-1].split()[0] for line in "
    "gdb.execute('thread apply all -s bt -1', to_string=True).splitlines() if line[:1] == '#'):\n  print(name)\nend",
    "mappings": "break add\nrun\npython for l in gdb.execute('info proc mappings', to_string=True).splitlines():\n"
    "  if 'subject' in l or 'libc' in l or '[stack' in l: print(l.split()[2:])\nend",
    "what the process is": "break add\nrun\npython for l in gdb.execute('info proc', to_string=True).splitlines():\n"
    "  if l.startswith('cwd') or l.startswith('exe'): print(l.split('/')[-1])\nend",
    "detached": "break add\nrun\ndetach\ninfo threads",
    "memory that is not there": "break add\nrun\nx/x 0\nprint *(int*)8\nset *(int*)8 = 1",
    "no such thing": "break nothing_so_named\nrun\nprint nothing_so_named",
}  # fmt: skip
NARROW: Final = {
    "breaks", "finish", "condition", "conditions on memory", "watch", "catch syscall", "signals", "fault", "changes",
    "instructions", "memory", "calls",
}  # fmt: skip
ENDED: Final = ("kill", "kill inferiors 1", "delete", "inferior 1")


def commands(names: list[str], *start: str) -> str:
    return script({name: _words(SCRIPTS[name]) for name in names}, start, ENDED)


def _words(text: str) -> list[str]:
    head, python, rest = text.partition("python for")
    words = head.splitlines()
    return [*words, "python for" + rest] if python else words


def both(program: Path, folder: Path, names: list[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    file = folder / "native.gdb"
    file.write_text(commands(names))
    native = run_gdb(file, str(program))
    if "Inferior 1" not in native and "Breakpoint" not in native:
        pytest.skip("gdb cannot run programs here")
    socket = folder / "socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "ring3", "run", "--gdb", str(socket), str(program)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        assert "waiting for gdb" in server.stderr.readline()
        file = folder / "ring3.gdb"
        file.write_text(
            commands(names, f"set remote exec-file {program}", f"target extended-remote {socket}", "kill")
        )
        ours = run_gdb(file, str(program))
    finally:
        server.kill()
        server.communicate()
    return answers(native), answers(ours)


@pytest.mark.parametrize("bits", [64, 32])
def test_answers_are_those_of_a_native_run(toolchain: Toolchain, tmp_path: Path, bits: Bits) -> None:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    kind: Kind = "dynamic" if bits == 64 else "static"
    built = toolchain.program("debug/subject.c", bits=bits, kind=kind, flags=["-g", "-O0"])
    program = tmp_path / "subject"
    shutil.copy(built, program)
    names = list(SCRIPTS) if bits == 64 else [name for name in SCRIPTS if name in NARROW]
    native, ours = both(program, tmp_path, names)
    assert set(native) == set(names)
    differing = [name for name in names if native[name] != ours.get(name)]
    if differing:  # on a loaded host the native program may be told of things late: those again, alone
        folder = tmp_path / "again"
        folder.mkdir()
        native, ours = both(program, folder, differing)
    assert {name: native[name] for name in differing} == {name: ours.get(name) for name in differing}
