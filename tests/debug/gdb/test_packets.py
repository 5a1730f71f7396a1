"""Packets: what is damaged, binary, cut or too long, and numbers that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.debug.gdb.packets import (
    INTERRUPT,
    LONGEST,
    Malformed,
    Reader,
    escape,
    framed,
    hexed,
    number,
    pair,
    unescape,
)


def test_a_packet_is_framed_and_read_again() -> None:
    assert framed(b"OK") == b"$OK#9a"
    assert list(Reader().feed(b"+$OK#9a")) == [(b"OK", b"+")]


def test_pieces_are_put_together() -> None:
    reader = Reader()
    parts = [list(reader.feed(bytes((byte,)))) for byte in b"$m0,4#fd"]
    assert parts[-1] == [(b"m0,4", b"+")]
    assert not any(parts[:-1])


def test_damage_is_asked_for_again_or_passed_over() -> None:
    reader = Reader()
    assert list(reader.feed(b"$OK#00$OK#zz$?#3f")) == [(None, b"-"), (None, b"-"), (b"?", b"+")]
    reader.acknowledges = False
    assert list(reader.feed(b"$OK#00")) == [(None, b"")]


def test_an_interrupt_comes_between_packets() -> None:
    assert list(Reader().feed(b"\x03$?#3f")) == [(INTERRUPT, b""), (b"?", b"+")]


def test_what_never_ends_is_forgotten() -> None:
    reader = Reader()
    for _ in range(3):
        assert not list(reader.feed(b"$" + b"A" * LONGEST))
    assert (b"?", b"+") in list(reader.feed(b"#00$?#3f"))


@given(st.binary())
def test_binary_data_comes_through(data: bytes) -> None:
    assert unescape(escape(data)) == data
    assert list(Reader().feed(framed(escape(data)))) == [(escape(data), b"+")]


@given(st.binary())
def test_anything_can_be_fed(data: bytes) -> None:
    list(Reader().feed(data))


@pytest.mark.parametrize("word", ["", "0x1", "-1", "g", " 1", "1_0"])
def test_numbers_that_are_none(word: str) -> None:
    with pytest.raises(Malformed):
        number(word)
    with pytest.raises(Malformed):
        pair(f"1,{word}")
    with pytest.raises(Malformed):
        pair("1")
    with pytest.raises(Malformed):
        hexed("abc")
