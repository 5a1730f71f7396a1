"""What is measured. A workload is one entry of WORKLOADS, a guest program and, where there is one, a goal.

Two kinds. *Whole* is the time of the whole process. *Each* is the time of one operation: that of a process
which does N of them less that of one which does few, so that start-up drops out; N is chosen per contender,
so that it lasts long enough.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from bench import process, programs
from bench.contenders import Contender
from bench.process import Clock

NARROW = ("native", "ring3 short", "ring3 full", "ring3 host", "ring3 auto")
"""Who runs 32-bit programs."""
EVERYONE = ("native", "qemu-user", "qiling", "ring3 short", "ring3 full", "ring3 host", "ring3 auto")


@dataclass(frozen=True, slots=True)
class Goal:
    """What one contender may cost at most, against another's cost in the same run or in seconds.

    Attributes:
        contender: whose cost is judged.
        at_most: the limit, as a ratio to ``against`` or, without one, in seconds.
        against: the contender compared with, or None.
        text: the goal in words.
    """

    contender: str
    at_most: float
    against: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How much work a run does: ``quick`` is for trying the harness, not for figures."""

    clock: Clock = "wall"
    quick: bool = False


@dataclass(frozen=True, kw_only=True)
class Workload(ABC):
    """One thing to measure: a guest program that must end with status 0 and print exactly ``expect``."""

    unit: ClassVar[str]

    name: str
    title: str
    program: str
    expect: bytes = b""
    contenders: tuple[str, ...] = EVERYONE
    goals: tuple[Goal, ...] = ()

    @abstractmethod
    def prepare(self, contender: Contender, settings: Settings) -> int:
        """Run once unmeasured (caches, compiled bytecode) and return the size of the measured runs.

        Raises:
            process.RunFailed: the contender cannot run it.
        """

    @abstractmethod
    def measure(self, contender: Contender, settings: Settings, size: int) -> float:
        """The cost of one ``unit`` in seconds.

        Raises:
            process.RunFailed: the contender cannot run it.
        """

    def build(self) -> None:
        """Compiles the guest program, unless it is there.

        Raises:
            BuildError: That fails.
        """
        programs.build(self.program)

    def run(self, contender: Contender, settings: Settings, arguments: Sequence[str]) -> float:
        """The seconds of one process."""
        command = [*contender.prefix, str(programs.build(contender.folder + self.program)), *arguments]
        return process.seconds(command, self.expect, settings.clock)


@dataclass(frozen=True, kw_only=True)
class Whole(Workload):
    """A whole process from start to end."""

    unit = "process"

    arguments: tuple[str, ...] = ()
    quick_arguments: tuple[str, ...] = ()

    def prepare(self, contender: Contender, settings: Settings) -> int:
        """Run the quick size once."""
        self.run(contender, settings, self.quick_arguments)
        return 1

    def measure(self, contender: Contender, settings: Settings, size: int) -> float:
        """The seconds of one process."""
        return self.run(contender, settings, self.quick_arguments if settings.quick else self.arguments)


@dataclass(frozen=True, kw_only=True)
class Each(Workload):
    """One of N equal operations; the guest takes N as its only argument."""

    unit = "call"

    few: int = 10
    most: int = 1 << 26

    def prepare(self, contender: Contender, settings: Settings) -> int:
        """The N whose operations take a second or so (a tenth when quick), found by trying."""
        wanted = 0.1 if settings.quick else 1.0
        start_up = self.run(contender, settings, [str(self.few)])
        size = 100 * self.few
        while size < self.most:
            taken = self.run(contender, settings, [str(size)]) - start_up
            if taken >= wanted / 2:
                break
            size = min(self.most, int(size * min(50.0, max(2.0, wanted / max(taken, 1e-3)))))
        return size

    def measure(self, contender: Contender, settings: Settings, size: int) -> float:
        """The seconds of one operation."""
        many = self.run(contender, settings, [str(size)])
        few = self.run(contender, settings, [str(self.few)])
        return (many - few) / (size - self.few)


@dataclass(frozen=True, kw_only=True)
class Command(Whole):
    """A whole run of what a shell of the host makes of a text, in the tree of this project."""

    def build(self) -> None:
        """There is nothing to compile."""

    def run(self, contender: Contender, settings: Settings, arguments: Sequence[str]) -> float:
        """The seconds of one process."""
        command = [*contender.prefix, "/bin/sh", "-c", self.program]
        return process.seconds(command, self.expect, settings.clock)


@dataclass(frozen=True, kw_only=True)
class InClone(Command):
    """The same in a clone of this project, which has its history with it: a work tree of another one has not."""

    def run(self, contender: Contender, settings: Settings, arguments: Sequence[str]) -> float:
        """The seconds of one process."""
        command = [*contender.prefix, "/bin/sh", "-c", self.program]
        return process.seconds(command, self.expect, settings.clock, _clone())


@cache
def _clone() -> Path:
    """A clone that is there until this process ends.

    Raises:
        process.RunFailed: git cannot make it.
    """
    folder = tempfile.mkdtemp(prefix="ring3-bench-git-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    root = str(Path(__file__).resolve().parent.parent)
    done = subprocess.run(
        ["git", "clone", "-q", "--no-hardlinks", root, folder], check=False, capture_output=True
    )
    if done.returncode:
        raise process.RunFailed(done.stderr.decode(errors="replace").strip() or "git clone failed")
    return Path(folder)


LINES: str = "\n".join(
    f"x={number}; case $x in *7) y=$((y + x)) ;; *) f() {{ z=$1; }}; f $x ;; esac" for number in range(1000)
)
"""A shell script of 1,000 lines."""
INSTALLED = ("native", "qemu-user", "ring3 short", "ring3 host", "ring3 auto")
"""Who runs dynamic programs of the host."""

WORKLOADS: tuple[Workload, ...] = (
    Each(
        name="getpid",
        title="getpid round trip",
        program="getpid",
        goals=(Goal("ring3 short", 1 / 10, "qiling", "10 times cheaper than Qiling"),),
    ),
    Each(
        name="systems",
        title="getpid of Linux, lwp_self of Solaris",
        program="getpid",
        contenders=("ring3 short", "ring3 full", "solaris short", "solaris full"),
        goals=(
            Goal("solaris short", 1.1, "ring3 short", "as cheap as Linux's"),
            Goal("solaris full", 1.1, "ring3 full", "by sys_syscall as cheap as by entry_SYSCALL_64"),
        ),
    ),
    Each(
        name="traced",
        title="getpid, traced",
        program="getpid",
        contenders=("native", "strace", "qiling hook", "ring3 short", "ring3 strace", "ring3 strace -c"),
        goals=(
            Goal("ring3 strace", 1, "strace", "less than the real strace needs"),
            Goal("ring3 strace", 4, "ring3 short", "12 us more than the 4 of the call itself"),
            Goal("ring3 strace -c", 1.75, "ring3 short", "3 us more"),
        ),
    ),
    Each(
        name="unmet",
        title="a loop, with 4096 breakpoints elsewhere",
        program="met",
        contenders=("ring3 attached", "ring3 unmet"),
        goals=(Goal("ring3 unmet", 1.1, "ring3 attached", "nothing that can be measured"),),
        most=1 << 30,
    ),
    Each(
        name="breakpoint",
        title="breakpoint with a false condition",
        program="met",
        contenders=("ring3 breakpoint",),
        goals=(Goal("ring3 breakpoint", 0.000020, None, "20 us"),),
    ),
    Each(
        name="step",
        title="single step from Python",
        program="met",
        contenders=("ring3 step",),
        goals=(Goal("ring3 step", 0.000100, None, "10,000 a second"),),
    ),
    Each(
        name="callback",
        title="getpid, a hook in Python",
        program="getpid",
        contenders=("qiling hook", "ring3 short", "ring3 callback"),
        goals=(Goal("ring3 callback", 1.75, "ring3 short", "3 us more than the 4 of the call itself"),),
    ),
    Each(
        name="snapshot",
        title="snapshot + restore, 20 MiB",
        program="holds",
        few=2,
        contenders=("ring3 snapshot",),
        goals=(Goal("ring3 snapshot", 0.015, None, "under 15 ms"),),
    ),
    Each(
        name="target",
        title="run from a snapshot",
        program="parses",
        few=4,
        contenders=("ring3 target",),
        goals=(Goal("ring3 target", 0.002, None, "500 a second"),),
    ),
    Each(name="int80", title="getpid by int $0x80", program="i386/int80", contenders=NARROW),
    Each(name="sysenter", title="getpid by sysenter", program="i386/sysenter", contenders=NARROW),
    Whole(
        name="hello",
        title="static hello",
        program="hello",
        expect=b"hello\n",
        contenders=(*EVERYONE, "python"),
        goals=(Goal("ring3 short", 0.150, None, "under 150 ms"),),
    ),
    Whole(
        name="dynamic",
        title="dynamic hello",
        program="dynamic/hello",
        expect=b"hello\n",
        contenders=("native", "ring3 short", "ring3 full", "solaris short", "solaris full"),
        goals=(Goal("solaris short", 1.5, "ring3 short", "within 1.5 times of Linux's"),),
    ),
    Whole(
        name="compute",
        title="shell sort",
        program="shellsort",
        arguments=("2300000",),
        quick_arguments=("100000",),
        expect=b"sorted\n",
        contenders=("native", "qemu-user", "qiling", "ring3 short", "ring3 host", "ring3 auto"),
        goals=(Goal("ring3 short", 1.6, "qemu-user", "within 1.6 times of qemu-user"),),
    ),
    Each(name="fault", title="first touch of a page", program="fault"),
    Each(name="fork", title="fork + wait", program="fork", few=2),
    Each(
        name="exec",
        title="fork + exec + wait, static",
        program="exec",
        few=2,
        goals=(Goal("ring3 short", 0.005, None, "under 5 ms"),),
    ),
    Each(name="thread", title="thread create + join", program="thread", few=2),
    Each(name="futex", title="futex ping-pong", program="futex"),
    Each(name="signal", title="signal delivery", program="signal"),
    Each(
        name="unix_echo",
        title="Unix echo, round trip",
        program="unix_echo",
        goals=(Goal("ring3 short", 0.000040, None, "40 us"),),
    ),
    Each(
        name="tcp_echo",
        title="TCP echo, round trip",
        program="tcp_echo",
        goals=(Goal("ring3 short", 0.000040, None, "40 us"),),
    ),
    Each(name="tcp_bulk", title="TCP, 64 KiB", program="tcp_bulk", few=2),
    Each(name="pipe", title="pipe ping-pong", program="pipe"),
    Each(name="files", title="open, read, close", program="files"),
    Each(name="stat", title="stat of 10,000 paths, each", program="stat"),
    Command(
        name="python", title="`python3 -c pass`", program="/usr/bin/python3 -c pass", contenders=INSTALLED
    ),
    InClone(
        name="git",
        title="`git status` of this project",
        program="git status >/dev/null",
        contenders=INSTALLED,
    ),
    Command(name="shell", title="a shell script of 1,000 lines", program=LINES, contenders=INSTALLED),
)
