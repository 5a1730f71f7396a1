"""Expressions of ``-e``: which calls and which signals are wanted.

Classes follow from the rows of calls where a meaning says what a class is (a path, a descriptor); the others are lists
of families in strace(1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from ring3.abi import tbl
from ring3.abi.linux import rows, values
from ring3.abi.meaning import Meaning
from ring3.errors import UserError
from ring3.trace.strace.multiplexed import entry_of, stands_for

_WIDTHS: Final = {"64": 64, "32": 32}
_OLD_CLASSES: Final = frozenset({"file", "process", "network", "signal", "ipc", "desc", "memory"})
"""Those that may stand without the percent sign."""
_BY_FAMILY: Final = {"network": "sockets", "net": "sockets", "signal": "signals"}
"""Classes that are files of rows."""
_BY_NAME: Final = {
    "process": r"v?fork|clone3?|exit(_group)?|execve(at)?|wait(4|id|pid)|kill|tkill|tgkill|pidfd_send_signal"
    r"|rt_(tg)?sigqueueinfo|unshare|setns|arch_prctl",
    "memory": r"brk|mmap2?|old_mmap|munmap|mremap|mprotect|pkey_mprotect|madvise|m(un)?lock(all)?|mlock2|msync|mincore"
    r"|mbind|move_pages|migrate_pages|[gs]et_mempolicy|remap_file_pages|io_setup|io_destroy|mseal|shmat|shmdt",
    "ipc": r"(msg|sem|shm)(get|ctl|rcv|snd|op|at|dt)|semtimedop(_time64)?|ipc",
    "creds": r"[gs]et(e|re|res|fs)?[ug]id(32)?|[gs]etgroups(32)?|cap[gs]et|prctl",
    "stat": r"(old)?stat(64)?",
    "lstat": r"(old)?lstat(64)?",
    "fstat": r"(old)?fstat(64)?|(new)?fstatat(64)?|fstatat64",
    "statfs": r"statfs(64)?",
    "fstatfs": r"fstatfs(64)?",
    "%stat": r"(old)?[lf]?stat(64)?|(new)?fstatat(64)?|statx",
    "%statfs": r"f?statfs(64)?|ustat",
    "clock": r"clock_(adj|get|set)(time|res|time64)(64|_time64)?|adjtimex|(get|set)timeofday|time|stime",
    "pure": r"get(pid|ppid|tid|pgrp|e?[ug]id)(32)?|getresuid|getresgid",
}
"""Classes that are calls by name (strace(1), "Filtering")."""


_REASONS: Final = {
    "missing )": "Unmatched ( or \\(",
    "unbalanced parenthesis": "Unmatched ) or \\)",
    "unterminated character set": "Unmatched [, [^, [:, [., or [=",
    "repeat": "Invalid preceding regular expression",
    "bad escape (end": "Trailing backslash",
    "bad character range": "Invalid range end",
}
"""What regerror(3) says of a mistake in a regular expression, by what `re` does."""


@cache
def _table() -> tuple[tuple[int, int, str, str], ...]:
    """The width, number, name and entry point of every call; calls that have none of their own have no number."""
    found = [
        (bits, slot.number, slot.name, slot.symbol.removeprefix("__x64_").removeprefix("__ia32_"))
        for bits, abi in ((64, tbl.Abi.X86_64), (32, tbl.Abi.I386))
        for slot in tbl.sys_call_table(abi)
        if slot.name is not None
    ]
    named = {name for bits, _, name, _ in found if bits == 32}
    inner = {name for symbol in ("socketcall", "ipc") for name in stands_for(symbol)}
    return (*found, *((32, -1, name, entry_of(name)) for name in sorted(inner - named)))


def calls(text: str) -> Callable[[str, int], bool]:
    """Whether a call of a name and a width is in a set, such as ``%file,!close``.

    Raises:
        UserError: A name is none.
    """
    inverted = text.startswith("!")
    words = text.removeprefix("!").split(",")
    chosen: set[tuple[str, int]] = set()
    for word in words:
        chosen |= _chosen(word)
    return lambda name, bits: ((name, bits) in chosen) is not inverted


def _chosen(word: str) -> set[tuple[str, int]]:
    optional, word = word.startswith("?"), word.removeprefix("?")
    word, at, suffix = word.rpartition("@") if "@" in word else (word, "", "")
    if at and suffix not in (*_WIDTHS, "x32"):
        message = f"incorrect personality designator '{suffix}' in qualification '{word}@{suffix}'"
        raise UserError(f"{message}\nTry 'strace -h' for more information.", 1)
    found = {
        (name, bits)
        for bits, number, name, entry in _table()
        if (not suffix or _WIDTHS.get(suffix) == bits) and _matches(word, number, name, entry, bits)
    }
    if not found and word != "none" and not optional and suffix != "x32":
        raise UserError(f"invalid system call '{word}'", 1)
    return found


def _matches(word: str, number: int, name: str, entry: str, bits: int) -> bool:
    if word == "all":
        return True
    if word.isdecimal():
        return int(word) == number and bits == 64
    if word.startswith("/"):
        return _pattern(word[1:]).search(name) is not None
    if word.startswith("%") or word in _OLD_CLASSES:
        return _in_class(word.removeprefix("%"), name, entry)
    return word == name


@cache
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        reason = next((said for words, said in _REASONS.items() if words in error.msg), error.msg)
        raise UserError(f"regcomp: {text}: {reason}", 1) from None


def _in_class(word: str, name: str, entry: str) -> bool:
    if word in ("file", "desc"):
        wanted = {Meaning.PATH} if word == "file" else {Meaning.FD, Meaning.DIRFD}
        every = rows.every()
        key = next((key for key in (entry, f"sys_{name}", name) if key in every), None)
        return key is not None and any(p.arg.meaning in wanted for p in every[key].parameters)
    family = _BY_FAMILY.get(word)
    if family is not None:
        return entry.removeprefix("compat_") in rows.entries(family)
    if word not in _BY_NAME:
        raise UserError(f"invalid system call '%{word}'", 1)
    return re.fullmatch(_BY_NAME[word], name) is not None


def signals(text: str) -> Callable[[int], bool]:
    """Whether a signal is in a set, such as ``!SIGCHLD``.

    Raises:
        UserError: A name is none.
    """
    inverted = text.startswith("!")
    chosen = set(_numbers(text.removeprefix("!").split(",")))
    return lambda number: (number in chosen) is not inverted


def _numbers(words: Iterable[str]) -> Iterable[int]:
    known = {value.name: value.value for value in values.every()["signal"].values}
    for word in words:
        name = word.upper() if word.upper().startswith("SIG") else f"SIG{word.upper()}"
        if word == "all":
            yield from range(1, 65)
        elif word.isdecimal():
            yield int(word)
        elif name in known:
            yield known[name]
        elif word != "none":
            raise UserError(f"invalid signal '{word}'", 1)
