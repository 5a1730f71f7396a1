"""Who makes a socket call: what sockets ask of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import Cap

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.landlock import Domain
    from ring3.fs.namei import Walk

CAP_NET_BIND_SERVICE: Final = 1 << Cap.NET_BIND_SERVICE
CAP_NET_BROADCAST: Final = 1 << Cap.NET_BROADCAST
CAP_NET_ADMIN: Final = 1 << Cap.NET_ADMIN
CAP_NET_RAW: Final = 1 << Cap.NET_RAW


class Ucred(NamedTuple):
    """``struct ucred``: who is, or was, at the other end (unix(7))."""

    pid: int
    uid: int
    gid: int


NOBODY: Final = Ucred(0, 65534, 65534)
"""What stands for one who did not say: no process, and the overflow ids."""


class Caller(Protocol):
    """Who makes a call."""

    @property
    def real(self) -> Ucred:
        """Process and real ids, which messages carry."""
        ...

    @property
    def effective(self) -> Ucred:
        """Process and effective ids, which connections remember."""
        ...

    @property
    def groups(self) -> tuple[int, ...]:
        """Supplementary groups."""
        ...

    @property
    def cwd(self) -> Dentry:
        """Where relative paths start."""
        ...

    @property
    def umask(self) -> int:
        """Permission bits that new files do not get."""
        ...

    @property
    def descriptor_limit(self) -> int:
        """How many descriptors of its user may be under way in messages."""
        ...

    @property
    def domain(self) -> Domain | None:
        """What it has given up for good (landlock(7)); None for nothing."""
        ...

    def walk(self) -> Walk:
        """A walk from its root with its permissions."""
        ...

    def may(self, capability: int) -> bool:
        """Whether a capability is effective."""
        ...
