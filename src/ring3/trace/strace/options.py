"""The options of strace(1), and ours: their letters, their names, how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ring3.errors import UserError
from ring3.sandbox import OPTIONS
from ring3.trace.inject.parse import parse as parse_rule
from ring3.trace.inject.parse import remarks
from ring3.trace.inject.rule import Rule
from ring3.trace.strace import qualifiers
from ring3.trace.strace.getopt_long import TRY, Option, Value

SHORT: Final = "a:Ab:cCdDe:E:fFhiI:knNo:O:p:P:qrs:S:tTu:U:vVwxX:yYzZ"
_LETTERS: Final = {
    "attach": "p", "columns": "a", "detach-on": "b", "env": "E", "interruptible": "I", "output": "o",
    "summary-syscall-overhead": "O", "trace-path": "P", "string-limit": "s", "summary-sort-by": "S", "user": "u",
    "summary-columns": "U", "const-print-style": "X",
    "output-append-mode": "A", "summary-only": "c", "summary": "C", "debug": "d", "follow-forks": "f", "help": "h",
    "instruction-pointer": "i", "syscall-number": "n", "no-abbrev": "v", "version": "V", "argument-names": "N",
    "summary-wall-clock": "w", "successful-only": "z", "failed-only": "Z", "failing-only": "Z",
    "daemonised": "daemonize", "daemonized": "daemonize", "timestamps": "absolute-timestamps",
    "silent": "quiet", "silence": "quiet",
}  # fmt: skip
"""Long options that mean the same as others, most of them as letters."""
_VALUED: Final = (
    "argv0", "attach", "columns", "const-print-style", "detach-on", "env", "interruptible", "output",
    "stack-trace-frame-limit", "string-limit", "summary-columns", "summary-sort-by", "summary-syscall-overhead",
    "syscall-limit", "trace-path", "user",
)  # fmt: skip
"""Long options of strace with a value that are not qualifiers."""
_OPTIONAL: Final = (
    "absolute-timestamps", "color", "daemonised", "daemonize", "daemonized", "decode-fds", "quiet",
    "relative-timestamps", "secontext", "silence", "silent", "stack-traces", "strings-in-hex", "syscall-times",
    "timestamps", "tips",
)  # fmt: skip
"""Those whose value may be left out."""
_ORDER: Final = (
    "output-append-mode", "detach-on", "summary-only", "summary", "debug", "daemonize", "daemonised", "daemonized",
    "follow-forks", "instruction-pointer", "interruptible", "stack-traces", "syscall-number", "output-separately",
    "output", "summary-syscall-overhead", "attach", "trace-path", "relative-timestamps", "string-limit",
    "summary-sort-by", "absolute-timestamps", "timestamps", "syscall-times", "summary-columns", "no-abbrev", "version",
    "verbose", "summary-wall-clock", "strings-in-hex", "const-print-style", "successful-only", "failed-only",
    "failing-only", "seccomp-bpf", "tips", "trace", "abbrev", "raw", "signals", "status", "read", "silent", "silence",
    "inject", "fault", "decode-fds", "decode-pids", "secontext",
)  # fmt: skip
"""The order in which strace names the options that a shortened name may mean; others follow."""
_DEFAULTS: Final = {"quiet": "attach,personality", "decode-fds": "path"}
"""Qualifiers whose value may be left out, with what is meant then."""
_OWN: Final = ("cpu", "seed", "perfetto", "flame")
"""Options with a value that are not strace's."""
SANDBOX: Final = {
    option.flag[2:]: option for option in OPTIONS.values() if option.name not in ("env", "user")
}
"""What a program has, as in every command that starts one: not strace's either, but for --env and --user."""
_KINDS: Final[Mapping[str, Value]] = {
    **{name: Value.NEEDED if option.metavar else Value.NONE for name, option in SANDBOX.items()},
    **dict.fromkeys(_LETTERS, Value.NONE),
    **dict.fromkeys((*_VALUED, *qualifiers.LONG, *_OWN), Value.NEEDED),
    **dict.fromkeys(_OPTIONAL, Value.OPTIONAL),
    **dict.fromkeys(
        ("output-separately", "seccomp-bpf", "kill-on-exit", "pidns-translation", "always-show-pid", "json", "door",
         "functions"),
        Value.NONE,
    ),
}  # fmt: skip
LONG: Final[Mapping[str, Value]] = {name: _KINDS[name] for name in (*_ORDER, *_KINDS)}


class Reader:
    """Reads options, one after the other.

    Attributes:
        counts: How often each option without a value is given, by its letter or name.
        given: The last value of each option that has one, by its letter or name.
        qualified: Expressions by what they qualify, in the order in which they are given.
        environment: The changes of ``-E``: None for a variable that is taken away.
        rules: What is injected.
        processes: The tasks of ``-p``, by number.
        paths: The files of ``-P``.
        sandbox: The options of `SANDBOX`, each with its value.
        remarks: What is to be said of rules.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.given: dict[str, str] = {}
        self.qualified: list[tuple[str, str]] = []
        self.environment: dict[str, str | None] = {}
        self.rules: list[Rule] = []
        self.processes: list[int] = []
        self.paths: list[str] = []
        self.sandbox: list[tuple[str, str | None]] = []
        self.remarks: list[str] = []
        self._spelled: dict[str, str] = {}

    def take(self, option: Option) -> None:
        """One more."""
        name = _LETTERS.get(option.name, option.name)
        value = option.value
        self._spelled[name] = option.name
        if name in SANDBOX:
            self.sandbox.append((SANDBOX[name].name, value))
        elif name in _DEFAULTS:
            self._qualify(name, _DEFAULTS[name] if value is None else value)
        elif value is None:
            self.counts[name] = self.counts.get(name, 0) + 1
        elif name == "e":
            self._qualify(*qualifiers.split(value))
        elif name in qualifiers.LONG:
            self._qualify(qualifiers.LONG[name], value)
        elif name == "E":
            variable, equals, text = value.partition("=")
            self.environment[variable] = text if equals else None
        elif name == "p":
            self.processes += _process_numbers(value)
        elif name == "P":
            self.paths.append(value)
        else:
            self.given[name] = value

    def _qualify(self, name: str, value: str) -> None:
        if name in ("inject", "fault"):
            rule = parse_rule(value, is_fault=name == "fault")
            self.rules.append(rule)
            self.remarks += remarks(rule)
        else:
            self.qualified.append((name, value))

    def count(self, *names: str) -> int:
        """How often options of these names are given, with a value or without."""
        return sum(self.counts.get(name, 0) + (name in self.given) for name in names)

    def number(self, name: str, default: int, least: int = 0, most: int = (1 << 31) - 1) -> int:
        """The number that an option has for a value."""
        text = self.given.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise self.invalid(name, text)
        return int(text)

    def chosen(self, name: str, known: Sequence[str], default: str) -> str:
        """The word that an option has for a value."""
        text = self.given.get(name, default)
        if text not in known:
            raise self.invalid(name, text)
        return text

    def invalid(self, name: str, text: str) -> UserError:
        """The mistake that an option has such a value."""
        name = self._spelled.get(name, name)
        return UserError(f"invalid {'-' * (1 if len(name) == 1 else 2)}{name} argument: '{text}'{TRY}", 1)


def _process_numbers(text: str) -> list[int]:
    """The numbers that one ``-p`` names, with commas or white space between them."""
    found = text.replace(",", " ").split()
    for word in found:
        if not (word.isascii() and word.isdecimal() and int(word)):
            raise UserError(f"Invalid process id: '{word}'", 1)
    return [int(word) for word in found]
