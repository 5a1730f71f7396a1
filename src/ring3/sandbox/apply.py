"""What the options of a sandbox mean for a program: whom it runs as, where it starts, and how much it may have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.errors import UserError
from ring3.fs.host import HostFile
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.limits import Resource
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import file_too_large, group_send_sig_info
from ring3.linux.tasks.limits import set_rlimit

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.vfs import Vfs
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.terminals.console import Console
    from ring3.sandbox import Sandbox
    from ring3.sandbox.roots import Root

NOT_FOUND: Final = 127
DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOST_ID: Final = (1 << 32) - 2


def credentials(vfs: Vfs, sandbox: Sandbox, root: Root | None, who: Credentials) -> Credentials:
    """Whom a program runs as.

    Args:
        vfs: The machine's files, where names are looked up.
        sandbox: What the program has.
        root: The machine's root, if it has one of its own.
        who: Who runs Ring3.

    Raises:
        UserError: The machine knows no such user or group.
    """
    wanted = sandbox.user or ("" if root is None else root.user)
    if not wanted:
        return who
    user, _, group = wanted.partition(":")
    entry = _entry(vfs, b"/etc/passwd", user)
    uid, gid = (int(entry[2]), int(entry[3])) if entry else (_id(user, "user"), 0)
    if group:
        found = _entry(vfs, b"/etc/group", group)
        gid = int(found[2]) if found else _id(group, "group")
    name = entry[0] if entry else user
    groups = (
        ()
        if group
        else tuple(int(line[2]) for line in _lines(vfs, b"/etc/group", 4) if name in line[3].split(","))
    )
    return Credentials.of(uid, gid, groups)


def _id(word: str, kind: str) -> int:
    if not (word.isascii() and word.isdecimal() and int(word) <= MOST_ID):
        raise UserError(f"--user: the machine knows no {kind} {word!r}")
    return int(word)


def _entry(vfs: Vfs, path: bytes, wanted: str) -> list[str] | None:
    """The line of a name, or of a number, in /etc/passwd or /etc/group."""
    lines = _lines(vfs, path, 4)
    for column in (0, 2):
        for line in lines:
            if line[column] == wanted:
                return line
    return None


def _lines(vfs: Vfs, path: bytes, columns: int) -> list[list[str]]:
    try:
        place = Walk(vfs.root, KERNEL).find(vfs.root, path)
        file = place.inode.open(place, os.O_RDONLY)
        text = file.pread(1 << 20, 0)
        file.close()
    except Errno:
        return []
    found = [line.split(":") for line in os.fsdecode(text).split("\n")]
    return [line for line in found if len(line) >= columns and line[2].isdecimal()]


def find_program(vfs: Vfs, name: str, environment: Mapping[str, str]) -> bytes:
    """The file of the machine that a name stands for, by the program's own PATH.

    Raises:
        UserError: It is not there (127).
    """
    if "/" in name or not name:
        return os.fsencode(name)
    walk = Walk(vfs.root, KERNEL)
    for folder in environment.get("PATH", DEFAULT_PATH).split(":"):
        path = os.fsencode(os.path.join(folder or ".", name))
        try:
            inode = walk.find(vfs.root, path).inode
        except Errno:
            continue
        if inode.is_regular and inode.mode & 0o111:
            return path
    raise UserError(f"{name}: not found in the machine's PATH", NOT_FOUND)


def working_directory(vfs: Vfs, sandbox: Sandbox, root: Root | None, start: Dentry) -> Dentry:
    """Where a program starts.

    Args:
        vfs: The machine's files.
        sandbox: What the program has.
        root: The machine's root, if it has one of its own.
        start: Where it would start without an option; a relative path starts there.

    Raises:
        UserError: The machine has no such directory.
    """
    wanted = sandbox.cwd or ("" if root is None else root.cwd)
    if not wanted:
        return start
    try:
        found = Walk(vfs.root, KERNEL).find(start, os.fsencode(wanted))
        if not found.inode.is_directory:
            raise Errno(E.ENOTDIR)
    except Errno as error:
        raise UserError(f"--cwd {wanted}: {error.number.text} in the machine") from None
    return found


def limit(task: LinuxTask, sandbox: Sandbox, console: Console | None) -> None:
    """Sets the limits of a program's process.

    Args:
        task: Its thread.
        sandbox: What it has.
        console: Its terminal, if that is one of the host's too.
    """
    if sandbox.cpus_seconds:
        set_rlimit(task, Resource.CPU, sandbox.cpus_seconds, sandbox.cpus_seconds + 1)
    if sandbox.files:
        set_rlimit(task, Resource.NOFILE, sandbox.files, sandbox.files)
    if sandbox.output_bytes:
        _charge(task, sandbox.output_bytes, console)
    if sandbox.timeout:
        process, kernel = task.process, task.kernel

        def end() -> None:
            process.timed_out = True
            group_send_sig_info(process, SigInfo(int(Sig.SIGKILL)))

        kernel.timers.add(kernel.clocks.monotonic() + sandbox.timeout * 1_000_000_000, end)


def _charge(task: LinuxTask, size: int, console: Console | None) -> None:
    """Charges all that goes to the host: beyond so many bytes the writer gets SIGXFSZ and EFBIG."""
    from ring3.fs.metered import Allowance, MeteredFile  # noqa: PLC0415 -- few programs have one

    kernel, files = task.kernel, task.files

    def exceeded() -> None:
        writer = kernel.current
        if writer is not None:
            file_too_large(writer)

    allowance = Allowance(size, exceeded)
    charged: dict[File, MeteredFile] = {}
    for fd in files:
        file = files[fd]
        if isinstance(file, HostFile):
            files.replace(fd, charged.setdefault(file, MeteredFile(file, allowance)))
    if console is not None:
        console.allowance = allowance
