"""dtrace(1M)'s command line: options may be glued together and mixed with the arguments of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ring3.trace.dtrace import shipped
from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.options import Options

USAGE = """\
Usage: dtrace [-32|-64|-arch i386|x86_64] [-aACeFGhHlqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]]
    [-I path] [-L path] [-o output] [-p pid] [-s script] [-U name]
    [-x opt[=val]] [-X a|c|s|t]

    [-P provider [[ predicate ] action ]]
    [-m [ provider: ] module [[ predicate ] action ]]
    [-f [[ provider: ] module: ] func [[ predicate ] action ]]
    [-n [[[ provider: ] module: ] func: ] name [[ predicate ] action ]]
    [-i probe-id [[ predicate ] action ]] [ args ... ]
    [--json] [--flame file.svg] [--plot file.svg] [--perfetto file]
"""
_MODELS = "36"
"""The letters that -32 and -64 begin with."""
ARCHITECTURES = {"i386": 32, "x86_64": 64}
"""The data models that macOS's -arch names."""
PICTURES = ("flame", "plot", "perfetto")
WITH_VALUE = frozenset("36bcDfiILmnopPsUxX")
FLAGS = frozenset("aABCeFGhHlqSvVwZ")
FIELDS = {"P": "provider", "m": "module", "f": "function", "n": "name", "i": "name"}
"""The options that give a program on the command line, and what a lone word in it is."""
_EXCLUSIVE = frozenset("AGhlV")
_UNBUFFERED = frozenset("AGl")
ABSENT = frozenset("A")
"""What a kernel is to trace while it boots."""


class UsageError(DtraceError):
    """The command line is wrong: the status is 2.

    Attributes:
        shows_usage: Whether the usage is printed behind the message.
    """

    def __init__(self, message: str, *, shows_usage: bool = True) -> None:
        super().__init__(message)
        self.shows_usage = shows_usage


class Text(NamedTuple):
    """A program: on the command line (`field` says what a lone word is), in a file, or one that is shipped."""

    option: str
    value: str

    @property
    def is_file(self) -> bool:
        """Whether the value is a path."""
        return self.option == "s" or self.is_shipped

    @property
    def is_shipped(self) -> bool:
        """Whether the value is the name of a script that comes with this tool."""
        return self.option == ""

    @property
    def field(self) -> str:
        """The part of a description that a word without colons is."""
        return FIELDS.get(self.option, "name")

    @property
    def shown(self) -> str:
        """How notices name it."""
        if self.is_file:
            return f"script '{self.value}'"
        end = min((self.value.find(char) for char in "/{;" if char in self.value), default=len(self.value))
        return f"description '{self.value[:end]}'"


class Arguments:
    """What the command line says."""

    def __init__(self, words: Sequence[str], options: Options) -> None:
        """Read the words after `dtrace`; options that have a name are set in `options`.

        Raises:
            UsageError: for what dtrace(1M) does not know.
            DtraceError: for an option's value.
        """
        self.options = options
        self.programs: list[Text] = []
        self.flags: set[str] = set()
        self.commands: list[str] = []
        self.processes: list[str] = []
        self.libraries: list[str] = []
        self.output = ""
        self.pictures: dict[str, str] = {}
        self.as_json = False
        self.width: int | None = None
        self.operands: list[str] = []
        if not words:
            raise UsageError("")
        self._words = list(words)
        while self._words:
            self._take(self._words.pop(0))
        if not self.programs and self.operands and self.operands[0] in shipped.names():
            self.programs.append(Text("", self.operands.pop(0)))
        self._refuse_absent()
        modes = self.flags & _EXCLUSIVE
        if len(modes) > 1:
            raise UsageError("only one of the [-AGhlV] options can be specified at a time", shows_usage=False)
        if "B" in self.flags and self.flags & _UNBUFFERED:
            raise UsageError("-B not valid in combination with [-AGl] options", shows_usage=False)
        if "B" in self.flags and self.output:
            raise UsageError("-B not valid in combination with -o option", shows_usage=False)

    @property
    def bits(self) -> int:
        """The data model of programs."""
        return self.width or 64

    def _refuse_absent(self) -> None:
        """Complains of what dtrace(1M) has and this one has not."""
        absent = sorted(self.flags & ABSENT)
        if absent:
            raise DtraceError(f"-{absent[0]} is not implemented")

    def _take(self, word: str) -> None:
        if word == "-arch":
            self._architecture()
        elif not word.startswith("-") or word == "-":
            self.operands.append(word)
        elif word == "--":
            self.operands += self._words
            self._words.clear()
        elif word.startswith("--"):
            self._long(word[2:])
        else:
            self._letters(word[1:])

    def _architecture(self) -> None:
        """The data model by the name of an architecture, as macOS's dtrace(1) takes it."""
        name = self._words.pop(0) if self._words else ""
        if name not in ARCHITECTURES:
            raise UsageError(f"invalid value for the -arch option: {name or 'none'}")
        self.width = ARCHITECTURES[name]

    def _long(self, word: str) -> None:
        """An option that dtrace(1M) has not: `--json`, `--flame FILE`, `--plot FILE`, `--perfetto FILE`."""
        name, equals, value = word.partition("=")
        if name == "json" and not equals:
            self.as_json = True
            return
        if name not in PICTURES:
            raise UsageError(f"illegal option -- -{name}")
        if not equals and not self._words:
            raise UsageError(f"option requires an argument -- -{name}")
        self.pictures[name] = value if equals else self._words.pop(0)

    def _letters(self, letters: str) -> None:
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in FLAGS:
                self._flag(letter)
                continue
            if letter not in WITH_VALUE:
                raise UsageError(f"illegal option -- {letter}")
            if not letters and not self._words:
                raise UsageError(f"option requires an argument -- {letter}")
            value = letters or self._words.pop(0)
            self._valued(letter, value)
            return

    def _flag(self, letter: str) -> None:
        self.flags.add(letter)
        option = {
            "C": "cpp",
            "F": "flowindent",
            "H": "cpphdrs",
            "q": "quiet",
            "w": "destructive",
            "Z": "zdefs",
        }.get(letter)
        if option:
            self.options.set(option, None)

    def _valued(self, letter: str, value: str) -> None:
        if letter in FIELDS or letter == "s":
            self.programs.append(Text(letter, value))
        elif letter == "c":
            self.commands.append(value)
        elif letter == "p":
            self.processes.append(value)
        elif letter == "o":
            self.output = value
        elif letter in _MODELS:
            if letter + value not in ("32", "64"):
                raise UsageError(f"illegal option -- {letter}{value}")
            self.width = int(letter + value)
        elif letter == "L":
            self.libraries.append(value)
        elif letter == "x":
            name, equals, text = value.partition("=")
            self._option(name, text if equals else None, f"-x {name}")
        else:
            name = {"b": "bufsize", "D": "define", "U": "undef", "I": "incdir", "X": "stdc"}[letter]
            self._option(name, value, f"-{letter} {value}")

    def _option(self, name: str, value: str | None, shown: str) -> None:
        try:
            self.options.set(name, value)
        except DtraceError as error:
            raise DtraceError(f"failed to set {shown}: {error}") from None
