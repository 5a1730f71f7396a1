"""One call of a dcmd: its address, its arguments, and where its output goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.mdb.errors import UsageError
from ring3.debug.mdb.numbers import digits, with_base

if TYPE_CHECKING:
    from ring3.debug.mdb.output import Output
    from ring3.debug.mdb.session import Session

Argument = str | int
"""A word, or the value of ``$[expression]``."""


class Options:
    """The options of a dcmd, as getopt reads them, and the words behind them.

    Attributes:
        flags: Letters without a value.
        values: Letters with one.
        rest: What stands behind.
    """

    __slots__ = ("flags", "rest", "values")

    def __init__(self, flags: set[str], values: dict[str, Argument], rest: list[Argument]) -> None:
        self.flags = flags
        self.values = values
        self.rest = rest

    def __contains__(self, letter: str) -> bool:
        return letter in self.flags or letter in self.values


class Call:
    """What a dcmd gets.

    Attributes:
        session: The debugger.
        name: What the dcmd was called by.
        address: The address in front of it, or dot.
        given: Whether there was one.
        first: This is the first of the calls that a count or a pipe makes.
        looping: There are several.
        count: How often it is to be called, by the number behind a comma.
        arguments: Behind the name.
        piped: Another dcmd reads the output.
        reads_pipe: It gets its address from another dcmd.
    """

    def __init__(
        self, session: Session, name: str, address: int, arguments: list[Argument], *, given: bool = False
    ) -> None:
        self.session = session
        self.name = name
        self.address = address
        self.given = given
        self.first = True
        self.looping = False
        self.count = 1
        self.arguments = arguments
        self.piped = self.reads_pipe = False

    @property
    def out(self) -> Output:
        """Where output goes."""
        return self.session.out

    def write(self, text: str) -> None:
        """Prints text."""
        self.session.out.text(text)

    def emit(self, value: int) -> None:
        """Prints a value on a line of its own, with the prefix of its base."""
        self.session.out.text(f"{with_base(value)}\n")

    def emit_bare(self, value: int) -> None:
        """Prints a value on a line of its own, without one: in a pipe, with it."""
        radix = self.session.radix
        self.session.out.text(f"{with_base(value) if self.piped else digits(value, radix)}\n")

    def text(self, index: int, default: str | None = None) -> str:
        """An argument that is a word.

        Raises:
            UsageError: There are fewer, and no default.
        """
        if index < len(self.arguments):
            found = self.arguments[index]
            return found if isinstance(found, str) else with_base(found)
        if default is None:
            raise UsageError
        return default

    def require_address(self) -> int:
        """The address that was given.

        Raises:
            UsageError: None was.
        """
        if not self.given:
            raise UsageError
        return self.address

    def options(self, letters: str, *, plus: bool = False, mixed: bool = False) -> Options:
        """Takes the options from the front of the arguments.

        Args:
            letters: Each option; ``:`` behind it says that it has a value.
            plus: Whether ``+d`` is an option too, which is found as ``+d``.
            mixed: Whether they may stand anywhere among the arguments.

        Raises:
            UsageError: There is no such option, or its value is missing.
        """
        flags: set[str] = set()
        values: dict[str, Argument] = {}
        rest = list(self.arguments)
        others: list[Argument] = []
        while rest:
            word = rest[0]
            if not isinstance(word, str) or len(word) < 2 or word[0] not in ("-+" if plus else "-"):
                if not mixed:
                    break
                others.append(rest.pop(0))
                continue
            rest.pop(0)
            if word == "--":
                break
            self._letters(word, letters, flags, values, rest)
        return Options(flags, values, others + rest)

    def _letters(
        self, word: str, letters: str, flags: set[str], values: dict[str, Argument], rest: list[Argument]
    ) -> None:
        sign = "+" if word[0] == "+" else ""
        place = 1
        while place < len(word):
            letter = word[place]
            where = letters.find(letter)
            if where < 0 or letter == ":":
                raise UsageError(f"illegal option -- {letter}")
            place += 1
            if letters[where + 1 : where + 2] != ":":
                flags.add(sign + letter)
                continue
            if place < len(word):
                values[sign + letter] = word[place:]
                return
            if not rest:
                raise UsageError(f"option requires an argument -- {letter}")
            values[sign + letter] = rest.pop(0)

    def number(self, argument: Argument) -> int:
        """The value of an argument that is an expression."""
        return argument if isinstance(argument, int) else self.session.evaluate(argument)
