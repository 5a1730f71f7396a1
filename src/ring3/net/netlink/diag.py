"""sock_diag: sockets as ss(8) asks for them (net/core/sock_diag.c, diag.c of net/unix and net/netlink)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_MAX, AF_NETLINK, AF_UNIX
from ring3.abi.linux.structs.netlink import NETLINK_DIAG_MSG, NETLINK_DIAG_REQ, UNIX_DIAG_MSG, UNIX_DIAG_REQ
from ring3.net.netlink import inet_diag
from ring3.net.netlink.attributes import attribute, number
from ring3.net.netlink.inet_diag import ANY_COOKIE, SOCK_DIAG_BY_FAMILY
from ring3.net.netlink.socket import Answer, NetlinkSocket
from ring3.net.options import memory_information
from ring3.net.unix.base import UnixSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Socket

TCPDIAG_GETSOCK: Final = 18
DCCPDIAG_GETSOCK: Final = 19
SOCK_DESTROY: Final = 21
SHOW_NAME, SHOW_VFS, SHOW_PEER, SHOW_ICONS, SHOW_RQLEN, SHOW_MEMINFO, SHOW_UID = (
    0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40,
)  # fmt: skip
"""What is to be told of a socket of AF_UNIX besides its state (UDIAG_SHOW_)."""
UNIX_NAME, UNIX_VFS, UNIX_PEER, UNIX_ICONS, UNIX_RQLEN, UNIX_MEMINFO, UNIX_SHUTDOWN, UNIX_UID = range(8)
"""Attributes of such an answer (UNIX_DIAG_)."""
SHOW_NETLINK_MEMINFO, SHOW_NETLINK_GROUPS = 0x1, 0x2
NETLINK_MEMINFO, NETLINK_GROUPS = 0, 1
ALL_PROTOCOLS: Final = 0xFF
"""Sockets of AF_NETLINK of whatever protocol (NDIAG_PROTO_ALL)."""

Family = Callable[["Network", bytes, bool, "Caller"], list[Answer]]
"""Answers for a family: the network, the request, whether all is asked for, and by whom."""


def _in_order(sockets: Iterable[Socket]) -> list[Socket]:
    return sorted(sockets, key=lambda socket: socket.ino)


def _cookie(socket: Socket) -> tuple[int, int]:
    return socket.ino & 0xFFFF_FFFF, socket.ino >> 32


def _inode(socket: Socket) -> int:
    """Its inode number, which it has only with a file: 0 until it was accepted."""
    return socket.ino if socket.refs else 0


def _check_cookie(socket: Socket, wanted: tuple[int, int]) -> None:
    """Whether a socket is still the one that was heard of before (sock_diag_check_cookie).

    Raises:
        Errno: ESTALE.
    """
    if ANY_COOKIE not in wanted and wanted != _cookie(socket):
        raise Errno(E.ESTALE)


# -- AF_UNIX -------------------------------------------------------------------------------------------------------


def _unix(network: Network, body: bytes, dump: bool, caller: Caller) -> list[Answer]:
    """Sockets of AF_UNIX in certain states, or the one with an inode number.

    Raises:
        Errno: EINVAL, too short a request, or for no socket; ENOENT, there is none; ESTALE, it is another.
    """
    if len(body) < UNIX_DIAG_REQ.size(64):
        raise Errno(E.EINVAL)
    _, _, states, ino, show, *cookie = struct.unpack_from("<BB2xIIIII", body)
    living = _in_order(
        socket for socket in network.sockets if isinstance(socket, UnixSocket) and not socket.dead
    )
    if dump:
        return [_of_unix(socket, show) for socket in living if socket.refs and states >> socket.state & 1]
    if not ino:
        raise Errno(E.EINVAL)
    found = next((socket for socket in living if socket.ino == ino), None)
    if found is None:
        raise Errno(E.ENOENT)
    _check_cookie(found, (cookie[0], cookie[1]))
    return [_of_unix(found, show)]


def _of_unix(socket: Socket, show: int) -> Answer:
    assert isinstance(socket, UnixSocket)
    parts = [UNIX_DIAG_MSG.pack(64, AF_UNIX, socket.kind, int(socket.state), 0, socket.ino, *_cookie(socket))]
    if show & SHOW_NAME and socket.address:
        parts.append(attribute(UNIX_NAME, socket.address[2:]))
    if show & SHOW_VFS and socket.inode_bound is not None:
        at = socket.inode_bound.stat()
        parts.append(attribute(UNIX_VFS, struct.pack("<II", at.ino & 0xFFFF_FFFF, at.dev & 0xFFFF_FFFF)))
    if show & SHOW_PEER and socket.peer is not None:
        parts.append(number(UNIX_PEER, _inode(socket.peer)))
    if show & SHOW_ICONS and socket.listens:
        waiting = [0 if made.peer is None else _inode(made.peer) for made in socket.pending]
        parts.append(attribute(UNIX_ICONS, struct.pack(f"<{len(waiting)}I", *waiting)))
    if show & SHOW_RQLEN:
        sizes = (
            (len(socket.pending), socket.backlog) if socket.listens else (socket.available(), socket.unsent())
        )
        parts.append(attribute(UNIX_RQLEN, struct.pack("<II", *sizes)))
    if show & SHOW_MEMINFO:
        parts.append(attribute(UNIX_MEMINFO, memory_information(socket)))
    parts.append(attribute(UNIX_SHUTDOWN, bytes([socket.shut])))
    if show & SHOW_UID:
        parts.append(number(UNIX_UID, socket.owner[0]))
    return SOCK_DIAG_BY_FAMILY, b"".join(parts)


# -- AF_NETLINK ----------------------------------------------------------------------------------------------------


def _netlink(network: Network, body: bytes, dump: bool, caller: Caller) -> list[Answer]:
    """Sockets of AF_NETLINK of a protocol.

    Raises:
        Errno: EINVAL, too short a request; EOPNOTSUPP, one socket is asked for.
    """
    if len(body) < NETLINK_DIAG_REQ.size(64):
        raise Errno(E.EINVAL)
    if not dump:
        raise Errno(E.EOPNOTSUPP)
    protocol, show = body[1], struct.unpack_from("<I", body, 8)[0]
    return [
        _of_netlink(socket, show)
        for socket in _in_order(network.sockets)
        if isinstance(socket, NetlinkSocket) and socket.port and protocol in (ALL_PROTOCOLS, socket.protocol)
    ]


def _of_netlink(socket: NetlinkSocket, show: int) -> Answer:
    whole = NETLINK_DIAG_MSG.pack(
        64, AF_NETLINK, socket.kind, socket.protocol, 0, socket.port, 0, 0, socket.ino, *_cookie(socket)
    )
    if show & SHOW_NETLINK_GROUPS:
        whole += attribute(NETLINK_GROUPS, struct.pack("<Q", socket.groups))
    if show & SHOW_NETLINK_MEMINFO:
        whole += attribute(NETLINK_MEMINFO, memory_information(socket))
    return SOCK_DIAG_BY_FAMILY, whole


# -- requests ------------------------------------------------------------------------------------------------------

FAMILIES: Final[dict[int, Family]] = {
    AF_UNIX: _unix,
    AF_INET: inet_diag.answers,
    AF_INET6: inet_diag.answers,
    AF_NETLINK: _netlink,
}
"""Who knows the sockets of a family; others are unknown to the kernel, as where their modules are not there."""


class DiagSocket(NetlinkSocket):
    """A socket of NETLINK_SOCK_DIAG."""

    def answers(self, kind: int, body: bytes, dump: bool, caller: Caller) -> list[Answer]:
        """What is to be said of a request (sock_diag_rcv_msg).

        Raises:
            Errno: EINVAL, no such request, or no such family; ENOENT, a family that nobody knows of; EOPNOTSUPP, to
                destroy a socket; as the family.
        """
        if kind in (TCPDIAG_GETSOCK, DCCPDIAG_GETSOCK):
            return inet_diag.answers_in_old_form(self.network, kind, body, dump)
        if kind not in (SOCK_DIAG_BY_FAMILY, SOCK_DESTROY) or len(body) < 2 or body[0] >= AF_MAX:
            raise Errno(E.EINVAL)
        family = FAMILIES.get(body[0])
        if family is None:
            raise Errno(E.ENOENT)
        if kind == SOCK_DESTROY:
            raise Errno(E.EOPNOTSUPP)
        return family(self.network, body, dump, caller)
