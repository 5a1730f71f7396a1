"""What goes by the loopback interface of a network, brought to its packet sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.net.flows import Flows
from ring3.net.inet.wire import loopback_frame

if TYPE_CHECKING:
    from ring3.kernel.events import Carried
    from ring3.net.network import Network
    from ring3.net.packet.socket import PacketSocket

PACKET_HOST: Final = 0
PACKET_OUTGOING: Final = 4
"""Whom a frame is for: on the loopback interface each goes out and comes in again."""


class Tap:
    """Hears of what is carried, while there are packet sockets.

    Attributes:
        sockets: Those that want frames.
    """

    not_state: Final = ("_leave",)

    def __init__(self, network: Network) -> None:
        self._network = network
        self._flows = Flows(network.random_bytes)
        self._leave: Callable[[], None] | None = None
        self.sockets: list[PacketSocket] = []

    def open(self, socket: PacketSocket) -> None:
        """A socket wants frames from now on."""
        if socket not in self.sockets:
            self.sockets.append(socket)
        self.listen()

    def close(self, socket: PacketSocket) -> None:
        """A socket wants none any more."""
        if socket in self.sockets:
            self.sockets.remove(socket)
        if not self.sockets and self._leave is not None:
            self._leave()
            self._leave = None

    def listen(self) -> None:
        """Listens, if somebody wants frames and it does not yet, as after going back to a snapshot."""
        if self._leave is None and self.sockets:
            self._leave = self._network.observe(self._hear)

    def _hear(self, carried: Carried) -> None:
        if self.sockets:
            for packet in self._flows.packets(carried):
                self.bring(loopback_frame(packet))

    def bring(self, frame: bytes, sender: PacketSocket | None = None) -> None:
        """A frame goes out of the interface and comes in again; its sender does not hear it go out."""
        for kind in (PACKET_OUTGOING, PACKET_HOST):
            for socket in list(self.sockets):
                if kind == PACKET_HOST or socket is not sender:
                    socket.hear(frame, kind)
