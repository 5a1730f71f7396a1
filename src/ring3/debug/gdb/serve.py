"""A client on a socket: who connects, what it sends while programs run, and what becomes of them when it goes.

The socket listens on this host's loopback, on a host that the user names, or at a path (a Unix socket). One client is
served; when it is gone without a word, what was debugged runs on as if it had let it go.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.debug.gdb.server import Server
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.debug.gdb.processes import Spawn
    from ring3.debug.target import Target

LOOPBACK: Final = "127.0.0.1"
_MOST_PORT: Final = 0xFFFF


def listen(where: str) -> tuple[socket.socket, str]:
    """Listens where the user says.

    Args:
        where: A port of the loopback; ``HOST:PORT``; or the path of a Unix socket, which has a slash.

    Returns:
        The socket, and how a client names it.

    Raises:
        UserError: It cannot listen there.
    """
    made = socket.socket(socket.AF_UNIX if "/" in where else socket.AF_INET)
    try:
        return made, _bind(made, where)
    except OSError as error:
        made.close()
        raise UserError(f"--gdb {where}: {error.strerror or error}") from None
    except UserError:
        made.close()
        raise


def _bind(made: socket.socket, where: str) -> str:
    """Has a socket listen; returns how a client names it."""
    if "/" in where:
        made.bind(where)
        os.chmod(where, 0o600)
        name = where
    else:
        host, _, port = where.rpartition(":")
        if not (port.isascii() and port.isdecimal() and int(port) <= _MOST_PORT):
            raise UserError(f"--gdb {where}: PORT, HOST:PORT or a path with a slash is meant", 2)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host or LOOPBACK, int(port)))
        name = f"{host or LOOPBACK}:{made.getsockname()[1]}"
    made.listen(1)
    return name


def accept(listening: socket.socket) -> socket.socket:
    """Waits for a client; nobody else can connect afterwards."""
    client, _ = listening.accept()
    if listening.family == socket.AF_UNIX:
        with suppress(OSError):
            os.unlink(listening.getsockname())
    else:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.close()
    return client


def serve(target: Target, client: socket.socket, spawn: Spawn | None = None) -> None:
    """Serves a client until it is gone, and runs the machine meanwhile as it wants.

    Args:
        target: What it debugs, whose threads stand still.
        client: The connected socket, which is closed.
        spawn: Loads a program when the client wants one; None where it cannot.

    Raises:
        UserError: This process cannot be told of what comes while programs run.
        KernelPanic: A bug of ours.
    """
    kernel = target.kernel
    attention = kernel.listen_to_host()
    if attention is None:
        raise UserError("gdb can be served in the main thread only, and where nobody else listens to signals")
    inbox: deque[bytes] = deque()
    server = Server(target, _sender(client), spawn)
    expected, kernel.host.expects_alarm = kernel.host.expects_alarm, True
    attention.listen(client.fileno(), inbox.append)
    try:
        while not server.is_over:
            stop = target.wait(lambda: bool(inbox))
            if stop is not None:
                server.told(stop)
            while inbox and not server.is_over:
                server.feed(_taken(inbox))
    finally:
        attention.ignore(client.fileno())
        kernel.host.expects_alarm = expected
        server.close()
        target.close()
        client.close()


def _taken(inbox: deque[bytes]) -> bytes:
    """All that has come; nothing, which is the end, by itself."""
    parts: list[bytes] = []
    while inbox and (inbox[0] or not parts):
        parts.append(inbox.popleft())
    return b"".join(parts)


def _sender(client: socket.socket) -> Callable[[bytes], None]:
    def send(data: bytes) -> None:
        with suppress(OSError):  # that it has gone is noticed where it is read from
            while data:
                data = data[os.write(client.fileno(), data) :]

    return send
