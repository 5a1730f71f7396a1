"""What a terminal shows: output with its settings, and the echo of what is typed (drivers/tty/n_tty.c).

Echo waits in a queue of its own, so that it comes out whole and in its order when output is stopped or there is no
room. Some of what is queued is no character but a change of the columns.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from ring3.abi.kinds import IntEnum
from ring3.fs.termios import Iflag, Lflag, Oflag, Termios

TAB_WIDTH: Final = 8
UPPER: Final = bytes(
    code - 32 if 97 <= code <= 122 or (code >= 0xDF and code != 0xF7) else code for code in range(256)
)
"""Each character in capitals, as the kernel's own table has it (lib/ctype.c): Latin-1."""
LOWER: Final = bytes(
    code + 32 if 65 <= code <= 90 or (0xC0 <= code <= 0xDE and code != 0xD7) else code for code in range(256)
)
"""The same in small letters."""
BLOCK: Final = 256
"""Bytes of the queue after which it is put out although more comes (ECHO_COMMIT_WATERMARK, ECHO_BLOCK)."""
MOST: Final = 4096 - (BLOCK + 32)
"""Bytes of the queue beyond which the oldest are dropped (ECHO_DISCARD_WATERMARK)."""


class Op(IntEnum):
    """What stands in the queue that is not a plain character."""

    CARET = 256
    """A control character that is shown as ^X."""
    SET_START = 257
    """The line that is edited starts here."""
    BACK = 258
    """A byte of a character was no column of its own."""
    ERASE_TAB = 259


class Sink(Protocol):
    """Where output goes."""

    def room(self) -> int:
        """Bytes that it takes now."""

    def put(self, data: bytes) -> int:
        """Takes bytes; returns how many."""


def is_control(character: int) -> bool:
    """Whether a character is no sign (iscntrl)."""
    return character < 32 or character == 127


def continues(character: int, termios: Termios) -> bool:
    """Whether it is a later byte of a character (is_continuation)."""
    return bool(termios.iflag & Iflag.IUTF8) and character & 0xC0 == 0x80


class Echo:
    """The output of one terminal.

    Attributes:
        translates: It does what the settings say of output; somebody else does otherwise.
    """

    def __init__(self, sink: Sink) -> None:
        self.translates = True
        self._sink = sink
        self._column = 0
        self._start = 0  # the column at which the line that is edited starts
        self._queue: deque[tuple[int, int]] = deque()  # characters and operations, each with its operand
        self._size = 0  # of the queue in bytes, as the kernel stores it
        self._committed = 0  # how many entries of the queue may be put out
        self._marked = 0  # how many may be when the kernel is asked to
        self._old = 0  # bytes of those that may be put out and are not

    # -- the queue ------------------------------------------------------------------------------------------------

    def add(self, *characters: int) -> None:
        """Queues characters that are shown as they are (echo_char_raw)."""
        for character in characters:
            self._add(character)

    def add_shown(self, character: int, termios: Termios) -> None:
        """Queues a character that came in, a control character as ^X with ECHOCTL (echo_char)."""
        if termios.lflag & Lflag.ECHOCTL and is_control(character) and character != 9:
            self._add(Op.CARET, character)
        else:
            self._add(character)

    def set_start(self) -> None:
        """The line that is edited starts where the next character will be (echo_set_canon_col)."""
        self._add(Op.SET_START)

    def move_back(self) -> None:
        """The byte before was shown in no column of its own (echo_move_back_col)."""
        self._add(Op.BACK)

    def erase_tab(self, columns: int, after_tab: bool) -> None:
        """Goes back over a tab (echo_erase_tab).

        Args:
            columns: How many columns lie between what was before it and where the tab starts.
            after_tab: That was another tab, and not the start of the line.
        """
        self._add(Op.ERASE_TAB, columns % TAB_WIDTH | (0x80 if after_tab else 0))

    def _add(self, what: int, operand: int = 0) -> None:
        self._queue.append((what, operand))
        self._size += _size(what)

    def clear(self) -> None:
        """Forgets what is queued."""
        self._queue.clear()
        self._size = self._committed = self._marked = self._old = 0

    # -- putting it out -------------------------------------------------------------------------------------------

    def commit(self, termios: Termios) -> None:
        """What is queued belongs together; much of it is put out at once (commit_echoes)."""
        self._marked = len(self._queue)
        if self._size >= BLOCK and self._size % BLOCK <= self._old % BLOCK:
            self._committed = self._marked
            self._put_out(termios)

    def process(self, termios: Termios) -> None:
        """Puts out what was committed (process_echoes)."""
        if self._marked:
            self._committed = self._marked
            self._put_out(termios)

    def flush(self, termios: Termios) -> None:
        """Puts out what was queued, if echo is wanted now (flush_echoes)."""
        if termios.lflag & (Lflag.ECHO | Lflag.ECHONL) and self._committed < len(self._queue):
            self._committed = len(self._queue)
            self._put_out(termios)

    def _put_out(self, termios: Termios) -> None:
        """Puts out what may be, as far as there is room (__process_echoes)."""
        done = 0
        room = self._sink.room()
        for what, operand in list(self._queue)[: self._committed]:
            used = self._put_one(what, operand, termios, room)
            if used < 0:
                break
            room -= used
            done += 1
        for _ in range(done):
            self._drop_first()
        self._old = sum(_size(what) for what, _ in list(self._queue)[: self._committed])
        while self._old >= MOST:
            self._old -= self._drop_first()

    def _drop_first(self) -> int:
        size = _size(self._queue.popleft()[0])
        self._size -= size
        self._committed -= 1
        self._marked = max(self._marked - 1, 0)
        return size

    def _put_one(self, what: int, operand: int, termios: Termios, room: int) -> int:
        """One entry of the queue: bytes put out, -1 if there is no room."""
        if what == Op.SET_START:
            self._start = self._column
            return 0
        if what < 0xFF and termios.oflag & Oflag.OPOST:
            return self._put_character(what, termios, room)
        data, columns = self._shown(what, operand)
        if len(data) > room:
            return -1
        self._column = max(self._column + columns, 0)
        if data:
            self._sink.put(data)
        return len(data)

    def _shown(self, what: int, operand: int) -> tuple[bytes, int]:
        """What an entry puts out that no setting changes, and how many columns that goes on."""
        if what == Op.CARET:
            return bytes([94, operand ^ 0x40]), 2
        if what == Op.BACK:
            return b"", -1
        if what == Op.ERASE_TAB:
            columns = operand if operand & 0x80 else operand + self._start
            back = TAB_WIDTH - columns % TAB_WIDTH
            return b"\b" * back, -back
        return bytes([what]), int(what == 0xFF)  # with which the kernel marks what is no character

    # -- output ---------------------------------------------------------------------------------------------------

    def write(self, data: bytes, termios: Termios) -> int:
        """Output of a program; returns how many bytes there was room for (n_tty_write)."""
        self.process(termios)
        if not termios.oflag & Oflag.OPOST:
            return self._sink.put(data)
        done = 0
        while done < len(data):
            done += self._put_plain(data[done:], termios)
            if done == len(data) or self._put_character(data[done], termios, self._sink.room()) < 0:
                break
            done += 1
        return done

    def _put_plain(self, data: bytes, termios: Termios) -> int:
        """Puts out as many characters at once as have no other treatment than ONLCR; returns how many."""
        oflag = termios.oflag
        if oflag & ~(Oflag.OPOST | Oflag.ONLCR):
            return 0
        data = data[: self._sink.room() // 2]  # each can become two
        if not oflag & Oflag.ONLCR:
            data = data.split(b"\n", 1)[0]
        column = self._column
        start = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if start:
            self._start = column = 0
        for character in data[start:]:
            if character >= 32 and character != 127:
                column += not continues(character, termios)
            elif character == 9:
                column += TAB_WIDTH - column % TAB_WIDTH
            elif character == 8:
                column = max(column - 1, 0)
        self._column = column
        if data:
            self._sink.put(data.replace(b"\n", b"\r\n") if self.translates else data)
        return len(data)

    def _put_character(self, character: int, termios: Termios, room: int) -> int:
        """Puts one character out: how many bytes that took, -1 if there is no room (do_output_char)."""
        shown = self._treated(character, termios.oflag)
        put = shown if self.translates else bytes([character])
        if not room or len(put) > room:
            return -1
        if shown:
            self._move(character, shown, termios)
        if put:
            self._sink.put(put)
        return len(put)

    def _treated(self, character: int, oflag: int) -> bytes:
        """What becomes of a character."""
        if character == 10:
            return b"\r\n" if oflag & Oflag.ONLCR else b"\n"
        if character == 13:
            if oflag & Oflag.ONOCR and not self._column:
                return b""
            return b"\n" if oflag & Oflag.OCRNL else b"\r"
        if character == 9 and oflag & Oflag.XTABS == Oflag.XTABS:
            return b" " * (TAB_WIDTH - self._column % TAB_WIDTH)
        return UPPER[character : character + 1] if oflag & Oflag.OLCUC else bytes([character])

    def _move(self, character: int, shown: bytes, termios: Termios) -> None:
        """Keeps the columns: a character was shown as that."""
        oflag = termios.oflag
        if character == 10:
            if oflag & (Oflag.ONLRET | Oflag.ONLCR):
                self._column = 0
            self._start = self._column
        elif character == 13:
            if not oflag & Oflag.OCRNL or oflag & Oflag.ONLRET:
                self._start = self._column = 0
        elif character == 9:
            self._column += TAB_WIDTH - self._column % TAB_WIDTH
        elif character == 8:
            self._column = max(self._column - 1, 0)
        elif not is_control(character):
            self._column += not continues(shown[0], termios)


def _size(what: int) -> int:
    """Bytes of an entry of the queue in the kernel's."""
    if what == Op.ERASE_TAB:
        return 3
    return 1 if what < 0xFF else 2
