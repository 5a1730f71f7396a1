from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.abi.errno import E
from ring3.fs.file import WouldBlock
from ring3.fs.pipe import CAPACITY, PIPE_BUF, PipeFile, make_pipe
from ring3.fs.readiness import POLLERR, POLLHUP, READABLE, WRITABLE
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.objects import Objects
from ring3.machine.ram import Ram
from tests.fs.test_namei import fails


@pytest.fixture
def ends(vfs: Vfs) -> tuple[PipeFile, PipeFile]:
    reader, writer = make_pipe(vfs)
    reader.hold()
    writer.hold()
    return reader, writer


def test_what_is_written_is_read(ends: tuple[PipeFile, PipeFile]) -> None:
    reader, writer = ends
    assert writer.write(b"hello") == 5
    assert writer.write(memoryview(b" world")) == 6
    assert reader.read(7) == b"hello w"
    reader.unread(b"w")
    assert reader.read(100) == b"world"
    with pytest.raises(WouldBlock):
        reader.read(1)


def test_small_writes_are_whole_and_large_ones_fill_what_is_left(ends: tuple[PipeFile, PipeFile]) -> None:
    reader, writer = ends
    assert writer.write(bytes(CAPACITY - 100)) == CAPACITY - 100
    with pytest.raises(WouldBlock):
        writer.write(bytes(PIPE_BUF))
    assert writer.write(bytes(PIPE_BUF + 1)) == 100
    with pytest.raises(WouldBlock):
        writer.write(bytes(PIPE_BUF + 1))
    assert reader.available() == CAPACITY
    assert len(reader.read(CAPACITY * 2)) == CAPACITY


def test_readiness(ends: tuple[PipeFile, PipeFile]) -> None:
    reader, writer = ends
    assert (reader.poll(), writer.poll()) == (0, WRITABLE)
    writer.write(bytes(CAPACITY - PIPE_BUF + 1))
    assert (reader.poll(), writer.poll()) == (READABLE, 0)
    writer.drop()
    assert reader.poll() == READABLE | POLLHUP
    reader.read(CAPACITY)
    assert reader.poll() == POLLHUP
    assert reader.read(1) == b""


def test_nobody_reads(ends: tuple[PipeFile, PipeFile]) -> None:
    reader, writer = ends
    reader.drop()
    assert writer.poll() == WRITABLE | POLLERR
    with fails(E.EPIPE):
        writer.write(b"x")


def test_listeners_hear_what_they_asked_for(ends: tuple[PipeFile, PipeFile]) -> None:
    reader, writer = ends
    heard: list[str] = []
    for_reading = reader.listen(lambda: heard.append("readable"), READABLE)
    for_writing = writer.listen(lambda: heard.append("writable"), WRITABLE)
    writer.write(b"ab")
    assert heard == ["readable"]
    reader.read(1)
    assert heard == ["readable", "writable"]
    for_reading.cancel()
    for_writing.cancel()
    writer.write(b"c")
    writer.drop()
    assert heard == ["readable", "writable"]


def test_changing_the_capacity(ends: tuple[PipeFile, PipeFile]) -> None:
    reader, writer = ends
    assert writer.pipe.resize(5000) == 8192
    assert writer.write(bytes(10000)) == 8192
    with fails(E.EBUSY):
        writer.pipe.resize(4096)
    with fails(E.EINVAL):
        writer.pipe.resize(1 << 32)
    assert reader.pipe.resize(100_000) == 1 << 17


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3 * PIPE_BUF)), max_size=60))
def test_bytes_come_out_as_they_went_in(steps: list[tuple[bool, int]]) -> None:
    ram = Ram(1 << 20)
    reader, writer = make_pipe(Vfs(ram, Objects(), lambda: 0))
    sent = received = b""
    for write, size in steps:
        try:
            if write:
                data = bytes((len(sent) + n) % 251 for n in range(size))
                sent += data[: writer.write(data)]
            else:
                received += reader.read(size)
        except WouldBlock:
            pass
    assert len(sent) - len(received) == reader.available() <= CAPACITY
    if reader.available():
        received += reader.read(CAPACITY)
    assert received == sent
    ram.close()
