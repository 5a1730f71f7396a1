"""The tree of files that a program of Solaris sees: its own system, the working directory of the host, memory.

The system (``userland/root``, built of the sources beside it) is there copy-on-write, as is the working directory; what
a program writes stays in memory. /dev and /proc are the machine's own.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3 import resources
from ring3.abi.errno import Errno
from ring3.abi.solaris import sysnum
from ring3.fs.devices import make_dev
from ring3.fs.memory_file import MemoryFile
from ring3.fs.memory_inode import MemoryNode
from ring3.fs.namei import Walk
from ring3.fs.overlay import OverlayFileSystem
from ring3.fs.permission import KERNEL
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem
from ring3.fs.view import make_directories
from ring3.loader.host import make_visible
from ring3.solaris import etc
from ring3.solaris.procfs import procfs

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.solaris.kernel import SolarisKernel

SEARCHED: Final = ("/usr/bin", "/usr/sbin")
USERLAND: Final = os.path.join(resources.ROOT, "solaris", "userland", "root")

LIBRARIES: Final = (
    "libc", "libdl", "libintl", "libnsl", "libpthread", "librt", "libsendfile",
    "libsocket", "libthread", "libuutil",
)  # fmt: skip
LINKS: Final = {
    "/bin": "usr/bin",
    "/sbin": "usr/sbin",
    "/usr/lib": "../lib",
    "/lib/amd64": "64",
    **{f"{folder}/libm.so": "libm.so.2" for folder in ("/lib", "/lib/64")},
    **{f"{folder}/{name}.so": f"{name}.so.1" for folder in ("/lib", "/lib/64") for name in LIBRARIES},
}
"""Symbolic links, which the package cannot hold: as /lib is on Solaris, and what programs are linked with."""
SMALL: Final = (
    "basename", "chmod", "cp", "cut", "date", "dirname", "env", "false", "head", "id", "ln", "mkdir", "mv", "pwd", "rm",
    "rmdir", "sleep", "sort", "tail", "tee", "touch", "tr", "true", "tty", "uniq", "wc",
)  # fmt: skip
"""Names in /usr/bin of the one program that has all the small commands."""
ZONES: Final = b"/usr/share/zoneinfo"
"""Where the host has the database of time zones; the machine shows it as /usr/share/lib/zoneinfo (zoneinfo(5))."""


def mount(kernel: SolarisKernel, cwd: bytes) -> Dentry:
    """Builds the tree; returns the place of the working directory.

    Args:
        kernel: The kernel, with nothing mounted yet.
        cwd: The host's working directory.
    """
    vfs = kernel.vfs
    vfs.mount(MemoryFileSystem(vfs, "zfs"))
    for name in ("lib", "usr"):
        path = os.fsencode(os.path.join(USERLAND, name))
        vfs.mount(OverlayFileSystem(vfs, path), make_directories(vfs, b"/" + name.encode()))
    commands = vfs.root.child(b"usr").child(b"bin").inode
    for name in SMALL:
        commands.symlink(name.encode(), b"small", KERNEL)
    for name, mode in (
        ("etc", 0o755),
        ("tmp", 0o1777),
        ("var/tmp", 0o1777),
        ("export/home", 0o755),
        ("root", 0o700),
    ):
        make_directories(vfs, b"/" + name.encode()).inode.set_mode(mode)
    _put_text(kernel, "/etc/name_to_sysnum", sysnum.load_text(kernel.solaris.flavour))
    for file, text in etc.FILES.items():
        _put_text(kernel, f"/etc/{file}", text)
    if os.path.isdir(ZONES):
        vfs.mount(OverlayFileSystem(vfs, ZONES), make_directories(vfs, b"/usr/share/lib/zoneinfo"))
    for link, target in LINKS.items():
        _put_link(kernel, link, target)
    vfs.mount(_devices(kernel), make_directories(vfs, b"/dev"))
    vfs.mount(procfs(kernel), make_directories(vfs, b"/proc"))
    if cwd == b"/" or not os.path.isdir(cwd) or any(cwd.startswith(b"/" + name) for name in (b"lib", b"usr")):
        return vfs.root
    place = make_directories(vfs, cwd)
    overlay = OverlayFileSystem(vfs, cwd)
    vfs.mount(overlay, place)
    return overlay.root


def _directory(kernel: SolarisKernel, path: str) -> tuple[MemoryDirectory, bytes]:
    above, _, name = os.fsencode(path).rpartition(b"/")
    inode = make_directories(kernel.vfs, above).inode
    assert isinstance(inode, MemoryDirectory)
    return inode, name


def _put_text(kernel: SolarisKernel, path: str, text: str) -> None:
    directory, name = _directory(kernel, path)
    fs = directory.memory
    file = MemoryFile(kernel.vfs, fs, fs.new_ino(), stat.S_IFREG | 0o644, 0, 0)
    file.pwrite(0, text.encode())
    directory.put(name, file)


def _put_link(kernel: SolarisKernel, path: str, target: str) -> None:
    directory, name = _directory(kernel, path)
    fs = directory.memory
    node = MemoryNode(kernel.vfs, fs, fs.new_ino(), stat.S_IFLNK | 0o777, 0, 0, target=os.fsencode(target))
    directory.put(name, node)


def _devices(kernel: SolarisKernel) -> MemoryFileSystem:
    def random_bytes(size: int) -> bytes:
        return kernel.random_bytes(size)  # whichever source is in force then

    def open_terminal(inode: Inode, dentry: Dentry, flags: int) -> File:
        from ring3.solaris.terminals import tty_open  # noqa: PLC0415 -- few programs open one

        return tty_open(kernel, inode, dentry, flags)

    def open_pty(inode: Inode, dentry: Dentry, flags: int) -> File:
        from ring3.solaris.terminals import ptmx_open  # noqa: PLC0415 -- few programs open one

        return ptmx_open(kernel, inode, dentry, flags)

    return make_dev(kernel.vfs, random_bytes, open_terminal, open_pty, lambda: kernel.open_tool)


def find_program(kernel: SolarisKernel, name: str) -> str:
    """The path of a program that is asked for, in the machine's tree.

    Args:
        kernel: The kernel; its tree is built if it is not yet.
        name: A path, or a name that is looked for in /usr/bin and /usr/sbin and then in the host's PATH.

    Raises:
        ExecError: The host has it, and it cannot be shown.
    """
    root, cwd = kernel.vfs.root, kernel.cwd
    walk = Walk(root, KERNEL)
    candidates = [name] if "/" in name else [f"{folder}/{name}" for folder in SEARCHED]
    for path in candidates:
        with suppress(Errno):
            walk.find(cwd, os.fsencode(path))
            return path
    path = name if "/" in name else shutil.which(name) or name
    make_visible(kernel.vfs, path)
    return os.path.abspath(path)
