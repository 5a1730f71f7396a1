"""What a terminal does with characters on their way in and out (termios(3); drivers/tty/n_tty.c).

Input is echoed, edited line by line, turned into signals or passed on as it is; output gets its carriage returns. It
knows nothing of files and tasks: a pseudoterminal feeds it and is told what to echo and whom to signal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from ring3.abi.signals import Sig
from ring3.fs.line_output import TAB_WIDTH, LineOutput, is_control
from ring3.fs.termios import Cc, Iflag, Lflag, Termios

CAPACITY: Final = 4095
"""Characters of input that wait for a reader at most, the end of a line aside."""
WORD: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
"""What WERASE takes for a word."""


SIGNALS: Final = ((Cc.INTR, Sig.SIGINT), (Cc.QUIT, Sig.SIGQUIT), (Cc.SUSP, Sig.SIGTSTP))


class LineDiscipline(LineOutput):
    """One terminal's.

    Attributes:
        stopped: Output waits for the START character.
    """

    def __init__(self, echo: Callable[[bytes], None], signal: Callable[[Sig], None]) -> None:
        """Makes one.

        Args:
            echo: Puts out what is echoed.
            signal: Sends a signal to whom the terminal serves, and drops output that nobody has read yet unless
                NOFLSH is set.
        """
        super().__init__(echo)
        self.stopped = False
        self._signal = signal
        self._lines: deque[bytearray] = deque()  # complete ones; one that EOF has ended is without it
        self._edited = bytearray()  # what can still be edited; without lines what can be read
        self._literal = False  # LNEXT came before
        self._erasing = False  # between \ and / with ECHOPRT

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
            width = (2 if marked else 0) if is_control(character) else 1
            self._echo_raw(b"\b \b" * width)

    def _erase_tab(self) -> None:
        """Goes back over a tab that was echoed."""
        start = self._edited.rfind(b"\t") + 1
        width = sum(self._width(character) for character in self._edited[start:])
        if not start:
            width += self._line_column
        self._echo_raw(b"\b" * (TAB_WIDTH - width % TAB_WIDTH))

    def _width(self, character: int) -> int:
        if is_control(character):
            return 2 if self.termios.lflag & Lflag.ECHOCTL else 0
        return 0 if self._continues(character) else 1

    def _finish_erasing(self) -> None:
        if self._erasing:
            self._echo_raw(b"/")
            self._erasing = False
