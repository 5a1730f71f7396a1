"""Native gdb for comparisons: what it says, without what differs from one run to the next."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SETTINGS: Final = (
    "set pagination off", "set confirm off", "set width 0", "set print thread-events off", "set sysroot /",
    "set breakpoint pending off", "set disable-randomization on", "set style enabled off",
    "set debuginfod enabled off", "set startup-with-shell off",
)  # fmt: skip
_HIDDEN: Final = re.compile(
    r"Reading |warning: |Using host|\[Thread debugging|\[New (Thread|inferior|LWP)|\[Thread |\[Switching|Downloading"
    r"|\[Detaching|\[Attaching"
    r"|process \d+ is executing|Remote |\(gdb\)|Error disabling|Run till exit|\d+\t(in )?\.\./|No such file"
)
_SAME: Final = (
    (r"0x[0-9a-f]+", "ADDRESS"),
    (r"ADDRESS in (\w+) \(", r"\1 ("),
    (r"(process|Process|LWP|Thread) (\d+\.\d+|\d+|ADDRESS( \(LWP \d+\))?)", r"\1 N"),
    (r"target:", ""),
    (r"^\$\d+ = ", "$N = "),
    (r"(Breakpoint|Thread N hit Breakpoint) (\d+)\.\d+", r"\1 \2"),
    (r" +", " "),
    (r'"?subject"? ', ""),
    (r"(pid|ctid|expected|threadid)=[^,)]*", r"\1"),
)


def script(names: Mapping[str, Sequence[str]], start: Sequence[str], end: Sequence[str] = ()) -> str:
    """A script of parts with names, each word of which is done whatever becomes of the others.

    Args:
        names: The words of each part.
        start: Words before all.
        end: Words after each part, whose answers are not wanted.
    """
    body = "\n".join((*SETTINGS, *start)) + "\n"
    for name, words in names.items():
        body += f"echo ==={name}\\n\npython\nimport gdb\nfor word in {list(words)!r}:\n"
        body += "  try:\n    gdb.execute(word)\n  except gdb.error as error:\n    print('error:', error)\n"
        body += f"for word in {list(end)!r}:\n  try:\n    gdb.execute(word, to_string=True)\n"
        body += "  except gdb.error:\n    pass\nend\n"
    return body


def run_gdb(file: Path, *arguments: str) -> str:
    """All that a gdb says that runs the script of a file, in the file's folder."""
    finished = subprocess.run(
        ["gdb", "-nx", "-q", "-batch", "-x", str(file), *arguments],
        stdin=subprocess.DEVNULL, cwd=file.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return finished.stdout + finished.stderr if "===" not in finished.stdout else finished.stdout


def answers(text: str) -> dict[str, list[str]]:
    """The lines of each part that can be compared."""
    found: dict[str, list[str]] = {}
    for part in text.split("===")[1:]:
        name, _, body = part.partition("\n")
        found[name] = [same(line) for line in body.splitlines() if line.strip() and not _HIDDEN.search(line)]
    return found


def same(line: str) -> str:
    """A line without addresses, numbers of processes, and how wide its columns are."""
    for pattern, replacement in _SAME:
        line = re.sub(pattern, replacement, line)
    return line.strip()
