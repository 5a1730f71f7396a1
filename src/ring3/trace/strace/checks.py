"""Options that contradict each other, or that have no effect: what strace(1) says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ring3.errors import UserError
from ring3.trace.strace.counts import SORTS
from ring3.trace.strace.getopt_long import TRY, Option
from ring3.trace.strace.options import Reader

_ABOUT_PTRACE: Final = ("D", "I", "daemonize", "seccomp-bpf", "kill-on-exit")
"""Options about ptrace(2), which is not used here."""
_NOTHING_HERE: Final = {
    "secontext": "no file and no task of the machine has a security context",
}
"""Options of which there is nothing to be shown, with why."""


def contradictions(reader: Reader, words: Sequence[str]) -> None:
    """What cannot be asked for.

    Raises:
        UserError: It is.
    """
    counts = reader.counts
    separately = counts.get("f", 0) > 1 or "output-separately" in counts
    for is_so, message in (
        ("c" in counts and "C" in counts, "-c/--summary-only and -C/--summary are mutually exclusive"),
        (
            separately and ("c" in counts or "C" in counts),
            "(-c/--summary-only or -C/--summary) and -ff/--output-separately are mutually exclusive",
        ),
        (
            "w" in counts and not ("c" in counts or "C" in counts),
            "-w/--summary-wall-clock must be given with (-c/--summary-only or -C/--summary)",
        ),
        (
            separately and reader.given.get("o", "").startswith(("|", "!")),
            "piping the output and -ff/--output-separately are mutually exclusive",
        ),
        (
            not words and reader.processes and reader.count("D", "daemonize"),
            "PROG [ARGS] must be specified with -D/--daemonize",
        ),
    ):
        if is_so:
            raise UserError(message + TRY, 1)


def values(reader: Reader) -> None:
    """Values of which nothing more follows.

    Raises:
        UserError: One is none of those that there are.
    """
    if reader.given.get("b", "execve") != "execve":
        raise UserError(f"Syscall '{reader.given['b']}' for -b isn't supported", 1)
    if "S" in reader.given and reader.given["S"] not in SORTS:
        raise UserError(f"invalid sortby: '{reader.given['S']}'{TRY}", 1)
    if reader.given.get("u") == "":
        raise UserError("Cannot find user ''", 1)
    reader.chosen("I", ("1", "2", "3", "4", "anywhere", "waiting", "never", "never_tstp"), "2")
    reader.chosen("daemonize", ("grandchild", "pgroup", "pgrp", "session"), "grandchild")
    reader.chosen("secontext", ("full", "mismatch", "full,mismatch", "mismatch,full"), "full")
    reader.chosen("color", ("auto", "always", "never"), "auto")


def notes(reader: Reader, options: Sequence[Option]) -> list[str]:
    """What strace says of options that have no effect, and what has none here."""
    counts = reader.counts
    notes = list(reader.remarks)
    if reader.count("F"):
        notes.append(
            "deprecated option -F ignored"
            if reader.count("f")
            else "option -F is deprecated, please use -f/--follow-forks instead"
        )
    if "z" in counts and "Z" in counts:
        notes.append(
            "Only the last of -z/--successful-only/-Z/--failed-only options will take effect. "
            "See status qualifier for more complex filters."
        )
    if "A" in counts and "o" not in reader.given:
        notes.append("-A/--output-append-mode has no effect without -o/--output")
    if "output-separately" in counts and "o" not in reader.given:
        notes.append("--output-separately has no effect without -o/--output")
    if "c" in counts:
        given = {option.name for option in options}
        notes += [
            f"{name} has no effect with -c/--summary-only"
            for names, name in _LINES_ALONE
            if given & set(names)
        ]
    for name in _ABOUT_PTRACE:
        if reader.count(name):
            notes.append(f"{'-' * (1 if len(name) == 1 else 2)}{name} is about ptrace, which is not used")
    notes += [f"--{name}: {why}" for name, why in _NOTHING_HERE.items() if reader.count(name)]
    return notes


_LINES_ALONE: Final = (
    (("i", "instruction-pointer"), "-i/--instruction-pointer"),
    (("k", "stack-traces"), "-k/--stack-traces"),
    (("n", "syscall-number"), "-n/--syscall-number"),
    (("r", "relative-timestamps"), "-r/--relative-timestamps"),
    (("t", "absolute-timestamps", "timestamps"), "-t/--absolute-timestamps"),
    (("T", "syscall-times"), "-T/--syscall-times"),
    (("y", "decode-fds"), "-y/--decode-fds"),
    (("Y", "decode-pids"), "-Y/--decode-pids"),
)
"""Options about lines, which a summary alone does not have."""
