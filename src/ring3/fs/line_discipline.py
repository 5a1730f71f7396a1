"""What a terminal does with characters on their way in (termios(3); drivers/tty/n_tty.c of Linux 6.x).

Input is echoed, edited line by line, turned into signals or passed on as it is. It knows nothing of files and tasks: a
terminal (`Driver`) feeds it, takes what is shown, and is told whom to signal.
"""

from __future__ import annotations

from typing import Final, Protocol

from ring3.abi.signals import Sig
from ring3.fs.echo import LOWER, Echo, Sink
from ring3.fs.erasing import Eraser
from ring3.fs.input_buffer import END_OF_FILE, SIZE, InputBuffer
from ring3.fs.packet_mode import Status
from ring3.fs.termios import DISABLED, Cc, Iflag, Lflag, Termios

SIGNALS: Final = ((Cc.INTR, Sig.SIGINT), (Cc.QUIT, Sig.SIGQUIT), (Cc.SUSP, Sig.SIGTSTP))
_TREATING: Final = (
    Iflag.ISTRIP | Iflag.IUCLC | Iflag.IGNCR | Iflag.ICRNL | Iflag.INLCR | Iflag.IXON | Iflag.PARMRK
)


class Driver(Sink, Protocol):
    """The terminal that this belongs to."""

    def signal(self, signal: Sig) -> None:
        """Sends a signal to whom the terminal serves."""

    def drop(self) -> None:
        """Drops what was put out and is still on the way (flush_buffer)."""

    def note(self, happened: Status) -> None:
        """Something has happened that a reader of packets is told."""


class LineDiscipline:
    """One terminal's.

    Attributes:
        termios: The settings.
        stopped: Output waits.
        held: It does so because a program wants that, and no key lets it go on (TCOOFF).
        no_room: Something that came in had to wait; a reader makes room for it.
        echo: What it shows.
    """

    def __init__(self, driver: Driver, termios: Termios | None = None) -> None:
        self._driver = driver
        self.echo = Echo(driver)
        self.stopped = self.held = self.no_room = False
        self._input = InputBuffer()
        self._literal = False  # LNEXT came before
        self._eraser = Eraser(self._input, self.echo)
        self._looked = 0  # characters to come whose START and STOP were obeyed before there was room for them
        self.set_termios(termios or Termios())

    # -- settings ------------------------------------------------------------------------------------------------

    def set_termios(self, termios: Termios) -> None:
        """Replaces the settings; what is there to be read stays, as it is with the new ones (n_tty_set_termios)."""
        before: Termios | None = getattr(self, "termios", None)
        self.termios = termios
        if before is None or (before.lflag ^ termios.lflag) & (Lflag.ICANON | Lflag.EXTPROC):
            self._input.regroup(bool(termios.lflag & Lflag.ICANON))
            self._literal = False
            self._eraser.forget()
        lflag = termios.lflag
        self._is_raw = not lflag & (Lflag.ISIG | Lflag.ICANON | Lflag.ECHO) and not termios.iflag & _TREATING
        self._special = self._find_special()
        if before is not None and before.iflag & ~termios.iflag & Iflag.IXON and not self.held:
            self.start()
            self.echo.process(termios)

    def _find_special(self) -> frozenset[int]:
        """The characters that are looked at twice (char_map)."""
        iflag, lflag, cc = self.termios.iflag, self.termios.lflag, self.termios.cc
        found = [13] if iflag & (Iflag.IGNCR | Iflag.ICRNL) else []
        if iflag & Iflag.INLCR:
            found.append(10)
        if lflag & Lflag.ICANON:
            found += [10, cc[Cc.ERASE], cc[Cc.KILL], cc[Cc.EOF], cc[Cc.EOL]]
            if lflag & Lflag.IEXTEN:
                found += [cc[Cc.WERASE], cc[Cc.LNEXT], cc[Cc.EOL2]]
                if lflag & Lflag.ECHO:
                    found.append(cc[Cc.REPRINT])
        if iflag & Iflag.IXON:
            found += [cc[Cc.START], cc[Cc.STOP]]
        if lflag & Lflag.ISIG:
            found += [cc[which] for which, _ in SIGNALS]
        return frozenset(found) - {DISABLED}

    def stop(self) -> None:
        """Output waits from now on (stop_tty)."""
        if not self.stopped:
            self.stopped = True
            self._driver.note(Status.STOP)

    def start(self) -> None:
        """It goes on, unless a program has held it (start_tty)."""
        if self.stopped and not self.held:
            self.stopped = False
            self._driver.note(Status.START)

    def hold(self) -> None:
        """A program stops the output (TCOOFF)."""
        if not self.held:
            self.held = True
            self.stop()

    def let_go(self) -> None:
        """It lets it go on (TCOON)."""
        if self.held:
            self.held = False
            self.start()

    # -- reading -------------------------------------------------------------------------------------------------

    def ready(self, least: int = 1) -> bool:
        """Whether a reader gets anything: a line, or where they do not matter so many characters."""
        if self.termios.by_lines:
            return self._input.lines != self._input.tail
        return self._input.readable - self._input.tail >= max(least, 1)

    def take(self, size: int) -> bytes:
        """What a reader gets; nothing for a line that EOF has ended at its start."""
        if self.termios.by_lines:
            return self._input.take_line(size)
        data = self._input.take(size)
        if len(data) == 1 and not self._input.data and data[0] == self.termios.cc[Cc.EOF]:
            lflag = Lflag.EXTPROC | Lflag.ICANON
            if self.termios.lflag & lflag == lflag:
                return b""
        return data

    def give_back(self, data: bytes) -> None:
        """Takes back the end of what `take` has given."""
        self._input.give_back(data)

    def available(self) -> int:
        """Characters that can be read (TIOCINQ)."""
        return self._input.in_lines if self.termios.by_lines else len(self._input.data)

    def flush(self) -> None:
        """Drops the input."""
        self._input.clear()
        self._eraser.forget()

    # -- input ---------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> int:
        """Takes characters that come in; returns how many there was room for (n_tty_receive_buf_common).

        With lines, and none to be read, there is always room: each character then takes the place of the one before.
        """
        done = 0
        while True:
            room = SIZE - len(self._input.data)
            if self.termios.iflag & Iflag.PARMRK:
                room = -(-room // 3)
            room -= 1
            if room <= 0:
                overflows = bool(self.termios.lflag & Lflag.ICANON) and self._input.lines == self._input.tail
                if overflows and room < 0:
                    del self._input.data[-1:]
                room = int(overflows)
                self.no_room = not room
            piece = data[done : done + room]
            if not piece:
                return done
            self._receive(piece)
            done += len(piece)
            if done == len(data) and len(self._input.data) < SIZE - 1:
                return done

    def _receive(self, data: bytes) -> None:
        termios = self.termios
        iflag, lflag = termios.iflag, termios.lflag
        looked = min(self._looked, len(data))
        self._looked -= looked
        changes = iflag & Iflag.ISTRIP or (iflag & Iflag.IUCLC and lflag & Lflag.IEXTEN)
        if self._is_raw or (lflag & Lflag.EXTPROC and not changes):
            self._input.data += data
        else:
            for at, character in enumerate(data):
                self._receive_one(self._stripped(character), at < looked)
            self.echo.flush(self.termios)
        if not self.termios.by_lines:
            self._input.readable = self._input.head

    def look_ahead(self, data: bytes) -> None:
        """Characters that come later stop and start the output already now (n_tty_lookahead_flow_ctrl)."""
        self._looked += len(data)
        if self.termios.iflag & Iflag.IXON:
            for character in data:
                self._controls_flow(character)

    def _stripped(self, character: int) -> int:
        iflag = self.termios.iflag
        if iflag & Iflag.ISTRIP:
            character &= 0x7F
        if iflag & Iflag.IUCLC and self.termios.lflag & Lflag.IEXTEN:
            character = LOWER[character]
        return character

    def _receive_one(self, character: int, was_looked_at: bool) -> None:
        if self._literal:
            self._literal = False
            self._receive_plain(character)
        elif self.termios.lflag & Lflag.EXTPROC:
            self._input.data.append(character)
        elif character not in self._special:
            self._receive_plain(character)
        else:
            self._receive_special(character, was_looked_at)

    def _receive_plain(self, character: int) -> None:
        """A character as any other (n_tty_receive_char)."""
        self._go_on_by_any()
        if self.termios.lflag & Lflag.ECHO:
            self._eraser.finish()
            self._echo_in_line(character)
            self.echo.commit(self.termios)
        self._store(character)

    def _store(self, character: int) -> None:
        if character == 0xFF and self.termios.iflag & Iflag.PARMRK:
            self._input.data.append(character)
        self._input.data.append(character)

    def _echo_in_line(self, character: int) -> None:
        """Shows a character, and keeps where the line starts if it is the first."""
        if not self._input.is_editing:
            self.echo.set_start()
        self.echo.add_shown(character, self.termios)

    def _go_on_by_any(self) -> None:
        """Any character starts the output that STOP has stopped, with IXANY."""
        iflag = self.termios.iflag
        if self.stopped and not self.held and iflag & Iflag.IXON and iflag & Iflag.IXANY:
            self.start()
            self.echo.process(self.termios)

    def _receive_special(self, character: int, was_looked_at: bool) -> None:
        """One that may mean something (n_tty_receive_char_special)."""
        termios = self.termios
        iflag, lflag = termios.iflag, termios.lflag
        if iflag & Iflag.IXON and (
            character in self._flow_keys() if was_looked_at else self._controls_flow(character)
        ):
            return
        if lflag & Lflag.ISIG and self._signals(character):
            return
        self._go_on_by_any()
        if character == 13:
            if iflag & Iflag.IGNCR:
                return
            character = 10 if iflag & Iflag.ICRNL else 13
        elif character == 10 and iflag & Iflag.INLCR:
            character = 13
        if lflag & Lflag.ICANON and self._edit(character):
            return
        if lflag & Lflag.ECHO:
            self._eraser.finish()
            if character == 10:
                self.echo.add(10)
            else:
                self._echo_in_line(character)
            self.echo.commit(termios)
        self._store(character)

    def _flow_keys(self) -> tuple[int, int]:
        return self.termios.cc[Cc.START], self.termios.cc[Cc.STOP]

    def _controls_flow(self, character: int) -> bool:
        """Does what START and STOP say; False for any other character."""
        start, stop = self._flow_keys()
        if character == start:
            self.start()
            self.echo.process(self.termios)
        elif character == stop:
            self.stop()
        else:
            return False
        return True

    def _signals(self, character: int) -> bool:
        """Sends the signal of a character; False if it has none (n_tty_receive_signal_char)."""
        termios = self.termios
        for which, signal in SIGNALS:
            if character == termios.cc[which]:
                self._driver.signal(signal)
                if not termios.lflag & Lflag.NOFLSH:
                    self.echo.clear()
                    self._driver.drop()
                    self.flush()
                    self._driver.note(Status.FLUSHREAD)
                if termios.iflag & Iflag.IXON:
                    self.start()
                if termios.lflag & Lflag.ECHO:
                    self.echo.add_shown(character, termios)
                    self.echo.commit(termios)
                else:
                    self.echo.process(termios)
                return True
        return False

    # -- editing -------------------------------------------------------------------------------------------------

    def _edit(self, character: int) -> bool:
        """Does what a character means in a line; False if it means itself (n_tty_receive_char_canon)."""
        cc, lflag = self.termios.cc, self.termios.lflag
        extended = lflag & Lflag.IEXTEN
        if character in (cc[Cc.ERASE], cc[Cc.KILL]) or (extended and character == cc[Cc.WERASE]):
            self._eraser.erase(character, self.termios)
            self.echo.commit(self.termios)
        elif extended and character == cc[Cc.LNEXT]:
            self._take_next_literally()
        elif extended and lflag & Lflag.ECHO and character == cc[Cc.REPRINT]:
            self._reprint(character)
        else:
            return self._ends_line(character)
        return True

    def _ends_line(self, character: int) -> bool:
        cc, lflag = self.termios.cc, self.termios.lflag
        if character == 10:
            if lflag & (Lflag.ECHO | Lflag.ECHONL):
                self.echo.add(10)
                self.echo.commit(self.termios)
            self._input.end_line(10)
        elif character == cc[Cc.EOF]:
            self._input.end_line(END_OF_FILE)
        elif character == cc[Cc.EOL] or (lflag & Lflag.IEXTEN and character == cc[Cc.EOL2]):
            if lflag & Lflag.ECHO:
                self._echo_in_line(character)
                self.echo.commit(self.termios)
            if character == 0xFF and self.termios.iflag & Iflag.PARMRK:
                self._input.data.append(character)
            self._input.end_line(character)
        else:
            return False
        return True

    def _take_next_literally(self) -> None:
        self._literal = True
        if self.termios.lflag & Lflag.ECHO:
            self._eraser.finish()
            if self.termios.lflag & Lflag.ECHOCTL:
                self.echo.add(*b"^\b")
                self.echo.commit(self.termios)

    def _reprint(self, character: int) -> None:
        self._eraser.finish()
        self.echo.add_shown(character, self.termios)
        self.echo.add(10)
        for shown in self._input.line:
            self.echo.add_shown(shown, self.termios)
        self.echo.commit(self.termios)
