"""How users and groups of a user namespace get numbers: /proc/PID/uid_map and its like (kernel/user_namespace.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.linux.model.user_namespace import INITIAL, NO_ID, Extent, UserNamespace

if TYPE_CHECKING:
    from ring3.linux.model.credentials import Credentials

MOST_EXTENTS: Final = 340
PAGE: Final = 4096


def shown_map(namespace: UserNamespace, viewer: UserNamespace, groups: bool) -> str:
    """The text of uid_map or gid_map, with outer numbers as the viewer has them."""
    outer = viewer.parent if viewer is namespace and viewer.parent is not None else viewer
    show = outer.shown_group if groups else outer.shown_user
    rows = namespace.groups if groups else namespace.users
    if namespace is INITIAL:
        return f"{0:10} {0:10} {NO_ID:10}\n"
    return "".join(f"{inside:10} {show(outside):10} {size:10}\n" for inside, outside, size in rows)


def write_map(writer: Credentials, namespace: UserNamespace, data: bytes, groups: bool) -> None:
    """Sets how a namespace translates users, or groups; once only (map_write).

    Raises:
        Errno: EPERM, it was set before, or the writer may not; EINVAL, it makes no sense.
    """
    parent = namespace.parent
    if parent is None or writer.user_ns not in (namespace, parent):
        raise Errno(E.EPERM)
    if namespace.groups if groups else namespace.users:
        raise Errno(E.EPERM)
    if not writer.ns_capable(namespace, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    extents = _parsed(data)
    if not _permitted(writer, namespace, extents, groups):
        raise Errno(E.EPERM)
    found = tuple(_translated(parent, extent, groups) for extent in extents)
    if groups:
        namespace.groups = found
    else:
        namespace.users = found


def _parsed(data: bytes) -> list[Extent]:
    """The lines of a map.

    Raises:
        Errno: EINVAL, one is no three numbers, is empty, too long or overlaps another one, or there are too many.
    """
    if len(data) >= PAGE:
        raise Errno(E.EINVAL)
    found: list[Extent] = []
    lines = data.split(b"\0")[0].split(b"\n")
    if lines[-1:] == [b""]:
        lines.pop()
    for line in lines:
        words = line.split()
        if len(words) != 3 or not all(word.isdigit() for word in words):
            raise Errno(E.EINVAL)
        extent = Extent(*map(int, words))
        ends = (extent.inside + extent.size, extent.outside + extent.size)
        if not extent.size or max(ends) > NO_ID or any(_overlap(extent, other) for other in found):
            raise Errno(E.EINVAL)
        found.append(extent)
    if not 0 < len(found) <= MOST_EXTENTS:
        raise Errno(E.EINVAL)
    return found


def _overlap(one: Extent, other: Extent) -> bool:
    return any(
        start < begin + other.size and begin < start + one.size
        for start, begin in ((one.inside, other.inside), (one.outside, other.outside))
    )


def _permitted(writer: Credentials, namespace: UserNamespace, extents: list[Extent], groups: bool) -> bool:
    """Whether the writer may give these numbers: its own, or any with the capability above (new_idmap_permitted)."""
    parent = namespace.parent
    assert parent is not None
    if len(extents) == 1 and extents[0].size == 1 and namespace.owner == writer.euid:
        outside = extents[0].outside
        if not groups and parent.user(outside) == writer.euid:
            return True
        if groups and not namespace.may_set_groups and parent.group_of(outside) == writer.egid:
            return True
    return writer.ns_capable(parent, Cap.SETGID if groups else Cap.SETUID)


def _translated(parent: UserNamespace, extent: Extent, groups: bool) -> Extent:
    """An extent with the machine's numbers outside.

    Raises:
        Errno: EPERM, the namespace above has not all of them in a row.
    """
    find = parent.group_of if groups else parent.user
    first, last = find(extent.outside), find(extent.outside + extent.size - 1)
    if first is None or last != first + extent.size - 1:
        raise Errno(E.EPERM)
    return extent._replace(outside=first)


def write_setgroups(writer: Credentials, namespace: UserNamespace, data: bytes) -> None:
    """Forbids setgroups(2) in a namespace, or says that it may stay allowed (proc_setgroups_write).

    Raises:
        Errno: EINVAL, neither ``allow`` nor ``deny``; EPERM, it is forbidden already, or groups have numbers already.
    """
    word = data.split(b"\0")[0].rstrip(b"\n \t")
    if len(data) >= 8 or word not in (b"allow", b"deny"):
        raise Errno(E.EINVAL)
    if not writer.ns_capable(namespace, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    if word == b"allow":
        if not namespace.may_set_groups:
            raise Errno(E.EPERM)
    else:
        if namespace.groups:
            raise Errno(E.EPERM)
        namespace.may_set_groups = False
