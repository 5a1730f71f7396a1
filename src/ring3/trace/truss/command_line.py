"""The options of truss(1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.trace.strace.getopt_long import Option, Value, split

USAGE: Final = """\
usage: ring3 strace --style truss [-fcaeildDE] [-[tx] [!]SYSCALL...] [-s [!]SIGNAL...] [-m [!]FAULT...]
                    [-[rw] [!]FD...] [-o FILE] PROGRAM [ARG...]
"""
_SHORT: Final = "FcaefildDEht:T:v:x:s:S:m:M:u:U:r:w:o:p:"
_NOT_HERE: Final = {
    "T": "-T stops a process and leaves it: there is none outside of the machine",
    "S": "-S stops a process and leaves it: there is none outside of the machine",
    "M": "-M stops a process and leaves it: there is none outside of the machine",
    "u": "-u: calls of library functions are not traced; dtrace's pid provider shows them",
    "v": "-v: structures are shown by their addresses; strace's style shows those of Linux",
    "U": "-U stops a process and leaves it: there is none outside of the machine",
}
"""Options that are refused, with why."""
_LONG: Final = ("cpu", "os", "root", "bind", "rw", "cwd", "seed", "timeout", "memory")


class Chosen(NamedTuple):
    """A set of names that is chosen, or all but it.

    Attributes:
        names: The names.
        is_without: It is all but these.
    """

    names: frozenset[str] = frozenset()
    is_without: bool = False

    def has(self, name: str) -> bool:
        """Whether a name is chosen."""
        return "all" in self.names or (name in self.names) is not self.is_without


ALL: Final = Chosen(frozenset({"all"}))
NOTHING: Final = Chosen()
_UNUSUAL_FAULTS: Final = Chosen(frozenset({"FLTPAGE"}), is_without=True)


class Asked(NamedTuple):
    """A command line.

    Attributes:
        words: The program and its arguments.
        output: The file of ``-o``; None for standard error.
        counts: How often each option without a value is given; the trace's file is never appended to.
        calls: Which calls are shown (``-t``).
        raw: Of which arguments are numbers (``-x``).
        signals: Which signals are shown (``-s``), by their names.
        faults: Which faults are shown (``-m``).
        reads: Of which descriptors all is shown that is read (``-r``); and
        writes: that is written (``-w``).
        processes: The processes of ``-p``.
    """

    words: list[str]
    output: str | None = None
    counts: dict[str, int] = {}  # noqa: RUF012 -- nobody adds to it
    calls: Chosen = ALL
    raw: Chosen = NOTHING
    signals: Chosen = ALL
    faults: Chosen = _UNUSUAL_FAULTS
    reads: Chosen = NOTHING
    writes: Chosen = NOTHING
    processes: tuple[int, ...] = ()

    @property
    def separately(self) -> bool:
        """There is one output for all processes."""
        return False


def parse(words: Sequence[str], calls: Iterable[str]) -> Asked:
    """What a command line asks for.

    Args:
        words: The words behind ``--style truss``.
        calls: The names of the system's calls.

    Raises:
        UserError: It is wrong; the message is truss's.
    """
    options, rest = _split(words)
    counts: dict[str, int] = {}
    lists: dict[str, str] = {}
    processes: list[int] = []
    for option in options:
        if option.name in _NOT_HERE:
            raise UserError(_NOT_HERE[option.name], 2)
        if option.value is None:
            counts[option.name] = counts.get(option.name, 0) + 1
        elif option.name == "p":
            processes += [_number(word, "process id") for word in _words(option.value)]
        else:
            lists[option.name] = option.value
    if not rest and not processes and "h" not in counts:
        raise UserError(USAGE.rstrip(), 2)
    known = frozenset(calls)
    given = {
        name: _calls(lists[letter], known)
        for letter, name in (("t", "calls"), ("x", "raw"))
        if letter in lists
    }
    if "s" in lists:
        given["signals"] = _named(lists["s"], "SIG")
    if "m" in lists:
        given["faults"] = _named(lists["m"], "FLT")
    for letter, name in (("r", "reads"), ("w", "writes")):
        if letter in lists:
            given[name] = _descriptors(lists[letter])
    return Asked(list(rest), lists.get("o"), counts, processes=tuple(processes), **given)


def has_only_options(words: Sequence[str]) -> bool:
    """Whether there is nothing but options and their values."""
    try:
        return not _split(words)[1]
    except UserError:
        return False


def _split(words: Sequence[str]) -> tuple[list[Option], list[str]]:
    try:
        return split(words, _SHORT, dict.fromkeys(_LONG, Value.NEEDED))
    except UserError as error:
        raise UserError(f"{str(error).splitlines()[0]}\n{USAGE.rstrip()}", 2) from None


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[, \t]+", text) if word]


def _number(word: str, what: str) -> int:
    if not word.isdecimal():
        raise UserError(f"not a {what}: {word}", 2)
    return int(word)


def _calls(text: str, known: frozenset[str]) -> Chosen:
    """A list of system calls; ``exec`` and ``stat`` stand for all of their kind, as for truss."""
    is_without = text.startswith("!")
    names: set[str] = set()
    for word in _words(text.removeprefix("!")):
        alike = {name for name in known if name == word or name.rstrip("at64") == word or name == f"{word}ve"}
        if word not in ("all", "none") and not alike:
            raise UserError(f"unrecognized syscall: {word}", 2)
        names |= alike or {word}
    return Chosen(frozenset(names), is_without)


def _named(text: str, prefix: str) -> Chosen:
    """A list of signals or faults, with or without the beginning of their names."""
    is_without = text.startswith("!")
    words = (word.upper() for word in _words(text.removeprefix("!")))
    names = (
        word.lower()
        if word in ("ALL", "NONE")
        else word
        if word.startswith(prefix) or word.isdecimal()
        else prefix + word
        for word in words
    )
    return Chosen(frozenset(names), is_without)


def _descriptors(text: str) -> Chosen:
    is_without = text.startswith("!")
    words = _words(text.removeprefix("!"))
    return Chosen(
        frozenset(
            word if word in ("all", "none") else str(_number(word, "file descriptor")) for word in words
        ),
        is_without,
    )
