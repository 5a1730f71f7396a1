"""On which nodes the memory of a thread is to lie (mm/mempolicy.c of Linux 6.x)."""

from __future__ import annotations

from ring3.abi.kinds import NamedTuple


class MemoryPolicy(NamedTuple):
    """What set_mempolicy(2) has said.

    Attributes:
        mode: The policy, and flags.
        nodes: The nodes, a bit each.
    """

    mode: int
    nodes: int
