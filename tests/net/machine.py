"""As much of a machine as sockets need, for tests of them without a CPU."""

from __future__ import annotations

from typing import NamedTuple

from ring3.fs.dentry import Dentry
from ring3.fs.namei import Walk
from ring3.fs.permission import Who
from ring3.fs.vfs import Vfs
from ring3.kernel.clock import VirtualClocks
from ring3.kernel.timers import Timers
from ring3.net.caller import Ucred
from ring3.net.network import Network
from ring3.net.socket import Message, Socket


class TestCaller:
    """One who makes calls: a process of an ordinary user, unless told otherwise."""

    __test__ = False
    groups = (7, 8)
    umask = 0o022

    def __init__(
        self, vfs: Vfs, uid: int = 1000, capabilities: int = 0, pid: int = 42, limit: int = 1024
    ) -> None:
        self._vfs = vfs
        self._capabilities = capabilities
        self.real = Ucred(pid, uid, uid)
        self.effective = self.real
        self.cwd: Dentry = vfs.root
        self.descriptor_limit = limit

    @property
    def domain(self) -> None:
        """Nothing is given up for good."""

    def walk(self) -> Walk:
        """A walk from the root."""
        return Walk(self._vfs.root, Who(self.real.uid, self.real.gid))

    def may(self, capability: int) -> bool:
        """Whether it has a capability."""
        return bool(self._capabilities & capability)


class Machine(NamedTuple):
    """The parts, and how sockets are made of them."""

    vfs: Vfs
    clocks: VirtualClocks
    timers: Timers
    network: Network

    def caller(self, uid: int = 1000, capabilities: int = 0, pid: int = 42, limit: int = 1024) -> TestCaller:
        """One who makes calls."""
        return TestCaller(self.vfs, uid, capabilities, pid, limit)

    def socket(self, family: int, kind: int, protocol: int = 0) -> Socket:
        """A new socket, open once."""
        made = self.network.make(family, kind, protocol, self.caller())
        made.hold()
        return made

    def pair(self, family: int, kind: int) -> tuple[Socket, Socket]:
        """Two that are connected."""
        one, other = self.socket(family, kind), self.socket(family, kind)
        one.join(other, self.caller())
        return one, other

    def send(self, socket: Socket, data: bytes, flags: int = 0, address: bytes = b"") -> int:
        """Sends as the usual caller."""
        return socket.send(Message(data, flags, address), self.caller())

    def pass_time(self, nanoseconds: int) -> None:
        """Moves the clock on, and has happen what is due."""
        end = self.clocks.monotonic() + nanoseconds
        while (due := self.timers.next_deadline(self.clocks)) is not None and due <= end:
            self.clocks.sleep_until(due)
            self.timers.fire(self.clocks)
        self.clocks.sleep_until(end)
