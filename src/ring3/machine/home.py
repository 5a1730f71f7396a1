"""Where an address space runs, of the two processors that `machine.moving_cpu` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ring3.machine.host_cpu.stub import Stub


class Home:
    """Where an address space runs.

    Attributes:
        is_away: On the host's processor.
        is_new: It has just begun, as another program does and a child of fork does not.
        stays: It uses what the emulated CPU does not have.
        computed: See ``struct account`` in ``emulator/stops.c``.
        lost: See that of ``host_cpu/turn.c``.
        returns: How often it has come back.
        stub: Its process of the host, if it was ever away.
    """

    is_state = False
    __slots__ = ("computed", "is_away", "is_new", "lost", "returns", "stays", "stub")

    def __init__(self, *, is_away: bool = False, is_new: bool = False) -> None:
        self.is_away = self.stays = is_away
        self.is_new = is_new
        self.computed = self.lost = 0
        self.returns = 0
        self.stub: Stub | None = None
