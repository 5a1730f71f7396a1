"""Gives a kernel its files: the tree that ``ring3.fs.view`` describes."""

from __future__ import annotations

import os
import pwd
from functools import cache
from typing import TYPE_CHECKING, Final

from ring3 import resources
from ring3.fs.devices import make_dev, show_terminal
from ring3.fs.host import HostFile, terminal_name
from ring3.fs.pseudo import PROC_MAGIC, PseudoDirectory, PseudoFileSystem
from ring3.fs.view import View, mount_view
from ring3.linux.model.namespaces import MACHINE
from ring3.linux.proc.names import mount_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.linux.model.credentials import Credentials
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.system import LinuxSystem

SYSFS_MAGIC: Final = 0x6265_6572
USERLAND: Final = os.path.join(resources.ROOT, "linux", "userland")
_TOOLS: Final = {b"/usr/sbin/dtrace": os.fsencode(os.path.join(USERLAND, "dtrace"))}
"""Programs of ours that a host need not have, and where they are."""


def mount_default(
    kernel: LinuxSystem,
    environment: Mapping[str, str],
    who: Credentials,
    terminals: Sequence[int],
    wanted: View | None = None,
) -> None:
    """Mounts the default view; programs start in the host's working directory.

    Args:
        kernel: The kernel, with an empty root.
        environment: That of the first program: HOME is an empty directory.
        who: Who owns that.
        terminals: Those of our descriptors that programs get as they are: terminals behind them have names.
        wanted: What else to show; with a root of its own neither working directory nor homes are shown.

    Raises:
        UserError: It cannot be shown.
    """

    def random_bytes(size: int) -> bytes:
        return kernel.random_bytes(size)  # whichever source is in force then

    def open_terminal(inode: Inode, dentry: Dentry, flags: int) -> File:
        from ring3.linux.terminals.terminal import tty_open  # noqa: PLC0415 - few programs open one

        return tty_open(kernel, inode, dentry, flags)

    def open_pty(inode: Inode, dentry: Dentry, flags: int) -> File:
        from ring3.linux.terminals.terminal import ptmx_open  # noqa: PLC0415 - few programs open one

        return ptmx_open(kernel, inode, dentry, flags)

    dev = make_dev(kernel.vfs, random_bytes, open_terminal, open_pty, lambda: kernel.open_tool)
    for fd in terminals:
        name = terminal_name(fd)
        if name.startswith("/dev/"):
            show_terminal(dev, os.fsencode(name[5:]), HostFile(fd, kernel.host))
    kernel.vfs.shown.update(_TOOLS)
    view = View(os.getcwdb(), _homes(environment), who.uid, who.gid)
    if wanted is not None:
        if wanted.root is not None:
            view = view._replace(cwd=b"", homes=())
        view = view._replace(root=wanted.root, binds=wanted.binds, empty=wanted.empty, rw=wanted.rw)
    kernel.cwd = mount_view(
        kernel.vfs, view, dev, late(kernel, "proc", PROC_MAGIC), late(kernel, "sysfs", SYSFS_MAGIC)
    )
    mount_names(kernel)


def late(kernel: LinuxSystem, name: str, magic: int, pids: PidNamespace = MACHINE) -> PseudoFileSystem:
    """A file system whose contents are imported when somebody looks: most programs do not.

    Args:
        kernel: The kernel.
        name: What kind it is.
        magic: What statfs(2) calls that.
        pids: Whose numbers of processes it shows.
    """

    def top(fs: PseudoFileSystem) -> PseudoDirectory:
        @cache
        def contents() -> PseudoDirectory:
            from ring3.linux.proc import tree  # noqa: PLC0415 -- see above

            return tree.procfs(kernel, fs, pids) if magic == PROC_MAGIC else tree.sysfs(kernel, fs)

        def find(name: bytes) -> Inode | None:
            found = contents().find(name)
            return found if found is None or fs.hiding is None else fs.hiding.shown(name, found)

        def names() -> Iterable[bytes]:
            found, hiding = contents().names(), fs.hiding
            return (
                found
                if hiding is None
                else [name for name in found if hiding.lists(name, contents().find(name))]
            )

        return PseudoDirectory(fs, b"", find, names)

    return PseudoFileSystem(kernel.vfs, name, top, magic)


def _homes(environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """Home directories that a program may look for: by its environment, and by its user."""
    homes = [environment.get("HOME", ""), os.path.expanduser("~"), *_own_home()]
    return tuple(dict.fromkeys(os.fsencode(home) for home in homes if home.startswith("/")))


def _own_home() -> list[str]:
    """The home that the list of users has for ours, where there is one: programs like sshd go by that."""
    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return []
    return [home] if os.path.isdir(home) else []
