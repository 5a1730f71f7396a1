"""The command line of strace(1), which options it has and what they mean here."""

from __future__ import annotations

import getopt
import time
from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.trace import expressions
from ring3.trace.inject.parse import parse as parse_rule
from ring3.trace.inject.rule import Rule
from ring3.trace.strace.counts import SORTS
from ring3.trace.strace.text import Style

SHORT: Final = "a:cCe:E:fho:iInp:qrs:S:tTu:vVwxyzZbDI:"
LONG: Final = (
    "attach=", "columns=", "summary-only", "summary", "summary-sort-by=", "summary-wall-clock", "env=", "follow-forks",
    "help", "output=", "instruction-pointer", "syscall-number", "quiet", "relative-timestamps", "string-limit=",
    "syscall-times", "no-abbrev", "version", "decode-fds", "successful-only", "failed-only", "trace=", "signals=",
    "status=", "inject=", "fault=", "seed=", "strings-in-hex", "interruptible=", "daemonize", "detach-on=", "debug",
    "kill-on-exit", "seccomp-bpf", "cpu=",
)  # fmt: skip
_MEANT_FOR_PTRACE: Final = {
    "-b", "-D", "-I", "--interruptible", "--daemonize", "--detach-on", "--kill-on-exit", "--seccomp-bpf"
}  # fmt: skip
"""Options about ptrace(2), which is not used here."""
_ALIASES: Final = {
    "--attach": "-p",
    "--columns": "-a", "--summary-only": "-c", "--summary": "-C", "--summary-sort-by": "-S", "--env": "-E",
    "--summary-wall-clock": "-w", "--follow-forks": "-f", "--output": "-o", "--instruction-pointer": "-i",
    "--syscall-number": "-n", "--quiet": "-q", "--relative-timestamps": "-r", "--string-limit": "-s",
    "--syscall-times": "-T", "--no-abbrev": "-v", "--decode-fds": "-y", "--successful-only": "-z",
    "--failed-only": "-Z", "--strings-in-hex": "-x", "--help": "-h", "--version": "-V",
}  # fmt: skip
_TRY: Final = "\nTry 'strace -h' for more information."


class Asked(NamedTuple):
    """What a command line asks for.

    Attributes:
        words: The program and its arguments.
        flags: How often each option without a value is given, by its letter.
        style: How values look.
        column: Where results stand.
        output: The file of ``-o``, "" for standard error.
        calls: Which calls are wanted.
        signal: Which signals are wanted.
        failed: As `tracer.Layout.failed`.
        sort: What the table is sorted by.
        environment: The changes of ``-E``: None for a variable that is taken away.
        rules: What is injected.
        seed: What chance in them is taken from.
        ignored: Options that mean nothing here.
        cpu: What runs the program, "" for the default; not an option of strace's.
        processes: The tasks of ``-p``, by number.
    """

    words: list[str]
    flags: dict[str, int]
    style: Style
    column: int
    output: str
    calls: Callable[[str, int], bool]
    signal: Callable[[int], bool]
    failed: bool | None
    sort: str
    environment: dict[str, str | None]
    rules: list[Rule]
    seed: int
    ignored: list[str]
    cpu: str
    processes: list[int]


class _Options:
    """The options of a command line.

    Attributes:
        flags: How often each one without a value was given.
        given: The last value of each other one; qualifiers of ``-e`` by their names.
        environment: As `Asked.environment`.
        rules: As `Asked.rules`.
        processes: As `Asked.processes`.
    """

    def __init__(self) -> None:
        self.flags: dict[str, int] = {}
        self.given: dict[str, str] = {}
        self.environment: dict[str, str | None] = {}
        self.rules: list[Rule] = []
        self.processes: list[int] = []

    def add(self, option: str, value: str) -> None:
        """One more, by its letter where it has one."""
        if option == "-e":
            self._qualify(*_qualified(value))
        elif option.removeprefix("--") in _QUALIFIERS:
            self._qualify(_QUALIFIERS[option.removeprefix("--")], value)
        elif option == "-E":
            name, equals, text = value.partition("=")
            self.environment[name] = text if equals else None
        elif option == "-p":
            self.processes += _process_numbers(value)
        elif value:
            self.given[option] = value
        else:
            self.flags[option] = self.flags.get(option, 0) + 1

    def _qualify(self, name: str, value: str) -> None:
        if name in ("inject", "fault"):
            self.rules.append(parse_rule(value, is_fault=name == "fault"))
        else:
            self.given[name] = value


def parse(arguments: list[str]) -> Asked:
    """Reads a command line.

    Raises:
        UserError: It is malformed; the message is strace's and the status 1.
    """
    try:
        pairs, words = getopt.getopt(arguments, SHORT, list(LONG))
    except getopt.GetoptError as error:
        raise UserError(_complaint(error) + _TRY, 1) from None
    options = _Options()
    for word, value in pairs:
        options.add(_ALIASES.get(word, word), value)
    flags, given = options.flags, options.given
    if not words and not options.processes and "-h" not in flags and "-V" not in flags:
        raise UserError("must have PROG [ARGS] or -p PID" + _TRY, 1)
    if given.get("-S", "time") not in SORTS:
        raise UserError(f"invalid -S argument: '{given['-S']}'{_TRY}", 1)
    return Asked(
        words,
        flags,
        Style(_number("-s", given, 32), "-v" in flags, flags.get("-x", 0), "-y" in flags),
        _number("-a", given, 40),
        given.get("-o", ""),
        expressions.calls(given.get("trace", "all")),
        expressions.signals(given.get("signal", "all")),
        _failed(flags, given),
        given.get("-S", "time"),
        options.environment,
        options.rules,
        _number("--seed", given, 0),
        sorted({option for option in [*flags, *given] if option in _MEANT_FOR_PTRACE}),
        given.get("--cpu", ""),
        options.processes,
    )


def stamp(flags: dict[str, int]) -> Callable[[], str] | None:
    """What stands before each line by ``-t``, ``-tt``, ``-ttt`` and ``-r``; None for nothing."""
    if "-r" in flags:
        last = time.monotonic()

        def since() -> str:
            nonlocal last
            before, last = last, time.monotonic()
            return f"{last - before:12.6f} "

        return since
    count = flags.get("-t", 0)
    if not count:
        return None
    if count > 2:
        return lambda: f"{time.time():.6f} "

    def clock() -> str:
        now = time.time()
        text = time.strftime("%H:%M:%S", time.localtime(now))
        return f"{text}.{int(now % 1 * 1e6):06} " if count > 1 else f"{text} "

    return clock


def _complaint(error: getopt.GetoptError) -> str:
    option = error.opt
    missing = "requires argument" in error.msg
    if len(option) == 1:
        return f"option requires an argument -- '{option}'" if missing else f"invalid option -- '{option}'"
    return f"option '--{option}' requires an argument" if missing else f"unrecognized option '--{option}'"


def _qualified(text: str) -> tuple[str, str]:
    """The qualifier of an expression, and its value."""
    key, equals, value = text.partition("=")
    if equals and key in _QUALIFIERS:
        return _QUALIFIERS[key], value
    if equals and key in _MISSING:
        raise UserError(f"-e {key}= is not there yet (docs/strace.md)", 1)
    return "trace", text


_QUALIFIERS: Final = {
    "trace": "trace", "t": "trace", "signal": "signal", "signals": "signal", "s": "signal", "status": "status",
    "inject": "inject", "fault": "fault",
}  # fmt: skip
"""The qualifiers of expressions, by all of their names."""
_MISSING: Final = frozenset(
    {
        "abbrev", "a", "verbose", "v", "raw", "x", "read", "reads", "r", "write", "writes", "w",
        "quiet", "silent", "silence", "q", "decode-fd", "decode-fds", "decode-pid", "decode-pids", "kvm",
        "secontext", "trace-fd", "trace-fds", "fd", "fds", "namespace",
    }
)  # fmt: skip
"""Qualifiers of strace that are not there."""


def _process_numbers(text: str) -> list[int]:
    """The numbers that one ``-p`` names, with commas or spaces between them."""
    found = text.replace(",", " ").split()
    for word in found or [text]:
        if not (word.isascii() and word.isdecimal() and int(word)):
            raise UserError(f"Invalid process id: '{word}'{_TRY}", 1)
    return [int(word) for word in found]


def _failed(flags: dict[str, int], given: dict[str, str]) -> bool | None:
    if "-z" in flags and "-Z" in flags:
        raise UserError("Conflicting options '-z' and '-Z'" + _TRY, 1)
    if "-z" in flags or "-Z" in flags:
        return "-Z" in flags
    status = given.get("status", "all")
    if status not in ("all", "successful", "failed"):
        raise UserError(f"invalid status '{status}'", 1)
    return {"all": None, "successful": False, "failed": True}[status]


def _number(option: str, given: dict[str, str], default: int) -> int:
    text = given.get(option)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()):
        raise UserError(f"invalid {option} argument: '{text}'{_TRY}", 1)
    return int(text)
