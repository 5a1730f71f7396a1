"""Open files that are under way in messages (SCM_RIGHTS), and those that nobody can receive any more.

A socket that lies in its own queue, or two in each other's, would never be closed. So whenever a socket has no other
user left while some are under way, those are looked for that have no other user than messages in each other's queues;
these are emptied (net/unix/garbage.c).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.net.unix.base import UnixSocket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ring3.fs.file import File
    from ring3.net.caller import Caller


class InFlight:
    """The open files that are under way.

    Attributes:
        total: How many, by user who sent them.
    """

    def __init__(self) -> None:
        self.total: dict[int, int] = {}
        self._sockets: dict[UnixSocket, int] = {}
        self._collecting = False

    def send(self, files: Iterable[File], caller: Caller) -> Rights:
        """Puts files into a message.

        Raises:
            Errno: ETOOMANYREFS, more of the user's are under way than descriptors may be open.
        """
        user = caller.effective.uid
        if self.total.get(user, 0) > caller.descriptor_limit:
            raise Errno(E.ETOOMANYREFS)
        return Rights(self, user, tuple(files))

    def add(self, socket: UnixSocket) -> None:
        """A socket is under way once more."""
        self._sockets[socket] = self._sockets.get(socket, 0) + 1

    def remove(self, socket: UnixSocket) -> None:
        """A socket is under way once less."""
        self._sockets[socket] -= 1
        if not self._sockets[socket]:
            del self._sockets[socket]

    def collect_with(self, socket: UnixSocket) -> None:
        """Closes what nobody can receive any more, after a socket has lost a user."""
        if self._sockets and not self._collecting and socket.refs <= self._sockets.get(socket, 0):
            self._collect()

    def _collect(self) -> None:
        garbage = {socket for socket, count in self._sockets.items() if socket.refs == count}
        while True:
            held = Counter(inside for holder in garbage for inside in holder.sockets_within())
            unreachable = {socket for socket in garbage if held[socket] == self._sockets[socket]}
            if unreachable == garbage:
                break
            garbage = unreachable
        self._collecting = True
        try:
            for socket in garbage:
                socket.empty_queue()
        finally:
            self._collecting = False


class Rights:
    """The open files of one message.

    Attributes:
        files: The files, held as long as they are under way.
    """

    __slots__ = ("_in_flight", "_user", "files")

    def __init__(self, in_flight: InFlight, user: int, files: tuple[File, ...]) -> None:
        self._in_flight = in_flight
        self._user = user
        self.files = files
        in_flight.total[user] = in_flight.total.get(user, 0) + len(files)
        for file in files:
            file.hold()
            if isinstance(file, UnixSocket):
                in_flight.add(file)

    def receive(self) -> tuple[File, ...]:
        """The files, which are the receiver's now, each held once."""
        files, self.files = self.files, ()
        self._in_flight.total[self._user] -= len(files)
        for file in files:
            if isinstance(file, UnixSocket):
                self._in_flight.remove(file)
        return files

    def copy(self) -> tuple[File, ...]:
        """The files for one who only peeks, held once more."""
        return tuple(file.hold() for file in self.files)

    def drop(self) -> None:
        """Nobody will receive them."""
        for file in self.receive():
            file.drop()
