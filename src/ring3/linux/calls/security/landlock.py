"""landlock_create_ruleset(2), landlock_add_rule(2) and landlock_restrict_self(2) (security/landlock/syscalls.c).

The version that is told is that of Linux 6.12: rights to files up to IOCTL_DEV, ports of TCP, and scopes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.security import LANDLOCK_NET_PORT, LANDLOCK_PATH_BENEATH, LANDLOCK_RULESET
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR
from ring3.fs.landlock import OF_FILES, AccessFs, AccessNet, Domain, Place, Scope, place_of
from ring3.fs.mounts import top_of
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs
    from ring3.linux.model.task import LinuxTask

ABI: Final = 6
"""What LANDLOCK_CREATE_RULESET_VERSION answers."""
CREATE_RULESET_VERSION: Final = 1
PATH_BENEATH: Final = 1
NET_PORT: Final = 2
PAGE: Final = 4096
LEAST: Final = 8
"""Bytes that the first version of the struct had."""
ALL_FS: Final = sum(AccessFs)
ALL_NET: Final = sum(AccessNet)
ALL_SCOPES: Final = sum(Scope)


class RulesetFile(AnonymousFile):
    """Rules that somebody collects.

    Attributes:
        fs: The rights to files that are taken away where no rule gives them.
        net: The same of ports.
        scoped: What does not reach out of the domain.
        places: Rights to what is at or below a place.
        ports: Rights to ports.
    """

    kind = b"[landlock-ruleset]"
    pollable = False

    def __init__(self, vfs: Vfs, fs: int, net: int, scoped: int) -> None:
        super().__init__(vfs, O_RDWR)
        self.fs = fs
        self.net = net
        self.scoped = scoped
        self.places: dict[Place, int] = {}
        self.ports: dict[int, int] = {}


@syscall("full")
def sys_landlock_create_ruleset(task: LinuxTask, attr: Pointer, size: SizeT, flags: UnsignedInt) -> int:
    """Begins to collect rules, or says which version of Landlock this is."""
    if flags:
        if flags == CREATE_RULESET_VERSION and not attr and not size:
            return ABI
        raise Errno(E.EINVAL)
    if not attr:
        raise Errno(E.EFAULT)
    if size < LEAST:
        raise Errno(E.EINVAL)
    if size > PAGE:
        raise Errno(E.E2BIG)
    form = LANDLOCK_RULESET.form(64)
    fs, net, scoped = form.unpack(task.memory.read_extensible(attr, size, form.size))
    if fs & ~ALL_FS or net & ~ALL_NET or scoped & ~ALL_SCOPES:
        raise Errno(E.EINVAL)
    if not (fs or net or scoped):
        raise Errno(E.ENOMSG)
    return task.files.install(RulesetFile(task.kernel.vfs, fs, net, scoped), cloexec=True)


def _ruleset(task: LinuxTask, fd: int) -> RulesetFile:
    """The rules behind a descriptor.

    Raises:
        Errno: EBADF; EBADFD, it is of another kind.
    """
    file = task.files[fd & 0xFFFF_FFFF]
    if file.is_path:
        raise Errno(E.EBADF)
    if not isinstance(file, RulesetFile):
        raise Errno(E.EBADFD)
    return file


@syscall("full")
def sys_landlock_add_rule(
    task: LinuxTask, ruleset_fd: Int, rule_type: Int, rule_attr: Pointer, flags: UnsignedInt
) -> int:
    """Gives rights to a place and what is below it, or to a port."""
    if flags:
        raise Errno(E.EINVAL)
    rules = _ruleset(task, ruleset_fd)
    if rule_type == PATH_BENEATH:
        _add_place(task, rules, rule_attr)
    elif rule_type == NET_PORT:
        _add_port(task, rules, rule_attr)
    else:
        raise Errno(E.EINVAL)
    return 0


def _checked(access: int, handled: int) -> int:
    """Rights that a rule gives.

    Raises:
        Errno: ENOMSG, none; EINVAL, some that are not taken away.
    """
    if not access:
        raise Errno(E.ENOMSG)
    if access & ~handled:
        raise Errno(E.EINVAL)
    return access


def _add_place(task: LinuxTask, rules: RulesetFile, attr: int) -> None:
    form = LANDLOCK_PATH_BENEATH.form(64)
    access, fd = form.unpack(task.memory.read(attr, form.size))
    _checked(access, rules.fs)
    place = task.files[fd & 0xFFFF_FFFF].dentry
    if place is None or top_of(place).mount is None:
        raise Errno(E.EBADFD)
    if not place.inode.is_directory and access & ~OF_FILES:
        raise Errno(E.EINVAL)
    at = place_of(place.inode)
    rules.places[at] = rules.places.get(at, 0) | access


def _add_port(task: LinuxTask, rules: RulesetFile, attr: int) -> None:
    form = LANDLOCK_NET_PORT.form(64)
    access, port = form.unpack(task.memory.read(attr, form.size))
    _checked(access, rules.net)
    if port > 0xFFFF:
        raise Errno(E.EINVAL)
    rules.ports[port] = rules.ports.get(port, 0) | access


@syscall("full")
def sys_landlock_restrict_self(task: LinuxTask, ruleset_fd: Int, flags: UnsignedInt) -> int:
    """Gives up for good what rules do not give."""
    who = task.credentials
    if not task.settings.no_new_privs and not who.has(Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    if flags:
        raise Errno(E.EINVAL)
    rules = _ruleset(task, ruleset_fd)
    domain = Domain(who.domain, rules.fs, rules.net, rules.scoped, rules.places, rules.ports)
    task.credentials = who._replace(domain=domain)
    return 0
