"""A trace file of Perfetto: tracks of processes and threads, slices, instants, counters, flows, and the scheduler.

The format is a sequence of packets; the numbers of fields are those of protos/perfetto/trace/perfetto_trace.proto of
Perfetto 59. Slices of a thread lie within each other: the one that began last ends first. The scheduler is told of in
ftrace's events, as on Linux, because from these Perfetto draws processors and the states of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.kinds import IntEnum
from ring3.trace.timeline.protobuf import fixed, message, number, text

_PACKET: Final = 1
_SEQUENCE: Final = number(10, 1)
"""trusted_packet_sequence_id: everything comes from one writer."""
_REALTIME: Final = 1
_BOOTTIME: Final = 6
"""Clocks of perfetto.protos.BuiltinClock; times without a clock are of BOOTTIME."""
_FIRST: Final = 1
"""SEQ_INCREMENTAL_STATE_CLEARED."""
_PRIORITY: Final = 120
"""SCHED_OTHER's, as the scheduler counts."""

Annotations = Mapping[str, str | int]
"""What is said of a slice or instant, by name."""


class _Kind(IntEnum):
    """TrackEvent.Type."""

    BEGIN = 1
    END = 2
    INSTANT = 3
    COUNTER = 4


class State(IntEnum):
    """Why a task leaves the CPU: ``prev_state`` of sched_switch."""

    RUNNABLE = 0
    SLEEPING = 1
    STOPPED = 4
    DEAD = 16


class PerfettoFile:
    """Writes a trace."""

    def __init__(self, write: Callable[[bytes], object], now: int) -> None:
        """Begins it.

        Args:
            write: Takes the bytes.
            now: The time, in nanoseconds since 1970.
        """
        self._write = write
        self._last_track = 0
        clocks = (message(1, number(1, clock), number(2, now)) for clock in (_BOOTTIME, _REALTIME))
        self._packet(number(8, now), message(6, *clocks), number(13, _FIRST), number(87, 1))

    def _packet(self, *parts: bytes) -> None:
        self._write(message(_PACKET, *parts, _SEQUENCE))

    # -- tracks ----------------------------------------------------------------------------------------------------

    def process(self, pid: int, name: str, track: int = 0) -> int:
        """A process's track, made or, if it is given, named anew; returns it."""
        return self._track(track, message(3, number(1, pid), text(6, name)))

    def thread(self, pid: int, tid: int, name: str, track: int = 0) -> int:
        """A thread's track, made or named anew; returns it."""
        return self._track(track, message(4, number(1, pid), number(2, tid), text(5, name)))

    def counter(self, parent: int, name: str) -> int:
        """A counter's track below that of a process, 0 for none; returns it."""
        return self._track(0, number(5, parent) if parent else b"", text(2, name), message(8))

    def _track(self, track: int, *parts: bytes) -> int:
        if not track:
            self._last_track += 1
            track = self._last_track
        self._packet(message(60, number(1, track), *parts))
        return track

    # -- events ----------------------------------------------------------------------------------------------------

    def begin(self, now: int, track: int, name: str, category: str, told: Annotations | None = None) -> None:
        """A slice begins."""
        self._event(now, track, _Kind.BEGIN, text(23, name), text(22, category), *_annotations(told))

    def end(self, now: int, track: int, told: Annotations | None = None) -> None:
        """The slice that began last on a track ends."""
        self._event(now, track, _Kind.END, *_annotations(told))

    def instant(
        self,
        now: int,
        track: int,
        name: str,
        category: str,
        told: Annotations | None = None,
        *,
        starts: int = 0,
        ends: int = 0,
    ) -> None:
        """Something happens; an arrow may start or end there, by its number."""
        flows = (fixed(47, starts) if starts else b"", fixed(48, ends) if ends else b"")
        self._event(
            now, track, _Kind.INSTANT, text(23, name), text(22, category), *flows, *_annotations(told)
        )

    def count(self, now: int, track: int, value: int) -> None:
        """A counter has a value from now on."""
        self._event(now, track, _Kind.COUNTER, number(30, value))

    def _event(self, now: int, track: int, kind: int, *parts: bytes) -> None:
        self._packet(number(8, now), message(11, number(9, kind), number(11, track), *parts))

    # -- the scheduler ---------------------------------------------------------------------------------------------

    def switch(self, now: int, before: tuple[str, int], state: State, after: tuple[str, int]) -> None:
        """The CPU goes from one task to another; each by its name and number, the idle one has 0."""
        (left, left_tid), (name, tid) = before, after
        self._ftrace(
            now,
            left_tid,
            message(
                4,
                text(1, left),
                number(2, left_tid),
                number(3, _PRIORITY),
                number(4, state),
                text(5, name),
                number(6, tid),
                number(7, _PRIORITY),
            ),
        )

    def waking(self, now: int, by: int, woken: tuple[str, int]) -> None:
        """A task is made ready to run, by the one with that number, 0 for none."""
        name, tid = woken
        self._ftrace(
            now,
            by,
            message(20, text(1, name), number(2, tid), number(3, _PRIORITY), number(4, 1), number(5, 0)),
        )

    def _ftrace(self, now: int, tid: int, event: bytes) -> None:
        self._packet(message(1, number(1, 0), message(2, number(1, now), number(2, tid), event)))


def _annotations(told: Annotations | None) -> list[bytes]:
    """TrackEvent.debug_annotations."""
    return [
        message(4, text(10, name), number(4, value) if isinstance(value, int) else text(6, value))
        for name, value in (told or {}).items()
    ]
