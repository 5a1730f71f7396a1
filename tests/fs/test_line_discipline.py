"""What a terminal does with characters, apart from files and tasks; with them, see tests/programs/tasks/terminals.c."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ring3.abi.signals import Sig
from ring3.fs.input_buffer import SIZE
from ring3.fs.line_discipline import LineDiscipline
from ring3.fs.packet_mode import Status
from ring3.fs.termios import Cc, Iflag, Lflag, Oflag, Termios


@dataclass
class Terminal:
    """A line discipline and what came out of it, as far as there was room for it."""

    shown: bytearray = field(default_factory=bytearray)
    signals: list[Sig] = field(default_factory=list)
    noted: list[Status] = field(default_factory=list)
    limit: int = 100_000

    def __post_init__(self) -> None:
        self.line = LineDiscipline(self)

    def room(self) -> int:
        """Bytes that can be shown."""
        return 0 if self.line.stopped else self.limit - len(self.shown)

    def put(self, data: bytes) -> int:
        """Shows bytes."""
        taken = data[: self.room()]
        self.shown += taken
        return len(taken)

    def signal(self, signal: Sig) -> None:
        """Keeps what signal was sent."""
        self.signals.append(signal)

    def drop(self) -> None:
        """What was shown has been seen."""

    def note(self, happened: Status) -> None:
        """Keeps what has happened."""
        self.noted.append(happened)

    def write(self, data: bytes) -> int:
        """Output of a program."""
        return self.line.echo.write(data, self.line.termios)

    def change(self, *, iflag: int = 0, lflag: int = 0, oflag: int = 0, clear: int = 0) -> None:
        """Sets flags, and clears some of the local ones."""
        now = self.line.termios
        self.line.set_termios(
            now._replace(iflag=now.iflag | iflag, lflag=now.lflag & ~clear | lflag, oflag=now.oflag | oflag)
        )


@pytest.fixture
def terminal() -> Terminal:
    """One with the usual settings."""
    return Terminal()


@pytest.mark.parametrize(
    ("typed", "line", "shown"),
    [
        (b"a\r", b"a\n", b"a\r\n"),
        (b"ab\x7fc\n", b"ac\n", b"ab\b \bc\r\n"),
        (b"\x7fx\n", b"x\n", b"x\r\n"),
        (b"a\t\x7fb\n", b"ab\n", b"a\t" + b"\b" * 7 + b"b\r\n"),
        (b"\x01\x7f\n", b"\n", b"^A\b \b\b \b\r\n"),
        (b"one two\x17\n", b"one \n", b"one two" + b"\b \b" * 3 + b"\r\n"),
        (b"one  \x17\n", b"\n", b"one  " + b"\b \b" * 5 + b"\r\n"),
        (b"one\x15\n", b"\n", b"one" + b"\b \b" * 3 + b"\r\n"),
        (b"\x16\x03\n", b"\x03\n", b"^\b^C\r\n"),
        (b"\x04", b"", b""),
        (b"ab\x04", b"ab", b"ab"),
    ],
)
def test_lines_are_edited(terminal: Terminal, typed: bytes, line: bytes, shown: bytes) -> None:
    assert terminal.line.receive(typed) == len(typed)
    assert terminal.line.ready()
    assert terminal.line.take(100) == line
    assert not terminal.line.ready()
    assert bytes(terminal.shown) == shown


def test_a_character_of_several_bytes_is_erased_whole(terminal: Terminal) -> None:
    terminal.change(iflag=Iflag.IUTF8)
    terminal.line.receive("aä\x7f\n".encode())
    assert terminal.line.take(10) == b"a\n"
    assert bytes(terminal.shown) == "aä\b \b\r\n".encode()


def test_erased_characters_are_shown_on_paper(terminal: Terminal) -> None:
    terminal.change(lflag=Lflag.ECHOPRT)
    terminal.line.receive(b"abc\x7f\x7fd\n")
    assert terminal.line.take(10) == b"ad\n"
    assert bytes(terminal.shown) == b"abc\\cb/d\r\n"


def test_a_signal_drops_what_was_typed(terminal: Terminal) -> None:
    terminal.line.receive(b"line\nmore\x03x\n")
    assert terminal.signals == [Sig.SIGINT]
    assert terminal.line.take(10) == b"x\n"
    terminal.change(lflag=Lflag.NOFLSH)
    terminal.line.receive(b"a\x1cb\n")
    assert terminal.signals == [Sig.SIGINT, Sig.SIGQUIT]
    assert terminal.line.take(10) == b"ab\n"


def test_a_line_that_is_too_long_keeps_its_start_and_end(terminal: Terminal) -> None:
    terminal.line.receive(b"x" * 5000 + b"\n")
    assert terminal.line.take(10000) == b"x" * (SIZE - 1) + b"\n"


def test_raw_input_waits_for_a_reader(terminal: Terminal) -> None:
    terminal.line.set_termios(Termios(iflag=0, lflag=0))
    assert terminal.line.receive(b"x" * 5000) == SIZE - 1
    assert terminal.line.receive(b"x") == 0
    terminal.line.take(1)
    assert terminal.line.receive(b"xx") == 1


def test_input_stays_when_the_mode_changes(terminal: Terminal) -> None:
    terminal.line.receive(b"line\nrest")
    terminal.change(clear=Lflag.ICANON)
    assert terminal.line.available() == 9
    terminal.change(lflag=Lflag.ICANON)
    assert terminal.line.take(100) == b"line\nrest"


def test_output_stops_and_goes_on(terminal: Terminal) -> None:
    stopped = []
    for key in (b"\x13", b"\x11"):
        terminal.line.receive(key)
        stopped.append(terminal.line.stopped)
    assert stopped == [True, False]
    assert not terminal.line.ready()


@pytest.mark.parametrize(
    ("oflag", "written", "shown"),
    [
        (Oflag.OPOST | Oflag.ONLCR, b"a\nb\r\n", b"a\r\nb\r\r\n"),
        (Oflag.OPOST | Oflag.XTABS, b"a\tb", b"a       b"),
        (Oflag.OPOST | Oflag.OCRNL, b"a\rb", b"a\nb"),
        (Oflag.OPOST | Oflag.ONOCR, b"\ra\r", b"a\r"),
        (Oflag.OPOST | Oflag.OLCUC, b"Ab1", b"AB1"),
        (Oflag.ONLCR, b"a\n", b"a\n"),
    ],
)
def test_output_is_processed(oflag: int, written: bytes, shown: bytes) -> None:
    terminal = Terminal()
    terminal.line.set_termios(Termios(oflag=oflag))
    assert terminal.write(written) == len(written)
    assert bytes(terminal.shown) == shown


def test_echo_waits_while_output_is_stopped(terminal: Terminal) -> None:
    terminal.line.receive(b"a\x13bc")
    assert not terminal.shown
    assert terminal.write(b"x") == 0
    terminal.line.receive(b"\x11")
    assert bytes(terminal.shown) == b"abc"
    assert terminal.noted == [Status.STOP, Status.START]


def test_what_a_program_has_stopped_no_key_starts(terminal: Terminal) -> None:
    stopped = []
    for step in (terminal.line.hold, lambda: terminal.line.receive(b"\x11"), terminal.line.let_go):
        step()
        stopped.append(terminal.line.stopped)
    assert stopped == [True, True, False]


def test_output_is_taken_as_far_as_there_is_room(terminal: Terminal) -> None:
    terminal.limit = 4
    assert terminal.write(b"abc\ndef") == 3  # the end of a line takes two
    terminal.limit = 5
    assert terminal.write(b"\ndef") == 1
    assert bytes(terminal.shown) == b"abc\r\n"


def test_keys_to_come_stop_the_output(terminal: Terminal) -> None:
    terminal.change(clear=Lflag.ICANON | Lflag.ECHO)
    rest = (b"x" * SIZE + b"\x13y")[terminal.line.receive(b"x" * SIZE + b"\x13y") :]
    terminal.line.look_ahead(rest)
    assert terminal.noted == [Status.STOP]
    terminal.line.start()
    terminal.line.take(SIZE)
    assert terminal.line.receive(rest) == len(rest)
    assert terminal.noted == [Status.STOP, Status.START]
    assert terminal.line.take(SIZE) == b"xy"


def test_a_line_that_was_taken_in_part_is_given_back(terminal: Terminal) -> None:
    terminal.line.receive(b"line\nrest\x04")
    terminal.line.give_back(terminal.line.take(100)[2:])
    assert terminal.line.available() == 7
    assert terminal.line.take(100) == b"ne\n"
    terminal.line.give_back(terminal.line.take(100)[1:])
    assert (terminal.line.take(100), terminal.line.ready()) == (b"est", False)


@pytest.mark.parametrize("size", [1, 4])
def test_an_end_of_file_behind_what_is_read_goes_with_it(terminal: Terminal, size: int) -> None:
    terminal.line.receive(b"abcd"[:size] + b"\x04")
    assert terminal.line.take(size) == b"abcd"[:size]
    assert not terminal.line.ready()


def test_controls_are_marked_without_lines_too(terminal: Terminal) -> None:
    terminal.change(clear=Lflag.ICANON | Lflag.ISIG)
    terminal.line.receive(b"\x04\n")
    assert bytes(terminal.shown) == b"^D^J"


def test_letters_of_latin_1_have_capitals(terminal: Terminal) -> None:
    terminal.change(iflag=Iflag.IUCLC, oflag=Oflag.OLCUC)
    terminal.line.receive("aÉÿ\n".encode("latin-1"))
    assert terminal.line.take(10) == "aéÿ\n".encode("latin-1")
    assert bytes(terminal.shown) == "AÉ".encode("latin-1") + b"\xff\r\n"


def test_a_special_character_can_be_none(terminal: Terminal) -> None:
    cc = bytearray(terminal.line.termios.cc)
    cc[Cc.INTR] = 0
    terminal.line.set_termios(terminal.line.termios._replace(cc=bytes(cc)))
    terminal.line.receive(b"\0\x03\n")
    assert terminal.line.take(10) == b"\0\x03\n"
    assert not terminal.signals
