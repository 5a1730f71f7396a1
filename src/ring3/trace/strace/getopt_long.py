"""Takes a command line apart as getopt_long(3) does: long options shortened, with values that may be left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ring3.abi.kinds import NamedTuple, StrEnum
from ring3.errors import UserError

TRY: Final = "\nTry 'strace -h' for more information."


class Value(StrEnum):
    """Whether an option has a value."""

    NONE = ""
    NEEDED = "needed"
    OPTIONAL = "optional"


class Option(NamedTuple):
    """One option of a command line.

    Attributes:
        name: Its letter or long name.
        value: Its value, None if it was given none.
    """

    name: str
    value: str | None


def split(words: Sequence[str], short: str, long: Mapping[str, Value]) -> tuple[list[Option], list[str]]:
    """The options at the beginning of a command line, and the words after them.

    Args:
        words: The command line.
        short: The letters of the short options, each followed by a colon if it has a value.
        long: The long options, without their dashes.

    Raises:
        UserError: There is no such option, or its value is missing; status 1.
    """
    options: list[Option] = []
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            options.append(_long(word[2:], rest, long))
        else:
            options += _short(word[1:], rest, short)
    return options, rest


def _short(letters: str, rest: list[str], known: str) -> Iterator[Option]:
    while letters:
        letter, letters = letters[0], letters[1:]
        at = known.find(letter) if letter != ":" else -1
        if at < 0:
            raise UserError(f"invalid option -- '{letter}'{TRY}", 1)
        if known[at + 1 : at + 2] != ":":
            yield Option(letter, None)
            continue
        if not letters and not rest:
            raise UserError(f"option requires an argument -- '{letter}'{TRY}", 1)
        yield Option(letter, letters or rest.pop(0))
        return


def _long(word: str, rest: list[str], known: Mapping[str, Value]) -> Option:
    given, equals, value = word.partition("=")
    name = given if given in known else _completed(word, given, known)
    match known[name]:
        case Value.NONE if equals:
            raise UserError(f"option '--{name}' doesn't allow an argument{TRY}", 1)
        case Value.NEEDED if not equals:
            if not rest:
                raise UserError(f"option '--{name}' requires an argument{TRY}", 1)
            return Option(name, rest.pop(0))
    return Option(name, value if equals else None)


def _completed(word: str, given: str, known: Mapping[str, Value]) -> str:
    """The option that a shortened name stands for, which begins a word."""
    found = [name for name in known if name.startswith(given)]
    if not found:
        raise UserError(f"unrecognized option '--{word}'{TRY}", 1)
    if len(found) > 1:
        possible = " ".join(f"'--{name}'" for name in found)
        raise UserError(f"option '--{word}' is ambiguous; possibilities: {possible}{TRY}", 1)
    return found[0]
