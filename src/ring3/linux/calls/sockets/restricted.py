"""Ports that a program has given up (security/landlock/net.c of Linux 6.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_UNSPEC, SOCK_STREAM
from ring3.fs.landlock import AccessNet
from ring3.net.inet.address import ANY4, LEAST6, SIZE4, family_in

if TYPE_CHECKING:
    from ring3.fs.landlock import Domain
    from ring3.net.socket import Socket


def require_port(domain: Domain, socket: Socket, address: bytes, wanted: AccessNet) -> None:
    """Refuses to bind a socket of TCP to a port, or to connect it with one.

    Raises:
        Errno: EACCES, the right is missing; EINVAL, the address is too short or of another family; EAFNOSUPPORT.
    """
    if socket.kind != SOCK_STREAM or socket.family not in (AF_INET, AF_INET6):
        return
    family = family_in(address)
    if family not in (AF_UNSPEC, AF_INET, AF_INET6):
        return
    if len(address) < (LEAST6 if family == AF_INET6 else SIZE4):
        raise Errno(E.EINVAL)
    if family == AF_UNSPEC:
        if wanted is AccessNet.CONNECT_TCP:
            return
        if address[4:8] != ANY4:
            raise Errno(E.EAFNOSUPPORT)
    elif family != socket.family:
        raise Errno(E.EINVAL)
    domain.require_port(wanted, int.from_bytes(address[2:4], "big"))
