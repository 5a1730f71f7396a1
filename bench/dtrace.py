"""What D costs, against its goals: ``python -m bench.dtrace [ROUNDS]``.

CPU time of all processes, the least of the rounds, so that a busy machine does not matter much. Each figure is what
a run takes beyond one that differs in nothing else. Status 1 if a goal is not met.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench import programs

DTRACE: Final = (sys.executable, "-m", "ring3", "dtrace")
CALLS: Final = 100_000
"""How often the program asks for its number."""
LINES: Final = 100
"""Those of the script that is compiled."""
LINE: Final = (
    "syscall::write:entry /arg0 == {0} && pid != 7/ "
    '{{ self->at{0} = timestamp; @a{0}[execname, probefunc] = count(); printf("%d %s\\n", arg2, execname); }}\n'
)
COUNTED: Final = "syscall::getpid:entry { @ = count(); }"
PRINTED: Final = 'syscall::getpid:entry { printf("%s %d\\n", probefunc, pid); }'
OBJECTS: Final = ("a.out", "libc.so.6")
"""Those of Python whose functions are all probed."""


class Figure(NamedTuple):
    """What was measured: what it is of, the figure in its unit, and what it may be at most."""

    title: str
    value: float
    unit: str
    at_most: float


class Cost(NamedTuple):
    """What a command took, and what it wrote to its standard error."""

    seconds: float
    notices: str


def main(rounds: int = 5) -> int:
    """Measures, prints a line for each figure, and returns an exit status."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), rounds)
    for figure in figures:
        verdict = "met" if figure.value <= figure.at_most else "NOT MET"
        print(f"{figure.title:44} {figure.value:8.2f} {figure.unit}, at most {figure.at_most:.2f}: {verdict}")
    return int(any(figure.value > figure.at_most for figure in figures))


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Measures every figure, with files in a folder."""
    getpid = [str(programs.build("getpid")), str(CALLS)]
    started = ["-c", " ".join(getpid)]
    script = folder / "script.d"
    script.write_text("".join(LINE.format(number) for number in range(LINES)))
    words = [f"pid$target:{name}::{what}" for name in OBJECTS for what in ("entry", "return")]
    libraries = ["-Zn", "BEGIN { exit(0); }", "-n", "pid$target:a.out::0", "-c", sys.executable]
    commands: dict[str, Sequence[str]] = {
        "nothing": [*DTRACE, "-qn", "BEGIN", *started],
        "counted": [*DTRACE, "-qn", COUNTED, *started],
        "printed": [*DTRACE, "-qn", PRINTED, "-o", str(folder / "printed"), *started],
        "one line": [*DTRACE, "-en", "syscall::write:entry"],
        "script": [*DTRACE, "-es", str(script)],
        "loaded": [*DTRACE, *libraries],
        "probed": [*DTRACE, "-n", ", ".join(words), *libraries],
        "alone": getpid,
    }
    if strace := shutil.which("strace"):
        commands["strace"] = [strace, "-o", str(folder / "traced"), *getpid]
    taken = [{name: run(command) for name, command in commands.items()} for _ in range(rounds)]
    least = {name: min(costs[name].seconds for costs in taken) for name in commands}

    def beyond(name: str, other: str) -> float:
        return least[name] - least[other]

    probes = int(taken[0]["probed"].notices.split(" matched ")[1].split()[0])
    figures = [
        Figure("count() at a call", beyond("counted", "nothing") / CALLS * 1e6, "us", 3),
        Figure(f"a script of {LINES} lines, compiled", beyond("script", "one line") * 1e3, "ms", 50),
        Figure("10,000 probes of pid", beyond("probed", "loaded") / probes * 10_000, "s", 2),
    ]
    if strace:
        printed, traced = (
            beyond(*pair) / CALLS * 1e6 for pair in (("printed", "nothing"), ("strace", "alone"))
        )
        figures.append(Figure("printf() at a call, to a file, beside strace", printed, "us", traced))
    return figures


def run(command: Sequence[str]) -> Cost:
    """Runs a command.

    Raises:
        CalledProcessError: its status is not 0.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr)


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
