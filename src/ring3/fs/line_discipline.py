"""What a terminal does with characters on their way in and out (termios(3); drivers/tty/n_tty.c).

Input is echoed, edited line by line, turned into signals or passed on as it is; output gets its carriage returns. It
knows nothing of files and tasks: a pseudoterminal feeds it and is told what to echo and whom to signal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag, NamedTuple
from ring3.abi.signals import Sig

CAPACITY: Final = 4095
"""Characters of input that wait for a reader at most, the end of a line aside."""
DISABLED: Final = 0
"""The character that stands for none (_POSIX_VDISABLE)."""
TAB_WIDTH: Final = 8
WORD: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
"""What WERASE takes for a word."""


class Iflag(IntFlag):
    """Treatment of input (include/uapi/asm-generic/termbits.h)."""

    PARMRK = 0x8
    ISTRIP = 0x20
    INLCR = 0x40
    IGNCR = 0x80
    ICRNL = 0x100
    IUCLC = 0x200
    IXON = 0x400
    IXANY = 0x800
    IUTF8 = 0x4000


class Oflag(IntFlag):
    """Treatment of output."""

    OPOST = 0x1
    OLCUC = 0x2
    ONLCR = 0x4
    OCRNL = 0x8
    ONOCR = 0x10
    ONLRET = 0x20
    XTABS = 0x1800


class Lflag(IntFlag):
    """What is done on top."""

    ISIG = 0x1
    ICANON = 0x2
    ECHO = 0x8
    ECHOE = 0x10
    ECHOK = 0x20
    ECHONL = 0x40
    NOFLSH = 0x80
    TOSTOP = 0x100
    ECHOCTL = 0x200
    ECHOPRT = 0x400
    ECHOKE = 0x800
    IEXTEN = 0x8000
    EXTPROC = 0x10000


class Cc(IntEnum):
    """Where each special character is."""

    INTR = 0
    QUIT = 1
    ERASE = 2
    KILL = 3
    EOF = 4
    TIME = 5
    MIN = 6
    START = 8
    STOP = 9
    SUSP = 10
    EOL = 11
    REPRINT = 12
    WERASE = 14
    LNEXT = 15
    EOL2 = 16


class Termios(NamedTuple):
    """The settings of a terminal (``struct ktermios``).

    Attributes:
        iflag: `Iflag`.
        oflag: `Oflag`.
        cflag: The line: speed, bits of a character.
        lflag: `Lflag`.
        line: Number of the line discipline.
        cc: The special characters.
        ispeed: Bits a second in ...
        ospeed: ... and out.
    """

    iflag: int = Iflag.ICRNL | Iflag.IXON
    oflag: int = Oflag.OPOST | Oflag.ONLCR
    cflag: int = 0xBF  # B38400, CS8, CREAD
    lflag: int = (
        Lflag.ISIG | Lflag.ICANON | Lflag.ECHO | Lflag.ECHOE | Lflag.ECHOK | Lflag.ECHOCTL | Lflag.ECHOKE
        | Lflag.IEXTEN
    )  # fmt: skip
    line: int = 0
    cc: bytes = b"\x03\x1c\x7f\x15\x04\x00\x01\x00\x11\x13\x1a\x00\x12\x0f\x17\x16\x00\x00\x00"
    ispeed: int = 38400
    ospeed: int = 38400

    @property
    def by_lines(self) -> bool:
        """Whether a reader gets lines; with EXTPROC whoever types has edited them already."""
        return self.lflag & (Lflag.ICANON | Lflag.EXTPROC) == Lflag.ICANON

    def special(self, which: Cc) -> int:
        """A special character, -1 if there is none."""
        return self.cc[which] or -1


SIGNALS: Final = ((Cc.INTR, Sig.SIGINT), (Cc.QUIT, Sig.SIGQUIT), (Cc.SUSP, Sig.SIGTSTP))


class LineDiscipline:
    """One terminal's.

    Attributes:
        termios: The settings.
        stopped: Output waits for the START character.
        translates_output: It does what the settings say of output; somebody else does otherwise.
    """

    def __init__(self, echo: Callable[[bytes], None], signal: Callable[[Sig], None]) -> None:
        """Makes one.

        Args:
            echo: Puts out what is echoed.
            signal: Sends a signal to whom the terminal serves, and drops output that nobody has read yet unless
                NOFLSH is set.
        """
        self.termios = Termios()
        self.stopped = False
        self.translates_output = True
        self._put = echo
        self._signal = signal
        self._lines: deque[bytearray] = deque()  # complete ones; one that EOF has ended is without it
        self._edited = bytearray()  # what can still be edited; without lines what can be read
        self._literal = False  # LNEXT came before
        self._erasing = False  # between \ and / with ECHOPRT
        self._column = 0
        self._line_column = 0  # where the line that is edited starts

    # -- settings ------------------------------------------------------------------------------------------------

    def set_termios(self, termios: Termios) -> None:
        """Replaces the settings; what is there to be read stays, as it is with the new ones (n_tty_set_termios)."""
        changed = self.termios.by_lines != termios.by_lines
        self.termios = termios
        if not termios.iflag & Iflag.IXON:
            self.stopped = False
        if not changed:
            return
        self._literal = False
        everything = bytearray().join([*self._lines, self._edited])
        self._lines.clear()
        self._edited = bytearray()
        if not termios.by_lines:
            self._edited = everything
        elif everything:
            self._lines.append(everything)

    # -- reading -------------------------------------------------------------------------------------------------

    def ready(self, least: int = 1) -> bool:
        """Whether a reader gets anything: a line, or where they do not matter so many characters."""
        if self.termios.by_lines:
            return bool(self._lines)
        return len(self._edited) >= max(least, 1)

    def take(self, size: int) -> bytes:
        """What a reader gets; nothing for a line that EOF has ended at its start."""
        if not self.termios.by_lines:
            source = self._edited
        elif not self._lines:
            return b""
        else:
            source = self._lines[0]
        data = bytes(source[:size])
        del source[:size]
        if self._lines and not self._lines[0]:
            self._lines.popleft()
        return data

    def give_back(self, data: bytes) -> None:
        """Takes back what `take` has given."""
        if self.termios.by_lines:
            self._lines.appendleft(bytearray(data))
        else:
            self._edited[:0] = data

    def available(self) -> int:
        """Characters that can be read (TIOCINQ)."""
        if self.termios.by_lines:
            return sum(map(len, self._lines))
        return len(self._edited)

    def flush(self) -> None:
        """Drops the input."""
        self._lines.clear()
        self._edited.clear()

    # -- input ---------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> int:
        """Takes characters that come in; returns how many there was room for.

        With lines, and none to be read, there is always room: what a line cannot hold is lost.
        """
        if self._is_raw():
            taken = data[: CAPACITY - len(self._edited)]
            self._edited += taken
            return len(taken)
        for done, character in enumerate(data):
            if not self._has_room():
                return done
            self._receive(character)
        return len(data)

    def _is_raw(self) -> bool:
        """Whether characters are taken as they come (__receive_buf)."""
        lflag, iflag = self.termios.lflag, self.termios.iflag
        if lflag & Lflag.EXTPROC:
            return not iflag & (Iflag.ISTRIP | Iflag.IUCLC)
        return not lflag & (Lflag.ISIG | Lflag.ICANON | Lflag.ECHO) and not iflag & ~Iflag.IUTF8

    def _has_room(self) -> bool:
        if self.termios.by_lines and not self._lines:
            return True
        return len(self._edited) + sum(map(len, self._lines)) < CAPACITY

    def _receive(self, character: int) -> None:
        iflag, lflag = self.termios.iflag, self.termios.lflag
        if iflag & Iflag.ISTRIP:
            character &= 0x7F
        if iflag & Iflag.IUCLC and lflag & Lflag.IEXTEN and 65 <= character <= 90:
            character += 32
        if self._literal:
            self._literal = False
            self._add(character)
        elif not (self._controls_flow(character) or self._signals(character)):
            if self.stopped and iflag & Iflag.IXON and iflag & Iflag.IXANY:
                self.stopped = False
            translated = self._translate(character)
            if translated is not None and not (self.termios.by_lines and self._edit(translated)):
                self._add(translated)

    def _controls_flow(self, character: int) -> bool:
        if not self.termios.iflag & Iflag.IXON:
            return False
        if character == self.termios.special(Cc.START):
            self.stopped = False
        elif character == self.termios.special(Cc.STOP):
            self.stopped = True
        else:
            return False
        return True

    def _signals(self, character: int) -> bool:
        lflag = self.termios.lflag
        if not lflag & Lflag.ISIG:
            return False
        for which, signal in SIGNALS:
            if character == self.termios.special(which):
                if not lflag & Lflag.NOFLSH:
                    self.flush()
                self._signal(signal)
                if self.termios.iflag & Iflag.IXON:
                    self.stopped = False
                if lflag & Lflag.ECHO:
                    self._echo(character)
                return True
        return False

    def _translate(self, character: int) -> int | None:
        iflag = self.termios.iflag
        if character == 13:
            if iflag & Iflag.IGNCR:
                return None
            return 10 if iflag & Iflag.ICRNL else 13
        return 13 if character == 10 and iflag & Iflag.INLCR else character

    def _add(self, character: int) -> None:
        """A character as any other."""
        if self.termios.lflag & Lflag.ECHO:
            self._finish_erasing()
            if not self._edited:
                self._line_column = self._column
            if character == 10 and not self._literal:
                self._echo_raw(b"\n")
            else:
                self._echo(character)
        if len(self._edited) < CAPACITY:
            if character == 0xFF and self.termios.iflag & Iflag.PARMRK:
                self._edited.append(character)
            self._edited.append(character)

    # -- editing -------------------------------------------------------------------------------------------------

    def _edit(self, character: int) -> bool:
        """Does what a character means in a line; False if it means itself."""
        special, lflag = self.termios.special, self.termios.lflag
        extended = lflag & Lflag.IEXTEN
        if character in (special(Cc.ERASE), special(Cc.KILL)) or (
            extended and character == special(Cc.WERASE)
        ):
            self._erase(character)
        elif extended and character == special(Cc.LNEXT):
            self._take_next_literally()
        elif extended and lflag & Lflag.ECHO and character == special(Cc.REPRINT):
            self._reprint(character)
        else:
            return self._ends_line(character)
        return True

    def _ends_line(self, character: int) -> bool:
        special, lflag = self.termios.special, self.termios.lflag
        if character == 10:
            if lflag & (Lflag.ECHO | Lflag.ECHONL):
                self._echo_raw(b"\n")
            self._end_line(b"\n")
        elif character == special(Cc.EOF):
            self._end_line(b"")
        elif character == special(Cc.EOL) or (lflag & Lflag.IEXTEN and character == special(Cc.EOL2)):
            if lflag & Lflag.ECHO:
                self._echo(character)
            self._end_line(bytes([character]))
        else:
            return False
        return True

    def _take_next_literally(self) -> None:
        self._literal = True
        if self.termios.lflag & Lflag.ECHO:
            self._finish_erasing()
            if self.termios.lflag & Lflag.ECHOCTL:
                self._echo_raw(b"^\b")

    def _reprint(self, character: int) -> None:
        self._finish_erasing()
        self._echo(character)
        self._echo_raw(b"\n")
        for shown in self._edited:
            self._echo(shown)

    def _end_line(self, end: bytes) -> None:
        self._lines.append(self._edited + end)
        self._edited = bytearray()

    def _erase(self, by: int) -> None:
        """Takes back a character, a word or the line (eraser)."""
        special, lflag, line = self.termios.special, self.termios.lflag, self._edited
        if not line:
            return
        echo = lflag & Lflag.ECHO
        careful = Lflag.ECHOK | Lflag.ECHOKE | Lflag.ECHOE
        if by == special(Cc.KILL) and (not echo or lflag & careful != careful):
            line.clear()
            if echo:
                self._echo_killed(by)
            return
        if by == special(Cc.ERASE):
            self._erase_last(by)
        else:
            self._erase_many(by, word=by == special(Cc.WERASE))
        if not line and echo:
            self._finish_erasing()

    def _erase_many(self, by: int, *, word: bool) -> None:
        """Takes back the line, or the last word and what is behind it."""
        line, in_word = self._edited, False
        while line:
            if word:
                if line[-1] in WORD:
                    in_word = True
                elif in_word:
                    break
            if not self._erase_last(by):
                break

    def _erase_last(self, by: int) -> bool:
        """Takes back one character, which may be several bytes; False if its first byte is missing."""
        line = self._edited
        at = len(line) - 1
        while at and self._continues(line[at]):
            at -= 1
        character = line[at]
        if self._continues(character):
            return False
        del line[at:]
        if self.termios.lflag & Lflag.ECHO:
            self._echo_erased(character, by)
        return True

    def _echo_killed(self, by: int) -> None:
        self._finish_erasing()
        self._echo(by)
        if self.termios.lflag & Lflag.ECHOK:
            self._echo_raw(b"\n")

    def _echo_erased(self, character: int, by: int) -> None:
        lflag = self.termios.lflag
        if lflag & Lflag.ECHOPRT:
            if not self._erasing:
                self._echo_raw(b"\\")
                self._erasing = True
            self._echo(character)
        elif by == self.termios.special(Cc.ERASE) and not lflag & Lflag.ECHOE:
            self._echo(by)
        elif character == 9:
            self._erase_tab()
        else:
            marked = lflag & Lflag.ECHOCTL
            width = (2 if marked else 0) if _is_control(character) else 1
            self._echo_raw(b"\b \b" * width)

    def _erase_tab(self) -> None:
        """Goes back over a tab that was echoed."""
        start = self._edited.rfind(b"\t") + 1
        width = sum(self._width(character) for character in self._edited[start:])
        if not start:
            width += self._line_column
        self._echo_raw(b"\b" * (TAB_WIDTH - width % TAB_WIDTH))

    def _width(self, character: int) -> int:
        if _is_control(character):
            return 2 if self.termios.lflag & Lflag.ECHOCTL else 0
        return 0 if self._continues(character) else 1

    def _continues(self, character: int) -> bool:
        """Whether it is a later byte of a character (is_continuation)."""
        return bool(self.termios.iflag & Iflag.IUTF8) and character & 0xC0 == 0x80

    def _finish_erasing(self) -> None:
        if self._erasing:
            self._echo_raw(b"/")
            self._erasing = False

    # -- output --------------------------------------------------------------------------------------------------

    def _echo(self, character: int) -> None:
        """Shows a character that came in; control characters as ^X with ECHOCTL."""
        if self.termios.lflag & Lflag.ECHOCTL and _is_control(character) and character != 9:
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
            elif not _is_control(character) and not self._continues(character):
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


def _is_control(character: int) -> bool:
    return character < 32 or character == 127
