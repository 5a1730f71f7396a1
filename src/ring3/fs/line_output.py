"""What a terminal makes of characters on their way out, and of those that it echoes (drivers/tty/n_tty.c).

It keeps the column, which tabs and what is taken back depend on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.fs.termios import Iflag, Lflag, Oflag, Termios

TAB_WIDTH: Final = 8


class LineOutput:
    """One terminal's.

    Attributes:
        termios: The settings.
        translates_output: It does what the settings say of output; somebody else does otherwise.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        """Makes one; ``put`` puts out what is echoed."""
        self.termios = Termios()
        self.translates_output = True
        self._put = put
        self._column = 0
        self._line_column = 0  # where the line that is edited starts

    def _continues(self, character: int) -> bool:
        """Whether it is a later byte of a character (is_continuation)."""
        return bool(self.termios.iflag & Iflag.IUTF8) and character & 0xC0 == 0x80

    def _echo(self, character: int) -> None:
        """Shows a character that came in; control characters as ^X with ECHOCTL."""
        if self.termios.lflag & Lflag.ECHOCTL and is_control(character) and character != 9:
            self._column += 2
            self._put(bytes([94, character ^ 0x40]))
        else:
            self._echo_raw(bytes([character]))

    def _echo_raw(self, data: bytes) -> None:
        self._put(self.process_output(data))

    def process_output(self, data: bytes) -> bytes:
        """What becomes of characters that are written (do_output_char)."""
        oflag = self.termios.oflag
        if not oflag & Oflag.OPOST:
            return data
        if not self.translates_output:
            self._advance(data)
            return data
        if not oflag & ~(Oflag.OPOST | Oflag.ONLCR):
            self._advance(data)
            return data.replace(b"\n", b"\r\n") if oflag & Oflag.ONLCR else data
        return b"".join(self._process(character) for character in data)

    def _advance(self, data: bytes) -> None:
        """Keeps the column right for output without any other treatment than ONLCR."""
        start = max(data.rfind(b"\n") if self.termios.oflag & Oflag.ONLCR else -1, data.rfind(b"\r")) + 1
        if start:
            self._column = self._line_column = 0
        for character in data[start:]:
            if character == 9:
                self._column += TAB_WIDTH - self._column % TAB_WIDTH
            elif character == 8:
                self._column = max(self._column - 1, 0)
            elif not is_control(character) and not self._continues(character):
                self._column += 1

    def _process(self, character: int) -> bytes:
        oflag = self.termios.oflag
        if character == 10:
            if oflag & (Oflag.ONLRET | Oflag.ONLCR):
                self._column = 0
            self._line_column = self._column
            return b"\r\n" if oflag & Oflag.ONLCR else b"\n"
        if character == 13:
            if oflag & Oflag.ONOCR and not self._column:
                return b""
            if oflag & Oflag.OCRNL and not oflag & Oflag.ONLRET:
                return b"\n"
            self._column = self._line_column = 0
            return b"\n" if oflag & Oflag.OCRNL else b"\r"
        if character == 9 and oflag & Oflag.XTABS == Oflag.XTABS:
            spaces = TAB_WIDTH - self._column % TAB_WIDTH
            self._column += spaces
            return b" " * spaces
        if oflag & Oflag.OLCUC and 97 <= character <= 122:
            character -= 32
        data = bytes([character])
        self._advance(data)
        return data


def is_control(character: int) -> bool:
    """Whether a character is none that is seen."""
    return character < 32 or character == 127
