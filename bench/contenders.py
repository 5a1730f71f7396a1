"""Who runs a guest program, and by which command line.

A contender is a command prefix: put before ``PROGRAM ARG...`` it gives a process that does what PROGRAM does.
Nothing here starts a guest; only versions are asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

QILING_RUNNER = Path(__file__).with_name("qiling_run.py")
QILING_VERSIONS = "from importlib.metadata import version as v; print(v('qiling'), 'unicorn', v('unicorn'))"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to run a guest program.

    Attributes:
        name: what the table calls it.
        prefix: the command before PROGRAM and its arguments; empty for the host itself.
        version: what exactly was measured, for the report.
        missing: why it cannot run at all, or None.
        subject: whether it is Ring3, whose failure fails the benchmark.
        folder: where its programs are, if they are not those of Linux: before the name of PROGRAM.
    """

    name: str
    prefix: tuple[str, ...] = ()
    version: str = ""
    missing: str | None = None
    subject: bool = False
    folder: str = ""


def all_contenders(qiling_python: str | None) -> list[Contender]:
    """Every contender in the order of the table; those that are not installed say so in ``missing``."""
    return [
        native(), qemu_user(), qiling(qiling_python), python(), ring3("short"), ring3("full"),
        ring3_on("host"), ring3_on("auto"), ring3_solaris("short"), ring3_solaris("full"),
        strace(), qiling_hook(qiling_python), ring3_strace(), ring3_strace("-c"),
        *(ring3_debugged(mode) for mode in ("attached", "unmet", "breakpoint", "step")),
        ring3_python("callback"), ring3_python("snapshot"), ring3_python("target"),
    ]  # fmt: skip


def native() -> Contender:
    """The host's own processor and kernel."""
    return Contender("native", version=f"{os.uname().sysname} {os.uname().release}")


def qemu_user() -> Contender:
    """QEMU's user-mode emulator, when it is on PATH, by the name of either of its builds."""
    path = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if path is None:
        return Contender("qemu-user", missing="not installed")
    return Contender("qemu-user", (path,), version=_first_line([path, "--version"]) or "")


def qiling(interpreter: str | None) -> Contender:
    """Qiling in the environment of that Python interpreter (it pins a Unicorn of its own)."""
    if not interpreter:
        return Contender("qiling", missing="not installed (say --qiling PYTHON or RING3_BENCH_QILING)")
    version = _first_line([interpreter, "-c", QILING_VERSIONS])
    if version is None:
        return Contender("qiling", missing=f"not installed in {interpreter}")
    return Contender("qiling", (interpreter, str(QILING_RUNNER)), version=version)


def qiling_hook(interpreter: str | None) -> Contender:
    """The same with a function that is told of each call and writes a line."""
    plain = qiling(interpreter)
    return replace(plain, name="qiling hook", prefix=(*plain.prefix, "--hook"), version="")


def strace() -> Contender:
    """The real strace on the host, which writes to nowhere."""
    path = shutil.which("strace")
    if path is None:
        return Contender("strace", missing="not installed")
    return Contender("strace", (path, "-o", os.devnull), version=_first_line([path, "-V"]) or "")


def ring3_strace(*options: str) -> Contender:
    """Ring3's strace, which writes to nowhere."""
    prefix = (sys.executable, "-m", "ring3", "strace", *options, "-o", os.devnull)
    return Contender(" ".join(["ring3 strace", *options]), prefix, version="this tree", subject=True)


def ring3_debugged(mode: str) -> Contender:
    """Ring3's debugger from Python: with nothing, breakpoints elsewhere, one whose condition is never so, or steps."""
    prefix = (sys.executable, "-m", "bench.debugged_run", mode)
    return Contender(f"ring3 {mode}", prefix, version="this tree", subject=True)


def ring3_python(mode: str) -> Contender:
    """Ring3 from Python: a hook at each call, snapshots, runs from one."""
    prefix = (sys.executable, "-m", "bench.python_run", mode)
    return Contender(f"ring3 {mode}", prefix, version="this tree", subject=True)


def python() -> Contender:
    """A Python that prints hello and ignores the guest program: the floor for anything written in Python."""
    return Contender("python", (sys.executable, "-c", "print('hello')"), version=sys.version.split()[0])


def ring3(path: str) -> Contender:
    """Ring3 as this interpreter has it, on the emulated CPU and one of its two paths (``short`` or ``full``)."""
    prefix = (sys.executable, "-m", "ring3", "run", "--cpu", "emulated", "--path", path)
    return Contender(f"ring3 {path}", prefix, version="this tree", subject=True)


def ring3_on(cpu: str) -> Contender:
    """Ring3 with programs on the host's own processor, or moved there where they compute."""
    prefix = (sys.executable, "-m", "ring3", "run", "--cpu", cpu)
    return Contender(f"ring3 {cpu}", prefix, version="this tree", subject=True)


def ring3_solaris(path: str) -> Contender:
    """Ring3 with the same program of Solaris."""
    prefix = (sys.executable, "-m", "ring3", "run", "--os", "solaris", "--path", path)
    return Contender(f"solaris {path}", prefix, version="this tree", subject=True, folder="solaris/")


def _first_line(command: list[str]) -> str | None:
    """The first line a command prints, or None if it fails, is silent or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    return lines[0] if lines else None
