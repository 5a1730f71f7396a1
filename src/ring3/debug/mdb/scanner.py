"""The text of commands, taken apart piece by piece; which pieces there are depends on where one stands.

Source: mdb(1), "Syntax"; the Modular Debugger Guide, "Language Syntax".
"""

from __future__ import annotations

import re
from typing import Final

from ring3.debug.mdb.errors import MdbError

_BLANKS: Final = re.compile(r"[ \t]*(?://[^\n]*)?")
_NUMBER: Final = re.compile(
    r"0[iI][01]+(?![0-9a-zA-Z_])|0[oO][0-7]+|0[tT][0-9]+\.[0-9]+|0[tT][0-9]+|0[xX][0-9a-fA-F]+|[0-9][0-9a-fA-F]*"
)
_SYMBOL: Final = re.compile(r"[a-zA-Z_.][0-9a-zA-Z_.`]*")
_VARIABLE: Final = re.compile(r"<([a-zA-Z_.][0-9a-zA-Z_.]*|[0-9])")
_CAST: Final = re.compile(r"([*%])/([a-zA-Z0-9])/")
_CHARACTERS: Final = re.compile(r"'((?:[^'\\\n]|\\.)*)'")
_WORD: Final = re.compile(r"""(?:[^|!;\n \t'"$]|\$(?!\[))+""")
_COMMAND: Final = re.compile(r"::([0-9a-zA-Z_.`]+)|(\$<<|\$<|\$>|[$:][a-zA-Z?%])")
_WRITE: Final = re.compile(r"([/\\?])[ \t]*([vwzWZlLM])(?=[ \t]|\$\[|$)")
_ASSIGN: Final = re.compile(r">/([a-zA-Z0-9])/")
_ESCAPE: Final = re.compile(r"\\(?:([abfnrtv])|([0-7]{1,3})|(.))")
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unescape(text: str) -> str:
    """The characters that a string in C's notation means."""

    def meant(found: re.Match[str]) -> str:
        if found[1]:
            return _LETTERS[found[1]]
        return chr(int(found[2], 8) & 0xFF) if found[2] else found[3]

    return _ESCAPE.sub(meant, text)


class Scanner:
    """A place in the text of commands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def skip(self) -> None:
        """Passes over blanks, and a comment up to the end of its line."""
        found = _BLANKS.match(self.text, self.place)
        assert found
        self.place = found.end()

    def peek(self) -> str:
        """The next character behind blanks; "" at the end."""
        self.skip()
        return self.text[self.place : self.place + 1]

    def starts(self, text: str) -> bool:
        """Whether the text goes on so."""
        return self.text.startswith(text, self.place)

    def accept(self, text: str) -> bool:
        """Takes something if it comes next."""
        self.skip()
        if not self.starts(text):
            return False
        self.place += len(text)
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip()
        found = pattern.match(self.text, self.place)
        if found:
            self.place = found.end()
        return found

    def at_end(self) -> bool:
        """Whether a command ends here."""
        return self.peek() in ("", "\n", ";")

    def error(self) -> MdbError:
        """A complaint about what comes next."""
        near = self.text[self.place :].split("\n")[0].split(" ")[0]
        return MdbError(f'syntax error near "{near}"' if near else "syntax error")

    def number(self) -> str | None:
        """A number that begins with a digit."""
        found = self._match(_NUMBER)
        return found[0] if found else None

    def symbol(self) -> str | None:
        """A name, or a number in letters only, or the dot."""
        found = self._match(_SYMBOL)
        return found[0] if found else None

    def variable(self) -> str | None:
        """``<name``."""
        found = self._match(_VARIABLE)
        return found[1] if found else None

    def cast(self) -> tuple[str, str] | None:
        """``*/c/``: the operator and the letter."""
        found = self._match(_CAST)
        return (found[1], found[2]) if found else None

    def characters(self) -> str | None:
        """``'abc'``."""
        found = self._match(_CHARACTERS)
        if found is None and self.peek() == "'":
            raise MdbError("syntax error: ' unmatched")
        return unescape(found[1]) if found else None

    def command(self) -> str | None:
        """``::name``, ``$c`` or ``:c``; the name without colons of the first."""
        found = self._match(_COMMAND)
        return (found[1] or found[2]) if found else None

    def writing(self) -> tuple[str, str] | None:
        """A verb with the letter of a write or match: ``/W``."""
        found = self._match(_WRITE)
        return (found[1], found[2]) if found else None

    def assignment(self) -> str | None:
        """The letter of ``>/c/``."""
        found = self._match(_ASSIGN)
        return found[1] if found else None

    def quoted(self) -> str | None:
        """``"string"``, if one is next."""
        if not self.starts('"'):
            return None
        end = self.place + 1
        while end < len(self.text) and self.text[end] not in '"\n':
            end += 2 if self.text[end] == "\\" else 1
        if self.text[end : end + 1] != '"':
            raise MdbError('syntax error: " unmatched')
        text = self.text[self.place + 1 : end]
        self.place = end + 1
        return unescape(text)

    def word(self) -> str | None:
        """An argument: characters and quoted strings without blanks between them."""
        self.skip()
        start, text = self.place, ""
        while True:
            if self.starts('"'):
                text += self.quoted() or ""
            elif self.starts("'"):
                end = self.text.find("'", self.place + 1)
                if end < 0:
                    raise MdbError("syntax error: ' unmatched")
                text += unescape(self.text[self.place + 1 : end])
                self.place = end + 1
            elif found := _WORD.match(self.text, self.place):
                text += found[0]
                self.place = found.end()
            else:
                return text if self.place > start else None

    def rest_of_shell(self) -> str:
        """A command for the shell: up to the end of the line or a semicolon."""
        end = min(
            (e for e in (self.text.find(c, self.place) for c in "\n;") if e >= 0), default=len(self.text)
        )
        text = self.text[self.place : end]
        self.place = end
        return text.strip()
