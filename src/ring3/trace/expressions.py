"""Expressions of ``-e``: which calls and which signals are wanted.

Classes follow from the rows of calls where a meaning says what a class is (a path, a descriptor); the others are lists
of families in strace(1).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from ring3.abi import tbl
from ring3.abi.linux import rows, values
from ring3.abi.meaning import Meaning
from ring3.errors import UserError
from ring3.trace.extended_patterns import extended
from ring3.trace.strace.multiplexed import entry_of, stands_for

_WIDTHS: Final = {"64": 64, "32": 32}
_SIGRTMIN: Final = 32
"""The first signal of real time, as strace counts (the kernel's)."""
_MOST_SIGNAL: Final = 255
"""The greatest number that a set of signals may name."""
_OLD_CLASSES: Final = frozenset({"file", "process", "network", "signal", "ipc", "desc", "memory"})
"""Those that may stand without the percent sign."""
_BY_MEANING: Final = {"file": {Meaning.PATH}, "desc": {Meaning.FD, Meaning.DIRFD}}
"""Classes of calls that have an argument of such a meaning, but for what `_ALSO` and `_NEITHER` say."""
_FAMILIES: Final = {"network": "sockets", "signal": "signals"}
"""Classes that are files of rows, but for what `_ALSO` and `_NEITHER` say."""
_ALSO: Final = {
    "file": r"fsconfig|uselib",
    "desc": r"bpf|creat|epoll_create1?|eventfd2?|fanotify_init|fsopen|inotify_init1?|io_uring_setup"
    r"|landlock_create_ruleset|memfd_\w+|ia32_mmap|mq_open|open|pidfd_\w+|p?poll(_time64)?|process_m\w+"
    r"|(_new|p)?select6?(_time64)?|socketcall|timerfd_create|userfaultfd",
    "signal": r"io_uring_enter|pidfd_send_signal|signalfd4?|rt_sigtimedwait_time64",
    "network": r"(get|put)pmsg|sendfile(64)?|recvmmsg_time64",
}
"""Calls of these classes of which the rows do not say so: those that make descriptors, among others."""
_NEITHER: Final = {
    "desc": r"close_range|recvmmsg_time64",
    "signal": r"restart_syscall",
    "network": r"socketcall",
}
"""Calls that are in none of these classes although the rows would have it so."""
_BY_NAME: Final = {
    "process": r"v?fork|clone3?|exit(_group)?|execve(at)?|wait(4|id|pid)|kill|tkill|tgkill|pidfd_send_signal"
    r"|rt_(tg)?sigqueueinfo",
    "memory": r"break|brk|mmap2?|munmap|mremap|mprotect|pkey_mprotect|madvise|m(un)?lock(all)?|mlock2|msync"
    r"|mincore|mbind|move_pages|migrate_pages|[gs]et_mempolicy|set_mempolicy_home_node|remap_file_pages|io_setup"
    r"|io_destroy|io_uring_register|mseal|map_shadow_stack|shmat|shmdt",
    "ipc": r"(msg|sem|shm)(get|ctl|rcv|snd|op|at|dt)|semtimedop(_time64)?|ipc",
    "creds": r"[gs]et(e|re|res|fs)?[ug]id(32)?|[gs]etgroups(32)?|cap[gs]et|prctl",
    "stat": r"(old)?stat(64)?",
    "lstat": r"(old)?lstat(64)?",
    "fstat": r"(old)?fstat(64)?|(new)?fstatat(64)?|statx",
    "statfs": r"statfs(64)?",
    "fstatfs": r"fstatfs(64)?",
    "%stat": r"(old)?[lf]?stat(64)?|(new)?fstatat(64)?|statx",
    "%statfs": r"f?statfs(64)?|ustat",
    "clock": r"clock_(adj|get|set)(time|res|time64)(64|_time64)?|adjtimex|(get|set)timeofday|time",
    "pure": r"get(pid|ppid|tid|pgrp|e?[ug]id)(32)?",
}
"""Classes that are calls by name (strace(1), "Filtering"; which calls are in them is what strace 6.1 traces)."""


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


def members(text: str, what: str) -> tuple[bool, list[str]]:
    """Whether a set of strace(1) is what its words do not name, and the words: ``3,5``, ``all``, ``none``, ``!exit``.

    Words are what strtok(3) finds between commas; each ``!`` inverts, and ``all`` and ``none`` stand alone.

    Args:
        text: The set.
        what: What it is one of, as messages have it.

    Raises:
        UserError: There is no word.
    """
    rest = text.lstrip("!")
    inverted = (len(text) - len(rest)) % 2 == 1
    if rest in ("all", "none"):
        return inverted is not (rest == "all"), []
    words = [word for word in rest.split(",") if word]
    if not words:
        raise UserError(f"invalid {what} '{text}'", 1)
    return inverted, words


def calls(text: str) -> Callable[[str, int], bool]:
    """Whether a call of a name and a width is in a set, such as ``%file,close``.

    Raises:
        UserError: A name is none.
    """
    inverted, words = members(text, "system call")
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
    matches = _matcher(word)
    found = {
        (name, bits)
        for bits, number, name, entry in _table()
        if (not suffix or _WIDTHS.get(suffix) == bits) and matches(bits, number, name, entry)
    }
    if not found and not optional and suffix != "x32":
        raise UserError(f"invalid system call '{word}'", 1)
    return found


def _matcher(word: str) -> Callable[[int, int, str, str], bool]:
    """Whether a word of a set means a call of a width, a number, a name and an entry point."""
    if word == "all":
        return lambda *_: True
    if word.isdecimal():
        return lambda bits, number, _name, _entry: int(word) == number and bits == 64
    if word.startswith("/"):
        matches = extended(word[1:])
        return lambda _bits, _number, name, _entry: matches(name)
    if word.startswith("%") or word in _OLD_CLASSES:
        return lambda _bits, _number, name, entry: _in_class(word.removeprefix("%"), name, entry)
    return lambda _bits, _number, name, _entry: word == name


def _in_class(word: str, name: str, entry: str) -> bool:
    if word in _BY_NAME:
        return re.fullmatch(_BY_NAME[word], name) is not None
    word = "network" if word == "net" else word
    plain = entry.removeprefix("compat_").removeprefix("sys_")
    if any(re.fullmatch(_ALSO.get(word, ""), known) for known in (name, plain)):
        return True
    if re.fullmatch(_NEITHER.get(word, ""), name):
        return False
    if word in _FAMILIES:
        return entry.removeprefix("compat_") in rows.entries(_FAMILIES[word])
    if word not in _BY_MEANING:
        return False
    if word == "desc" and entry.removeprefix("compat_") in rows.entries("sockets"):
        return False
    every = rows.every()
    key = next((key for key in (entry, f"sys_{name}", name) if key in every), None)
    return key is not None and any(p.arg.meaning in _BY_MEANING[word] for p in every[key].parameters)


def signals(text: str) -> Callable[[int], bool]:
    """Whether a signal is in a set, such as ``!SIGCHLD``.

    Raises:
        UserError: A name is none.
    """
    inverted, words = members(text, "signal")
    chosen = {signal_number(word) for word in words}
    return lambda number: (number in chosen) is not inverted


def signal_number(word: str) -> int:
    """The signal that a word means: a number up to 255, or a name with or without SIG, in letters of any size.

    Raises:
        UserError: It means none.
    """
    if word.isascii() and word.isdecimal() and int(word) <= _MOST_SIGNAL:
        return int(word)
    known = {value.name: value.value for value in values.every()["signal"].values}
    name = word.upper() if word.upper().startswith("SIG") else f"SIG{word.upper()}"
    real_time = re.fullmatch(r"SIGRT(?:MIN|_([1-9]|[12]\d|3[0-2]))", name)
    if real_time is not None:
        return _SIGRTMIN + int(real_time[1] or 0)
    if name not in known:
        raise UserError(f"invalid signal '{word}'", 1)
    return known[name]
