"""A machine's sockets without the machine: an empty tree of files, a clock that tests move, and callers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from ring3.kernel.clock import VirtualClocks
from ring3.kernel.host_events import HostEvents
from ring3.kernel.mm.objects import Objects
from ring3.kernel.timers import Timers
from ring3.machine.ram import Ram
from ring3.net.network import Network
from tests.net.machine import Machine, TestCaller


@pytest.fixture
def machine() -> Iterator[Machine]:
    """Sockets of a machine of their own."""
    ram = Ram(16 << 20)
    clocks = VirtualClocks()
    vfs = Vfs(ram, Objects(), clocks.realtime)
    vfs.mount(MemoryFileSystem(vfs, mode=0o777))
    timers = Timers()
    network = Network(vfs, lambda: clocks, timers, bytes, lambda: TestCaller(vfs), HostEvents())
    yield Machine(vfs, clocks, timers, network)
    vfs.close()
    ram.close()
