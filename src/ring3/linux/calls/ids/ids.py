"""The calls that change and list users and groups, for 32-bit and for 16-bit numbers (kernel/sys.c, kernel/uid16.c).

The rules are those of `ring3.linux.tasks.identity`. The calls for 16-bit numbers are i386's first ones: -1 is 65535
there, and what does not fit is shown as 65534.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_SHORT, Int, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.linux.definition import syscall
from ring3.linux.tasks import identity
from ring3.linux.tasks.identity import UNCHANGED, commit_creds

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

OldId = Annotated[int, UNSIGNED_SHORT]
"""A user or group of 16 bits (``old_uid_t``)."""

NGROUPS_MAX: Final = 65536
OVERFLOW: Final = 65534
"""What a number that does not fit in 16 bits looks like (kernel.overflowuid)."""


def widen(number: int) -> int:
    """A number of 16 bits as a program means it (low2highuid)."""
    return UNCHANGED if number == 0xFFFF else number


def narrow(number: int) -> int:
    """A number as 16 bits can show it (high2lowuid)."""
    return number if number <= 0xFFFF else OVERFLOW


def user(task: LinuxTask, number: int) -> int:
    """The machine's user that a program means by a number; -1 stays what it is.

    Raises:
        Errno: EINVAL, its user namespace has none.
    """
    return _known(task.credentials.user_ns.user(number) if number != UNCHANGED else number)


def group(task: LinuxTask, number: int) -> int:
    """The same for a group."""
    return _known(task.credentials.user_ns.group_of(number) if number != UNCHANGED else number)


def _known(found: int | None) -> int:
    if found is None:
        raise Errno(E.EINVAL)
    return found


def users(task: LinuxTask, *numbers: int) -> list[int]:
    """Several users."""
    return [user(task, number) for number in numbers]


def groups_of(task: LinuxTask, *numbers: int) -> list[int]:
    """Several groups."""
    return [group(task, number) for number in numbers]


# -- one id ------------------------------------------------------------------------------------------------------


@syscall("full")
def sys_setuid(task: LinuxTask, uid: UnsignedInt) -> int:
    """Becomes a user: in all roles with CAP_SETUID, else only in effect."""
    commit_creds(task, identity.setuid(task.credentials, user(task, uid)))
    return 0


@syscall("full")
def sys_setuid16(task: LinuxTask, uid: OldId) -> int:
    """Setuid in 16 bits."""
    commit_creds(task, identity.setuid(task.credentials, user(task, widen(uid))))
    return 0


@syscall("full")
def sys_setgid(task: LinuxTask, gid: UnsignedInt) -> int:
    """Becomes a member of a group: in all roles with CAP_SETGID, else only in effect."""
    commit_creds(task, identity.setgid(task.credentials, group(task, gid)))
    return 0


@syscall("full")
def sys_setgid16(task: LinuxTask, gid: OldId) -> int:
    """Setgid in 16 bits."""
    commit_creds(task, identity.setgid(task.credentials, group(task, widen(gid))))
    return 0


@syscall("full")
def sys_setfsuid(task: LinuxTask, uid: UnsignedInt) -> int:
    """Sets the user for access to files; returns the one before, also if it changed nothing."""
    before = task.credentials.user_ns.shown_user(task.credentials.fsuid)
    commit_creds(task, identity.setfsuid(task.credentials, user(task, uid)))
    return before


@syscall("full")
def sys_setfsuid16(task: LinuxTask, uid: OldId) -> int:
    """Setfsuid in 16 bits; the result is not shortened."""
    before = task.credentials.user_ns.shown_user(task.credentials.fsuid)
    commit_creds(task, identity.setfsuid(task.credentials, user(task, widen(uid))))
    return before


@syscall("full")
def sys_setfsgid(task: LinuxTask, gid: UnsignedInt) -> int:
    """Sets the group for access to files; returns the one before, also if it changed nothing."""
    before = task.credentials.user_ns.shown_group(task.credentials.fsgid)
    commit_creds(task, identity.setfsgid(task.credentials, group(task, gid)))
    return before


@syscall("full")
def sys_setfsgid16(task: LinuxTask, gid: OldId) -> int:
    """Setfsgid in 16 bits; the result is not shortened."""
    before = task.credentials.user_ns.shown_group(task.credentials.fsgid)
    commit_creds(task, identity.setfsgid(task.credentials, group(task, widen(gid))))
    return before


# -- two ids -----------------------------------------------------------------------------------------------------


@syscall("full")
def sys_setreuid(task: LinuxTask, ruid: UnsignedInt, euid: UnsignedInt) -> int:
    """Sets the real and the effective user; -1 leaves one as it is."""
    commit_creds(task, identity.setreuid(task.credentials, *users(task, ruid, euid)))
    return 0


@syscall("full")
def sys_setreuid16(task: LinuxTask, ruid: OldId, euid: OldId) -> int:
    """Setreuid in 16 bits."""
    commit_creds(task, identity.setreuid(task.credentials, *users(task, widen(ruid), widen(euid))))
    return 0


@syscall("full")
def sys_setregid(task: LinuxTask, rgid: UnsignedInt, egid: UnsignedInt) -> int:
    """Sets the real and the effective group; -1 leaves one as it is."""
    commit_creds(task, identity.setregid(task.credentials, *groups_of(task, rgid, egid)))
    return 0


@syscall("full")
def sys_setregid16(task: LinuxTask, rgid: OldId, egid: OldId) -> int:
    """Setregid in 16 bits."""
    commit_creds(task, identity.setregid(task.credentials, *groups_of(task, widen(rgid), widen(egid))))
    return 0


# -- three ids ---------------------------------------------------------------------------------------------------


@syscall("full")
def sys_setresuid(task: LinuxTask, ruid: UnsignedInt, euid: UnsignedInt, suid: UnsignedInt) -> int:
    """Sets the real, effective and saved user; -1 leaves one as it is."""
    commit_creds(task, identity.setresuid(task.credentials, *users(task, ruid, euid, suid)))
    return 0


@syscall("full")
def sys_setresuid16(task: LinuxTask, ruid: OldId, euid: OldId, suid: OldId) -> int:
    """Setresuid in 16 bits."""
    commit_creds(
        task, identity.setresuid(task.credentials, *users(task, widen(ruid), widen(euid), widen(suid)))
    )
    return 0


@syscall("full")
def sys_setresgid(task: LinuxTask, rgid: UnsignedInt, egid: UnsignedInt, sgid: UnsignedInt) -> int:
    """Sets the real, effective and saved group; -1 leaves one as it is."""
    commit_creds(task, identity.setresgid(task.credentials, *groups_of(task, rgid, egid, sgid)))
    return 0


@syscall("full")
def sys_setresgid16(task: LinuxTask, rgid: OldId, egid: OldId, sgid: OldId) -> int:
    """Setresgid in 16 bits."""
    commit_creds(
        task, identity.setresgid(task.credentials, *groups_of(task, widen(rgid), widen(egid), widen(sgid)))
    )
    return 0


def _pack(number: int, bits: int) -> bytes:
    """An id as it lies in memory, of 16 bits or of more."""
    return (narrow(number) if bits == 16 else number).to_bytes(2 if bits == 16 else 4, "little")


def _store(task: LinuxTask, ids: tuple[int, int, int], pointers: tuple[int, int, int], bits: int) -> int:
    """Stores three ids one by one, up to the first bad pointer."""
    for number, pointer in zip(ids, pointers, strict=True):
        task.memory.write(pointer, _pack(number, bits))
    return 0


@syscall("full", sys_getresuid16=16)
def sys_getresuid(task: LinuxTask, ruidp: Pointer, euidp: Pointer, suidp: Pointer, *, bits: int = 64) -> int:
    """The real, effective and saved user."""
    who, show = task.credentials, task.credentials.user_ns.shown_user
    return _store(task, (show(who.uid), show(who.euid), show(who.suid)), (ruidp, euidp, suidp), bits)


@syscall("full", sys_getresgid16=16)
def sys_getresgid(task: LinuxTask, rgidp: Pointer, egidp: Pointer, sgidp: Pointer, *, bits: int = 64) -> int:
    """The real, effective and saved group."""
    who, show = task.credentials, task.credentials.user_ns.shown_group
    return _store(task, (show(who.gid), show(who.egid), show(who.sgid)), (rgidp, egidp, sgidp), bits)


# -- supplementary groups ----------------------------------------------------------------------------------------


@syscall("full", sys_getgroups16=16)
def sys_getgroups(task: LinuxTask, gidsetsize: Int, grouplist: Pointer, *, bits: int = 64) -> int:
    """Stores the supplementary groups if there is a size to fit them in; returns how many there are."""
    groups = task.credentials.groups
    if gidsetsize < 0:
        raise Errno(E.EINVAL)
    if gidsetsize:
        if len(groups) > gidsetsize:
            raise Errno(E.EINVAL)
        task.memory.write(
            grouplist, b"".join(_pack(task.credentials.user_ns.shown_group(gid), bits) for gid in groups)
        )
    return len(groups)


@syscall("full", sys_setgroups16=16)
def sys_setgroups(task: LinuxTask, gidsetsize: Int, grouplist: Pointer, *, bits: int = 64) -> int:
    """Sets the supplementary groups."""
    namespace = task.credentials.user_ns
    if not (task.credentials.has(Cap.SETGID) and namespace.groups and namespace.may_set_groups):
        raise Errno(E.EPERM)
    if not 0 <= gidsetsize <= NGROUPS_MAX:
        raise Errno(E.EINVAL)
    size = 2 if bits == 16 else 4
    raw = task.memory.read(grouplist, gidsetsize * size) if gidsetsize else b""
    groups = memoryview(raw).cast("H" if bits == 16 else "I").tolist()
    if bits == 16:
        groups = [widen(gid) for gid in groups]
    commit_creds(task, identity.setgroups(task.credentials, [group(task, gid) for gid in groups]))
    return 0
