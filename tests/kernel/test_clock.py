"""The host's clocks go by themselves, virtual ones only when somebody looks or sleeps."""

from __future__ import annotations

import time

import pytest

from ring3.kernel import clock
from ring3.kernel.clock import ROUGHLY, HostClocks, VirtualClocks


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


class _Host:
    """Stands in for the host's clocks."""

    def __init__(self) -> None:
        self.monotonic_ns_value = 5_000_000_000
        self.cpu_value = 7_000_000
        self.asked = 0

    def monotonic_ns(self) -> int:
        return self.monotonic_ns_value

    def process_time_ns(self) -> int:
        self.asked += 1
        return self.cpu_value

    def run(self, wall: int, cpu: int) -> None:
        self.monotonic_ns_value += wall
        self.cpu_value += cpu


def test_the_rough_cpu_time_is_the_hosts_and_seldom_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    host = _Host()
    monkeypatch.setattr(clock, "time", host)
    clocks = HostClocks(host.process_time_ns)
    clocks.cpu()
    asked = host.asked
    for _ in range(ROUGHLY // 10_000):
        host.run(10_000, 10_000)
        assert clocks.cpu_roughly() == host.cpu_value - 7_000_000
    assert host.asked == asked
    for _ in range(200_000):  # a host that has something else to do half of the time
        before = clocks.cpu_roughly()
        host.run(10_000, 5_000)
        assert before <= clocks.cpu_roughly()
    assert 0 <= clocks.cpu_roughly() - (host.cpu_value - 7_000_000) <= ROUGHLY
    assert host.asked - asked < 200_000 / 50


def test_the_exact_cpu_time_does_not_go_back_behind_the_rough_one(monkeypatch: pytest.MonkeyPatch) -> None:
    host = _Host()
    monkeypatch.setattr(clock, "time", host)
    clocks = HostClocks(host.process_time_ns)
    clocks.cpu()
    host.run(900_000, 0)
    assert clocks.cpu_roughly() == 900_000
    assert clocks.cpu() == 900_000
    host.run(10_000, 1_000_000)
    assert clocks.cpu() == 1_000_000
