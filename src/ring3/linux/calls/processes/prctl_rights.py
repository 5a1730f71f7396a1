"""The options of prctl(2) about rights: capabilities, filters, what a thread may gain (security/commoncap.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.linux.calls.processes.prctl_option import Option, Pr, require_zero
from ring3.linux.filters import seccomp
from ring3.linux.model.filters import Mode
from ring3.linux.tasks import identity
from ring3.linux.tasks.identity import Secure, commit_creds

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Ambient(IntEnum):
    """What PR_CAP_AMBIENT does."""

    IS_SET = 1
    RAISE = 2
    LOWER = 3
    CLEAR_ALL = 4


def _get_dumpable(task: LinuxTask, *_: int) -> int:
    return task.mm_context.dumpable


def _set_dumpable(task: LinuxTask, dumpable: int, *_: int) -> int:
    if dumpable > 1:
        raise Errno(E.EINVAL)
    task.mm_context.dumpable = dumpable
    return 0


def _get_keepcaps(task: LinuxTask, *_: int) -> int:
    return int(bool(task.credentials.securebits & Secure.KEEP_CAPS))


def _set_keepcaps(task: LinuxTask, keep: int, *_: int) -> int:
    commit_creds(task, identity.set_keep_caps(task.credentials, keep))
    return 0


def _get_securebits(task: LinuxTask, *_: int) -> int:
    return task.credentials.securebits


def _set_securebits(task: LinuxTask, bits: int, *_: int) -> int:
    commit_creds(task, identity.set_securebits(task.credentials, bits))
    return 0


def _bounding_read(task: LinuxTask, cap: int, *_: int) -> int:
    if cap >= len(Cap):
        raise Errno(E.EINVAL)
    return task.credentials.bounding >> cap & 1


def _bounding_drop(task: LinuxTask, cap: int, *_: int) -> int:
    commit_creds(task, identity.drop_bounding(task.credentials, cap))
    return 0


def _ambient(task: LinuxTask, deed: int, cap: int, arg4: int, arg5: int) -> int:
    now = task.credentials
    if deed == Ambient.CLEAR_ALL:
        require_zero(cap, arg4, arg5)
        commit_creds(task, identity.clear_ambient(now))
        return 0
    require_zero(arg4, arg5)
    if cap >= len(Cap):
        raise Errno(E.EINVAL)
    if deed == Ambient.IS_SET:
        return now.ambient >> cap & 1
    if deed == Ambient.RAISE:
        commit_creds(task, identity.raise_ambient(now, cap))
    elif deed == Ambient.LOWER:
        commit_creds(task, identity.lower_ambient(now, cap))
    else:
        raise Errno(E.EINVAL)
    return 0


def _set_no_new_privs(task: LinuxTask, on: int, *rest: int) -> int:
    require_zero(on != 1, *rest)
    task.settings.no_new_privs = True
    return 0


def _get_no_new_privs(task: LinuxTask, *arguments: int) -> int:
    require_zero(*arguments)
    return int(task.settings.no_new_privs)


def _get_seccomp(task: LinuxTask, *_: int) -> int:
    return seccomp.mode_of(task)


def _set_seccomp(task: LinuxTask, mode: int, program: int, *_: int) -> int:
    if mode == Mode.STRICT:
        return seccomp.seccomp_set_mode_strict(task)
    if mode == Mode.FILTER:
        return seccomp.seccomp_set_mode_filter(task, 0, program)
    raise Errno(E.EINVAL)


def _io_flusher(task: LinuxTask, rest: tuple[int, ...]) -> None:
    if not task.credentials.capable(Cap.SYS_RESOURCE):
        raise Errno(E.EPERM)
    require_zero(*rest)


def _set_io_flusher(task: LinuxTask, on: int, *rest: int) -> int:
    _io_flusher(task, rest)
    require_zero(on > 1)
    task.settings.io_flusher = bool(on)
    return 0


def _get_io_flusher(task: LinuxTask, *arguments: int) -> int:
    _io_flusher(task, arguments)
    return int(task.settings.io_flusher)


RIGHTS: Final[dict[int, Option]] = {
    Pr.GET_DUMPABLE: _get_dumpable,
    Pr.SET_DUMPABLE: _set_dumpable,
    Pr.GET_KEEPCAPS: _get_keepcaps,
    Pr.SET_KEEPCAPS: _set_keepcaps,
    Pr.GET_SECCOMP: _get_seccomp,
    Pr.SET_SECCOMP: _set_seccomp,
    Pr.CAPBSET_READ: _bounding_read,
    Pr.CAPBSET_DROP: _bounding_drop,
    Pr.GET_SECUREBITS: _get_securebits,
    Pr.SET_SECUREBITS: _set_securebits,
    Pr.SET_NO_NEW_PRIVS: _set_no_new_privs,
    Pr.GET_NO_NEW_PRIVS: _get_no_new_privs,
    Pr.CAP_AMBIENT: _ambient,
    Pr.SET_IO_FLUSHER: _set_io_flusher,
    Pr.GET_IO_FLUSHER: _get_io_flusher,
}
"""What each of them does."""
