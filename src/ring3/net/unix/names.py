"""Names of AF_UNIX sockets: abstract ones, and sockets in the tree of files.

An address is kept as the ``struct sockaddr_un`` that getsockname(2) shows. An abstract name belongs to one type of
socket, so that a stream and a datagram socket may both have it (unix_abstract_hash in net/unix/af_unix.c).
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_UNIX
from ring3.fs import names
from ring3.fs.permission import MAY_WRITE, require

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.net.caller import Caller
    from ring3.net.unix.base import UnixSocket

FAMILY: Final = AF_UNIX.to_bytes(2, "little")
UNNAMED: Final = FAMILY
"""The address of a socket without a name."""
LONGEST: Final = 110
"""Bytes of ``struct sockaddr_un``."""
AUTOBIND_NAMES: Final = 1 << 20


def name_in(address: bytes) -> bytes:
    """What follows the family in an address: the name.

    Raises:
        Errno: EINVAL, no name, too long a one, or of another family (unix_validate_addr).
    """
    if not len(UNNAMED) < len(address) <= LONGEST or address[:2] != FAMILY:
        raise Errno(E.EINVAL)
    return address[2:]


def is_path(name: bytes) -> bool:
    """Whether a name is a path; others are abstract, and begin with a null byte."""
    return name[0] != 0


class UnixNames:
    """All names of a machine's sockets."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._abstract: dict[tuple[int, bytes], UnixSocket] = {}
        self._inodes: dict[Inode, UnixSocket] = {}

    def bind(self, socket: UnixSocket, address: bytes, caller: Caller) -> None:
        """Gives a socket a name.

        Raises:
            Errno: EINVAL, not an address of a socket, or it has a name; EADDRINUSE; what making the file says.
        """
        if address == UNNAMED:
            self.bind_automatically(socket)
            return
        name = name_in(address)
        if is_path(name):
            self._bind_path(socket, name, caller)
            return
        if socket.address:
            raise Errno(E.EINVAL)
        if (socket.kind, name) in self._abstract:
            raise Errno(E.EADDRINUSE)
        self._take(socket, name)

    def bind_automatically(self, socket: UnixSocket) -> None:
        """Gives a socket a free abstract name of five hexadecimal digits, if it has none.

        Raises:
            Errno: ENOSPC, all are taken.
        """
        if socket.address:
            return
        start = int.from_bytes(self._random_bytes(4), "little")
        for number in range(AUTOBIND_NAMES):
            name = b"\0%05x" % ((start + number) % AUTOBIND_NAMES)
            if (socket.kind, name) not in self._abstract:
                self._take(socket, name)
                return
        raise Errno(E.ENOSPC)

    def _take(self, socket: UnixSocket, name: bytes) -> None:
        self._abstract[socket.kind, name] = socket
        socket.address = FAMILY + name

    def _bind_path(self, socket: UnixSocket, name: bytes, caller: Caller) -> None:
        path = name.partition(b"\0")[0]
        last = caller.walk().parent(caller.cwd, path)
        who = caller.walk().who
        mode = stat.S_IFSOCK | names.masked(last.parent.inode, 0o777, caller.umask, who)
        try:
            place = names.make(last, mode, who)
        except Errno as error:
            raise Errno(E.EADDRINUSE) if error.number is E.EEXIST else error from None
        if socket.address:
            with suppress(Errno):
                names.unlink(last, who)
            raise Errno(E.EINVAL)
        self._inodes[place.inode] = socket
        socket.inode_bound, socket.address = place.inode, FAMILY + path + b"\0"

    def find(self, address: bytes, kind: int, caller: Caller) -> UnixSocket:
        """The socket of a type that has a name.

        Raises:
            Errno: ECONNREFUSED, there is none; EPROTOTYPE, it is of another type; EACCES, its file may not be written
                to; EINVAL; as a walk.
        """
        name = name_in(address)
        if not is_path(name):
            found = self._abstract.get((kind, name))
            if found is None:
                raise Errno(E.ECONNREFUSED)
            return found
        walk = caller.walk()
        inode = walk.find(caller.cwd, name.partition(b"\0")[0]).inode
        require(inode, walk.who, MAY_WRITE)
        found = self._inodes.get(inode)
        if found is None:
            raise Errno(E.ECONNREFUSED)
        if found.kind != kind:
            raise Errno(E.EPROTOTYPE)
        return found

    def forget(self, socket: UnixSocket) -> None:
        """A socket is gone; its file stays."""
        if socket.inode_bound is not None:
            self._inodes.pop(socket.inode_bound, None)
        elif socket.address:
            key = (socket.kind, socket.address[2:])
            if self._abstract.get(key) is socket:
                del self._abstract[key]
