"""What a command line of strace(1) asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.machine.board import CpuKind
from ring3.trace.inject.parse import nanoseconds
from ring3.trace.inject.rule import Rule
from ring3.trace.strace import clocks, qualifiers
from ring3.trace.strace.checks import contradictions, notes, values
from ring3.trace.strace.clocks import DIGITS, Absolute
from ring3.trace.strace.counts import COLUMNS, USUAL_COLUMNS
from ring3.trace.strace.getopt_long import TRY, Option, split
from ring3.trace.strace.options import LONG, SHORT, Reader
from ring3.trace.strace.qualifiers import Selection
from ring3.trace.strace.style import InHex, Names


class Asked(NamedTuple):
    """What a command line asks for.

    Attributes:
        words: The program and its arguments.
        counts: How often each option without a value is given, by its letter or name.
        given: The last value of each other one.
        selection: What expressions say.
        column: Where results stand.
        output: The file of ``-o``; None for standard error.
        stamp: Gives what stands before lines.
        duration: Writes how long calls took.
        sort: What the table is sorted by; and
        columns: its columns; and
        overhead: nanoseconds that are taken off the time of each call.
        environment: The changes of ``-E``: None for a variable that is taken away.
        rules: What is injected.
        seed: What chance in them is taken from.
        notes: What is to be said before anything is started.
        cpu: What runs the program, "" for the default; not an option of strace's.
        processes: The tasks of ``-p``, by number.
        paths: The files of ``-P``.
        argv0: What the program is told it is called; None for the word that names it.
        user: Whom it runs as, "" for the caller.
        sandbox: What else it has, by options of `ring3.sandbox`; not options of strace's.
        limit: After how many calls nothing is traced any more.
        frames: How many frames of a stack are shown at most.
        stacks: 1 for stacks behind calls, 2 for their lines in sources too.
        tips: How a tip is shown at the end, "" for not at all.
        tip: Its number, None for any.
        perfetto: The file that a trace of Perfetto goes to, "" for none; not an option of strace's.
        flame: The file that a profile goes to, "" for none; not one either.
    """

    words: list[str]
    counts: Mapping[str, int]
    given: Mapping[str, str]
    selection: Selection
    column: int
    output: str | None
    stamp: Callable[[], str] | None
    duration: Callable[[int], str] | None
    sort: str
    columns: tuple[str, ...]
    overhead: int
    environment: Mapping[str, str | None]
    rules: Sequence[Rule]
    seed: int
    notes: Sequence[str]
    cpu: str
    processes: Sequence[int]
    paths: Sequence[str]
    argv0: str | None
    user: str
    sandbox: Sequence[tuple[str, str | None]]
    limit: int
    frames: int
    stacks: int
    tips: str
    tip: int | None
    perfetto: str
    flame: str

    @property
    def quiet(self) -> frozenset[str]:
        """What is left unsaid; of programs that are started with a file for the trace, what is said beside it too."""
        in_file = self.output is not None and bool(self.words)
        return self.selection.quiet | (frozenset({"attach", "personality"}) if in_file else frozenset())

    @property
    def follows(self) -> bool:
        """Whether children are traced too."""
        return "f" in self.counts

    @property
    def separately(self) -> bool:
        """Whether each task has a file of its own."""
        return self.counts.get("f", 0) > 1 or "output-separately" in self.counts


def has_only_options(arguments: Sequence[str]) -> bool:
    """Whether there is nothing but options and their values."""
    try:
        return not split(arguments, SHORT, LONG)[1]
    except UserError:
        return False


def parse(arguments: Sequence[str]) -> Asked:
    """Reads a command line.

    Raises:
        UserError: It is malformed; the message is strace's and the status 1.
    """
    options, words = split(arguments, SHORT, LONG)
    reader = Reader()
    for option in options:
        reader.take(option)
    counts, given = reader.counts, reader.given
    selection = qualifiers.selection(
        reader.qualified,
        qualifiers.Defaults(
            length=reader.number("s", 32, most=(1 << 30) - 1),
            verbose="v" in counts,
            in_hex=_in_hex(reader),
            names=Names(reader.chosen("X", tuple(Names), Names.ABBREV)),
            fds=reader.count("y"),
            pids=reader.count("Y"),
            quiet=reader.count("q"),
            status=_status(options),
            named="N" in counts,
        ),
    )
    values(reader)
    tips, tip = _tips(reader)
    asked = Asked(
        words,
        counts,
        given,
        selection,
        reader.number("a", 40),
        given.get("o"),
        _stamp(reader),
        clocks.duration(_precision(reader, "syscall-times")) if reader.count("T", "syscall-times") else None,
        given.get("S", "time"),
        _columns(given.get("U")),
        _overhead(reader),
        reader.environment,
        reader.rules,
        reader.number("seed", 0),
        notes(reader, options),
        reader.chosen("cpu", ("", *CpuKind), ""),
        reader.processes,
        reader.paths,
        given.get("argv0"),
        given.get("u", ""),
        reader.sandbox,
        reader.number("syscall-limit", 0, 1),
        reader.number("stack-trace-frame-limit", 256, 1),
        _stacks(reader),
        tips,
        tip,
        given.get("perfetto", ""),
        given.get("flame", ""),
    )
    if not (words or reader.processes or "h" in counts or "V" in counts):
        raise UserError(f"must have PROG [ARGS] or -p PID{TRY}", 1)
    contradictions(reader, words)
    return asked


def _status(options: Sequence[Option]) -> str:
    """What ``-z`` and ``-Z`` say of statuses: the last one counts."""
    found = ""
    for option in options:
        found = {
            "z": "successful",
            "successful-only": "successful",
            "Z": "failed",
            "failed-only": "failed",
        }.get(option.name, found)
    return found


def _in_hex(reader: Reader) -> InHex:
    if "strings-in-hex" in reader.given:
        return InHex(reader.chosen("strings-in-hex", tuple(InHex), ""))
    if "strings-in-hex" in reader.counts or reader.counts.get("x", 0) > 1:
        return InHex.ALL
    return InHex.NON_ASCII if "x" in reader.counts else InHex.NONE


def _precision(reader: Reader, name: str) -> int:
    return DIGITS[reader.chosen(name, tuple(DIGITS), "us")]


def _stamp(reader: Reader) -> Callable[[], str] | None:
    found: list[Callable[[], str]] = []
    how = _absolute(reader)
    if how.form != "none":
        found.append(clocks.absolute(how))
    if reader.count("r", "relative-timestamps"):
        found.append(clocks.relative(_precision(reader, "relative-timestamps")))
    return None if not found else found[0] if len(found) == 1 else clocks.both(*found)


def _absolute(reader: Reader) -> Absolute:
    """How the time of day is shown, ``none`` if it is not."""
    count = reader.counts.get("t", 0)
    form, digits = ("unix" if count > 2 else "time" if count else "none"), 6 if count > 1 else 0
    if reader.count("absolute-timestamps") and form == "none":
        form = "time"
    text = reader.given.get("absolute-timestamps", "")
    for word in filter(None, text.split(",")):
        kind, colon, value = word.partition(":")
        value = value if colon else word
        if kind in ("format", value) and value in ("none", "time", "unix"):
            form = value
        elif kind in ("precision", value) and value in DIGITS:
            digits = DIGITS[value]
        else:
            raise reader.invalid("absolute-timestamps", text)
    return Absolute(form, digits)


def _columns(text: str | None) -> tuple[str, ...]:
    """The columns of ``-U``, by their first names."""
    found: list[str] = []
    for word in (",".join(USUAL_COLUMNS) if text is None else text).split(","):
        name = COLUMNS.get(word)
        if name is None:
            raise UserError(f"unknown column name: '{word}'{TRY}", 1)
        if name in found:
            rest = (text or "")[(text or "").rfind(word) :]
            message = f"call summary column has been provided more than once: '{word}' (-U option residual: '{rest}')"
            raise UserError(message + TRY, 1)
        found.append(name)
    return tuple(found) if "name" in found else (*found, "name")


def _overhead(reader: Reader) -> int:
    """The nanoseconds of ``-O``, which are microseconds without a unit."""
    text = reader.given.get("O", "0")
    try:
        return nanoseconds(text)
    except ValueError:
        raise reader.invalid("O", text) from None


def _stacks(reader: Reader) -> int:
    """How much of stacks is shown: ``-k`` and ``-kk``, ``--stack-traces=symbol`` and ``=source``."""
    level = reader.counts.get("k", 0)
    if reader.count("stack-traces"):
        level = 1 + (reader.chosen("stack-traces", ("symbol", "source"), "symbol") == "source")
    return min(level, 2)


def _tips(reader: Reader) -> tuple[str, int | None]:
    text = reader.given.get("tips")
    if text is None:
        return ("compact" if "tips" in reader.counts else ""), None
    form, number = "compact", None
    for word in text.split(","):
        kind, colon, value = word.partition(":")
        value = value if colon else word
        if kind in ("format", value) and value in ("none", "compact", "full"):
            form = "" if value == "none" else value
        elif kind in ("id", value) and (value == "random" or value.isdecimal()):
            number = None if value == "random" else int(value)
        else:
            raise reader.invalid("tips", text)
    return form, number
