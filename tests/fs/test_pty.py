"""What goes from one end of a pseudoterminal to the other, when the other is full too."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest

from ring3.fs.flip_buffer import LIMIT
from ring3.fs.pty import Jobs, Pty
from ring3.fs.termios import Lflag, Termios


@pytest.fixture
def pty() -> Pty:
    """One whose slave takes characters as they come, without echo."""
    pty = Pty(0, create_autospec(Jobs, instance=True))
    usual = Termios()
    pty.slave.set_termios(usual._replace(lflag=usual.lflag & ~(Lflag.ICANON | Lflag.ECHO)))
    return pty


def test_a_key_stops_the_output_though_nobody_reads_what_is_before_it(pty: Pty) -> None:
    assert pty.master.write(b"x" * 5000) == 5000
    pty.master.write(b"\x13")
    assert pty.slave.write(b"y") == 0
    pty.master.write(b"\x11")
    assert pty.slave.write(b"y") == 1


def test_what_is_on_the_way_arrives_when_there_is_room(pty: Pty) -> None:
    sent = bytes(range(32, 127)) * 100
    assert pty.master.write(sent) == len(sent)
    found = b"".join(iter(lambda: pty.slave.read(1000), b""))
    assert found == sent


@pytest.mark.parametrize("drops", [True, False])
def test_a_writer_is_woken_when_there_is_room_again(pty: Pty, drops: bool) -> None:
    while pty.master.write(b"x" * LIMIT):
        pass
    woken: list[bool] = []
    pty.master.waiting.listen(lambda: woken.append(pty.master.room() > 0))
    if drops:
        pty.master.drop()
    else:
        while pty.slave.read(4096):
            pass
    assert woken[-1]
