from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_APPEND, O_RDWR, O_WRONLY, WouldBlock
from ring3.fs.host import HostFile
from ring3.fs.locks import Locks
from ring3.fs.readiness import POLLHUP, READABLE, WRITABLE
from ring3.fs.vfs import Vfs
from ring3.kernel.host_events import HostEvents
from tests.fs.test_namei import fails


@pytest.fixture
def events() -> HostEvents:
    return HostEvents()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        try:
            os.close(fd)
        except OSError:
            continue


def test_an_empty_pipe_blocks_and_tells_when_it_does_not(events: HostEvents, pipe: tuple[int, int]) -> None:
    file = HostFile(pipe[0], events)
    with pytest.raises(WouldBlock) as blocked:
        file.read(10)
    woken: list[str] = []
    listening = blocked.value.watch(lambda: woken.append("woken"))
    events.sleep(0)
    assert not woken
    os.write(pipe[1], b"data")
    assert events.sleep(None)
    assert woken == ["woken"]
    listening.cancel()
    assert not events.sleep(None)
    assert file.available() == 4
    assert file.read(10) == b"data"


def test_a_full_pipe_takes_what_it_can(events: HostEvents, pipe: tuple[int, int]) -> None:
    file = HostFile(pipe[1], events)
    taken = file.write(bytes(1 << 20))
    assert 0 < taken < 1 << 20
    with pytest.raises(WouldBlock):
        file.write(b"x" * 4096)
    os.read(pipe[0], 1 << 20)
    assert file.write(b"again") == 5


def test_readiness_is_the_hosts(events: HostEvents, pipe: tuple[int, int]) -> None:
    reader, writer = HostFile(pipe[0], events), HostFile(pipe[1], events)
    assert (reader.poll(), writer.poll()) == (0, WRITABLE)
    writer.write(b"x")
    assert reader.poll() == READABLE
    assert reader.read(1) == b"x"
    os.close(pipe[1])
    assert reader.poll() == POLLHUP
    assert reader.read(1) == b""


def test_two_who_wait_for_the_same_are_both_told(events: HostEvents, pipe: tuple[int, int]) -> None:
    file = HostFile(pipe[0], events)
    woken: list[int] = []
    listeners = [file.listen(lambda number=number: woken.append(number), READABLE) for number in (1, 2)]  # type: ignore[misc]
    os.write(pipe[1], b"x")
    events.sleep(0)
    assert sorted(woken) == [1, 2]
    listeners[0].cancel()
    events.sleep(0)
    assert sorted(woken) == [1, 2, 2]
    listeners[1].cancel()


def test_what_could_not_be_delivered_is_read_again(
    events: HostEvents, pipe: tuple[int, int], tmp_path: Path
) -> None:
    os.write(pipe[1], b"abcdef")
    stream = HostFile(pipe[0], events)
    stream.unread(stream.read(6)[2:])
    assert stream.poll() & READABLE
    assert stream.read(3) == b"cde"
    assert stream.read(3) == b"f"
    (tmp_path / "f").write_bytes(b"abcdef")
    fd = os.open(tmp_path / "f", os.O_RDONLY)
    file = HostFile(fd, events, owned=True)
    file.unread(file.read(6)[2:])
    assert file.read(6) == b"cdef"
    file.close()


def test_a_regular_file_shares_its_position_with_the_host(events: HostEvents, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    fd = os.open(tmp_path / "f", os.O_RDWR)
    file = HostFile(fd, events, owned=True)
    assert not file.pollable
    assert file.seek(4, os.SEEK_SET) == 4
    assert os.read(fd, 2) == b"45"
    assert file.read(2) == b"67"
    assert file.available() == 2
    assert file.pread(2, 1) == b"12"
    assert file.pwrite(b"X", 0) == 1
    file.truncate(5)
    file.sync()
    assert (tmp_path / "f").read_bytes() == b"X1234"
    again = file.reopen(O_RDWR)
    assert again.read(2) == b"X1"
    again.close()
    file.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_what_was_given_to_be_appended_to_keeps_its_contents(events: HostEvents, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"kept")
    file = HostFile(os.open(tmp_path / "log", os.O_WRONLY | os.O_APPEND), events, owned=True)
    file.flags &= ~O_APPEND  # as fcntl(2) clears it
    again = file.reopen(O_WRONLY)
    for one in (file, again):
        with pytest.raises(Errno, match="EPERM"):
            one.truncate(0)
        one.pwrite(b"x", 0)
    assert (tmp_path / "log").read_bytes() == b"keptxx"
    again.close()
    file.close()


def test_a_mapping_of_a_file_that_was_given(events: HostEvents, vfs: Vfs, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"from the host")
    file = HostFile(os.open(tmp_path / "f", os.O_RDWR), events, vfs, owned=True)
    pages = file.mapping(shared=True)
    frame, ram = pages.page(0), vfs.ram.bytes
    assert bytes(ram[frame : frame + 13]) == b"from the host"
    file.pwrite(b"F", 0)
    assert bytes(ram[frame : frame + 1]) == b"F"
    ram[frame + 9 : frame + 13] = b"MINE"
    pages.dirty.add(0)
    file.sync()
    assert (tmp_path / "f").read_bytes() == b"From the MINE"
    ram[frame : frame + 4] = b"Into"
    pages.dirty.add(0)
    file.close()
    assert (tmp_path / "f").read_bytes() == b"Into the MINE"


def test_what_cannot_be_mapped(events: HostEvents, pipe: tuple[int, int], vfs: Vfs) -> None:
    with fails(E.ENODEV):
        HostFile(pipe[0], events, vfs).mapping(shared=False)
    with fails(E.ESPIPE):
        HostFile(pipe[0], events).seek(0, 0)


def test_locks_are_on_the_file_that_descriptors_lead_to(events: HostEvents, vfs: Vfs, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.touch()
    first, same, other = (
        HostFile(os.open(path, os.O_RDWR), events, vfs, owned=True) for path in (paths[0], *paths)
    )
    assert first.locks is None
    assert first.lockable is not None
    first.lockable.locks = Locks()
    assert same.locks is first.locks
    assert other.locks is None
    assert HostFile(same.fd, events).lockable is None
    for file in (first, same, other):
        file.hold()
        file.drop()


def test_nothing_of_no_size_is_waited_for(events: HostEvents, pipe: tuple[int, int]) -> None:
    assert HostFile(pipe[0], events).read(0) == b""


def test_what_can_be_watched_is_the_hosts_to_say(
    events: HostEvents, pipe: tuple[int, int], tmp_path: Path
) -> None:
    regular = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        assert [HostFile(fd, events).pollable for fd in (pipe[0], regular, null)] == [True, False, False]
        assert [HostFile(fd, events).without_offsets for fd in (pipe[0], regular, null)] == [
            True,
            False,
            False,
        ]
        with fails(E.EOPNOTSUPP):
            HostFile(regular, events).allocate(0, 0, 1)
        with fails(E.ENODEV):
            HostFile(null, events).allocate(0, 0, 1)
    finally:
        os.close(regular)
        os.close(null)


def test_a_terminal(events: HostEvents) -> None:
    ours, theirs = pty.openpty()
    file = HostFile(theirs, events, owned=True)
    assert file.is_terminal()
    assert file.path() == os.ttyname(theirs).encode()
    assert file.write(b"hi\n") == 3
    assert os.read(ours, 10) == b"hi\r\n"
    with pytest.raises(WouldBlock):
        file.read(10)
    os.write(ours, b"typed\n")
    assert file.read(10) == b"typed\n"
    file.close()
    os.close(ours)


def test_a_closed_descriptor_is_the_hosts_error(events: HostEvents, pipe: tuple[int, int]) -> None:
    file = HostFile(pipe[1], events)
    os.close(pipe[1])
    with fails(E.EBADF):
        file.stat()
