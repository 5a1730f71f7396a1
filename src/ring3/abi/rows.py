"""Rows of system calls: what each call takes and returns, with meanings.

A file of rows has one line for a call, its prototype in the notation of `ring3.abi.notation` with the meaning of its
result behind it (without one it is an error number or 0), and under it, indented, a line for each command whose
arguments mean something else::

    sys_read(unsigned int fd: fd, void *buf: out bytes[result], size_t count: size): size
    sys_setpriority(int which: enum priority, int who: by which, int niceval: number)
        PRIO_USER (who: uid)
        * (who: number)
    sys_clock_gettime32 like sys_clock_gettime with timespec=timespec32

A command is a name of the set that the commanding argument is of, ``=NUMBER``, or ``*`` for all others; arguments it
does not mention are unused. ``from ENTRY`` takes the commands of another row. ``like`` makes a row of another one, with
replacements; and a compatibility entry point without a row of its own is the native one's. Both have the C types of 32
bits where they are compatibility entry points; a prototype's C types are as written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from ring3.abi import c_types
from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Arg, Meaning, Parameter
from ring3.abi.notation import meaning, parameter
from ring3.abi.values import ValueSet

_PROTOTYPE: Final = re.compile(r"(\w+)\((.*?)\)(?:: (.*))?")
_LIKE: Final = re.compile(r"(\w+) like (\w+)(?: with (.*))?")
_COMMAND: Final = re.compile(r"([^(]+) \((.*)\)(?:: (.*))?")
_ANY: Final = "*"


class Call(NamedTuple):
    """One call.

    Attributes:
        entry: Its entry point, or its name where it has none.
        bits: The width of the programs whose structs it takes, where one is fixed: 32 for compatibility entry points.
        parameters: Its arguments, in order.
        result: What it returns.
    """

    entry: str
    bits: int
    parameters: tuple[Parameter, ...]
    result: Arg

    def arguments(self, values: Iterable[int], sets: Mapping[str, ValueSet]) -> tuple[Parameter, ...]:
        """The arguments as they are for these values: those that a command decides are what the command says."""
        by_name = dict(zip((parameter.name for parameter in self.parameters), values, strict=False))
        return tuple(
            Parameter(name, _resolved(arg, by_name, self.parameters, sets)) for name, arg in self.parameters
        )

    def result_of(self, values: Iterable[int], sets: Mapping[str, ValueSet]) -> Arg:
        """The result as it is for these arguments."""
        by_name = dict(zip((parameter.name for parameter in self.parameters), values, strict=False))
        return _resolved(self.result, by_name, self.parameters, sets)


def _resolved(
    arg: Arg, values: Mapping[str, int], parameters: tuple[Parameter, ...], sets: Mapping[str, ValueSet]
) -> Arg:
    if arg.by is None or arg.command not in values:
        return arg
    of = next(parameter.arg.of for parameter in parameters if parameter.name == arg.command)
    value = values[arg.command]
    return arg.by.get(sets[of].command(value) if of in sets else value, arg)


class Line(NamedTuple):
    """A row as it is written.

    Attributes:
        text: The line of the call.
        commands: The lines under it.
    """

    text: str
    commands: tuple[str, ...]


class Rows(Mapping[str, Call]):
    """The rows of a system by entry point, each made when it is asked for.

    A row in a later text stands for one of the same name in an earlier text, whose commands it may take ``from`` there.

    Attributes:
        sets: The system's sets of values.
    """

    def __init__(
        self, texts: Iterable[str], sets: Callable[[], Mapping[str, ValueSet]], narrow: str = "compat_"
    ) -> None:
        self._lines: dict[str, Line] = {}
        for text in texts:
            for name, line in read(text):
                takes = line.commands[:1] == (f"from {name}",)
                commands = self._lines[name].commands + line.commands[1:] if takes else line.commands
                self._lines[name] = Line(line.text, commands)
        self._sets = sets
        self._narrow = narrow
        self._made: dict[str, Call] = {}

    def __getitem__(self, entry: str) -> Call:
        found = self._made.get(entry)
        if found is None:
            bits = 32 if entry.startswith(self._narrow) else 64
            text, commands = self._line(entry)
            own = _PROTOTYPE.fullmatch(self._lines[entry].text) if entry in self._lines else None
            found = self._made[entry] = _call(entry, text, commands, bits, 64 if own else bits, self._sets)
        return found

    def __contains__(self, entry: object) -> bool:
        return isinstance(entry, str) and (
            entry in self._lines or entry.removeprefix(self._narrow) in self._lines
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def _line(self, entry: str) -> Line:
        """The line of a row with what it takes from others put in."""
        line = self._lines.get(entry) or self._lines[entry.removeprefix(self._narrow)]
        like = _LIKE.fullmatch(line.text)
        if like is None:
            commands = line.commands
            if commands and commands[0].startswith("from "):
                taken = self._line(commands[0].removeprefix("from "))
                commands = taken.commands + commands[1:]
            return Line(line.text, commands)
        text, commands = self._line(like[2])
        for change in (like[3] or "").split(", "):
            old, _, new = change.partition("=")
            if old:
                pattern = rf"\b{re.escape(old)}\b"
                text = re.sub(pattern, new, text)
                commands = tuple(re.sub(pattern, new, command) for command in commands)
        return Line(text, commands + line.commands)


def read(text: str) -> Iterator[tuple[str, Line]]:
    """Yields the lines of a file of rows by entry point.

    Raises:
        ValueError: A line is malformed or its entry point repeats.
    """
    seen: set[str] = set()
    head = ""
    commands: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("    "):
            commands.append(line.strip())
            continue
        if head:
            match = _PROTOTYPE.fullmatch(head) or _LIKE.fullmatch(head)
            if match is None:
                raise ValueError(f"{head!r} is not a row")
            if match[1] in seen:
                raise ValueError(f"{match[1]} repeats")
            seen.add(match[1])
            yield match[1], Line(head, tuple(commands))
        head = "" if line.startswith("#") else line.strip()
        commands = []


def split(text: str) -> list[str]:
    """The parts of a list with commas; none stands inside brackets."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _call(
    entry: str,
    text: str,
    commands: tuple[str, ...],
    bits: int,
    types: int,
    sets: Callable[[], Mapping[str, ValueSet]],
) -> Call:
    match = _PROTOTYPE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a row")
    try:
        parameters = tuple(parameter(part, types) for part in split(match[2]))
        result = meaning(match[3] or "error", c_types.LONG, types)
        call = Call(entry, bits, parameters, result)
        return _with_commands(call, commands, sets()) if commands else call
    except ValueError as error:
        raise ValueError(f"{entry}: {error}") from None


def _with_commands(call: Call, commands: tuple[str, ...], sets: Mapping[str, ValueSet]) -> Call:
    """The call with what its commands say put into the arguments they decide."""
    decided = {p.name: p.arg for p in call.parameters if p.arg.command}
    command = next(iter(decided.values())).command
    of = next(p.arg.of for p in call.parameters if p.name == command)
    by: dict[str, dict[int, Arg]] = {name: {} for name in decided}
    others = dict(decided)
    results: dict[int, Arg] = {}
    result = call.result
    for line in commands:
        match = _COMMAND.fullmatch(line)
        if match is None:
            raise ValueError(f"{line!r} is not a command")
        said = dict(part.partition(": ")[::2] for part in split(match[2]))
        if not said.keys() <= decided.keys():
            raise ValueError(f"{line!r}: the row has other arguments by command")
        args = {name: _said(said.get(name), arg, call.bits) for name, arg in decided.items()}
        returns = meaning(match[3], c_types.LONG, call.bits) if match[3] else None
        for word in match[1].split():
            if word == _ANY:
                others = {name: arg._replace(command=command) for name, arg in args.items()}
                result = returns or result
                continue
            value = _value(word, _commands_of(of, sets), call.bits)
            for name, arg in args.items():
                by[name][value] = arg
            results[value] = returns or _plain(call.result)
    changed = tuple(
        Parameter(p.name, others[p.name]._replace(command=command, by=by[p.name])) if p.name in by else p
        for p in call.parameters
    )
    differs = any(arg != result for arg in results.values())
    final = result._replace(command=command, by=results) if differs else _plain(result)
    return call._replace(parameters=changed, result=final)


def _commands_of(of: str, sets: Mapping[str, ValueSet]) -> ValueSet | None:
    """The set that commands are names of: that of the first field that is an enumeration, else the set itself."""
    field = next((field for field in sets[of].fields if not field.number), None) if of in sets else None
    return sets.get(field.of if field else of)


def _plain(arg: Arg) -> Arg:
    """A result that a command decides, where the command does not say what it is: an error number or 0."""
    return Arg(arg.type, Meaning.ERROR) if arg.command else arg


def _said(text: str | None, arg: Arg, bits: int) -> Arg:
    return Arg(arg.type, Meaning.UNUSED) if text is None else meaning(text, arg.type, bits, arg.target)


def _value(word: str, of: ValueSet | None, bits: int) -> int:
    """What a command is as a number."""
    if word.startswith("="):
        return int(word[1:], 0)
    name, _, width = word.partition("/")
    if of is None:
        raise ValueError(f"{word}: the commanding argument is of no set of values")
    try:
        return of.value(name, int(width) if width else bits)
    except KeyError:
        raise ValueError(f"{of.name} has no {name} for {bits} bits") from None
