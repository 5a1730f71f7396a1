"""Options of packet sockets (packet_setsockopt, packet_getsockopt).

Not there: rings to send by, groups of sockets that share frames (PACKET_FANOUT), headers of virtual devices.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SOL_PACKET
from ring3.net.inet.wire import ETHERNET_HEADER
from ring3.net.packet.ring import HEADERS, VERSION3, BlockRing, Ring, Shape

if TYPE_CHECKING:
    from ring3.net.packet.socket import PacketSocket
    from ring3.net.socket import Control

ADD_MEMBERSHIP: Final = 1
DROP_MEMBERSHIP: Final = 2
RX_RING: Final = 5
STATISTICS: Final = 6
COPY_THRESH: Final = 7
AUXDATA: Final = 8
ORIGDEV: Final = 9
VERSION: Final = 10
HDRLEN: Final = 11
RESERVE: Final = 12
LOSS: Final = 14
TIMESTAMP: Final = 17
QDISC_BYPASS: Final = 20
IGNORE_OUTGOING: Final = 23
SWITCHES: Final = frozenset((AUXDATA, ORIGDEV, LOSS, QDISC_BYPASS, IGNORE_OUTGOING))
NUMBERS: Final = frozenset((COPY_THRESH, VERSION, RESERVE, TIMESTAMP))
BEFORE_RING: Final = frozenset((VERSION, RESERVE, LOSS))
"""Options that stay as they are while there is a ring."""
MEMBERSHIP: Final = struct.Struct("<iHH8s")
"""``struct packet_mreq``."""
MOST_MEMBERSHIPS: Final = 3
"""The last kind of membership (PACKET_MR_UNICAST)."""
REQUEST: Final = struct.Struct("<4I")
REQUEST3: Final = struct.Struct("<7I")
AUXILIARY: Final = struct.Struct("<IIIHHHH")
"""``struct tpacket_auxdata``."""


def set_option(socket: PacketSocket, name: int, value: bytes) -> None:
    """Sets an option.

    Raises:
        Errno: ENOPROTOOPT, no such option; EINVAL; EBUSY, not while there is a ring; ENODEV; ENOMEM.
    """
    if name in (ADD_MEMBERSHIP, DROP_MEMBERSHIP):
        _set_membership(socket, value)
    elif name == RX_RING:
        _set_ring(socket, value)
    elif name in SWITCHES or name in NUMBERS:
        if len(value) < 4:
            raise Errno(E.EINVAL)
        (number,) = struct.unpack_from("<i", value)
        if name in BEFORE_RING and socket.ring is not None:
            raise Errno(E.EBUSY)
        if (name == VERSION and not 0 <= number <= VERSION3) or (name == RESERVE and number < 0):
            raise Errno(E.EINVAL)
        if name == IGNORE_OUTGOING and number not in (0, 1):
            raise Errno(E.EINVAL)
        socket.settings[name] = int(number != 0) if name in SWITCHES else number
    else:
        raise Errno(E.ENOPROTOOPT)


def _set_membership(socket: PacketSocket, value: bytes) -> None:
    """Memberships have no meaning on the loopback interface, where everything is heard."""
    if len(value) < MEMBERSHIP.size:
        raise Errno(E.EINVAL)
    number, kind, size, _ = MEMBERSHIP.unpack_from(value)
    if socket.network.interfaces.numbered(number) is None:
        raise Errno(E.ENODEV)
    if kind > MOST_MEMBERSHIPS or size > 8:
        raise Errno(E.EINVAL)


def _set_ring(socket: PacketSocket, value: bytes) -> None:
    version = socket.settings.get(VERSION, 0)
    form = REQUEST3 if version == VERSION3 else REQUEST
    if len(value) < form.size:
        raise Errno(E.EINVAL)
    shape = Shape(*form.unpack_from(value))
    old = socket.ring
    if not shape.blocks:
        if shape.frames:
            raise Errno(E.EINVAL)
        if old is not None and old.mapped:
            raise Errno(E.EBUSY)
        socket.ring = None
    else:
        if old is not None:
            raise Errno(E.EBUSY)
        shape.check(version, socket.settings.get(RESERVE, 0))
        network = socket.network
        if version == VERSION3:
            socket.ring = BlockRing(network, shape, socket.tell_readers)
        else:
            socket.ring = Ring(network, version, shape)
        socket.queue.clear()
        socket.held = 0
    if old is not None:
        old.close()


def get_option(socket: PacketSocket, name: int) -> bytes:
    """The value of an option.

    Raises:
        Errno: ENOPROTOOPT, no such option.
    """
    if name == STATISTICS:
        return _statistics(socket)
    if name not in SWITCHES and name not in NUMBERS:
        raise Errno(E.ENOPROTOOPT)
    return struct.pack("<i", socket.settings.get(name, 0))


def _statistics(socket: PacketSocket) -> bytes:
    """How many frames there were since somebody asked, and how many of them were lost."""
    counts = [socket.packets + socket.drops, socket.drops]
    socket.packets = socket.drops = 0
    if socket.settings.get(VERSION) == VERSION3:
        ring = socket.ring
        counts.append(ring.take_freezes() if isinstance(ring, BlockRing) else 0)
    return struct.pack(f"<{len(counts)}I", *counts)


def header_length(question: bytes) -> bytes:
    """How long the header of a version is, the number of which was asked.

    Raises:
        Errno: EINVAL, there is no such version.
    """
    if len(question) < 4 or not 0 <= (version := struct.unpack_from("<i", question)[0]) <= VERSION3:
        raise Errno(E.EINVAL)
    return struct.pack("<i", HEADERS[version].size)


def auxiliary(length: int, kept: int, with_header: bool) -> Control:
    """The control message that tells more of a frame (PACKET_AUXDATA)."""
    net = ETHERNET_HEADER.size if with_header else 0
    return SOL_PACKET, AUXDATA, AUXILIARY.pack(1, length, kept, 0, net, 0, 0)
