"""Whom a task runs as (credentials(7))."""

from __future__ import annotations

from typing import NamedTuple


class Credentials(NamedTuple):
    """User and group numbers: real, effective, saved and for file access, and the supplementary groups."""

    uid: int = 1000
    gid: int = 1000
    euid: int = 1000
    egid: int = 1000
    suid: int = 1000
    sgid: int = 1000
    fsuid: int = 1000
    fsgid: int = 1000
    groups: tuple[int, ...] = ()

    @classmethod
    def of(cls, uid: int, gid: int, groups: tuple[int, ...] = ()) -> Credentials:
        """One user and group in all roles."""
        return cls(uid, gid, uid, gid, uid, gid, uid, gid, groups)
