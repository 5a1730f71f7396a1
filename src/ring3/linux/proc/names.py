"""The files by which programs find names: /etc/hosts, /etc/resolv.conf and /etc/hostname, made for the machine.

They stand over what the host has there, as a container's do. Where a network of its own is all that the machine has,
its name service answers (`ring3.net.name_service`); where the network is the host's, so are servers and hosts.
Where Ring3 runs as the host's root, /etc/shadow and /etc/gshadow are the machine's, too: the host's hashes are nobody's
business, yet su(1), and whatever else asks PAM, wants to find the accounts. Nobody else can read the host's anyway.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.hostfs import HostFileSystem
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.fs.tmpfs import MemoryDirectory, SingleFileSystem
from ring3.fs.view import make_directories
from ring3.kernel.reach import Reach

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem

HOSTS: Final = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
SERVER: Final = "nameserver 127.0.0.53\n"
"""`name_service.ADDRESS`."""
NO_SERVER: Final = "# the network is down\n"
ACCOUNTS: Final = (("passwd", "shadow", b":*:20000:0:99999:7:::\n"), ("group", "gshadow", b":*::\n"))
"""Which names there are, the file for them, and what stands behind each (shadow(5), gshadow(5)): no password."""


def mount_names(kernel: LinuxSystem) -> None:
    """Puts the files into the tree, where there is an /etc."""
    name = kernel.hostname
    is_host = kernel.reach is Reach.HOST
    hosts = (_of_host("/etc/hosts") if is_host else "") or HOSTS
    if kernel.reach is Reach.LOOPBACK:
        servers = SERVER
    else:
        servers = (_of_host("/etc/resolv.conf") if is_host else "") or NO_SERVER
    for path, text in (
        (b"/etc/hosts", f"{hosts.rstrip()}\n127.0.1.1\t{name}\n"),
        (b"/etc/resolv.conf", servers),
        (b"/etc/hostname", f"{name}\n"),
    ):
        with suppress(Errno):
            _show(kernel, path, os.fsencode(text))

    if os.geteuid() == 0:
        _mount_accounts(kernel)


def _mount_accounts(kernel: LinuxSystem) -> None:
    """Puts the files over the host's, where these are there and are not shown on request."""
    root = kernel.vfs.root
    for names, path, rest in ACCOUNTS:
        with suppress(OSError, Errno):
            gid = os.stat(f"/etc/{path}").st_gid
            with open(f"/etc/{names}", "rb") as file:
                lines = [line.partition(b":")[0] + rest for line in file if line.strip()]
            place = Walk(root, KERNEL).find(root, b"/etc/" + path.encode())
            fs = place.inode.fs
            if isinstance(fs, HostFileSystem) and fs.for_everybody:
                kernel.vfs.mount(SingleFileSystem(kernel.vfs, b"".join(lines), 0o640, gid), place)


def _of_host(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _show(kernel: LinuxSystem, path: bytes, text: bytes) -> None:
    """Has a path lead to a text, also where it is a link to a place that the machine does not have.

    Raises:
        Errno: There is no such directory, or it is the host's and has no file of that name.
    """
    vfs = kernel.vfs
    walk = Walk(vfs.root, KERNEL)
    try:
        place = walk.find(vfs.root, path)
    except Errno as error:
        if error.number is not E.ENOENT:
            raise
        link = walk.find(vfs.root, path, follow=False).inode.readlink()
        target = os.path.normpath(os.path.join(os.path.dirname(path), link))
        directory = make_directories(vfs, os.path.dirname(target))
        if not isinstance(directory.inode, MemoryDirectory):
            raise
        directory.inode.create(os.path.basename(target), 0o100644, KERNEL)
        place = directory.child(os.path.basename(target))
    vfs.mount(SingleFileSystem(vfs, text), place)
