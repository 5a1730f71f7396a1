"""uname(2) in its three sizes, and sethostname(2), setdomainname(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferIn, BufferOut, Int
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.linux.definition import syscall
from ring3.linux.model.release import RELEASE, VERSION
from ring3.linux.model.settings import PER_LINUX32, PER_MASK, Persona

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

FIELD: Final = 65
"""Bytes of each of the six names in ``struct new_utsname`` (uname(2))."""
OLD_FIELD: Final = 9
"""Bytes of each of the five names in ``struct oldold_utsname``."""
_UNAME26: Final = "2.6.72-ring3"
"""The release for programs that cannot bear a first number above 2: 60 more than the second one."""


def _names(task: LinuxTask) -> list[bytes]:
    """sysname, nodename, release, version, machine and domainname, as the caller is to see them."""
    kernel, persona = task.kernel, task.settings.personality
    release = _UNAME26 if persona & Persona.UNAME26 else RELEASE
    machine = "i686" if persona & PER_MASK == PER_LINUX32 else "x86_64"
    fixed = ("Linux", kernel.hostname, release, VERSION, machine, kernel.domainname)
    return [name.encode("utf-8", "surrogateescape") for name in fixed]


def _pack(names: list[bytes], field: int) -> bytes:
    return b"".join(name[: field - 1].ljust(field, b"\0") for name in names)


@syscall("full")
def sys_newuname(task: LinuxTask, name: BufferOut) -> int:
    """Names the system."""
    task.memory.write(name, _pack(_names(task), FIELD))
    return 0


@syscall("full")
def sys_uname(task: LinuxTask, name: BufferOut) -> int:
    """Names the system without its domain (i386)."""
    if not name:
        raise Errno(E.EFAULT)
    task.memory.write(name, _pack(_names(task)[:5], FIELD))
    return 0


@syscall("full")
def sys_olduname(task: LinuxTask, name: BufferOut) -> int:
    """Names the system in eight letters a name (i386)."""
    if not name:
        raise Errno(E.EFAULT)
    task.memory.write(name, _pack(_names(task)[:5], OLD_FIELD))
    return 0


def _new_name(task: LinuxTask, name: int, length: int) -> str:
    if not task.credentials.ns_capable(task.namespaces.uts.owner, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    if not 0 <= length < FIELD:
        raise Errno(E.EINVAL)
    return task.memory.read(name, length).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


@syscall("full")
def sys_sethostname(task: LinuxTask, name: BufferIn, length: Int) -> int:
    """Renames the machine."""
    task.kernel.hostname = _new_name(task, name, length)
    return 0


@syscall("full")
def sys_setdomainname(task: LinuxTask, name: BufferIn, length: Int) -> int:
    """Renames the machine's NIS domain."""
    task.kernel.domainname = _new_name(task, name, length)
    return 0
