from __future__ import annotations

import sys

import pytest

from ring3.errors import OutOfFrames
from ring3.machine.ram import PAGE_SIZE, ZERO_PAGE, Ram

FRAMES = 64


@pytest.fixture
def ram() -> Ram:
    return Ram(FRAMES * PAGE_SIZE)


def content(ram: Ram, frame: int) -> bytes:
    return bytes(ram.bytes[frame : frame + PAGE_SIZE])


@pytest.mark.parametrize("size", [0, PAGE_SIZE, 63 * PAGE_SIZE, 64 * PAGE_SIZE + 1, -PAGE_SIZE])
def test_size_that_is_too_small_or_not_whole_pages_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4096"):
        Ram(size)


def test_a_new_frame_is_zero_and_has_one_reference(ram: Ram) -> None:
    frame = ram.alloc()
    assert frame % PAGE_SIZE == 0
    assert content(ram, frame) == ZERO_PAGE
    assert ram.refs[frame // PAGE_SIZE] == 1


def test_frame_zero_is_never_handed_out(ram: Ram) -> None:
    frames = [ram.alloc() for _ in range(FRAMES - 1)]
    assert sorted(frames) == [number * PAGE_SIZE for number in range(1, FRAMES)]
    with pytest.raises(OutOfFrames, match="all 64 frames"):
        ram.alloc()


def test_a_frame_comes_back_zeroed_after_its_last_reference_is_gone(ram: Ram) -> None:
    frame = ram.alloc()
    ram.bytes[frame : frame + PAGE_SIZE] = b"\xaa" * PAGE_SIZE
    ram.share(frame)
    ram.release(frame)
    assert ram.frames_in_use == 1
    assert content(ram, frame) == b"\xaa" * PAGE_SIZE
    ram.release(frame)
    assert ram.frames_in_use == 0
    assert ram.alloc() == frame
    assert content(ram, frame) == ZERO_PAGE


def test_frames_are_counted(ram: Ram) -> None:
    assert (ram.frames_in_use, ram.frames_free) == (0, FRAMES - 1)
    first, second = ram.alloc(), ram.alloc()
    assert (ram.frames_in_use, ram.frames_free) == (2, FRAMES - 3)
    ram.release(first)
    assert (ram.frames_in_use, ram.frames_free) == (1, FRAMES - 2)
    ram.release(second)
    assert (ram.frames_in_use, ram.frames_free) == (0, FRAMES - 1)


def test_a_run_of_frames_lies_in_a_row(ram: Ram) -> None:
    ram.alloc()
    first = ram.alloc_contiguous(10)
    assert [ram.refs[first // PAGE_SIZE + number] for number in range(10)] == [1] * 10
    assert ram.alloc() == first + 10 * PAGE_SIZE


def test_a_run_that_does_not_fit_takes_nothing(ram: Ram) -> None:
    with pytest.raises(OutOfFrames, match="no 64 frames in a row"):
        ram.alloc_contiguous(FRAMES)
    assert ram.frames_in_use == 0
    assert ram.alloc_contiguous(FRAMES - 1) == PAGE_SIZE


def test_bytes_and_words_are_the_same_memory(ram: Ram) -> None:
    ram.q[3] = 0x1122334455667788
    assert bytes(ram.bytes[24:32]) == bytes.fromhex("8877665544332211")


def test_freeing_a_frame_is_told_only_if_it_held_code(ram: Ram) -> None:
    told: list[bool] = []
    ram.on_code_freed = lambda: told.append(True)
    code, data = ram.alloc(), ram.alloc()
    ram.mark_code(code)
    assert ram.is_code(code)
    assert not ram.is_code(data)
    ram.release(data)
    assert told == []
    ram.release(code)
    assert told == [True]
    assert not ram.is_code(code)
    assert ram.alloc() in (code, data)
    ram.release(code)
    assert told == [True]


@pytest.mark.skipif(sys.platform != "linux", reason="memfd is Linux's")
def test_another_mapping_of_the_backing_file_shows_the_same_memory() -> None:
    ram = Ram(FRAMES * PAGE_SIZE)
    ram.bytes[5 * PAGE_SIZE : 5 * PAGE_SIZE + 4] = b"here"
    with open("/proc/self/maps") as maps:
        assert [line for line in maps if "/memfd:ring3-ram" in line and line.split()[1] == "rw-s"]


def test_a_host_that_makes_no_files_in_memory_has_ram_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr("os.memfd_create", refuse)
    ram = Ram(64 * PAGE_SIZE, shared=True)
    assert ram.fd == -1
    ram.q[1] = 5
    assert ram.bytes[8] == 5
    ram.close()


def test_a_closed_ram_cannot_be_used() -> None:
    ram = Ram(FRAMES * PAGE_SIZE)
    ram.close()
    with pytest.raises(ValueError, match="released"):
        ram.bytes[0]
