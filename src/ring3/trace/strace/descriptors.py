"""What is said of a descriptor behind its number (``-y``, ``-yy``, ``--decode-fds``): its path, its socket's ends."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.linux.sockets import AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
from ring3.fs.eventfd import EventFile
from ring3.linux.signals.signal_file import SignalFile
from ring3.linux.tasks.pid_file import PidFile
from ring3.net.inet.base import InetSocket
from ring3.net.netlink.socket import NetlinkSocket
from ring3.net.socket import Socket
from ring3.net.unix.base import UnixSocket
from ring3.trace.addresses import plain
from ring3.trace.strace import tables
from ring3.trace.strace.quoting import inside, path_text, quoted
from ring3.trace.strace.scalars import sigset
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ring3.fs.file import File

_UNIX_KINDS: Final = {SOCK_STREAM: "UNIX-STREAM"}
_INET_KINDS: Final = {SOCK_STREAM: "TCP", SOCK_DGRAM: "UDP", SOCK_RAW: "RAW"}


def description(file: File, details: AbstractSet[str], in_hex: InHex = InHex.NONE) -> str:
    """What stands behind the number of an open file.

    Args:
        file: The file.
        details: What is wanted, as `style.FD_DETAILS` names it.
        in_hex: How paths are written.
    """
    own = _own(file, details)
    if own:
        return f"<{own}>"
    if not details:
        return ""
    path = file.path()
    if "dev" in details:
        device = _device(file)
        if device:
            return f"<{inside(path, in_hex)}<{device}>>"
    return path_text(path, in_hex) if "path" in details else ""


def _own(file: File, details: AbstractSet[str]) -> str:
    """What only files of its kind have."""
    if isinstance(file, Socket):
        return _socket(file) if "socket" in details else ""
    if isinstance(file, PidFile) and "pidfd" in details:
        return f"pid:{file.tid}"
    if isinstance(file, SignalFile) and "signalfd" in details:
        return f"signalfd:{sigset(file.mask)}"
    if isinstance(file, EventFile) and "eventfd" in details:
        kind = f"eventfd-count={file.count}, eventfd-id={file.number}, eventfd-semaphore={file.semaphore:d}"
        return f"eventfd:{{{kind}}}"
    return ""


def _device(file: File) -> str:
    """The number of a device."""
    try:
        status = file.stat()
    except Errno:
        return ""
    kind = "char" if stat.S_ISCHR(status.mode) else "block" if stat.S_ISBLK(status.mode) else ""
    return f"{kind} {os.major(status.rdev)}:{os.minor(status.rdev)}" if kind else ""


def _socket(socket: Socket) -> str:
    """A socket's protocol and ends, or its inode number while it has none."""
    ends = f"{socket.ino}"
    if isinstance(socket, InetSocket):
        name = _INET_KINDS.get(socket.kind, "RAW") + "v6" * (socket.family == AF_INET6)
        ends = _inet_ends(socket) or ends
    elif isinstance(socket, UnixSocket):
        name = _UNIX_KINDS.get(socket.kind, "UNIX")
        ends = _unix_ends(socket)
    elif isinstance(socket, NetlinkSocket):
        name = "NETLINK"
        kinds = tables.sets()["netlink_family"].by_value()
        if socket.port:
            family = kinds.get(socket.protocol, str(socket.protocol)).removeprefix("NETLINK_")
            ends = f"{family}:{socket.port}"
    else:
        name = "socket"
    return f"{name}:[{ends}]"


def _inet_ends(socket: InetSocket) -> str:
    """Both ends, or the one that it has been given."""
    if not socket.local.port:
        return ""
    local = plain(socket.name())
    return local if socket.remote is None else f"{local}->{plain(socket.peer_name())}"


def _unix_ends(socket: UnixSocket) -> str:
    peer = f"->{socket.peer.ino}" if socket.peer is not None else ""
    name = socket.address[2:]
    if not name:
        return f"{socket.ino}{peer}"
    shown = "@" + quoted(name[1:]) if name[:1] == b"\0" else quoted(name.split(b"\0")[0])
    return f"{socket.ino}{peer},{shown}"
