"""Where the sockets of machines that are up lie: a folder of the user's alone, one socket a machine.

Paths of sockets may have 107 bytes, and folders are longer: they are named through a descriptor of the folder.
"""

from __future__ import annotations

import os
import stat
from _socket import AF_UNIX, SO_PEERCRED, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET, socket
from contextlib import suppress
from typing import Final

from ring3.errors import UserError

NO_MACHINE: Final = 69
"""EX_UNAVAILABLE of sysexits.h."""
LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
LONGEST: Final = 64


class Folder:
    """The user's folder of sockets.

    Attributes:
        path: Its path.
    """

    def __init__(self) -> None:
        """Opens it, and makes it if it is not there.

        Raises:
            UserError: It is somebody else's, or others may use it.
        """
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        uid = os.geteuid()
        self.path = os.path.join(runtime, "ring3") if runtime.startswith("/") else f"/tmp/ring3-{uid}"
        try:
            with suppress(FileExistsError):
                os.mkdir(self.path, 0o700)
            self.fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise UserError(f"{self.path}: {error.strerror}", NO_MACHINE) from None
        found = os.fstat(self.fd)
        if found.st_uid != uid or stat.S_IMODE(found.st_mode) & 0o077:
            os.close(self.fd)
            raise UserError(f"{self.path} is not yours alone: machines are not looked for there", NO_MACHINE)

    def names(self) -> list[str]:
        """The names of the machines that have a socket."""
        return sorted(
            name
            for name in os.listdir(self.fd)
            if is_name(name) and stat.S_ISSOCK(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode)
        )

    def place(self, name: str) -> str:
        """A short path of a machine's socket."""
        return f"/proc/self/fd/{self.fd}/{name}"

    def remove(self, name: str) -> None:
        """Takes a socket away."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.fd)

    def is_up(self, name: str) -> bool:
        """Whether somebody listens on a socket. One on which nobody does is taken away."""
        try:
            self.connect(name).close()
        except UserError:
            return os.path.lexists(self.place(name))
        return True

    def connect(self, name: str) -> socket:
        """A connection to a machine's server. A socket that nobody listens on any more is taken away.

        Raises:
            UserError: There is no such machine, or it is another user's.
        """
        if not is_name(name):
            raise UserError(f"{name!r} is not the name of a machine: letters, digits and . _ - are meant")
        connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
        try:
            connection.connect(self.place(name))
        except ConnectionRefusedError:
            connection.close()
            self.remove(name)
            raise UserError(f"the machine {name} is gone: its server was killed", NO_MACHINE) from None
        except OSError as error:
            connection.close()
            hint = error.strerror if os.path.lexists(self.place(name)) else "see ring3 ls"
            raise UserError(f"no machine {name} is up: {hint}", NO_MACHINE) from None
        if peer(connection)[1] != os.geteuid():
            connection.close()
            raise UserError(f"the machine {name} is another user's", NO_MACHINE)
        return connection


def is_name(text: str) -> bool:
    """Whether a machine may be called so."""
    return 0 < len(text) <= LONGEST and text[0] not in ".-" and LETTERS.issuperset(text)


def peer(connection: socket) -> tuple[int, int]:
    """The process and the user at the other end (SO_PEERCRED of unix(7))."""
    found = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    return int.from_bytes(found[:4], "little"), int.from_bytes(found[4:8], "little")
