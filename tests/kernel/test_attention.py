"""Signals and input of the host reach the kernel, and Python's own handlers run, while a program computes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from ring3.kernel.attention import Attention
from ring3.kernel.host_events import HostEvents


class Program:
    """Runs until it is interrupted."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def run(self) -> None:
        assert self.stopped.wait(60)
        self.stopped.clear()


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
def events() -> HostEvents:
    return HostEvents()


@pytest.fixture
def attention(program: Program, events: HostEvents) -> Iterator[Attention]:
    made = Attention(events, program.stopped.set)
    assert made.start()
    yield made
    made.close()


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """The numbers of signals that Python's own handler saw."""
    seen: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    before = signal.signal(signal.SIGUSR1, handler)
    yield seen
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_stops_the_program_and_is_told(
    program: Program, attention: Attention, handled: list[int]
) -> None:
    told: list[int] = []
    attention.on_signal = told.append
    os.kill(os.getpid(), signal.SIGUSR1)
    program.run()
    assert attention.called
    assert not told
    attention.attend()
    assert told == handled == [signal.SIGUSR1]


def test_the_program_is_stopped_again_until_somebody_attends(
    program: Program, attention: Attention, handled: list[int]
) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    for _ in range(3):
        program.run()
    attention.attend()
    assert handled


def test_input_is_read_in_order_and_its_end_is_told_once(program: Program, attention: Attention) -> None:
    reading, writing = os.pipe()
    told: list[bytes] = []
    attention.listen(reading, told.append)
    os.write(writing, b"one")
    program.run()
    attention.attend()
    os.close(writing)
    while told[-1:] != [b""]:
        program.run()
        attention.attend()
    attention.ignore(reading)
    os.close(reading)
    assert told == [b"one", b""]


def test_a_kernel_that_sleeps_is_woken(events: HostEvents, attention: Attention, handled: list[int]) -> None:
    assert not events.sleep(None)  # nothing can come that a task waits for
    events.expects_alarm = True
    os.kill(os.getpid(), signal.SIGUSR1)
    while not attention.called:
        assert events.sleep(None)
    assert handled


def test_three_interrupts_at_once_are_insistence(program: Program, attention: Attention) -> None:
    reading, writing = os.pipe()
    insisted = threading.Event()
    attention.on_insistence = insisted.set
    attention.listen(reading, lambda data: None, is_keyboard=True)
    os.write(writing, b"\x03\x03")
    program.run()
    attention.attend()
    assert not insisted.is_set()
    os.write(writing, b"\x03")
    assert insisted.wait(60)
    attention.ignore(reading)
    os.close(reading)
    os.close(writing)


def test_only_one_listens(attention: Attention, events: HostEvents) -> None:
    assert not Attention(events, lambda: None).start()


def test_another_thread_does_not_listen(events: HostEvents) -> None:
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(Attention(events, lambda: None).start()))
    thread.start()
    thread.join()
    assert answers == [False]


def test_bytes_that_nobody_types_are_no_insistence(program: Program, attention: Attention) -> None:
    insisted = threading.Event()
    attention.on_insistence = insisted.set
    reading, writing = os.pipe()
    told: list[bytes] = []
    attention.listen(reading, told.append)
    os.write(writing, b"\3\3\3")  # a debugger that writes memory, say
    program.run()
    attention.attend()
    assert told == [b"\3\3\3"]
    assert not insisted.is_set()
    for fd in (reading, writing):
        os.close(fd)
