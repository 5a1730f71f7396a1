"""What a shell can complete: the commands with their options and operands, read off their argument parsers.

What a value is, its metavar says: a file, a directory, a machine that is up, one of some words. A command that reads
its own words, without argparse, declares them by ``declare_own`` in its module.
"""

# ruff: noqa: SLF001 - argparse tells what a parser has by members with an underscore alone
from __future__ import annotations

import argparse
import re
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.cli.main import COMMANDS, Parser
from ring3.machine.msr import Msr

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES: Final = "files"
DIRECTORIES: Final = "directories"
MACHINES: Final = "machines"
PROGRAM: Final = "program"
WORDS: Final = "words"
NOTHING: Final = "nothing"
"""Kinds of values. A program is a command or a file, and what follows is its own command line."""


class Value(NamedTuple):
    """What an option or an operand can be.

    Attributes:
        kind: One of the kinds above.
        words: The words, if it is one of some.
    """

    kind: str
    words: tuple[str, ...] = ()


class Flag(NamedTuple):
    """An option.

    Attributes:
        names: Its spellings.
        help: What it does.
        value: What its value can be; None if it takes none.
        is_repeated: It may be given again.
    """

    names: tuple[str, ...]
    help: str
    value: Value | None
    is_repeated: bool


class Operand(NamedTuple):
    """A word that is no option.

    Attributes:
        name: What the usage calls it.
        value: What it can be.
        is_repeated: There may be more of them.
    """

    name: str
    value: Value
    is_repeated: bool


class Command(NamedTuple):
    """A command, or a verb of one.

    Attributes:
        words: The words that name it: one, or two for a verb.
        help: What it does.
        flags: Its options.
        operands: Its other words in their order; the verbs of a command that has them are its first.
    """

    words: tuple[str, ...]
    help: str
    flags: tuple[Flag, ...]
    operands: tuple[Operand, ...]


def commands() -> tuple[Command, ...]:
    """All commands, each before its verbs."""
    found: list[Command] = []
    for name, text in COMMANDS.items():
        module = import_module(f"ring3.cli.{name}")
        parser = Parser(prog=f"ring3 {name}")
        getattr(module, "declare_own", module.configure)(parser)
        found += _commands((name,), text, parser)
    return tuple(found)


def add_letters(
    parser: argparse.ArgumentParser, letters: str, *, files: str = "", directories: str = ""
) -> None:
    """Declares options as getopt(3) has them.

    Args:
        parser: The parser.
        letters: The letters, each with a colon behind it if it has a value.
        files: Those of them whose value is a file.
        directories: Those whose value is a directory.
    """
    for letter, colon in re.findall("([A-Za-z])(:?)", letters):
        if colon:
            metavar = "FILE" if letter in files else "DIR" if letter in directories else None
            parser.add_argument(f"-{letter}", action="append", metavar=metavar)
        else:
            parser.add_argument(f"-{letter}", action="store_true")


def _commands(words: tuple[str, ...], text: str, parser: argparse.ArgumentParser) -> Iterator[Command]:
    actions = [action for action in parser._actions if action.help is not argparse.SUPPRESS]
    yield Command(
        words,
        text,
        tuple(_flag(action) for action in actions if action.option_strings),
        tuple(_operand(action) for action in actions if not action.option_strings),
    )
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for verb, child in action.choices.items():
                yield from _commands((*words, verb), about.get(verb, ""), child)


def _flag(action: argparse.Action) -> Flag:
    value = None if action.nargs == 0 else _value(action)
    if value and "--on" in action.option_strings:
        value = Value(MACHINES)
    return Flag(
        tuple(action.option_strings), _help(action), value, isinstance(action, argparse._AppendAction)
    )


def _operand(action: argparse.Action) -> Operand:
    name = action.metavar if isinstance(action.metavar, str) else action.dest
    value = Value(MACHINES) if name == "NAME" else _value(action)
    return Operand(name, value, action.nargs in ("*", "+"))


def _value(action: argparse.Action) -> Value:
    """What the value of an action can be, by its choices or its metavar."""
    if action.choices is not None:
        return Value(WORDS, tuple(str(choice) for choice in action.choices))
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if re.fullmatch(r"[a-z]+(\|[a-z]+)+", metavar):
        return Value(WORDS, tuple(metavar.split("|")))
    if metavar == "REG":
        return Value(WORDS, tuple(register.name for register in Msr))
    names = set(re.split(r"[^A-Za-z]+", metavar))
    if "PROGRAM" in names:
        return Value(PROGRAM)
    if names & {"FILE", "TAR", "SRC", "PLAN"}:
        return Value(FILES)
    return Value(DIRECTORIES if "DIR" in names else NOTHING)


def _help(action: argparse.Action) -> str:
    return " ".join((action.help or "").replace("%%", "%").split())
