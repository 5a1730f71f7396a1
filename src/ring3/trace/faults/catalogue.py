"""How calls fail: errors of section 2 of the manual pages that a program must expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MEMORY: Final = ("error=ENOMEM",)
_READ: Final = ("error=EIO", "error=EINTR", "short=1")
_WRITE: Final = ("error=ENOSPC", "error=EIO", "error=EINTR", "short=1")
_OPEN: Final = ("error=EMFILE", "error=EACCES", "error=EINTR")
_DESCRIPTOR: Final = ("error=EMFILE",)
_CHILD: Final = ("error=EAGAIN", "error=ENOMEM")
_DISK: Final = ("error=ENOSPC", "error=EIO")
_RECEIVE: Final = ("error=ECONNRESET", "error=EINTR", "short=1")
_SEND: Final = ("error=ECONNRESET", "error=EPIPE", "error=EINTR", "short=1")

FAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "read": _READ, "pread64": _READ, "readv": ("error=EIO", "error=EINTR"),
    "write": _WRITE, "pwrite64": _WRITE, "writev": ("error=ENOSPC", "error=EIO", "error=EINTR"),
    "open": _OPEN, "openat": _OPEN, "creat": _OPEN, "dup": _DESCRIPTOR, "dup2": ("error=EINTR",), "pipe": _DESCRIPTOR,
    "pipe2": _DESCRIPTOR, "close": ("error=EIO",), "fsync": _DISK, "fdatasync": _DISK, "rename": _DISK,
    "renameat": _DISK, "renameat2": _DISK, "unlink": ("error=EACCES",), "unlinkat": ("error=EACCES",),
    "mkdir": _DISK, "mkdirat": _DISK, "link": _DISK, "linkat": _DISK, "symlink": _DISK, "symlinkat": _DISK,
    "ftruncate": _DISK, "fallocate": _DISK, "lseek": ("error=ESPIPE",), "getdents64": ("error=EIO",),
    "mmap": _MEMORY, "mmap2": _MEMORY, "brk": ("retval=0",), "mremap": _MEMORY,
    "fork": _CHILD, "vfork": _CHILD, "clone": _CHILD, "clone3": _CHILD, "wait4": ("error=EINTR",),
    "waitpid": ("error=EINTR",), "socket": _DESCRIPTOR, "accept": ("error=EMFILE", "error=EINTR", "error=ECONNABORTED"),
    "accept4": ("error=EMFILE", "error=EINTR", "error=ECONNABORTED"), "bind": ("error=EADDRINUSE",),
    "connect": ("error=ECONNREFUSED", "error=EINTR"), "listen": ("error=EADDRINUSE",), "recvfrom": _RECEIVE,
    "sendto": _SEND, "recvmsg": ("error=ECONNRESET", "error=EINTR"), "sendmsg": ("error=ECONNRESET", "error=EINTR"),
    "poll": ("error=EINTR", "error=ENOMEM"), "select": ("error=EINTR",), "epoll_wait": ("error=EINTR",),
    "nanosleep": ("error=EINTR",), "epoll_create1": _DESCRIPTOR, "eventfd2": _DESCRIPTOR,
    "memfd_create": _DESCRIPTOR, "chdir": ("error=EACCES",), "setuid": ("error=EAGAIN",), "setgid": ("error=EPERM",),
}  # fmt: skip
"""By the name of the call, the actions of injection rules."""
WRITES: Final = frozenset(
    {
        "write", "pwrite64", "writev", "fsync", "fdatasync", "close", "ftruncate", "fallocate", "rename", "renameat",
        "renameat2",
    }
)  # fmt: skip
"""Calls whose failure means that data may be lost."""
REMOVES: Final = frozenset({"unlink", "unlinkat"})
"""Calls whose failure leaves files where nobody can do anything about it."""
