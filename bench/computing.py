"""What computing costs beyond the start of the program that computes: work on files that are made here, of fixed size.

The work is that of the same program with much to do less that of it with next to nothing.
"""

from __future__ import annotations

import atexit
import hashlib
import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import process, programs
from bench.contenders import Contender
from bench.workloads import INSTALLED, Goal, Settings, Workload

MIB: int = 1 << 20
RANDOM, TEXT, LINES = 100 * MIB, 20 * MIB, 3000
"""Bytes for sha256sum, bytes for xz, lines for the compiler."""
DIGEST = "ffb2ebfc9f5be81c82c317814b0f2cea3a7878daf5f65be60baa1c36680cf4ef"
"""SHA-256 of the first ones."""
NATIVE_SPEED = (Goal("ring3 host", 1.1, "native", "at most 1.1 times native"),)
NEARLY = (Goal("ring3 host", 1.5, "native", "at most 1.5 times native"),)

PYTHON = """
import sys
words, table = "the quick brown fox jumps over the lazy dog".split(), {}
for number in range(int(sys.argv[1])):
    key = words[number % 9] + str(number % 1000)
    table[key] = table.get(key, 0) + number * number % 7
print(sum(sorted(table.values())) % 1000)
"""
NODE = """
let objects = [], sum = 0;
for (let i = 0; i < Number(process.argv[2]); i++)
    objects.push({name: "n" + i * 7919 % 100003, value: i});
for (const each of JSON.parse(JSON.stringify(objects)).sort((a, b) => a.name < b.name ? -1 : 1))
    sum = (sum * 31 + each.value) % 1000003;
console.log(sum);
"""
FUNCTION = """int f{0}(const int *a, int n) {{ int s = {0}; for (int i = 0; i < n; i++)
{{ s += a[i] * (i ^ {0}); if (s > {0} * 3) s ^= a[n - 1 - i]; else s -= n; }}
return s / ({0} + 1); }}
"""


@dataclass(frozen=True, kw_only=True)
class Work(Workload):
    """A command in the folder of these files, less the same one with little to do.

    Attributes:
        words: The command's arguments; the program is looked for on the host, unless it is in the folder.
        idle: Its arguments with little to do.
        expect_idle: What it prints then.
    """

    unit = "process"

    words: tuple[str, ...]
    idle: tuple[str, ...]
    expect_idle: bytes = b""
    contenders: tuple[str, ...] = INSTALLED

    def build(self) -> None:
        """Makes the files."""
        _folder()

    def prepare(self, contender: Contender, settings: Settings) -> int:
        """Runs it with little to do."""
        self._seconds(contender, settings, self.idle, self.expect_idle)
        return 1

    def measure(self, contender: Contender, settings: Settings, size: int) -> float:
        """The seconds of the work alone.

        Raises:
            process.RunFailed: the contender cannot do it.
        """
        busy = self._seconds(contender, settings, self.words, self.expect)
        return busy - self._seconds(contender, settings, self.idle, self.expect_idle)

    def _seconds(
        self, contender: Contender, settings: Settings, words: tuple[str, ...], expect: bytes
    ) -> float:
        folder = _folder()
        inside = folder / self.program
        program = str(inside) if inside.exists() else _installed(self.program)
        return process.seconds([*contender.prefix, program, *words], expect, settings.clock, folder)


def _installed(program: str) -> str:
    """Where the host has a program; the compiler proper is gcc's own business, and no emulator follows its ``exec``.

    Raises:
        process.RunFailed: It has none.
    """
    path = shutil.which(program, path="/usr/bin:/bin")
    if path is None and program == "cc1" and (gcc := shutil.which("gcc")):
        asked = subprocess.run([gcc, "-print-prog-name=cc1"], check=True, capture_output=True, text=True)
        path = shutil.which(asked.stdout.strip())
    if path is None:
        raise process.RunFailed(f"{program} is not installed")
    return path


@cache
def _folder() -> Path:
    """The files, which are there until this process ends.

    Raises:
        programs.BuildError: The programs cannot be compiled.
    """
    folder = Path(tempfile.mkdtemp(prefix="ring3-bench-work-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("gcm", "shellsort"):
        shutil.copy(programs.build(name), folder / name)
    draw = random.Random(1)
    words = [draw.randbytes(draw.randrange(2, 9)).hex() for _ in range(5000)]
    text = " ".join(draw.choices(words, k=TEXT // 8)).encode()[:TEXT]
    sources = "".join(map(FUNCTION.format, range(LINES // FUNCTION.count("\n"))))
    for name, raw in (
        ("empty", b""), ("random", random.Random(2).randbytes(RANDOM)), ("text", text),
        ("long.c", sources.encode()), ("empty.c", b""), ("work.py", PYTHON.encode()), ("work.js", NODE.encode()),
    ):  # fmt: skip
        (folder / name).write_bytes(raw)
    return folder


def _cc1(source: str) -> tuple[str, ...]:
    return ("-quiet", "-O2", source, "-o", "/dev/null")


COMPUTING: tuple[Work, ...] = (
    Work(
        name="sort",
        title="shell sort of 2.3 million numbers",
        program="shellsort",
        words=("2300000",),
        idle=("1",),
        expect=b"sorted\n",
        expect_idle=b"sorted\n",
        goals=NATIVE_SPEED,
    ),
    Work(
        name="sha256",
        title="sha256sum of 100 MiB",
        program="sha256sum",
        words=("random",),
        idle=("empty",),
        expect=f"{DIGEST}  random\n".encode(),
        expect_idle=f"{hashlib.sha256().hexdigest()}  empty\n".encode(),
        goals=NATIVE_SPEED,
    ),
    Work(
        name="xz",
        title="xz -1 of 20 MiB",
        program="xz",
        words=("-1kfT1", "text"),
        idle=("-1kfT1", "empty"),
        goals=NATIVE_SPEED,
    ),
    Work(
        name="gcm",
        title="AES-GCM of 512 MiB",
        program="gcm",
        words=("512",),
        idle=("0",),
        expect=b"f2fec307a148257191e6467d858bd41c\n",
        expect_idle=b"58e2fccefa7e3061367f1d57a4e7455a\n",
        goals=NATIVE_SPEED,
    ),
    Work(
        name="pure",
        title="pure Python",
        program="python3",
        words=("-S", "work.py", "1000000"),
        idle=("-S", "work.py", "1"),
        expect=b"998\n",
        expect_idle=b"0\n",
        goals=NEARLY,
    ),
    Work(
        name="gcc",
        title="gcc -O2 of 3,000 lines",
        program="cc1",
        words=_cc1("long.c"),
        idle=_cc1("empty.c"),
        goals=NEARLY,
    ),
    Work(
        name="node",
        title="node: 100,000 objects to JSON, back and sorted",
        program="node",
        words=("work.js", "100000"),
        idle=("work.js", "1"),
        expect=b"731779\n",
        expect_idle=b"0\n",
        goals=NEARLY,
    ),
)
