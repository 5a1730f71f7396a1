"""Taking back what was typed: a character, a word, the line (eraser of drivers/tty/n_tty.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.fs.echo import continues, is_control
from ring3.fs.termios import Cc, Lflag, Termios

if TYPE_CHECKING:
    from ring3.fs.echo import Echo
    from ring3.fs.input_buffer import InputBuffer

WORD: Final = frozenset(
    code for code in range(256) if code == 0x5F or (chr(code).isalnum() and not 0x80 <= code < 0xC0)
)
"""What WERASE takes for a word: the kernel's letters, of Latin-1, and digits (isalnum of lib/ctype.c)."""
_CAREFUL: Final = Lflag.ECHOK | Lflag.ECHOKE | Lflag.ECHOE


class Eraser:
    """What takes back the line that is edited in a buffer, and shows that."""

    def __init__(self, buffer: InputBuffer, echo: Echo) -> None:
        self._input = buffer
        self._echo = echo
        self._erasing = False  # between \\ and / with ECHOPRT

    def forget(self) -> None:
        """The line is gone."""
        self._erasing = False

    def finish(self) -> None:
        """Something else comes: what was erased between marks is over."""
        if self._erasing:
            self._echo.add(*b"/")
            self._erasing = False

    def erase(self, by: int, termios: Termios) -> None:
        """Does what one of the keys ERASE, WERASE and KILL asks for."""
        cc, lflag = termios.cc, termios.lflag
        if not self._input.line:
            return
        kills = by not in (cc[Cc.ERASE], cc[Cc.WERASE])
        if kills and not (lflag & Lflag.ECHO and lflag & _CAREFUL == _CAREFUL):
            self._input.cut(0)
            if lflag & Lflag.ECHO:
                self._echo_killed(by, termios)
            return
        self._erase_some(by, termios)
        if lflag & Lflag.ECHO and not self._input.line:
            self.finish()

    def _erase_some(self, by: int, termios: Termios) -> None:
        """Takes back one character after the other, as far as the key says."""
        in_word, cc = False, termios.cc
        while line := self._input.line:
            at = _last_character(line, termios)
            if continues(line[at], termios):
                return  # its first byte was read, or never came
            if by == cc[Cc.WERASE] != cc[Cc.ERASE]:
                if in_word and line[at] not in WORD:
                    return
                in_word = in_word or line[at] in WORD
            gone = self._input.cut(at)
            if termios.lflag & Lflag.ECHO:
                self._echo_erased(gone, by, termios)
            if by == cc[Cc.ERASE]:
                return

    def _echo_killed(self, by: int, termios: Termios) -> None:
        self.finish()
        self._echo.add_shown(by, termios)
        if termios.lflag & Lflag.ECHOK:
            self._echo.add(10)

    def _echo_erased(self, gone: bytes, by: int, termios: Termios) -> None:
        """Shows that a character is gone."""
        lflag, erase, first = termios.lflag, termios.cc[Cc.ERASE], gone[0]
        if lflag & Lflag.ECHOPRT:
            if not self._erasing:
                self._echo.add(*b"\\")
                self._erasing = True
            self._echo.add_shown(first, termios)
            for byte in gone[1:]:
                self._echo.add(byte)
                self._echo.move_back()
        elif by == erase and not lflag & Lflag.ECHOE:
            self._echo.add_shown(erase, termios)
        elif first == 9:
            line = self._input.line
            start = line.rfind(b"\t") + 1
            columns = sum(_width(character, termios) for character in line[start:])
            self._echo.erase_tab(columns, after_tab=bool(start))
        else:
            self._echo.add(*b"\b \b" * _width(first, termios))


def _last_character(line: bytes, termios: Termios) -> int:
    """Where the last character of a line starts, which may be several bytes."""
    at = len(line) - 1
    while at and continues(line[at], termios):
        at -= 1
    return at


def _width(character: int, termios: Termios) -> int:
    """How many columns a byte has taken."""
    if is_control(character):
        return 2 if termios.lflag & Lflag.ECHOCTL else 0
    return 0 if continues(character, termios) else 1
