"""The host's clocks go by themselves, virtual ones only when somebody looks or sleeps."""

from __future__ import annotations

import time

from ring3.kernel.clock import HostClocks, VirtualClocks


def test_virtual_clocks_are_the_same_in_every_run() -> None:
    def looks() -> list[int]:
        clocks = VirtualClocks()
        return [clocks.realtime(), clocks.monotonic(), clocks.cpu(), clocks.realtime()]

    assert looks() == looks()


def test_a_virtual_clock_never_stands_still() -> None:
    clocks = VirtualClocks()
    times = [clocks.monotonic() for _ in range(5)]
    assert times == sorted(set(times))


def test_sleeping_moves_a_virtual_clock_and_not_back() -> None:
    clocks = VirtualClocks()
    assert clocks.sleep_until(10**9)
    assert clocks.monotonic() >= 10**9
    assert clocks.sleep_until(5)
    assert clocks.monotonic() >= 10**9


def test_the_wall_clock_is_a_constant_ahead_of_the_monotonic_one() -> None:
    clocks = VirtualClocks()
    assert clocks.realtime() - clocks.monotonic() < clocks.ahead() + 10**6
    assert clocks.realtime() > 1_600_000_000 * 10**9


def test_the_hosts_clocks_are_the_hosts() -> None:
    clocks = HostClocks()
    assert abs(clocks.realtime() - time.time_ns()) < 10**9
    assert 0 <= clocks.monotonic() <= clocks.monotonic()
    assert not clocks.sleep_until(clocks.monotonic())
