"""Traces of the forty programs of `tests/programs/trace/alike.c`, with what differs from run to run replaced.

``python -m tests.trace.strace.alike`` has the real strace write what the tests expect into the folder ``alike``.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from tests.cli.command import COMMAND
from tests.support.toolchain import Bits, Toolchain, find

FOLDER: Final = Path(__file__).with_name("alike")
OPTIONS: Final = {
    "plain": (),
    "verbose": ("-yy", "-v"),
    "hex": ("-y", "-xx"),
    "stacks": ("-k", "-e", "trace=write,read,mkdir"),
    "counts": ("-c", "-U", "calls,errors,name", "-S", "name", "-e", "trace=!rt_sigprocmask,wait4,clone,fork"),
}
"""Options by the names of what they show."""
_NUMBER: Final = r"[1-9]\d*"
_REPLACED: Final = (
    (r"^execve\(.* = 0$", "execve"),  # argv[0] is a path with us, and the environments differ
    (r"0x[0-9a-f]{6,}", "ADDRESS"),
    (r" {2,}= ", " = "),  # where an address has another length, so has the padding
    (rf"\b((?:get|set)(?:p?p|t|s)id|v?fork|wait4|waitid|set_tid_address)\((.*)\) = {_NUMBER}$", r"\1(\2) = PID"),
    (r"\b(si_pid=|si_uid=|l_pid=|ssi_pid=)\d+", r"\1N"),
    (rf"^((?:t|tg)?kill|rt_sigqueueinfo|wait4)\({_NUMBER}(?:, {_NUMBER}(?=, SIG))?", r"\1(PID"),
    (r"htons\(\d{4,}\)", "htons(PORT)"),
    (r"(UNIX(?:-STREAM)?|TCP|UDP):\[\d+(->\d+)?(?=[],])", r"\1:[INODE"),
    (r"(127\.0\.0\.1:)\d{4,}", r"\1PORT"),
    (r"pipe:\[\d+\]", "pipe:[INODE]"),
    (r"\\x3a\\x5b(?:\\x3\d)+", r"\\x3a\\x5bINODE"),
    (r"^ > .*/alike\((\w+).*", r" > PROGRAM(\1)"),
    (r"char \d+:\d+", "char DEVICE"),
    (r"(d_(?:ino|off)|tv_nsec|st_\w+|si_[us]time)=\d+", r"\1=N"),
)  # fmt: skip


def normal(text: str, folder: Path) -> str:
    """A trace without what differs from run to run."""
    lines = text.replace(str(folder), "FOLDER").splitlines()
    in_hex = "".join(f"\\x{byte:02x}" for byte in bytes(folder))
    found = []
    for line in lines:
        line = line.replace(in_hex, "FOLDER")  # noqa: PLW2901 -- step by step
        for pattern, instead in _REPLACED:
            line = re.sub(pattern, instead, line)  # noqa: PLW2901 -- step by step
        found.append(line)
    return "\n".join(found) + "\n"


def trace(command: list[str], program: Path, options: str, folder: Path) -> str:
    """What a strace writes of the forty programs, one after the other.

    Args:
        command: The words of the strace.
        program: The program.
        options: The name of the options.
        folder: Where it runs; empty.
    """
    is_counted = options == "counts"
    way = ["-f", "-o", str(folder / "out")] if is_counted else ["-ff", "-o", str(folder / "out")]
    (folder / "run").mkdir()
    subprocess.run(
        [*command, *way, "-e", "signal=!SIGCHLD", *OPTIONS[options], str(program)],
        cwd=folder / "run",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    files = sorted(folder.glob("out*"), key=lambda file: int(file.suffix[1:] or "0"))
    return "".join(f"# {at}\n{normal(file.read_text(), folder / 'run')}" for at, file in enumerate(files))


def program(toolchain: Toolchain, bits: Bits) -> Path:
    """The program of a width."""
    return toolchain.program("trace/alike.c", bits=bits, flags=("-w",))


def saved(options: str, bits: Bits) -> Path:
    """Where that of the real strace is."""
    return FOLDER / f"{options}{bits}.txt"


OURS: Final = [*COMMAND, "strace"]
REAL: Final = ["strace"]
WIDTHS: Final[tuple[Bits, ...]] = (64, 32)
CASES: Final = [
    (options, bits) for options in OPTIONS for bits in WIDTHS if (options, bits) != ("stacks", 32)
]
"""The options and the widths; strace shows no stacks of 32-bit programs."""


def main() -> None:
    """Has the real strace write what is expected."""
    import tempfile  # noqa: PLC0415 -- by hand

    FOLDER.mkdir(exist_ok=True)
    for options, bits in CASES:
        with tempfile.TemporaryDirectory() as folder:
            saved(options, bits).write_text(trace(REAL, program(find(), bits), options, Path(folder)))


if __name__ == "__main__":
    main()
