"""How far a network reaches, and what of it is reached from outside."""

from __future__ import annotations

from ring3.abi.kinds import NamedTuple, StrEnum


class Reach(StrEnum):
    """Nowhere, for its loopback interface is down; to the machine itself; or wherever the host's network does."""

    NONE = "none"
    LOOPBACK = "loopback"
    HOST = "host"


class Port(NamedTuple):
    """A port of the machine that clients of the host reach.

    Attributes:
        address: An address of the host.
        outside: The port there.
        inside: The port of the machine.
        protocol: ``tcp`` or ``udp``.
    """

    address: str
    outside: int
    inside: int
    protocol: str
