"""How much can be on the way between the ends of a pseudoterminal."""

from __future__ import annotations

from ring3.fs.flip_buffer import LIMIT, FlipBuffer


def test_bytes_come_out_in_their_order() -> None:
    buffer = FlipBuffer()
    assert buffer.insert(b"a" * 300) == 300
    assert buffer.insert(b"b" * 300) == 300
    found = bytearray()
    while pending := buffer.pending():
        buffer.take(min(len(pending), 70))
        found += pending[:70]
    assert bytes(found) == b"a" * 300 + b"b" * 300
    assert not buffer.pending()


def test_pieces_are_limited_and_not_bytes() -> None:
    one, many = FlipBuffer(), FlipBuffer()
    taken = one.insert(bytes(100_000))
    assert LIMIT < taken < 3 * LIMIT
    assert not one.space
    assert not one.insert(b"x")
    alone = sum(many.insert(b"x") for _ in range(100_000))
    assert alone > LIMIT
    many.flush()
    assert many.space
    assert not many.pending()


def test_what_waits_is_looked_at_once() -> None:
    buffer = FlipBuffer()
    buffer.insert(bytes(600))
    buffer.insert(b"abc")
    assert len(buffer.unseen()) == 603
    assert not buffer.unseen()
    buffer.insert(b"d")
    assert buffer.unseen() == b"d"
