"""Gives a kernel its files: the tree that ``ring3.fs.view`` describes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ring3.fs.devices import make_dev, show_terminal
from ring3.fs.host import HostFile, terminal_name
from ring3.fs.view import View, mount_view
from ring3.linux.proc.tree import ProcTree, sysfs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.system import LinuxSystem


def mount_default(
    kernel: LinuxSystem, environment: Mapping[str, str], who: Credentials, terminals: Sequence[int]
) -> None:
    """Mounts the default view; programs start in the host's working directory.

    Args:
        kernel: The kernel, with an empty root.
        environment: That of the first program: HOME is an empty directory.
        who: Who owns that.
        terminals: Those of our descriptors that programs get as they are: terminals behind them have names.
    """

    def random_bytes(size: int) -> bytes:
        return kernel.random_bytes(size)  # whichever source is in force then

    def open_terminal(inode: Inode, dentry: Dentry, flags: int) -> File:
        from ring3.linux.terminals.terminal import tty_open  # noqa: PLC0415 - few programs open one

        return tty_open(kernel, inode, dentry, flags)

    def open_pty(inode: Inode, dentry: Dentry, flags: int) -> File:
        from ring3.linux.terminals.terminal import ptmx_open  # noqa: PLC0415 - few programs open one

        return ptmx_open(kernel, inode, dentry, flags)

    dev = make_dev(kernel.vfs, random_bytes, open_terminal, open_pty)
    for fd in terminals:
        name = terminal_name(fd)
        if name.startswith("/dev/"):
            show_terminal(dev, os.fsencode(name[5:]), HostFile(fd, kernel.host))
    view = View(os.getcwdb(), _homes(environment), who.uid, who.gid)
    kernel.cwd = mount_view(kernel.vfs, view, dev, ProcTree(kernel).fs, sysfs(kernel))


def _homes(environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """Home directories that a program may look for: by its environment, and by its user."""
    homes = [environment.get("HOME", ""), os.path.expanduser("~")]
    return tuple(dict.fromkeys(os.fsencode(home) for home in homes if home.startswith("/")))
