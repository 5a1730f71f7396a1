"""What expressions of ``-e`` say: which calls, statuses, signals and descriptors are shown, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Final

from ring3.abi.errno import E
from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.kernel.watched_stubs import StubCall
from ring3.trace import expressions
from ring3.trace.inject import conditions
from ring3.trace.strace.style import FD_DETAILS, FD_USUAL, PID_DETAILS, InHex, Names, Style

_NAMES: Final = {
    "trace": ("trace", "t"),
    "trace-fds": ("trace-fds", "trace-fd", "fds", "fd"),
    "abbrev": ("abbrev", "a"),
    "verbose": ("verbose", "v"),
    "raw": ("raw", "x"),
    "signal": ("signal", "signals", "s"),
    "status": ("status",),
    "read": ("read", "reads", "r"),
    "write": ("write", "writes", "w"),
    "quiet": ("quiet", "silent", "silence", "q"),
    "inject": ("inject",),
    "fault": ("fault",),
    "decode-fds": ("decode-fds", "decode-fd"),
    "decode-pids": ("decode-pids", "decode-pid"),
    "kvm": ("kvm",),
    "secontext": ("secontext",),
    "namespace": ("namespace",),
}
_BY_NAME: Final = {name: qualifier for qualifier, names in _NAMES.items() for name in names}
LONG: Final = {
    "signals" if qualifier == "signal" else qualifier: qualifier
    for qualifier in _NAMES
    if qualifier not in ("decode-fds", "quiet", "secontext")
}
"""Long options that are qualifiers; those whose value may be left out are not here."""
STATUSES: Final = ("successful", "failed", "unfinished", "unavailable", "detached")
QUIET: Final = ("attach", "exit", "path-resolution", "personality", "thread-execve")
"""What can be left unsaid."""
_OTHER_NAMES: Final = {"exits": "exit", "superseded": "thread-execve"}
"""Words that mean the same as others."""
_OF_Q: Final[Sequence[frozenset[str]]] = (
    frozenset(),
    frozenset({"attach", "personality"}),
    frozenset({"attach", "personality", "exit"}),
    frozenset(QUIET),
)
"""What ``-q``, ``-qq`` and ``-qqq`` leave unsaid."""


class Defaults(NamedTuple):
    """What options with a letter say, where no expression says more.

    Attributes:
        length: As `Style.length`.
        verbose: Whether ``-v`` is given.
        in_hex: As `Style.in_hex`.
        names: As `Style.names`.
        fds: How often ``-y`` is given.
        pids: How often ``-Y`` is given.
        quiet: How often ``-q`` is given.
        status: What ``-z`` or ``-Z`` say, "" for neither.
        named: As `Style.named`.
    """

    length: int = 32
    verbose: bool = False
    in_hex: InHex = InHex.NONE
    names: Names = Names.ABBREV
    fds: int = 0
    pids: int = 0
    quiet: int = 0
    status: str = ""
    named: bool = False


class Selection(NamedTuple):
    """What is shown.

    Attributes:
        calls: Whether calls of a name and a width are.
        condition: What must hold of a call as well; None for nothing.
        errors: The errnos with which a call must fail; empty for any outcome.
        fds: Whether a call that is given a descriptor is; None for no such condition.
        signal: Whether a signal is.
        statuses: The statuses that calls may have.
        reads: Whether what is read from a descriptor is dumped.
        writes: Whether what is written to it is.
        quiet: What is left unsaid.
        style: How values of calls of a name and a width look.
    """

    calls: Callable[[str, int], bool]
    condition: Callable[[StubCall], bool] | None
    errors: frozenset[int]
    fds: Callable[[int], bool] | None
    signal: Callable[[int], bool]
    statuses: frozenset[str]
    reads: Callable[[int], bool] | None
    writes: Callable[[int], bool] | None
    quiet: frozenset[str]
    style: Callable[[str, int], Style]


def split(text: str) -> tuple[str, str]:
    """The qualifier of an expression, and its value."""
    key, equals, value = text.partition("=")
    return (_BY_NAME[key], value) if equals and key in _BY_NAME else ("trace", text)


def selection(qualified: Iterable[tuple[str, str]], defaults: Defaults) -> Selection:
    """What expressions say; of several about one thing the last counts.

    Args:
        qualified: Qualifiers with their values.
        defaults: What counts where there is none.

    Raises:
        UserError: One is malformed; the message is strace's and the status 1.
    """
    said: dict[str, str] = {}
    condition: Callable[[StubCall], bool] | None = None
    errors: frozenset[int] = frozenset()
    for name, value in qualified:
        if name == "trace" and value.startswith("errno:"):
            errors = _errors(value.removeprefix("errno:"))
        elif name == "trace" and value.startswith("arg:"):
            condition = _condition(value.removeprefix("arg:"))
        else:
            said[name] = value
    if said.get("kvm", "vcpu") != "vcpu":
        raise UserError(f"invalid -e kvm= argument: '{said['kvm']}'", 1)
    if "decode-fds" in said and defaults.fds:
        raise UserError("-y and --decode-fds cannot be provided simultaneously", 1)
    if "quiet" in said and defaults.quiet:
        raise UserError("-q and -e quiet/--quiet cannot be provided simultaneously", 1)
    quiet = _words("quiet", said["quiet"], QUIET) if "quiet" in said else _OF_Q[min(defaults.quiet, 3)]
    statuses = said.get("status", defaults.status or "all")
    return Selection(
        expressions.calls(said.get("trace", "all")),
        condition,
        errors,
        _descriptors(said["trace-fds"]) if "trace-fds" in said else None,
        expressions.signals(said.get("signal", "all")),
        _words("status", statuses, STATUSES),
        _descriptors(said["read"]) if "read" in said else None,
        _descriptors(said["write"]) if "write" in said else None,
        quiet,
        _style(said, defaults),
    )


def _style(said: dict[str, str], defaults: Defaults) -> Callable[[str, int], Style]:
    abbreviated = expressions.calls(said.get("abbrev", "none" if defaults.verbose else "all"))
    followed = expressions.calls(said.get("verbose", "all"))
    raw = expressions.calls(said.get("raw", "none"))
    fds = FD_USUAL if defaults.fds > 1 else frozenset({"path"} if defaults.fds else ())
    if "decode-fds" in said:
        fds = _words("decode-fds", said["decode-fds"], FD_DETAILS)
    pids = frozenset({"comm"} if defaults.pids else ())
    if "decode-pids" in said:
        pids = _words("decode-pids", said["decode-pids"], PID_DETAILS)

    @cache
    def of(name: str, bits: int) -> Style:
        return Style(
            defaults.length,
            not abbreviated(name, bits),
            defaults.in_hex,
            fds,
            pids,
            defaults.names,
            followed(name, bits),
            raw(name, bits),
            defaults.named,
        )

    return of


def _words(what: str, text: str, known: Sequence[str]) -> frozenset[str]:
    """A set of words, such as ``attach,exit``, ``all``, ``none`` or ``!exit``."""
    inverted, words = expressions.members(text, what)
    found = {_OTHER_NAMES.get(word, word) for word in words}
    for word in words:
        if _OTHER_NAMES.get(word, word) not in known:
            raise UserError(f"invalid {what} '{word}'", 1)
    return frozenset(set(known) - found if inverted else found)


def _descriptors(text: str) -> Callable[[int], bool]:
    """Whether a descriptor is in a set, such as ``3,5`` or ``!all``."""
    inverted, words = expressions.members(text, "descriptor")
    for word in words:
        if not (word.isascii() and word.isdecimal() and int(word) < 1 << 31):
            raise UserError(f"invalid descriptor '{word}'", 1)
    found = {int(word) for word in words}
    return lambda fd: (fd in found) is not inverted


def _errors(text: str) -> frozenset[int]:
    """The errnos of ``trace=errno:``, by name or number, with commas between them."""
    found = set()
    for word in text.split(","):
        if word in E.__members__:
            found.add(int(E[word]))
        elif word.isascii() and word.isdecimal() and int(word):
            found.add(int(word))
        else:
            raise UserError(f"invalid errno '{word}'", 1)
    return frozenset(found)


def _condition(text: str) -> Callable[[StubCall], bool]:
    try:
        return conditions.parse(text)
    except ValueError:
        raise UserError(f"invalid condition '{text}'", 1) from None
