"""The name of a core file, as /proc/sys/kernel/core_pattern says it (core(5); format_corename in fs/coredump.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.linux.model.limits import Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.linux.model.task import LinuxTask

NSEC: Final = 10**9


def core_name(task: LinuxTask, signal: int) -> bytes:
    """The path of a thread's core file; empty if there is to be none, as for a pattern that names a program."""
    kernel = task.kernel
    pattern = kernel.core_pattern
    if not pattern or pattern.startswith("|"):
        return b""
    rows = _specifiers(task, signal)
    words, has_pid, at = [], False, 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "%":
            at += 1
            letter = pattern[at : at + 1]
            has_pid = has_pid or letter == "p"
            letter = "%" if letter == "%" else rows[letter]() if letter in rows else ""
        words.append(letter)
        at += 1
    if kernel.core_uses_pid and not has_pid:
        words.append(f".{task.vtgid}")
    return "".join(words).encode("utf-8", "surrogateescape")


def _specifiers(task: LinuxTask, signal: int) -> dict[str, Callable[[], str]]:
    """What stands for each letter behind a percent sign."""
    who, clock = task.credentials, task.kernel.clocks
    return {
        "p": lambda: str(task.vtgid),
        "P": lambda: str(task.tgid),
        "i": lambda: str(task.vtid),
        "I": lambda: str(task.tid),
        "u": lambda: str(who.uid),
        "g": lambda: str(who.gid),
        "d": lambda: str(task.mm_context.dumpable),
        "s": lambda: str(signal),
        "t": lambda: str(clock.realtime() // NSEC),
        "h": lambda: _escaped(task.namespaces.uts.hostname),
        "e": lambda: _escaped(task.name),
        "f": lambda: _escaped(task.exe.rpartition("/")[2]),
        "E": lambda: _escaped(task.exe),
        "c": lambda: str(task.rlimits[Resource.CORE][0]),
        "C": lambda: "0",
    }


def _escaped(word: str) -> str:
    """A word that cannot lead into another directory (cn_printf's callers)."""
    return ("!" + word[1:] if word[:1] == "." else word).replace("/", "!")
